"""Arguments of public functions: catalogs, periods, days and conditions are read in one place, and all else is refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date
from functools import cache, wraps
from inspect import BoundArguments, Signature, signature
from itertools import pairwise
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

import pandas as pd

from crmkit.errors import CrmkitError, DataEndEarly, WrongCall, did_you_mean
from crmkit.periods import Period, day_in_words, day_of, last_day, parse_periods, period_of
from crmkit.tables.catalog import Catalog
from crmkit.tables.conditions import Where
from crmkit.tables.data_span import BOOKED_AHEAD, time_columns
from crmkit.tables.expressions import day
from crmkit.tables.validate import check_made_by

P = ParamSpec("P")
R = TypeVar("R")

_DAY_PARAMETERS = ("as_of", "before", "now")
_FRAMES = {  # the function that makes each frame, and columns by which it is recognised
    "scorecard": ("ck.scorecard(...)", ["metric", "value"]),
    "history": ("ck.evaluate(...)", ["metric", "period", "value"]),
}
_MONTH, _QUARTER = 31, 92  # days; within a month there is no warning: a month often ends days after the last row
_FEWEST_DAYS = 10  # with fewer days that have rows, the usual pauses of a firm are unknown
_PAUSE_FACTOR = 3  # a pause is usual up to this many times the longest one so far
_WARNED: WeakSet[Catalog] = WeakSet()


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Let a public function take its catalog, periods and days as an analyst writes them.

    ``catalog`` must be a catalog; a ``period`` (or ``periods``) is text, a :class:`~crmkit.periods.Period` or two days; a
    day (``as_of``) is text, a date, or a Period, whose last day with data is meant; ``scorecard`` and ``history`` are the
    frames of the functions that make them. A function with a catalog takes ``where`` too, a condition that narrows the
    catalog (:meth:`~crmkit.tables.catalog.Catalog.where`). What is none of these raises a
    :class:`~crmkit.errors.CrmkitError` of one sentence. If a day is long after the end of the data, a warning says so,
    once a catalog; the numbers are the same.

    Examples
    --------
    >>> @checked
    ... def weekday(as_of: date) -> int:
    ...     return as_of.isoweekday()
    >>> weekday("2026-09-30")
    3
    >>> weekday("2026-09-30", hour=3)
    Traceback (most recent call last):
    crmkit.errors.WrongCall: weekday takes no 'hour'. Known: as_of.
    """

    @wraps(function)
    def called(*arguments: P.args, **options: P.kwargs) -> R:
        form = _form(function)
        where = _where(form, options)
        given = _bound(function.__name__, form, arguments, options)
        values = given.arguments
        asked = {name: value for name, value in values.items() if value is not None or not _may_be_none(form, name)}
        days = {name: _day(asked[name], name, values.get("catalog")) for name in _DAY_PARAMETERS if name in asked}
        if "catalog" in asked:
            check_catalog(
                asked["catalog"], function.__name__, "ck.pages." if "reporting" in function.__module__ else "ck."
            )
            if where is not None:
                values["catalog"] = asked["catalog"] = asked["catalog"].where(where)
        for name in _FRAMES.keys() & asked.keys():
            check_made_by(_FRAMES[name][0], asked[name], _FRAMES[name][1], f"{name} of {function.__name__}")
        fiscal_year_start = values["catalog"].settings.company.fiscal_year_start if "catalog" in asked else 1
        if "period" in asked:
            values["period"] = period_of(asked["period"], fiscal_year_start)
        if "periods" in asked:
            values["periods"] = parse_periods(asked["periods"], fiscal_year_start)
        values.update(days)
        if "catalog" in asked:
            _warn_of_early_end(values["catalog"], max(days.values(), default=None))
        return function(*given.args, **given.kwargs)

    return called


def _where(form: Signature, options: dict[str, Any]) -> Where | None:
    """Take the condition out of the options of a function that has a catalog to narrow."""
    return options.pop("where", None) if "catalog" in form.parameters else None


def check_catalog(catalog: object, function: str, package: str = "ck.") -> None:
    """Raise CrmkitError if the argument is no catalog, such as the frames or the path from which one is made."""
    if not isinstance(catalog, Catalog):
        met = type(catalog).__name__
        raise CrmkitError(f"{function} needs a catalog, not a {met}. Write {package}{function}(ck.connect(...), ...).")


_form = cache(signature)  # not in the closure of a decorated function, whose content names its results in the cache


def _bound(function: str, form: Signature, arguments: tuple[Any, ...], options: dict[str, Any]) -> BoundArguments:
    """Return the arguments by name; ``period`` and ``periods`` are names of the same."""
    for name, other in (("period", "periods"), ("periods", "period")):
        if name in options and name not in form.parameters and other in form.parameters:
            options = {other if key == name else key: value for key, value in options.items()}
    try:
        return form.bind(*arguments, **options)
    except TypeError as error:
        names = list(form.parameters)
        unknown = [name for name in options if name not in names]
        if unknown:
            raise WrongCall(f"{function} takes no '{unknown[0]}'. {did_you_mean(unknown[0], names)}") from None
        raise WrongCall(f"{function}({', '.join(names)}): {error}.") from None


def _day(value: object, name: str, catalog: object) -> date:
    """Return a day; of a period it is the last one with data."""
    return (
        last_day(catalog.data_through, value)
        if isinstance(catalog, Catalog) and isinstance(value, Period)
        else day_of(value, name)
    )


def _may_be_none(form: Signature, name: str) -> bool:
    return form.parameters[name].default is None


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
