"""The month from which on a series lies on another level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from crmkit.models.arrays import Array
from crmkit.models.series.season import YEAR

_FEWEST_BEFORE, _FEWEST_AFTER = 6, 3  # months
_FEWEST = 36  # months: in a shorter record a step cannot be told from a season
_SIGNIFICANCE = 0.01
_SMALLEST = 0.05  # growth of the level below which a shift is not told [share]


@dataclass(frozen=True)
class LevelShift:
    """A new level.

    Attributes
    ----------
    place : int
        Of its first month in the series.
    growth : float
        Of the level [share]; .25 is a quarter more.
    p_value : float
        How often a series without a shift has one as clear, with all months looked at.
    """

    place: int
    growth: float
    p_value: float


def level_shift(values: Array) -> LevelShift | None:
    """Return the clearest shift of the level, if it is no chance.

    The logarithms follow a straight line, a season and a step. The step is tested for every month
    with six months before it and three from it on, allowing for errors of neighbouring months that are alike, and for the
    number of months tried.

    Parameters
    ----------
    values : array
        By month, above 0; at least 36.

    References
    ----------
    Andrews (1993), Tests for parameter instability and structural change with unknown change point, Econometrica 61(4),
    821-856.

    Examples
    --------
    >>> three_years = 100.0 + np.tile([0.0, 2, -2, 1], 9)
    >>> found = level_shift(np.where(np.arange(36) < 28, three_years, 1.4 * three_years))
    >>> found.place, round(found.growth, 1)
    (28, 0.4)
    >>> level_shift(three_years) is None
    True
    """
    n = len(values)
    if n < _FEWEST or values.min() <= 0:
        return None
    z = np.log(values)
    tried = [_step(z, place) for place in range(_FEWEST_BEFORE, n - _FEWEST_AFTER + 1)]
    place = int(np.argmin([step.squares for step in tried]))
    size, t, degrees = tried[place].size, tried[place].t, tried[place].degrees
    p_value = min(1.0, len(tried) * 2 * float(stdtr(degrees, -abs(t))))
    growth = float(np.expm1(size))
    if p_value > _SIGNIFICANCE or abs(growth) < _SMALLEST:
        return None
    return LevelShift(place + _FEWEST_BEFORE, growth, p_value)


@dataclass(frozen=True)
class _Step:
    """A step at one month: its size and t value, and how well the series is met with it."""

    size: float
    t: float
    squares: float
    degrees: int


def _step(z: Array, place: int) -> _Step:
    """Fit a step at a month beside a straight line and the season; alike neighbours widen its error."""
    n = len(z)
    month = np.arange(n)
    columns = [np.ones(n), month - month.mean(), month >= place]
    columns += [month % YEAR == each for each in range(1, YEAR)]
    design = np.column_stack(columns).astype(float)
    found, *_ = np.linalg.lstsq(design, z, rcond=None)
    residual = z - design @ found
    squares, degrees = float(residual @ residual), n - design.shape[1]
    alike = float(residual[1:] @ residual[:-1]) / squares if squares > 0 else 0.0
    inflation = (1 + min(max(alike, 0.0), 0.8)) / (1 - min(max(alike, 0.0), 0.8))
    variance = max(squares / degrees, 1e-8) * inflation
    error = float(np.sqrt(variance * np.linalg.inv(design.T @ design)[2, 2]))
    return _Step(float(found[2]), float(found[2]) / error, squares, degrees)
