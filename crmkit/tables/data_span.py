"""From which day to which the tables of a company reach, all of them together.

No Ibis and no frames here: the summary of a store uses it before either is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from crmkit.tables.schema import PREDICTED, SCHEMAS

#: Paid terms may begin and end after the last day of the data.
BOOKED_AHEAD = "subscription_terms"
_WRITTEN_BY_CRMKIT = {"treatments", *PREDICTED}  # after the end of the data


def time_columns(names: Iterable[str]) -> dict[str, str]:
    """Return the time column of each table whose rows show how far the data reach.

    Examples
    --------
    >>> time_columns(["orders", "customer_scores"])
    {'orders': 'ordered_at'}
    """
    clocks = {name: SCHEMAS[name].clock for name in names if name not in _WRITTEN_BY_CRMKIT}
    return {name: clock for name, clock in clocks.items() if clock is not None}


def data_span(days: Mapping[str, tuple[date, date]]) -> tuple[date | None, date | None]:
    """Return the first and the last day of all tables; the last day of paid terms counts only if there is nothing else.

    Parameters
    ----------
    days : mapping of str to (date, date)
        First and last day of each table that has any.

    Examples
    --------
    >>> terms, orders = (date(2026, 1, 1), date(2027, 1, 1)), (date(2026, 2, 1), date(2026, 10, 31))
    >>> data_span({"subscription_terms": terms, "orders": orders})
    (datetime.date(2026, 1, 1), datetime.date(2026, 10, 31))
    """
    last = {name: last for name, (_, last) in days.items() if name != BOOKED_AHEAD}
    last = last or {name: last for name, (_, last) in days.items()}
    return min((first for first, _ in days.values()), default=None), max(last.values(), default=None)
