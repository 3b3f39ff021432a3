"""Recurring revenue won, lost and kept, from the movements of each customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums
from crmkit.metrics.measures.movements import every_period, sum_before
from crmkit.periods import Grain
from crmkit.tables.expressions import indicator, number, period_ordinal

#: Kinds of change of a customer's recurring revenue over a period.
PARTS = ("new", "reactivation", "expansion", "contraction", "churn")


@dataclass(eq=False, kw_only=True)
class RecurringChange(Sums):
    """Change of recurring revenue over a period, of one kind or net: each customer's amount at the end less at the start.

    Reads :func:`~crmkit.tables.derived.recurring.mrr_movements`. A customer's amount at the start is that before the first
    movement of the period, so no table of customers by periods is needed.

    Attributes
    ----------
    part : str
        One of :data:`PARTS`, contraction and churn as positive amounts, or "net": gains less losses.
    """

    part: str = "net"

    run_up: ClassVar[int] = 0

    def parts(self, grain: Grain) -> dict[str, Any]:
        m = self.table
        earlier = ibis.coalesce(period_ordinal(m.previous_on, grain) >= period_ordinal(self.at, grain), False)
        return {
            "n": number(1) + m.change * 0,
            "change": m.change,
            "start": ibis.ifelse(earlier, number(0), m.before),
            "first": indicator(m.previous_on.isnull()),
        }

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        change = _kinds(unit)
        x = sum(change.values(), number(0)) if self.part == "net" else change[self.part]
        x = -x if self.part in ("contraction", "churn") else x
        return {"x": x.sum(), "xx": (x * x).sum(), "n": indicator(x != 0).sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        x, xx = (sums[name].to_numpy(dtype=np.float64) for name in ("x", "xx"))
        value, low, high = intervals.total(x, xx, np.ones(len(x)))
        return sums.assign(value=value + 0.0, low=low + 0.0, high=high + 0.0, units=sums["n"])  # no minus zero


@dataclass(eq=False, kw_only=True)
class RecurringKept(RecurringChange):
    """Recurring revenue of the customers at the start, as a share of what it was: gross or net of expansion.

    Attributes
    ----------
    of : str
        "gross" (no customer counts for more than at the start), "net" (with expansion), "net with reactivation" (with
        expansion and customers who came back), "lost" (1 - gross), "left" (only customers who left altogether).
    """

    of: str = "net"

    minimum: ClassVar[int] = 10
    run_up: ClassVar[int] = -1

    def parts(self, grain: Grain) -> dict[str, Any]:
        return super().parts(grain) | self._changes_of_level()

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts of the days that count, and the movements of all days, on which later periods depend."""
        return super().parts_within(window) | self._changes_of_level()

    def _changes_of_level(self) -> dict[str, Any]:
        m = self.table
        there = indicator(m.after > 0) - indicator(m.before > 0)
        return {"moved": m.change, "squares": m.after * m.after - m.before * m.before, "there": there}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        kind = _kinds(unit)
        change = {
            "gross": kind["contraction"] + kind["churn"],
            "net": kind["contraction"] + kind["churn"] + kind["expansion"],
            "net with reactivation": kind["contraction"] + kind["churn"] + kind["expansion"] + kind["reactivation"],
            "lost": kind["contraction"] + kind["churn"],
            "left": kind["churn"],
        }[self.of]
        levels = {name: unit[name].sum() for name in ("moved", "squares", "there")}
        return levels | {
            "d": change.sum(),
            "dd": (change * change).sum(),
            "sd": (change * unit["start"]).sum(),
        }

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = every_period(sums, window)
        s, ss, units = (
            sum_before(filled, name, window).to_numpy(dtype=np.float64) for name in ("moved", "squares", "there")
        )
        s, ss = np.where(units > 0.5, s, 0.0), np.maximum(ss, 0.0)
        d, dd, sd = (filled[name].to_numpy(dtype=np.float64) for name in ("d", "dd", "sd"))
        if self.of.startswith("net"):
            value, low, high = intervals.mean(s + d, s, ss + 2 * sd + dd, ss + sd, ss, units)
            low = np.maximum(low, 0.0)
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                k = units / s  # so that a customer weighs 1 on average
                value, low, high = intervals.share(-d * k, s * k, dd * k**2, -sd * k**2, ss * k**2, units)
            if self.of == "gross":
                value, low, high = 1 - value, 1 - high, 1 - low
        return filled.assign(value=value, low=low, high=high, n=np.round(units), units=np.round(units))


def _kinds(unit: dict[str, Any]) -> dict[str, Any]:
    start, zero = unit["start"], number(0)
    end = start + unit["change"]
    end = ibis.ifelse(end * 1_000_000 > 1, end, zero)
    had, has, moved = start > 0, end > 0, unit["n"] > 0
    none = start <= 0
    is_new = moved & none & (unit["first"] > 0)
    return {
        "new": ibis.ifelse(is_new, end, zero),
        "reactivation": ibis.ifelse(moved & none & (unit["first"] == 0), end, zero),
        "expansion": ibis.ifelse(had & (end > start), end - start, zero),
        "contraction": ibis.ifelse(had & has & (end < start), end - start, zero),
        "churn": ibis.ifelse(moved & had & (end <= 0), -start, zero),
    }
