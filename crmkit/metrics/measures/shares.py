"""Shares and net shares of rows, weighted where rows stand for more or fewer than one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.intervals import Array, Interval
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums, counted
from crmkit.periods import Grain
from crmkit.tables.expressions import where


@dataclass(eq=False, kw_only=True)
class Share(Sums):
    """Share of the rows on which ``hit`` holds, among those where it is known.

    With ``weight`` a row counts that much; weights are scaled to a mean of 1, so that the design effect of unequal
    weights and of several rows per customer comes out of the same linearised variance.

    References
    ----------
    Kish (1965), Survey Sampling, section 11.7; Korn and Graubard (1998), Survey Methodology 24, 193-201.
    """

    hit: Any
    weight: Any = None

    minimum: ClassVar[int] = 10

    def parts(self, grain: Grain) -> dict[str, Any]:
        hit = self.hit if self.where is None else self.where & self.hit
        return _weighed({"x": hit}, counted(self.where, *_known(self.hit, self.weight)), self.weight)

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
        return _weighed({"plus": plus, "minus": minus}, rows, self.weight)

    def interval(self, sums: dict[str, Array]) -> Interval:
        s = _scaled(sums)
        squares = s["plus_plus"] - 2 * s["plus_minus"] + s["minus_minus"]
        products = s["plus_n"] - s["minus_n"]
        estimate = intervals.net_share(s["plus"], s["minus"], s["n"], squares, products, s["n_n"], s["units"])
        value, low, high = (self.scale * side for side in estimate)
        return value, low, high

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        return _with_rows(super().estimate(sums, window))


def _known(column: Any, weight: Any) -> list[Any]:
    return [column] if weight is None else [column, weight]


def _weighed(hits: dict[str, Any], rows: Any, weight: Any) -> dict[str, Any]:
    """Return the parts of a share: hits and rows, or their weights and beside them the rows themselves."""
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
