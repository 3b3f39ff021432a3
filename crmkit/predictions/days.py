"""Up to which day a prediction for a period looks."""

from __future__ import annotations

from datetime import date, timedelta

from crmkit.errors import CrmkitError
from crmkit.periods import Period


def last_day(data_through: date | None, period: Period | None) -> date:
    """Return the last day whose data a prediction for a period uses.

    Parameters
    ----------
    data_through : date or None
        Last day with data.
    period : Period or None
        The period; None for all data.

    Raises
    ------
    CrmkitError
        If there are no data.

    Examples
    --------
    >>> last_day(date(2026, 10, 31), Period.parse("2026-09"))
    datetime.date(2026, 9, 30)
    """
    if data_through is None:
        raise CrmkitError("There is no data: no table has a row with a date. Run `crmkit load`, then `crmkit check`.")
    return min(data_through, period.end - timedelta(days=1)) if period else data_through


def months_before(day: date, months: int) -> date:
    """Return the day so many months before; the last day of a month stays one.

    Examples
    --------
    >>> months_before(date(2026, 10, 31), 8), months_before(date(2026, 9, 30), -1)
    (datetime.date(2026, 2, 28), datetime.date(2026, 10, 31))
    """
    import pandas as pd  # not at the top: a report that has nothing to make is over before pandas is there

    return (pd.Timestamp(day) + pd.Timedelta(days=1) - pd.DateOffset(months=months) - pd.Timedelta(days=1)).date()
