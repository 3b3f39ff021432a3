"""The season of a monthly series: how far each month of the year lies from its surroundings, drawn towards no season."""

from __future__ import annotations

import numpy as np

from crmkit.models.arrays import Array

YEAR = 12  # months
_FEWEST_DIFFERENCES = 6  # months that have a year before


def seasonal_effects(z: Array) -> Array:
    """Return the effect of each month of the year, in the order of the last 12 months of the series.

    A month's effect is its mean distance from the trend, which runs through the means of whole years. With two or three
    years much of that is chance, so all effects are multiplied by 1 - 1/F, or 0 where that is negative; F compares the
    scatter between months of the year with the scatter within them. Where two years agree on nothing, no season is left.

    Parameters
    ----------
    z : array
        The series [logarithm]; its whole years counted from the end are used.

    Returns
    -------
    array
        12 effects that add up to 0 [logarithm]; zeros with less than two years.

    References
    ----------
    Miller and Williams (2003), Shrinkage estimators of time series seasonal factors and their effect on forecasting
    accuracy, International Journal of Forecasting 19(4), 669-684.

    Examples
    --------
    >>> two_years = np.tile([0.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.2], 2)
    >>> [round(float(each), 2) for each in seasonal_effects(two_years)[-2:]]
    [-0.1, 1.1]
    """
    years = len(z) // YEAR
    if years < 2:
        return np.zeros(YEAR)
    table = z[-YEAR * years :].reshape(years, YEAR)
    away = table - _trend(table.mean(axis=1)).reshape(years, YEAR)
    away -= away.mean(axis=1, keepdims=True)
    effects = away.mean(axis=0)
    within = float(((away - effects) ** 2).sum()) / ((YEAR - 1) * (years - 1))
    between = years * float((effects**2).sum()) / (YEAR - 1)
    if between <= 0:
        return np.zeros(YEAR)
    return max(0.0, 1 - within / between) * effects


def yearly_growth(z: Array) -> float:
    """Return the growth over a year: the mean difference from the year before, drawn towards none.

    Neighbouring months differ from their last year alike, so twelve differences count as one: the mean is multiplied by
    1 - (standard deviation / mean)^2, or 0 where that is negative. Only growth that all months have is left.

    Parameters
    ----------
    z : array
        The series [logarithm].

    Returns
    -------
    float
        Of a year [logarithm]; 0 with less than 18 months.

    Examples
    --------
    >>> round(yearly_growth(np.arange(24) * 0.02), 2)  # 2 % a month
    0.24
    >>> yearly_growth(np.tile([0.0, 0.1, -0.1], 8))
    0.0
    """
    n = min(YEAR, len(z) - YEAR)
    if n < _FEWEST_DIFFERENCES:
        return 0.0
    differences = z[-n:] - z[-n - YEAR : -YEAR]
    mean = float(differences.mean())
    return mean * max(0.0, 1 - float(differences.var(ddof=1)) / mean**2) if mean else 0.0


def _trend(means: Array) -> Array:
    """Return a line through the means of years, each in the middle of its year; the ends go on as they were."""
    middle = np.arange(len(means)) * YEAR + (YEAR - 1) / 2
    month = np.arange(len(means) * YEAR)
    first, last = (means[1] - means[0]) / YEAR, (means[-1] - means[-2]) / YEAR
    line = np.interp(month, middle, means)
    line = np.where(month < middle[0], means[0] + first * (month - middle[0]), line)
    return np.where(month > middle[-1], means[-1] + last * (month - middle[-1]), line)
