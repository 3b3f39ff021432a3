"""What functions that look at the data as of a day have in common: they take it as it is written, and tell a day too late."""

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
from crmkit.tables.catalog import BOOKED_AHEAD, Catalog, dated
from crmkit.tables.expressions import day

P = ParamSpec("P")
R = TypeVar("R")

_DAYS = ("as_of", "before", "now")
_MONTH, _QUARTER = 31, 92  # days; up to a month nobody is told: a month's end is a while after the last row
_FEWEST = 10  # days with rows: with fewer nobody knows the firm's rhythm
_TIMES = 3  # as long as the longest silence ever
_TOLD: WeakSet[Catalog] = WeakSet()


def takes_day(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function take its days in any of the ways that :func:`crmkit.periods.day_of` reads.

    If one is long after the end of the data, a warning says so: once a catalog, and the numbers are the same.

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
        days = {name: day_of(given.arguments[name], name) for name in _DAYS if given.arguments.get(name) is not None}
        given.arguments.update(days)
        if "catalog" in given.arguments:
            check_catalog(given.arguments["catalog"], function.__name__)
            _tell_early_end(given.arguments["catalog"], max(days.values(), default=None))
        return function(*given.args, **given.kwargs)

    return with_day


def check_catalog(catalog: object, function: str) -> None:
    """Raise CrmkitError if something else than a catalog was given, such as the frames or the path it is made from."""
    if not isinstance(catalog, Catalog):
        met = type(catalog).__name__
        raise CrmkitError(f"{function} needs a catalog, not a {met}. Write ck.{function}(ck.connect(...), ...).")


def _tell_early_end(catalog: Catalog, asked: date | None) -> None:
    """Warn, once a catalog, if the data end so long before a day that this is no pause of the firm's."""
    if asked is None or catalog in _TOLD:
        return
    through = catalog.data_through
    if through is None or (asked - through).days <= _MONTH:
        return
    through, usual = _end_and_pause(catalog, through)
    if (late := (asked - through).days) > usual:
        _TOLD.add(catalog)
        warnings.warn(
            f"The data end on {day_in_words(through)}, {late} days before {day_in_words(asked)}, as of which they are "
            "looked at: what came since is not known, and customers look lapsed who may not be. "
            f'Load newer data, or look at them as of "{through}".',
            DataEndEarly,
            stacklevel=3,
        )


def _end_and_pause(catalog: Catalog, through: date) -> tuple[date, int]:
    """Return the day up to which something is known, and how long the firm may well be silent after it [days]."""
    clocks = dated(catalog.names)
    columns = [(name, clock) for name, clock in clocks.items() if name != BOOKED_AHEAD]
    if not columns:  # nothing but paid terms: whoever has paid is there to the end of hers
        columns = [(BOOKED_AHEAD, "starts_at"), (BOOKED_AHEAD, "ends_at")]
    days = sorted({on for name, clock in columns for on in _days(catalog, name, clock)})
    silences = [(later - earlier).days for earlier, later in pairwise(days)]
    usual = max(_MONTH if len(days) >= _FEWEST else _QUARTER, _TIMES * max(silences, default=0))
    return max(through, days[-1]) if BOOKED_AHEAD in dict(columns) and days else through, usual


def _days(catalog: Catalog, name: str, clock: str) -> set[date]:
    rows = catalog.table(name)
    days = rows.filter(rows[clock].notnull()).select(on=day(rows[clock])).distinct().execute()["on"]
    return {pd.Timestamp(on).date() for on in days}
