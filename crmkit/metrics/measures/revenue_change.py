"""The change of revenue from one period to the next, by kind of customer: new, returning, buying more or less, lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.event_sizes import event_sizes, units_of_known
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import OwnQuery
from crmkit.periods import Period
from crmkit.tables.expressions import (
    constant_day,
    day,
    day_of_period,
    indicator,
    is_some,
    number,
    period_ordinal,
    ratio,
)

#: Kinds of change of a customer's revenue; "less" and "lost" are positive amounts.
PARTS = ("new", "back", "more", "less", "lost", "guests")
_EITHER_SIGN = ("net", "guests")  # sums of gains and losses
_RUN_UP = 6  # earlier periods from which the size of a change is known; each costs a pass over its orders
_NOTHING_BEFORE = "the data hold no whole period before this one"


@dataclass(eq=False, kw_only=True)
class RevenueChange(OwnQuery):
    """Change of revenue against the period before, of one kind of customer or in all.

    Reads :func:`~crmkit.tables.derived.orders.compared_revenue`, in which each order stands twice: in its own period and, as
    revenue of the period before, in the next one. Every customer is of one kind, so that the kinds add up to the whole
    change to the last cent. A period that is still running is compared with as many days of the one before.

    Attributes
    ----------
    part : str
        One of :data:`PARTS`, or "net": all gains less all losses.
    """

    part: str = "net"

    minimum: ClassVar[int] = 0

    def query_key(self) -> Any:
        """Return a key that is equal for measures that can share one query, which is that of all kinds of change."""
        return type(self), self.table.op(), self.at.op()

    def columns(self, window: Window) -> dict[str, Any]:
        """Return the columns that :meth:`query` needs, by name."""
        t, grain = self.table, window.grain
        period = period_ordinal(self.at, grain) + t.periods_later
        counts = ibis.literal(True) if window.first_days is None else day_of_period(self.at, grain) < window.first_days
        if window.last_known is not None:
            running = Period.containing(window.last_known, grain)
            days = (window.last_known - running.start + timedelta(days=1)).days
            counts = counts & (day(self.at) <= constant_day(window.last_known))
            counts = counts & ((period != running.ordinal) | (day_of_period(self.at, grain) < days))
        return {
            "period": period,
            "unit": ibis.coalesce(t.customer_id, ibis.literal("no customer: ") + t.order_id),
            "guest": indicator(t.customer_id.isnull()),
            "new": indicator(period_ordinal(t.first_on, grain) == period),
            "there": indicator(t.periods_later == 0) * indicator(counts),
            "was": indicator(t.periods_later == 1) * indicator(counts),
            "value": t.revenue.cast("float64"),
        }

    def query(self, rows: ir.Table, window: Window) -> ir.Table:
        """Return amount, square and number of customers of every kind, by period and group."""
        inside = rows.period.between(min(window.bounds) - _RUN_UP, max(window.bounds))
        rows = rows.filter(inside & (rows.there + rows.was > 0))
        each = rows.group_by([*window.keys, "unit"]).aggregate(
            guest=rows.guest.max(),
            new=rows.new.max(),
            there=rows.there.sum(),
            was=rows.was.sum(),
            change=((rows.there - rows.was) * rows.value).sum(),
        )
        sums: dict[str, Any] = {}
        for part, belongs in kinds_of_change(each).items():
            amount = ibis.ifelse(belongs, -each.change if part in ("less", "lost") else each.change, number(0))
            sums |= _amounts(f"gain_{part}", ibis.greatest(amount, number(0)))
            sums |= _amounts(f"loss_{part}", ibis.greatest(-amount, number(0)))
            sums[f"n_{part}"] = indicator(belongs).sum()
        return each.group_by(window.keys).aggregate(**sums)

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return one row per period and group with value, low, high, n and units."""
        # Without data on the period before, every customer would count as new.
        unseen = np.array([_began_before(window, int(ordinal) - 1) for ordinal in sums["period"]], dtype=bool)
        because = np.array([_NOTHING_BEFORE if late else None for late in unseen], dtype=object)
        sizes, sides = [], []
        for side in ("gain", "loss"):
            names = (f"{name}_{side}_{self.part}" for name in ("x", "xx", "n"))
            x, xx, n = (np.where(unseen, 0.0, sums[name].to_numpy(dtype=np.float64)) for name in names)
            sizes.append(event_sizes(sums, window, x=x, xx=xx, n=n, look_back=_RUN_UP + 1))
            # Refunds may outweigh what a kind of customer bought; most have none.
            size = sizes[-1].size if side == "gain" or self.part in _EITHER_SIGN else np.nan_to_num(sizes[-1].size)
            sides.append(intervals.total(x, sizes[-1].squares, np.ones(len(x)), size))
        value, low, high = intervals.difference(*sides)
        value = np.where(unseen, np.nan, value)
        n = sums[f"n_{self.part}"].to_numpy(dtype=np.float64)
        units = units_of_known(n, *sizes)
        return sums.assign(value=value + 0.0, low=low + 0.0, high=high + 0.0, n=n, units=units, because=because)


def _amounts(name: str, amount: Any) -> dict[str, Any]:
    return {
        f"x_{name}": amount.sum(),
        f"xx_{name}": (amount * amount).sum(),
        f"n_{name}": indicator(is_some(amount)).sum(),
    }


def kinds_of_change(each: ir.Table) -> dict[str, Any]:
    """Return whether a customer is of each kind of change of revenue."""
    known, now, then = each.guest == 0, each.there > 0, each.was > 0
    both = known & now & then
    least = ratio(number(1), number(1_000_000))  # equal amounts, added up in another order, differ by less
    return {
        "new": known & now & ~then & (each.new > 0),
        "back": known & now & ~then & (each.new == 0),
        "more": both & (each.change > least),
        "less": both & (each.change < -least),
        "lost": known & ~now & then,
        "guests": ~known,
        "net": (each.guest >= 0),
    }


def _began_before(window: Window, ordinal: int) -> bool:
    return window.data_from is not None and Period(window.grain, ordinal).start < window.data_from
