"""Measures on tables of movements, such as customers who come and go: the number at a time, and the losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.event_sizes import event_sizes, units_of_known
from crmkit.metrics.engine.intervals import Z
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import OwnQuery, Sums
from crmkit.periods import Grain
from crmkit.tables.expressions import day, day_of_period, indicator, number, period_ordinal, where


@dataclass(eq=False, kw_only=True)
class LossRate(Sums):
    """Customers at the start of the period and gone by its end, as a share of those at its start.

    Reads :func:`~crmkit.tables.derived.activity.customer_movements`. The number at the start is the number who came less
    the number who left before, so no table of customers by periods is needed. A customer is lost if a stretch of
    activity began before the period and ended in it, and no other has begun by its end.

    Attributes
    ----------
    of : str
        The denominator. "start": customers at the start who are lost, of those at the start. The other choices count
        all who are gone by the end, also those who joined within the period, as a share of "all at start", of the
        "average" of those at start and at end, or of those at "start and new".
    """

    change: Any
    active_since: Any
    of: str = "start"

    minimum: ClassVar[int] = 10
    run_up: ClassVar[int] = -1

    def parts(self, grain: Grain) -> dict[str, Any]:
        before = period_ordinal(self.active_since, grain) < period_ordinal(self.at, grain)
        parts = {"n": self.change.cast("float64"), "ended": indicator(before)}
        return parts if self.of == "start" else parts | {"moves": indicator(self.change != 0)}

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts of the days that count, and the change of all days, on which later periods depend."""
        return {"change": self.change.cast("float64")} | super().parts_within(window)

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        lost = indicator((unit["ended"] > 0) & (unit["n"] < 0))
        sums = {"change": unit["change"].sum(), "lost": lost.sum()}
        if self.of == "start":
            return sums
        # A customer not there at the start who has a movement joined; if not there at the end either, is lost too.
        came = (unit["ended"] == 0) & (unit["n"] >= 0) & (unit["moves"] > 0)
        gone = came & (unit["n"] == 0)
        return sums | {"new": indicator(came).sum(), "gone": indicator(gone).sum(), "net": unit["n"].sum()}

    def stretches(self) -> ir.Table:
        """Return the stretches of activity that end, one row each: customer_id, starts_on, ends_on."""
        ends = self.table.mutate(starts_on=self.active_since, ends_on=self.at)
        return ends.filter(ends.starts_on.notnull()).select("customer_id", "starts_on", "ends_on")

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = every_period(sums, window)
        if "at_start" not in filled:
            filled["at_start"] = sum_before(filled, "change", window)
        at_start = filled["at_start"].fillna(0.0).to_numpy()
        lost, base = self._lost_of(filled, at_start)
        value, low, high = intervals.share(lost, base, lost, lost, base, base)
        return filled.assign(value=value, low=low, high=high, n=at_start, units=at_start)

    def _lost_of(self, filled: pd.DataFrame, at_start: intervals.Array) -> tuple[intervals.Array, intervals.Array]:
        lost = filled["lost"].to_numpy()
        if self.of == "start":
            return lost, at_start
        new, gone, net = (filled[name].to_numpy() for name in ("new", "gone", "net"))
        return lost + gone, at_start + {"all at start": 0 * net, "average": net / 2, "start and new": new}[self.of]


@dataclass(eq=False, kw_only=True)
class ActiveAtStart(LossRate):
    """Number of customers who are active at the start of the period."""

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        rates = super().estimate(sums, window)
        n = rates["n"].to_numpy(dtype=np.float64)
        value, low, high = intervals.total(n, n, np.ones(len(n)))
        return rates.assign(value=value, low=low, high=high)


