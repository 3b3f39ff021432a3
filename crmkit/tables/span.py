"""From which day to which the tables of a company reach, all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from crmkit.tables.schema import SCHEMAS

# By the workbook, after the data ended.
_WRITTEN_HERE = {
    "treatments",
    "customer_scores",
    "segment_assignments",
    "text_sentiments",
}
#: Paid terms begin and end when they like, after the last day of the data too.
BOOKED_AHEAD = "subscription_terms"


def dated(names: Iterable[str]) -> dict[str, str]:
    """Return the time column of each table whose rows say how far the data reach.

    Examples
    --------
    >>> dated(["orders", "customer_scores"])
    {'orders': 'ordered_at'}
    """
    clocks = {name: SCHEMAS[name].clock for name in names if name not in _WRITTEN_HERE}
    return {name: clock for name, clock in clocks.items() if clock is not None}


def whole_span(days: Mapping[str, tuple[date, date]]) -> tuple[date | None, date | None]:
    """Return the first and the last day of all tables; paid terms say how far the data reach only if they are all there is.

    Parameters
    ----------
    days : mapping of str to (date, date)
        First and last day of each table that has any.

    Examples
    --------
    >>> terms, orders = (date(2026, 1, 1), date(2027, 1, 1)), (date(2026, 2, 1), date(2026, 10, 31))
    >>> whole_span({"subscription_terms": terms, "orders": orders})
    (datetime.date(2026, 1, 1), datetime.date(2026, 10, 31))
    """
    last = {name: last for name, (_, last) in days.items() if name != BOOKED_AHEAD}
    last = last or {name: last for name, (_, last) in days.items()}
    return min((first for first, _ in days.values()), default=None), max(last.values(), default=None)
