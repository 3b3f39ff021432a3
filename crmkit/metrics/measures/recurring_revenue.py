"""Recurring revenue: its level, what it brings in a period, and what of it is won, lost and kept, from customers' movements."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
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
from crmkit.tables.expressions import indicator, is_some, month_position, number, period_ordinal

#: Kinds of change of a customer's recurring revenue over a period.
PARTS = ("new", "reactivation", "expansion", "contraction", "churn")


@dataclass(eq=False, kw_only=True)
class RecurringLevel(Sums):
    """Recurring revenue a month at the end of a period, or on the last day known: what all subscribers pay together.

    Reads :func:`~crmkit.tables.derived.recurring.mrr_movements`. The interval is that of chance arrivals of subscribers,
    as for any number of things that are there.
    """

    run_up: ClassVar[int] = -1

    def parts(self, grain: Grain) -> dict[str, Any]:
        return {"n": number(1) + self.table.change * 0} | _changes_of_level(self.table)

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts of the days that count, and those of all days, on which later periods depend."""
        all_days = {f"all_{name}": part for name, part in _changes_of_level(self.table).items()}
        return super().parts_within(window) | all_days

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {name: column.sum() for name, column in unit.items()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = every_period(sums, window)
        level, squares, there = (_floats(filled, name) + _before(filled, name, window) for name in _LEVELS)
        return self._estimated(filled, window, level, squares, there)

    def _estimated(self, filled: pd.DataFrame, window: Window, x: Array, squares: Array, n: Array) -> pd.DataFrame:
        n = np.maximum(np.round(n), 0.0)
        x, squares = np.where(n > 0, x, 0.0), np.where(n > 0, np.maximum(squares, 0.0), 0.0)
        sizes = event_sizes(filled, window, x=x, xx=squares, n=n)
        value, low, high = intervals.total(x, sizes.squares, np.ones(len(x)), sizes.size)
        return filled.assign(value=value, low=low, high=high, n=n, units=units_of_known(n, sizes))


@dataclass(eq=False, kw_only=True)
class RecurringEarned(RecurringLevel):
    """Recurring revenue of a period: for each subscriber the days paid for, a month's amount for each month of them.

    A day of a month counts as its part of the month, so that a whole month brings the monthly amount whether it has 28
    days or 31. What was paid at the start runs through the period; each movement in it adds its change from its day on.
    """

    def parts(self, grain: Grain) -> dict[str, Any]:
        m = self.table
        came = indicator((m.before <= 0) & (m.after > 0))
        return super().parts(grain) | {"placed": m.change * month_position(self.at), "came": came}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = every_period(sums, window)
        spans = [window.span(int(ordinal)) for ordinal in filled["period"]]
        start, end = (np.array([month_position_of(span[side]) for span in spans]) for side in (0, 1))
        moved, at_end = _floats(filled, "moved"), _floats(filled, "squares")
        level, squares, there = (_before(filled, name, window) for name in _LEVELS)
        earned = level * (end - start) + moved * end - _floats(filled, "placed")
        of_the_period = (squares + at_end / 2) * (end - start) ** 2
        return self._estimated(filled, window, earned, of_the_period, there + _floats(filled, "came"))


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
        change = kinds_of_recurring_change(unit)
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
        return super().parts(grain) | _changes_of_level(self.table)

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts of the days that count, and the movements of all days, on which later periods depend."""
        return super().parts_within(window) | _changes_of_level(self.table)

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        kind = kinds_of_recurring_change(unit)
        loss = -(kind["churn"] if self.of == "left" else kind["contraction"] + kind["churn"])
        gain = {"net": kind["expansion"], "net with reactivation": kind["expansion"] + kind["reactivation"]}
        levels = {name: unit[name].sum() for name in _LEVELS}
        lost = _amount("loss", loss) | {"loss_start": (loss * unit["start"]).sum()}
        return levels | lost | (_amount("gain", gain[self.of]) if self.of in gain else {})

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = every_period(sums, window)
        s, ss, units = (sum_before(filled, name, window).to_numpy(dtype=np.float64) for name in _LEVELS)
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


_LEVELS = ("moved", "squares", "there")


def _changes_of_level(movements: Any) -> dict[str, Any]:
    """Return by how much a movement changes what is paid, the sum of its squares over customers, and their number."""
    there = indicator(movements.after > 0) - indicator(movements.before > 0)
    squares = movements.after * movements.after - movements.before * movements.before
    return {"moved": movements.change, "squares": squares, "there": there}


def _before(filled: pd.DataFrame, name: str, window: Window) -> Array:
    """Return the sum of the changes of all days of the periods before."""
    return sum_before(filled, f"all_{name}", window).to_numpy(dtype=np.float64)


def month_position_of(on: date) -> float:
    """Return what :func:`~crmkit.tables.expressions.month_position` does, of a day in Python [months]."""
    return (on.year - 2000) * 12 + on.month - 1 + (on.day - 1) / calendar.monthrange(on.year, on.month)[1]


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


def kinds_of_recurring_change(unit: dict[str, Any]) -> dict[str, Any]:
    """Return the change of each customer's recurring revenue by its kind, losses negative."""
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
