"""Shares: of rows, of counts, of customers, and of the groups that make up a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.intervals import Array, Interval
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums, counted
from crmkit.metrics.measures.means import Ratio
from crmkit.periods import Grain
from crmkit.tables.expressions import indicator, where


@dataclass(eq=False, kw_only=True)
class Share(Sums):
    """Share of the rows on which ``hit`` holds, among those where it is known.

    With ``weight`` a row counts as much as its weight; weights are scaled to a mean of 1, so that one linearised variance
    covers the design effect of unequal weights and of several rows per customer.

    References
    ----------
    Kish (1965), Survey Sampling, section 11.7; Korn and Graubard (1998), Survey Methodology 24, 193-201.
    """

    hit: Any
    weight: Any = None

    minimum: ClassVar[int] = 10

    def parts(self, grain: Grain) -> dict[str, Any]:
        hit = self.hit if self.where is None else self.where & self.hit
        return _with_weights({"x": hit}, counted(self.where, *_known(self.hit, self.weight)), self.weight)

    def interval(self, sums: dict[str, Array]) -> Interval:
        s = _scaled(sums)
        return intervals.share(s["x"], s["n"], s["x_x"], s["x_n"], s["n_n"], s["units"])

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        return _with_rows(super().estimate(sums, window))


@dataclass(eq=False, kw_only=True)
class NetShare(Sums):
    """Share of rows on which ``plus`` holds less the share on which ``minus`` holds, times ``scale``; see :class:`Share`."""

    plus: Any
    minus: Any
    scale: int = 1
    weight: Any = None

    minimum: ClassVar[int] = 10

    def parts(self, grain: Grain) -> dict[str, Any]:
        plus = self.plus if self.where is None else self.where & self.plus
        minus = self.minus if self.where is None else self.where & self.minus
        rows = counted(self.where, *_known(self.plus, self.weight), self.minus)
        return _with_weights({"plus": plus, "minus": minus}, rows, self.weight)

    def interval(self, sums: dict[str, Array]) -> Interval:
        s = _scaled(sums)
        squares = s["plus_plus"] - 2 * s["plus_minus"] + s["minus_minus"]
        products = s["plus_n"] - s["minus_n"]
        estimate = intervals.net_share(s["plus"], s["minus"], s["n"], squares, products, s["n_n"], s["units"])
        value, low, high = (self.scale * side for side in estimate)
        return value, low, high

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        return _with_rows(super().estimate(sums, window))


@dataclass(eq=False, kw_only=True)
class ShareOfCounts(Ratio):
    """Sum of one column of counts as a share of another's, such as leads of visitors; n is the sum of the latter.

    Counts of one ``unit`` (a day) are not independent, so the units are the sample: Wilson's interval on the effective
    number, as for :class:`Share`.
    """

    minimum: ClassVar[int] = 10
    run_up: ClassVar[int] = 0

    def parts(self, grain: Grain) -> dict[str, Any]:
        both = counted(self.where, self.numerator, self.denominator)
        return {"x": both * where(None, self.numerator), "n": both * where(None, self.denominator)}

    def pair(self, sums: dict[str, Array]) -> tuple[Array, Array, Array, Array, Array]:
        return sums["x"], sums["n"], sums["x_x"], sums["x_n"], sums["n_n"]

    def interval(self, sums: dict[str, Array]) -> Interval:
        return intervals.share(*self.pair(sums), sums["units"])


@dataclass(eq=False, kw_only=True)
class ShareOfCustomers(Sums):
    """Share of the customers with a row in the period who have at least ``at_least`` rows on which ``hit`` holds."""

    hit: Any
    at_least: int = 1

    minimum: ClassVar[int] = 10

    def parts(self, grain: Grain) -> dict[str, Any]:
        hit = self.hit if self.where is None else self.where & self.hit
        return {"x": counted(hit), "n": counted(self.where, self.hit)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        there = indicator(unit["n"] > 0)
        return {"x": indicator(unit["x"] >= self.at_least).sum(), "n": there.sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        x, n = (sums[name].to_numpy(dtype=np.float64) for name in ("x", "n"))
        value, low, high = intervals.share(x, n, x, x, n, n)
        return sums.assign(value=value, low=low, high=high, units=n)


@dataclass(eq=False, kw_only=True)
class Composition(Sums):
    """Share of the rows on which ``known`` holds; split by a column, the share of all rows that each value has.

    The groups of a period add up to 1, rows without a value being a group too, and a value that does not occur in a
    period has a share of 0. Rows must be independent: one for each customer.
    """

    known: Any

    minimum: ClassVar[int] = 10

    def parts(self, grain: Grain) -> dict[str, Any]:
        if self.where is None:
            return {"x": counted(self.known), "n": ibis.literal(1).cast("float64")}
        return {"x": counted(self.where & self.known), "n": counted(self.where)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {name: column.sum() for name, column in unit.items()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        sums = _every_group(sums, window) if window.by else sums
        whole = sums.groupby("period")["n"].transform("sum").to_numpy(dtype=np.float64)
        part = sums["n" if window.by else "x"].to_numpy(dtype=np.float64)
        value, low, high = intervals.share(part, whole, part, part, whole, whole)
        return sums.assign(value=value, low=low, high=high, units=whole)


def _every_group(sums: pd.DataFrame, window: Window) -> pd.DataFrame:
    periods = sums[["period"]].drop_duplicates()
    grid = periods.merge(sums[list(window.by)].drop_duplicates(), how="cross")
    return grid.merge(sums, on=window.keys, how="left").fillna({"x": 0.0, "n": 0.0})


def _known(column: Any, weight: Any) -> list[Any]:
    return [column] if weight is None else [column, weight]


def _with_weights(hits: dict[str, Any], rows: Any, weight: Any) -> dict[str, Any]:
    """Return the parts of a share: hits and rows, or the weights of both and the number of rows."""
    if weight is None:
        return {name: counted(hit) for name, hit in hits.items()} | {"n": rows}
    weights = where(rows > 0, weight)
    return {name: where(hit, weights) for name, hit in hits.items()} | {"n": weights, "rows": rows}


def _scaled(sums: dict[str, Array]) -> dict[str, Array]:
    if "rows" not in sums:
        return sums
    with np.errstate(divide="ignore", invalid="ignore"):
        k = sums["rows"] / sums["n"]
    linear = {"x", "plus", "minus", "n"}
    return {name: s if name == "units" else s * k if name in linear else s * k**2 for name, s in sums.items()}


def _with_rows(estimate: pd.DataFrame) -> pd.DataFrame:
    return estimate.assign(n=estimate["rows"]) if "rows" in estimate else estimate
