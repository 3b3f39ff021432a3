"""The share of customers at the start of a period who are gone by its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums
from crmkit.periods import Grain
from crmkit.tables.expressions import indicator, period_ordinal


@dataclass(eq=False, kw_only=True)
class LossRate(Sums):
    """Customers at the start of the period and gone by its end, as a share of those at its start.

    Reads :func:`~crmkit.tables.derived.activity.customer_movements`. Those at the start are all who came less all who left
    before: two sums over the movements, and no grid of customers by periods. A customer is lost if her stretch of
    activity began before the period, ended in it, and she is not back by its end.

    Attributes
    ----------
    of : str
        Whom the lost are a share of. "start": lost of those at the start. Or all who are gone by the end, also those
        who joined within the period, of "all at start", of the "average" of those at start and at end, or of those
        "start and new".
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
        """Return the parts of the days that count, and the whole change: who is there later depends on every day."""
        return {"change": self.change.cast("float64")} | super().parts_within(window)

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        lost = indicator((unit["ended"] > 0) & (unit["n"] < 0))
        sums = {"change": unit["change"].sum(), "lost": lost.sum()}
        if self.of == "start":
            return sums
        # Who was not there at the start and moved has joined; if she is not there at the end either, she is lost too.
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
            after = filled.groupby(list(window.by), dropna=False)["change"] if window.by else filled["change"]
            filled["at_start"] = after.cumsum() - filled["change"]
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


def every_period(sums: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Add the periods in which nobody moved, from the first movement to the last period asked for."""
    last = max(window.bounds)
    first = int(sums["period"].min()) if len(sums) else last
    periods = pd.DataFrame({"period": np.arange(first, last + 1, dtype="int64")})
    groups = sums[list(window.by)].drop_duplicates() if window.by else pd.DataFrame(index=[0])
    grid = groups.merge(periods, how="cross")[window.keys]
    filled = grid.merge(sums, on=window.keys, how="left")
    moved = [name for name in filled if name not in (*window.keys, "at_start")]
    return filled.fillna(dict.fromkeys(moved, 0.0)).sort_values(window.keys, ignore_index=True)
