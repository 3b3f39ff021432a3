"""What moves the orders of all customers at once: the season, and the level that no model knows of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from crmkit.models.arrays import Array

YEAR = 12.0  # months
_ALIKE = 0.6  # correlation of the error of the next months with that of the rest of the year


@dataclass(frozen=True)
class Pace:
    """By how much faster or slower all customers may order than their own past says.

    Parameters
    ----------
    soon : float
        Standard deviation of the logarithm of the orders until ``until`` months.
    year : float
        The same of the orders of the twelve months ahead, and of all later ones.
    amount : float
        The same of the money of an order.
    unseen_season : bool
        Whether less than a year is on record: who is silent may have gone, or wait for a season that was not seen yet.
    until : float
        Months ahead that ``soon`` is for.
    others : float
        Standard deviation of the logarithm of all payments within the horizon that are not orders of known shoppers.
    """

    soon: float = 0.0
    year: float = 0.0
    until: float = 3.0
    others: float = 0.0
    amount: float = 0.0
    unseen_season: bool = False

    def levels(self, n_draws: int) -> Array:
        """Return the factor on the money of an order in each future."""
        return np.exp(self.amount * _even_normals(n_draws, 9) - self.amount**2 / 2)

    def still_there(self, alive: Array, factor: float) -> Array:
        """Return the chance that a customer has not gone in a future in which all order by so much faster or slower.

        Examples
        --------
        >>> Pace(0.3, unseen_season=True).still_there(np.array([0.0, 0.5, 1.0]), 2.0).tolist()
        [0.0, 0.75, 1.0]
        >>> Pace(0.3).still_there(np.array([0.5]), 2.0).tolist()
        [0.5]
        """
        return 1 - (1 - alive) ** factor if self.unseen_season else alive

    def factors(self, n_draws: int) -> Array:
        """Return the factor on the time until ``until``, on the rest of the year and on later years, of each future.

        Draws are spread evenly over the normal distribution, so that their mean has no error by chance.

        Examples
        --------
        >>> Pace(0.2, 0.1).factors(400).mean(axis=0).round(2).tolist()
        [1.0, 1.0, 1.0]
        >>> Pace().factors(2).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
        """
        first, second = (_even_normals(n_draws, seed) for seed in (6, 7))
        later = _ALIKE * first + np.sqrt(1 - _ALIKE**2) * second
        logs = np.column_stack([self.soon * first, self.year * later, self.year * later])
        return np.exp(logs - np.array([self.soon, self.year, self.year]) ** 2 / 2)


def stretched(times: Array, marks: Array, factors: Array) -> Array:
    """Return times ahead as they pass in one future: each part of them times its factor.

    Parameters
    ----------
    times : array
    marks : array of shape (2,)
        Where the second and the third factor begin.
    factors : array of shape (3,)
        See :meth:`Pace.factors`.

    Examples
    --------
    >>> stretched(np.array([1.0, 3.0, 24.0]), np.array([2.0, 12.0]), np.array([2.0, 1.0, 0.5])).tolist()
    [2.0, 5.0, 20.0]
    """
    first, last = np.sort(marks)
    soon, year, later = factors
    parts = np.minimum(times, first), np.clip(times - first, 0.0, last - first), np.maximum(times - last, 0.0)
    return soon * parts[0] + year * parts[1] + later * parts[2]


STEADY = Pace()  # nothing but what the models know


def with_common_error(draws: Array, error: float) -> Array:
    """Scale all customers of each simulated future by a common factor whose mean is 1.

    Examples
    --------
    >>> with_common_error(np.ones((2, 400)), 0.1).mean().round(2)
    np.float64(1.0)
    """
    return draws * np.exp(error * _even_normals(draws.shape[1], 6) - error**2 / 2)


def _even_normals(n: int, seed: int) -> Array:
    """Return quantiles of the normal distribution in a random order."""
    return np.random.default_rng(seed).permutation(ndtri((np.arange(n) + 0.5) / n))
