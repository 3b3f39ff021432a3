"""Checks of times: stretches of days without rows that chance does not explain, and events in an impossible order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, lgamma
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.tables.expressions import day, value_before

_NEAR, _NOW = 91, 28  # days compared with: further away, seasons and growth differ
_CHANCE = 0.001  # of a gap by chance, in the whole length of the table
_AT_THE_END = 0.003  # of the days after the last row by chance
_FEWEST_DAYS = 10  # with rows: with fewer there is no usual pattern
_RARE, _STEADY = 7, 1.5  # days between rows that come seldom, and how far such steps differ that are steady
_SKIPPED, _BEYOND = 1.75, 14  # how much longer a step is that skips one; by so many days at least
_YEARS = (-366, -365, -364, 364, 365, 366)  # days to the same date or the same weekday of another year
# Table, earlier event, later event: both optional. That none lies before the row's own time is checked where rows are read.
_IN_ROW = (
    ("mailings", "delivered_at", "opened_at"),
    ("mailings", "delivered_at", "clicked_at"),
    ("mailings", "clicked_at", "converted_at"),
    ("leads", "qualified_at", "converted_at"),
)
# Table, its event, its reference, the table referred to, and the event there that comes first.
_ACROSS = (
    ("deals", "created_at", "lead_id", "leads", "created_at"),
    ("deal_stages", "entered_at", "deal_id", "deals", "created_at"),
    ("orders", "ordered_at", "customer_id", "customers", "acquired_at"),
    ("subscription_terms", "starts_at", "customer_id", "customers", "acquired_at"),
)
_CONTRADICTIONS = (
    (
        "deals",
        "won",
        "closed_at",
        "won is told and closed_at is not",
        "Such a deal counts as open: it is in no win rate and in no sales cycle.",
    ),
    ("deals", "closed_at", "won", "closed_at is told and won is not", "It cannot be told whether such a deal was won."),
)
_SINGULAR = {"leads": "lead", "deals": "deal", "customers": "customer"}
_FOLLOWS = {
    (
        "orders",
        "customers",
    ): "The order counts; the customer is new on the day of the first order, whatever acquired_at says.",
}


@dataclass(frozen=True)
class Gap:
    """Days in a row without any row.

    Attributes
    ----------
    first, last : date
    expected : float
        Rows that such days usually have [rows].
    at_end : bool
        Whether no row follows.
    """

    first: date
    last: date
    expected: float
    at_end: bool

    @property
    def n_days(self) -> int:
        """Its length [days]."""
        return (self.last - self.first).days + 1


def rows_by_day(table: ir.Table, clock: str) -> pd.Series:
    """Return how many rows each day has that has any, in the order of the days [rows]."""
    by_day = table.filter(table[clock].notnull()).group_by(on=day(table[clock])).aggregate(n=ibis._.count())
    found = by_day.execute().sort_values("on")
    return pd.Series(found["n"].to_numpy(), index=[pd.Timestamp(on).date() for on in found["on"]], dtype="int64")


def unexpected_gaps(rows_on: pd.Series, through: date | None = None) -> list[Gap]:
    """Return the stretches without rows that chance does not explain, in their order.

    A day is as likely to have a row as the same weekdays of the 91 days before the stretch, or after it, whichever is
    less: a firm that grows had quieter days. A gap is returned if, at those odds, not one of a thousand tables of this
    length would have one like it; where rows come every week or more seldom, and steadily, if one or two are left out.
    What recurs a year before or after is how the firm works, and no gap.

    Parameters
    ----------
    rows_on : Series
        Rows by day [rows], as :func:`rows_by_day` returns them.
    through : date, optional
        Last day of all data: days after the last row and up to it are a stretch too.

    Returns
    -------
    list of Gap

    Examples
    --------
    >>> days = [date(2026, 3, 1) + timedelta(days=n) for n in range(90) if not 40 <= n < 47]
    >>> [(str(gap.first), gap.n_days, gap.expected) for gap in unexpected_gaps(pd.Series(4, index=days))]
    [('2026-04-10', 7, 28.0)]
    """
    if len(rows_on) < _FEWEST_DAYS:
        return []
    first, last = rows_on.index[0], rows_on.index[-1]
    end = max(last, through) if through else last
    counts = np.zeros((end - first).days + 1)
    counts[[(on - first).days for on in rows_on.index]] = rows_on.to_numpy()
    n_known = (last - first).days + 1
    found = []
    for start, stop in _empty_runs(counts):
        chance, expected = _chance_of(counts[:n_known], start, stop, first.weekday())
        if (chance * len(rows_on) < _CHANCE or _skips_one(rows_on, start, stop, first)) and not _recurs(
            counts[:n_known], start, stop
        ):
            found.append(
                Gap(
                    first + timedelta(days=start),
                    first + timedelta(days=stop - 1),
                    round(expected, 1),
                    at_end=stop > n_known,
                )
            )
    return found


def ends_early(rows_on: pd.Series, through: date) -> bool:
    """Return whether the days after the last row, up to a day, are more than chance and the firm's usual pauses explain.

    Parameters
    ----------
    rows_on : Series
        Rows by day [rows], as :func:`rows_by_day` returns them.
    through : date

    Examples
    --------
    >>> daily = pd.Series(4, index=[date(2026, 3, 1) + timedelta(days=n) for n in range(40)])  # to 9 April
    >>> ends_early(daily, date(2026, 4, 11)), ends_early(daily, date(2026, 4, 30))
    (False, True)
    """
    if len(rows_on) < _FEWEST_DAYS or through <= rows_on.index[-1]:
        return False
    first = rows_on.index[0]
    counts = np.zeros((through - first).days + 1)
    counts[[(on - first).days for on in rows_on.index]] = rows_on.to_numpy()
    start, stop = (rows_on.index[-1] - first).days + 1, len(counts)
    if _skips_one(rows_on, start, stop, first):
        return True
    chance, _ = _chance_of(counts[:start], start, stop, first.weekday())
    return chance < _AT_THE_END and not _recurs(counts[:start], start, stop)


@dataclass(frozen=True)
class Contradiction:
    """Rows of a table that contradict themselves or another table.

    Attributes
    ----------
    table : str
    finding, consequence : str
        A sentence without full stop, and one with it.
    n_rows : int
    """

    table: str
    finding: str
    consequence: str
    n_rows: int


def contradictions(tables: Mapping[str, ir.Table]) -> Iterator[Contradiction]:
    """Yield the contradictions in the order of events, each counted where the rows are.

    Parameters
    ----------
    tables : mapping of str to ibis table
        Canonical tables.

    Examples
    --------
    >>> import pandas as pd
    >>> deals = {"deal_id": ["a"], "created_at": ["2026-10-01"], "closed_at": [None], "won": [True]}
    >>> from crmkit.cleaning.loading.connect import connect
    >>> catalog = connect({"deals": pd.DataFrame(deals)})
    >>> [(odd.finding, odd.n_rows) for odd in contradictions({"deals": catalog.table("deals")})]
    [('won is told and closed_at is not', 1)]
    """
    yield from _inside(tables)
    yield from _across(tables)
    if "subscription_terms" in tables:
        n_rows = _overlapping(tables["subscription_terms"])
        if n_rows:
            yield Contradiction(
                "subscription_terms",
                "the term begins before the one before it of its subscription ends",
                "For the days that both cover, recurring revenue counts twice.",
                n_rows,
            )


def _empty_runs(counts: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Yield the start and the stop, which is the day after, of each run of two or more days without rows."""
    empty = np.concatenate([[False], counts == 0, [False]]).astype(np.int8)
    starts, stops = np.flatnonzero(np.diff(empty) == 1), np.flatnonzero(np.diff(empty) == -1)
    yield from ((int(start), int(stop)) for start, stop in zip(starts, stops, strict=True) if stop - start > 1)


