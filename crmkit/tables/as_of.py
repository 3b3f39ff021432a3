"""Checks shared by functions that look at the data as of a day: how the day is given, and whether the data reach to it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date
from functools import wraps
from inspect import signature
from itertools import pairwise
from typing import ParamSpec, TypeVar
from weakref import WeakSet

import pandas as pd

from crmkit.errors import CrmkitError, DataEndEarly
from crmkit.periods import day_in_words, day_of
from crmkit.tables.catalog import Catalog
from crmkit.tables.data_span import BOOKED_AHEAD, time_columns
from crmkit.tables.expressions import day

P = ParamSpec("P")
R = TypeVar("R")

_DAY_PARAMETERS = ("as_of", "before", "now")
_MONTH, _QUARTER = 31, 92  # days; within a month there is no warning: a month often ends days after the last row
_FEWEST_DAYS = 10  # with fewer days that have rows, the usual pauses of a firm are unknown
_PAUSE_FACTOR = 3  # a pause is usual up to this many times the longest one so far
_WARNED: WeakSet[Catalog] = WeakSet()


def takes_day(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function accept its days in any of the forms that :func:`crmkit.periods.day_of` reads.

    If a day is long after the end of the data, a warning says so, once per catalog; the numbers are the same.

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
        bound = signature(function).bind(*arguments, **options)
        days = {
            name: day_of(bound.arguments[name], name)
            for name in _DAY_PARAMETERS
            if bound.arguments.get(name) is not None
        }
        bound.arguments.update(days)
        if "catalog" in bound.arguments:
            check_catalog(bound.arguments["catalog"], function.__name__)
            _warn_of_early_end(bound.arguments["catalog"], max(days.values(), default=None))
        return function(*bound.args, **bound.kwargs)

    return with_day


def check_catalog(catalog: object, function: str) -> None:
    """Raise CrmkitError if something other than a catalog was given, such as the frames or the path it is made from."""
    if not isinstance(catalog, Catalog):
        met = type(catalog).__name__
        raise CrmkitError(f"{function} needs a catalog, not a {met}. Write ck.{function}(ck.connect(...), ...).")


def _warn_of_early_end(catalog: Catalog, as_of: date | None) -> None:
    """Warn, once per catalog, if the data end so long before a day that this is no usual pause of the firm's."""
    if as_of is None or catalog in _WARNED:
        return
    through = catalog.data_through
    if through is None or (as_of - through).days <= _MONTH:
        return
    through, longest_usual_pause = _end_and_usual_pause(catalog, through)
    if (gap := (as_of - through).days) > longest_usual_pause:
        _WARNED.add(catalog)
        warnings.warn(
            f"The data end on {day_in_words(through)}, {gap} days before {day_in_words(as_of)}, as of which they are "
            "looked at: what came since is not known, and customers look lapsed who may not be. "
            f'Load newer data, or look at them as of "{through}".',
            DataEndEarly,
            stacklevel=3,
        )


def _end_and_usual_pause(catalog: Catalog, through: date) -> tuple[date, int]:
    """Return the day up to which something is known, and how long a pause after it may well be [days]."""
    clocks = time_columns(catalog.names)
    columns = [(name, clock) for name, clock in clocks.items() if name != BOOKED_AHEAD]
    if not columns:  # nothing but paid terms: a customer who has paid stays to the end of the term
        columns = [(BOOKED_AHEAD, "starts_at"), (BOOKED_AHEAD, "ends_at")]
    days = sorted({on for name, clock in columns for on in _days(catalog, name, clock)})
    pauses = [(later - earlier).days for earlier, later in pairwise(days)]
    usual = max(_MONTH if len(days) >= _FEWEST_DAYS else _QUARTER, _PAUSE_FACTOR * max(pauses, default=0))
    return max(through, days[-1]) if BOOKED_AHEAD in dict(columns) and days else through, usual


def _days(catalog: Catalog, name: str, clock: str) -> set[date]:
    """Return the days on which a table has rows."""
    rows = catalog.table(name)
    days = rows.filter(rows[clock].notnull()).select(on=day(rows[clock])).distinct().execute()["on"]
    return {pd.Timestamp(on).date() for on in days}
