"""Whether a change is the one usual at that time of the year: the same months of the years before changed alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from crmkit.metrics.card import ABSOLUTE_UNITS
from crmkit.metrics.engine.intervals import Array, Z

YEAR = 12  # months
MOST_MONTHS = 3 * YEAR  # before the one that is judged: the season of long ago may be another
_NOTICED = 1.0  # standard errors of last year's change, from which on it may be the season
_ALIKE = 0.5  # correlation of two years, which chance alone surpasses in one of twenty pairs
_MAD = 1.4826  # of a normal distribution: standard deviation / median of absolute values
_SIDES = ["value", "low", "high"]


@dataclass(frozen=True)
class UsualSeason:
    """What the season explains of the change of each metric.

    Attributes
    ----------
    shows : array of bool
        Whether two years or more are known, and a season is seen in them.
    change : array
        The change since the month before that is usual at this time of the year; NaN where no season shows [unit].
    rest : array
        By how much the change goes beyond the usual one [logarithm or unit].
    by_chance : array
        Probability of so large a rest by chance; NaN where no season shows.
    """

    shows: NDArray[np.bool_]
    change: Array
    rest: Array
    by_chance: Array


def usual_season(now: pd.DataFrame, earlier: Sequence[pd.DataFrame], n_periods: NDArray[np.int64]) -> UsualSeason:
    """Compare a change with that of the same month one year before, or the mean of two years where three are known.

    A change is the difference of a month from the month before, or from the level of all twelve before where nothing moved
    in them: of logarithms of amounts, for shares and points of the numbers themselves. A season shows if the last two years
    run alike, or if in the years before the change was in the same direction and larger than its standard error. Then what
    goes beyond it is tested. The error is that of all months compared, and what changes of the last year differ from those
    a year before beyond their intervals (a median, which one change of level does not move).

    Parameters
    ----------
    now : DataFrame
        Row by row the metrics: value, low, high, status, unit.
    earlier : sequence of DataFrame
        The same of the months before, the latest first, per day where a metric grows with the length of a month.
    n_periods : array of int
        Of how many months the level before is made (:func:`crmkit.metrics.engine.usual_level.usual_level`) [count].

    Examples
    --------
    >>> def month(value):
    ...     sides = {"value": [value], "low": [value * 0.9], "high": [value / 0.9]}
    ...     return pd.DataFrame(sides | {"status": ["ok"], "unit": ["count"]})
    >>> two_years = [month(200.0), *[month(100.0)] * 11] * 2  # December is twice as high
    >>> december = usual_season(month(200.0), [*two_years[1:], two_years[0]], np.array([1]))
    >>> december.shows.item(), december.change.round().item(), december.by_chance.round(2).item()
    (True, 100.0, 1.0)
    """
    n_rows = len(now)
    nothing = UsualSeason(np.zeros(n_rows, bool), *(np.full(n_rows, np.nan) for _ in range(3)))
    if len(earlier) < 2 * YEAR:
        return nothing
    months = [now, *earlier[:MOST_MONTHS]]
    sides = np.array([each[_SIDES].to_numpy(float) for each in months])  # months, rows, sides
    known = np.isfinite(sides).all(axis=2) & np.array([(each["status"] == "ok").to_numpy() for each in months])
    known = np.logical_and.accumulate(known)
    n_years = (known.sum(axis=0) - 1) // YEAR - 1  # with a year before them
    if not (n_years > 0).any():
        return nothing
    logs = ~now["unit"].isin(ABSOLUTE_UNITS).to_numpy() & ((sides > 0).all(axis=2) | ~known).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(logs[:, None], np.log(sides), sides)
    z = np.where(known[:, :, None], z, 0.0)
    level, variance = z[:, :, 0], ((z[:, :, 2] - z[:, :, 1]) / (2 * Z)) ** 2
    return _judged(level, variance, n_years, np.minimum(n_periods, YEAR), logs, earlier[0]["value"].to_numpy(float))


def _judged(
    level: Array,
    variance: Array,
    n_years: NDArray[np.int64],
    n_periods: NDArray[np.int64],
    logs: NDArray[np.bool_],
    before: Array,
) -> UsualSeason:
    changes, errors = _changes(level, variance, n_periods)
    used = np.arange(1, len(changes))[:, None] <= n_years
    n = np.maximum(n_years, 1)
    usual = np.where(used, changes[1:], 0.0).sum(axis=0) / n
    usual_variance = np.where(used, errors[1:], 0.0).sum(axis=0) / n**2
    unrest = _unrest(level, variance) * (1 + 1 / n_periods)
    rest = changes[0] - usual
    with np.errstate(divide="ignore", invalid="ignore"):
        noticed = np.abs(usual) > _NOTICED * np.sqrt(usual_variance + unrest / n)
        by_chance = 2 * ndtr(-np.abs(rest) / np.sqrt(errors[0] + usual_variance + unrest * (1 + 1 / n)))
    by_chance = np.where(np.isnan(by_chance), 1.0, by_chance)  # as in the year before, and no error
    shows = (n_years > 0) & (_years_agree(level) | (noticed & (usual * changes[0] > 0)))
    steps = np.array([level[k * YEAR] - level[k * YEAR + 1] for k in range(1, len(changes))])
    step = np.where(used, steps, 0.0).sum(axis=0) / n
    in_unit = np.where(logs, before * np.expm1(np.where(logs, step, 0.0)), step)
    return UsualSeason(shows, *(np.where(shows, each, np.nan) for each in (in_unit, rest, by_chance)))


def _years_agree(level: Array) -> NDArray[np.bool_]:
    """Return whether two years run alike, by their months or by the changes from month to month."""
    months = np.arange(YEAR) - (YEAR - 1) / 2
    years = [level[first : first + YEAR] for first in (1, YEAR + 1)]
    away = [year - year.mean(axis=0) - np.outer(months, months @ year) / (months @ months) for year in years]
    steps = [np.diff(year, axis=0) for year in years]
    steps = [each - each.mean(axis=0) for each in steps]
    agree = np.zeros(level.shape[1], bool)
    for one, other in (away, steps):
        size = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
        agree |= (one * other).sum(axis=0) > _ALIKE * np.where(size > 0, size, np.inf)
    return agree


def _changes(level: Array, variance: Array, n_periods: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the change of this month, and of the same month of each year before, with the variance of each."""
    changes, errors = [], []
    for first in range(0, len(level) - YEAR, YEAR):
        of_level = np.arange(1, YEAR + 1)[:, None] <= n_periods
        before = slice(first + 1, first + YEAR + 1)
        changes.append(level[first] - np.where(of_level, level[before], 0.0).sum(axis=0) / n_periods)
        errors.append(variance[first] + np.where(of_level, variance[before], 0.0).sum(axis=0) / n_periods**2)
    return np.array(changes), np.array(errors)


def _unrest(level: Array, variance: Array) -> Array:
    """Return the variance of a month beyond its interval: by how much changes differ from those a year before."""
    steps, of_steps = level[1:-1] - level[2:], variance[1:-1] + variance[2:]
    differences = steps[: YEAR - 1] - steps[YEAR : 2 * YEAR - 1]
    expected = (of_steps[: YEAR - 1] + of_steps[YEAR : 2 * YEAR - 1]).mean(axis=0)
    return np.maximum((_MAD * np.median(np.abs(differences), axis=0)) ** 2 - expected, 0.0) / 4
