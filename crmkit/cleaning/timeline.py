"""Stretches of days without a row that a firm's own rhythm does not explain: inside a table, and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, lgamma

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.tables.expressions import day

_NEAR, _NOW = 91, 28  # days that tell the rhythm of the time: seasons and growth make others
_CHANCE = 0.001  # of a stretch that came about by luck, in the whole length of the table
_FEWEST_DAYS = 10  # with rows: with fewer there is no rhythm
_RARE, _STEADY = 7, 1.5  # days between rows that come seldom, and how far such steps differ that are steady
_SKIPPED, _BEYOND = 1.75, 14  # how much longer a step is that skips one; by so many days at least
_YEARS = (-366, -365, -364, 364, 365, 366)  # days to the same date or the same weekday of another year


@dataclass(frozen=True)
class Stretch:
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


def improbable_stretches(rows_on: pd.Series, through: date | None = None) -> list[Stretch]:
    """Return the stretches without rows that chance does not explain, in their order.

    A day is as likely to have a row as the same weekdays of the 91 days before the stretch, or after it, whichever is
    less: a firm that grows had quieter days. A stretch is named if, at those odds, not one of a thousand tables of this
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
    list of Stretch

    Examples
    --------
    >>> days = [date(2026, 3, 1) + timedelta(days=n) for n in range(90) if not 40 <= n < 47]
    >>> [(str(gap.first), gap.n_days, gap.expected) for gap in improbable_stretches(pd.Series(4, index=days))]
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
                Stretch(
                    first + timedelta(days=start),
                    first + timedelta(days=stop - 1),
                    round(expected, 1),
                    at_end=stop > n_known,
                )
            )
    return found


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
