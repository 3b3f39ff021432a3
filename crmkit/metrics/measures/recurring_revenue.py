"""Recurring revenue won, lost and kept, from the movements of each customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.event_sizes import EventSizes, event_sizes, units_of_known
from crmkit.metrics.engine.intervals import Array, Interval
from crmkit.metrics.engine.window import RUN_UP, Window
from crmkit.metrics.measures.base import Sums
from crmkit.metrics.measures.movements import every_period, sum_before
from crmkit.periods import Grain
from crmkit.tables.expressions import indicator, is_some, number, period_ordinal

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

    run_up: ClassVar[int] = RUN_UP

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
        moved = unit["change"].abs()
        return {
            **_sides(-x if self.part in ("contraction", "churn") else x),
            "n": indicator(x != 0).sum(),
            **_amount("any", moved),
        }

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        any_size = _sizes(sums, "any", window)  # of whatever changed, where none of this kind was seen
        gains, losses = (_sizes(sums, side, window) for side in ("gain", "loss"))
        one = np.ones(len(sums))
        gained = intervals.total(_floats(sums, "gain"), gains.squares, one, gains.or_else(any_size).size)
        lost = intervals.total(_floats(sums, "loss"), losses.squares, one, losses.or_else(any_size).size)
        value, low, high = intervals.difference(gained, lost) if self.part == "net" else gained
        units = units_of_known(sums["n"], any_size)
        return sums.assign(value=value + 0.0, low=low + 0.0, high=high + 0.0, units=units)  # no minus zero


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
        loss = -(kind["churn"] if self.of == "left" else kind["contraction"] + kind["churn"])
        gain = {"net": kind["expansion"], "net with reactivation": kind["expansion"] + kind["reactivation"]}
        levels = {name: unit[name].sum() for name in ("moved", "squares", "there")}
        lost = _amount("loss", loss) | {"loss_start": (loss * unit["start"]).sum()}
        return levels | lost | (_amount("gain", gain[self.of]) if self.of in gain else {})

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = every_period(sums, window)
        s, ss, units = (
            sum_before(filled, name, window).to_numpy(dtype=np.float64) for name in ("moved", "squares", "there")
        )
        s, ss = np.where(units > 0.5, s, 0.0), np.maximum(ss, 0.0)
        value, low, high = self._lost(filled, window, s, ss, units)
        if self.of not in ("lost", "left"):
            value, low, high = 1 - value, 1 - high, 1 - low
        if self.of.startswith("net"):
            value, low, high = self._with_gains((value, low, high), filled, window, s, ss)
        return filled.assign(value=value, low=low, high=high, n=np.round(units), units=np.round(units))

    def _lost(self, filled: pd.DataFrame, window: Window, s: Array, ss: Array, units: Array) -> Interval:
        """Return the share of recurring revenue lost, by the interval of a share on the effective number of customers."""
        d, dd, sd = (_floats(filled, name) for name in ("loss", "loss_squares", "loss_start"))
        steady = _sizes(filled, "loss", window).squares
        with np.errstate(divide="ignore", invalid="ignore"):
            sd = np.where(dd > 0, sd * steady / dd, sd)
            k = units / s  # so that a customer weighs 1 on average
            return intervals.share(d * k, s * k, steady * k**2, sd * k**2, ss * k**2, units)

    def _with_gains(self, kept: Interval, filled: pd.DataFrame, window: Window, s: Array, ss: Array) -> Interval:
        """Return the share kept with what the same customers pay more, a sum of few and unequal amounts of its own."""
        sizes = _sizes(filled, "gain", window)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.where(np.isnan(sizes.size), ss / s, sizes.size)  # none was ever seen: as large as what is paid
            gain, low, high = intervals.total(_floats(filled, "gain"), sizes.squares, np.ones(len(s)), size)
            value, least, most = intervals.difference((gain / s, low / s, high / s), (-kept[0], -kept[2], -kept[1]))
        return value, np.maximum(least, 0.0), most


def _sides(x: Any) -> dict[str, Any]:
    zero = number(0)
    return _amount("gain", ibis.greatest(x, zero)) | _amount("loss", ibis.greatest(-x, zero))


def _amount(name: str, x: Any) -> dict[str, Any]:
    return {name: x.sum(), f"{name}_squares": (x * x).sum(), f"{name}_events": indicator(is_some(x)).sum()}


def _sizes(sums: pd.DataFrame, name: str, window: Window) -> EventSizes:
    x, squares, events = (_floats(sums, column) for column in (name, f"{name}_squares", f"{name}_events"))
    return event_sizes(sums, window, x=x, xx=squares, n=events)


def _floats(sums: pd.DataFrame, name: str) -> Array:
    return sums[name].to_numpy(dtype=np.float64)


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
