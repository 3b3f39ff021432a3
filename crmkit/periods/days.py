"""A day, however it is written: functions that look at the data as of a day take it as a date, a timestamp or text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from crmkit.errors import CrmkitError

P = ParamSpec("P")
R = TypeVar("R")


def day_of(value: object) -> date:
    """Return a day given as a date, a timestamp or text.

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
        raise CrmkitError(f'as_of must be a day, such as date(2026, 9, 30) or "2026-09-30"; met: {value!r}.') from None


def takes_day(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function take its ``as_of`` in any of the ways that :func:`day_of` reads.

    Examples
    --------
    >>> @takes_day
    ... def weekday(as_of: date) -> int:
    ...     return as_of.isoweekday()
    >>> weekday("2026-09-30")
    3
    """

    @wraps(function)
    def with_day(*arguments: P.args, **options: P.kwargs) -> R:
        given = signature(function).bind(*arguments, **options)
        if given.arguments.get("as_of") is not None:
            given.arguments["as_of"] = day_of(given.arguments["as_of"])
        return function(*given.args, **given.kwargs)

    return with_day