@dataclass(eq=False, kw_only=True)
class DailyLossRate(OwnQuery):
    """Sum over the days of a period of customers lost on the day / customers at the start of the day.

    Reads :func:`~crmkit.tables.derived.activity.customer_movements`. This is the Nelson-Aalen estimate of the cumulative
    hazard over the period: a customer who joined within it is at risk from the first day on, and every loss counts,
    also of customers who return.

    References
    ----------
    Aalen (1978), Annals of Statistics 6, 701-726; interval on the logarithmic scale.
    """

    change: Any

    minimum: ClassVar[int] = 10

    def columns(self, window: Window) -> dict[str, Any]:
        """Return the columns that :meth:`query` needs, by name."""
        leaves = self.change < 0
        if window.first_days is not None:
            leaves = leaves & (day_of_period(self.at, window.grain) < window.first_days)
        return {
            "period": period_ordinal(self.at, window.grain),
            "day": day(self.at),
            "change": self.change.cast("float64"),
            "lost": indicator(leaves),
        }

    def query(self, rows: ir.Table, window: Window) -> ir.Table:
        """Return change and losses by day and group, from the first movement to the last period asked for."""
        rows = rows.filter(rows.period <= max(window.bounds))
        return rows.group_by([*window.keys, "day"]).aggregate(change=rows.change.sum(), lost=rows.lost.sum())

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return one row per period and group with value, low, high, n and units (customers at the start)."""
        days = sums.sort_values([*window.by, "day"], ignore_index=True)
        days["at_start"] = sum_before(days, "change", window)
        with np.errstate(divide="ignore", invalid="ignore"):
            days["rate"] = np.where(days["lost"] > 0, days["lost"] / days["at_start"], 0.0)
            days["variance"] = np.where(days["lost"] > 0, days["lost"] / days["at_start"] ** 2, 0.0)
        by_period = days.groupby(window.keys, as_index=False, dropna=False)[
            ["change", "lost", "rate", "variance"]
        ].sum()
        filled = every_period(by_period, window)
        n = sum_before(filled, "change", window).to_numpy()
        value = np.where(n > 0, filled["rate"], np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.exp(Z * np.sqrt(filled["variance"].to_numpy()) / value)
            none_lost = -np.log(0.025) / n  # with this rate, no loss is seen with a probability of 2.5 %
        low = np.where(value > 0, value / reach, 0.0)
        return filled.assign(value=value, low=low, high=np.where(value > 0, value * reach, none_lost), n=n, units=n)


@dataclass(eq=False, kw_only=True)
class Stock(Sums):
    """Number of things there at the end of the period, or their ``value``, from a table of movements.

    ``change`` is +1 where one comes and -1 where one goes. The interval is that of a count of chance arrivals.
    """

    change: Any
    value: Any = None

    run_up: ClassVar[int] = -1

    def parts(self, grain: Grain) -> dict[str, Any]:
        value = number(1) if self.value is None else self.value.cast("float64")
        return {
            "n": where(self.where, self.change),
            "x": where(self.where, self.change * value),
            "xx": where(self.where, self.change * value * value),
        }

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts of the days that count, and those of all days, on which later periods depend."""
        whole = {f"all_{name}": part for name, part in self.parts(window.grain).items()}
        return whole | super().parts_within(window)

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {name: column.sum() for name, column in unit.items()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = every_period(sums, window)
        for name in ("n", "x", "xx"):
            whole = f"all_{name}"
            filled[name] = sum_before(filled, whole, window) + filled[name]
        none = filled["n"].round() <= 0  # sums of money that came and went differ from zero by rounding
        x, xx = (np.where(none, 0.0, filled[name]) for name in ("x", "xx"))
        n = filled["n"].clip(lower=0)
        if self.value is None:
            value, low, high = intervals.total(x, xx, np.ones(len(x)))
            return filled.assign(value=value, low=low, high=high, n=n, units=n)
        sizes = event_sizes(filled, window, x=np.maximum(x, 0.0), xx=np.maximum(xx, 0.0), n=n.to_numpy(dtype=float))
        value, low, high = intervals.total(x, sizes.squares, np.ones(len(x)), sizes.size)
        return filled.assign(value=value, low=low, high=high, n=n, units=units_of_known(n, sizes))


def every_period(sums: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return ``sums`` with the periods without a movement added, from the first movement to the last period asked for."""
    last = max(window.bounds)
    first = int(sums["period"].min()) if len(sums) else last
    periods = pd.DataFrame({"period": np.arange(first, last + 1, dtype="int64")})
    groups = sums[list(window.by)].drop_duplicates() if window.by else pd.DataFrame(index=[0])
    grid = groups.merge(periods, how="cross")[window.keys]
    filled = grid.merge(sums, on=window.keys, how="left")
    moved = [name for name in filled if name not in (*window.keys, "at_start")]
    return filled.fillna(dict.fromkeys(moved, 0.0)).sort_values(window.keys, ignore_index=True)


def sum_before(rows: pd.DataFrame, column: str, window: Window) -> pd.Series:
    """Return for each row the sum of a column over the earlier rows of its group."""
    values = rows.groupby(list(window.by), dropna=False)[column] if window.by else rows[column]
    return values.cumsum() - rows[column]
