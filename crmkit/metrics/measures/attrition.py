"""The share of customers at the start of a period who are gone by its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics import intervals
from crmkit.metrics.measures.base import Sums
from crmkit.metrics.window import Window
from crmkit.periods import Grain
from crmkit.tables.expressions import indicator, period_ordinal


@dataclass(eq=False, kw_only=True)
class LossRate(Sums):
    """Customers at the start of the period and gone by its end, as a share of those at its start.

    Reads :func:`~crmkit.tables.activity.customer_movements`. Those at the start are all who came less all who left
    before: two sums over the movements, and no grid of customers by periods. A customer is lost if her stretch of
    activity began before the period, ended in it, and she is not back by its end.
    """

    change: Any
    active_since: Any

    minimum: ClassVar[int] = 10
    run_up: ClassVar[int] = -1

    def parts(self, grain: Grain) -> dict[str, Any]:
        before = period_ordinal(self.active_since, grain) < period_ordinal(self.at, grain)
        return {"n": self.change.cast("float64"), "ended": indicator(before)}

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts of the days that count, and the whole change: who is there later depends on every day."""
        return {"change": self.change.cast("float64")} | super().parts_within(window)

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        lost = indicator((unit["ended"] > 0) & (unit["n"] < 0))
        return {"change": unit["change"].sum(), "lost": lost.sum()}

    def stretches(self) -> ir.Table:
        """Return the stretches of activity that end, one row each: customer_id, starts_on, ends_on."""
        ends = self.table.mutate(starts_on=self.active_since, ends_on=self.at)
        return ends.filter(ends.starts_on.notnull()).select("customer_id", "starts_on", "ends_on")

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = _every_period(sums, window)
        if "at_start" not in filled:
            after = filled.groupby(list(window.by), dropna=False)["change"] if window.by else filled["change"]
            filled["at_start"] = after.cumsum() - filled["change"]
        at_start = filled["at_start"].fillna(0.0).to_numpy()
        lost = filled["lost"].to_numpy()
        value, low, high = intervals.share(lost, at_start, lost, lost, at_start, at_start)
        return filled.assign(value=value, low=low, high=high, n=at_start, units=at_start)


def _every_period(sums: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Add the periods in which nobody moved, from the first movement to the last period asked for."""
    last = max(window.bounds)
    first = int(sums["period"].min()) if len(sums) else last
    periods = pd.DataFrame({"period": np.arange(first, last + 1, dtype="int64")})
    groups = sums[list(window.by)].drop_duplicates() if window.by else pd.DataFrame(index=[0])
    grid = groups.merge(periods, how="cross")[window.keys]
    filled = grid.merge(sums, on=window.keys, how="left")
    return filled.fillna({"change": 0.0, "lost": 0.0}).sort_values(window.keys, ignore_index=True)