def _chance_of(counts: NDArray[np.float64], start: int, stop: int, weekday: int) -> tuple[float, float]:
    """Return the probability that all days of a run are empty, and the rows that they usually have; the less telling side."""
    before, after = np.arange(max(0, start - _NEAR), start), np.arange(stop, min(len(counts), stop + _NEAR))
    sides = [before, after] if len(after) else [before, before[-_NOW:]]
    run_days = np.bincount((np.arange(start, stop) + weekday) % 7, minlength=7)
    chances, expected = [], []
    for side in sides:
        weekdays = (side + weekday) % 7
        n_days = np.bincount(weekdays, minlength=7)
        n_empty = np.bincount(weekdays, weights=counts[side] == 0, minlength=7)
        n_rows = np.bincount(weekdays, weights=counts[side], minlength=7)
        chances.append(exp(sum(map(_log_all_empty, run_days, n_empty, n_days))))
        expected.append(float(run_days @ (n_rows / np.maximum(n_days, 1))))
    return max(chances), min(expected)


def _log_all_empty(n_new: float, n_empty: float, n_days: float) -> float:
    """Return the log probability that new days are all empty, after so many of some days were (beta-binomial, Jeffreys)."""
    return lgamma(n_empty + n_new + 0.5) - lgamma(n_empty + 0.5) + lgamma(n_days + 1) - lgamma(n_days + n_new + 1)


