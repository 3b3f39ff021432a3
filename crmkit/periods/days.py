"""A day, however it is written: as a date, a timestamp or text."""

from __future__ import annotations

from datetime import date, datetime

from crmkit.errors import CrmkitError


def day_of(value: object, name: str = "as_of") -> date:
    """Return a day given as a date, a timestamp or text.

    Parameters
    ----------
    value : date, timestamp or text
    name : str
        What it is called where it was given.

    Raises
    ------
    CrmkitError
        If it is none of these.

    Examples
    --------
    >>> day_of("2026-09-30"), day_of(datetime(2026, 9, 30, 12, 15))
    (datetime.date(2026, 9, 30), datetime.date(2026, 9, 30))
    >>> day_of("2026-09")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: as_of must be a day, such as date(2026, 9, 30) or "2026-09-30"; met: '2026-09'.
    """
    try:
        if isinstance(value, datetime) and value == value:  # a pandas Timestamp is one too, and so is NaT
            return value.date()
        if type(value) is date:
            return value
        return date.fromisoformat(value)  # type: ignore[arg-type]  # anything but text is told below
    except (TypeError, ValueError):
        raise CrmkitError(f'{name} must be a day, such as date(2026, 9, 30) or "2026-09-30"; met: {value!r}.') from None
