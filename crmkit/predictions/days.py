"""Up to which day a prediction for a period looks."""

from __future__ import annotations

from datetime import date, timedelta

from crmkit.errors import CrmkitError
from crmkit.periods import Period


def last_day(data_through: date | None, period: Period | None) -> date:
    """Return the last day whose data a prediction for a period uses.

    Examples
    --------
    >>> last_day(date(2026, 10, 31), Period.parse("2026-09"))
    datetime.date(2026, 9, 30)
    """
    if data_through is None:
        raise CrmkitError("There is no data: no table has a row with a date. Run `crmkit load`, then `crmkit check`.")
    return min(data_through, period.end - timedelta(days=1)) if period else data_through