def _skips_one(rows_on: pd.Series, start: int, stop: int, first: date) -> bool:
    """Whether rows come seldom and steadily, as bills do each month, and the run is as long as if one were left out."""
    places = np.array([(on - first).days for on in rows_on.index])
    steps = np.diff(places)
    others = steps[places[1:] != stop]
    if len(others) < 6 or np.median(others) < _RARE:
        return False
    shortest, usual = np.quantile(others, [0.1, 0.9])
    longer = max(_SKIPPED * usual, usual + _BEYOND)
    return bool(usual <= _STEADY * shortest and stop - start + 1 >= longer)


def _recurs(counts: NDArray[np.float64], start: int, stop: int) -> bool:
    """Whether the same days of the year before or after are empty too, all but a fifth of them."""
    for shift in _YEARS:
        if (
            start + shift >= 0
            and stop + shift <= len(counts)
            and (counts[start + shift : stop + shift] == 0).mean() >= 0.8
        ):
            return True
    return False


def _inside(tables: Mapping[str, ir.Table]) -> Iterator[Contradiction]:
    for name, table in tables.items():
        asked: dict[tuple[str, str], Any] = {}
        for of, earlier, later in _IN_ROW:
            if of == name and {earlier, later} <= set(table.columns):
                words = f"{later} lies before {earlier}", "The row counts; one of the two times is wrong."
                asked[words] = day(table[later]) < day(table[earlier])
        for of, there, lacking, finding, consequence in _CONTRADICTIONS:
            if of == name and {there, lacking} <= set(table.columns):
                asked[finding, consequence] = table[there].notnull() & table[lacking].isnull()
        if asked:
            sums = {f"n_{number}": _count(broken) for number, broken in enumerate(asked.values())}
            counts = table.aggregate(**sums).execute().iloc[0]
            yield from (Contradiction(name, *words, int(n)) for words, n in zip(asked, counts, strict=True) if n)


def _count(broken: Any) -> Any:
    return ibis.ifelse(broken, 1, 0).sum().fill_null(0)


def _across(tables: Mapping[str, ir.Table]) -> Iterator[Contradiction]:
    for name, event, key, other, first in _ACROSS:
        if name not in tables or other not in tables:
            continue
        mine, theirs = tables[name], tables[other]
        if not {event, key} <= set(mine.columns) or not {key, first} <= set(theirs.columns):
            continue
        rows = mine.filter(mine[key].notnull()).select(_key=key, _on=day(mine[event]))
        # One row each, so that no join can make more rows than there are.
        begun = theirs.group_by(_theirs=theirs[key]).aggregate(_first=day(theirs[first]).min())
        both = rows.join(begun, rows["_key"] == begun["_theirs"])
        n_rows = both.aggregate(n=_count(both["_on"] < both["_first"])).execute()["n"].iloc[0]
        if n_rows:
            yield Contradiction(
                name,
                f"{event} lies before {first} of its {_SINGULAR[other]}",
                _FOLLOWS.get((name, other), "The row counts; one of the two days is wrong."),
                int(n_rows),
            )


def _overlapping(terms: ir.Table) -> int:
    rows = terms.select("subscription_id", "starts_at", "ends_at")
    before = value_before(rows, "ends_at", within="subscription_id", order_by=["starts_at", "ends_at"])
    rows = rows.mutate(_before=before)
    return int(rows.aggregate(n=_count(day(rows.starts_at) < day(rows["_before"]))).execute()["n"].iloc[0])
