"""95 % intervals from sums over customers; NumPy in, NumPy out.

Rows of one customer are not independent, so every variance is taken across customers: ``x`` and ``n`` are summed per
customer first, and ``xx``, ``xn``, ``nn`` are the sums of their products over customers. All arguments are arrays of
one shape; each function returns ``(value, low, high)``, NaN where there is no estimate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtri, ndtri, stdtrit

from crmkit.metrics.engine.window import Window
from crmkit.periods import Period

Array = NDArray[np.float64]
Interval = tuple[Array, Array, Array]
LEVEL = 0.95
Z = float(ndtri(0.5 + LEVEL / 2))
_TAIL = (1 - LEVEL) / 2
_MEDIAN_OF_CHI_SQUARE = float(chdtri(1, 0.5))
_LOOK_BACK = 12
_FEWEST_STEPS = 8


def share(x: Array, n: Array, xx: Array, xn: Array, nn: Array, units: Array) -> Interval:
    """Share x / n by Wilson's score interval on the effective number of answers.

    Parameters
    ----------
    x, n : array
        Hits and answers [count].
    xx, xn, nn : array
        Sums over customers of squares and products of their hits and answers.
    units : array
        Customers [count].

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; effective size after Korn and Graubard
    (1998), Survey Methodology 24, 193-201.

    Examples
    --------
    >>> value, low, high = share(*map(np.array, ([8.0], [10.0], [8.0], [8.0], [10.0], [10.0])))
    >>> [round(float(a[0]), 3) for a in (value, low, high)]
    [0.8, 0.49, 0.943]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = x / n
        independent = value * (1 - value) / n
        size, quantile = _effective_size(value, independent, n, xx, xn, nn, units)
        low, high = _wilson(value, size, quantile)
    return value, low, high


def net_share(plus: Array, minus: Array, n: Array, xx: Array, xn: Array, nn: Array, units: Array) -> Interval:
    """Net share (plus - minus) / n: Wilson's intervals of the two shares, combined with their correlation.

    Parameters
    ----------
    plus, minus, n : array
        Answers on either side, and all answers [count].
    xx, xn, nn : array
        As in :func:`share`, for x = plus - minus.
    units : array
        Customers [count].

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 2635-2650; Zou and Donner (2008), Statistics in Medicine 27, 1693-1702.

    Examples
    --------
    >>> sums = map(np.array, ([6.0], [2.0], [10.0], [8.0], [4.0], [10.0], [10.0]))
    >>> value, low, high = net_share(*sums)
    >>> [round(float(a[0]), 2) for a in (value, low, high)]
    [0.4, -0.14, 0.74]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        p, m = plus / n, minus / n
        value = p - m
        independent = np.maximum(p + m - value**2, 0) / n
        size, quantile = _effective_size(value, independent, n, xx, xn, nn, units)
        (p_low, p_high), (m_low, m_high) = _wilson(p, size, quantile), _wilson(m, size, quantile)
        room = (1 - p) * (1 - m)
        against = np.sqrt(np.divide(p * m, room, out=np.zeros_like(p), where=room > 0))  # minus their correlation
        down = _joint(p - p_low, m_high - m, against)
        up = _joint(p_high - p, m - m_low, against)
    return value, np.clip(value - down, -1, 1), np.clip(value + up, -1, 1)


def mean(x: Array, n: Array, xx: Array, xn: Array, nn: Array, units: Array, usual: Array | float = 0.0) -> Interval:
    """Ratio x / n of two sums over customers by the delta method with Student's t.

    The interval is computed on the logarithmic scale where the ratio is clearly positive, as the error of a mean of money
    is skewed to the right.

    Parameters
    ----------
    x, n, xx, xn, nn : array
        Sums over customers, see above.
    units : array
        Customers [count].
    usual : array
        Mean square of :func:`residual_squares` a customer over earlier periods too, 0 where nothing is known of them. The
        larger of this and the period's own counts: a period in which none of the rare large amounts fell has both a low
        mean and a low variance, and would be too sure of both.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd edition, chapter 6; Deng et al. (2018), KDD '18, 233-242.

    Examples
    --------
    >>> x, n = np.array([10.0, 20.0, 60.0]), np.array([1.0, 1.0, 2.0])
    >>> sums = [np.array([a.sum()]) for a in (x, n, x * x, x * n, n * n)]
    >>> value, low, high = mean(*sums, np.array([3.0]))
    >>> float(value[0])
    22.5
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = x / n
        variance = _clustered_variance(value, n, xx, xn, nn, units)
        least = np.where(units > 1, units**2 / (units - 1), np.nan) * usual / n**2
        error = np.sqrt(np.maximum(variance, least))
        reach = _student(units) * error
        relative = reach / value
        skewed = (value > 0) & (error / value < 0.5)
        low = np.where(skewed, value * np.exp(-relative), value - reach)
        high = np.where(skewed, value * np.exp(relative), value + reach)
    return value, low, high


def total(x: Array, squares: Array, dispersion: Array, size: Array | float = 1.0) -> Interval:
    """Total of positive amounts that come by chance: a compound Poisson sum, by the gamma interval.

    Parameters
    ----------
    x, squares : array
        Sum, and sum over customers of their squared sums: the Poisson variance of x.
    dispersion : array
        Variance from period to period over the Poisson variance, at least 1.
    size : array
        Size of an event, from which the upper limit of a sum of none, or of much less than one event, follows; NaN where
        it is not known.

    References
    ----------
    Garwood (1936), Biometrika 28, 437-442; Fay and Feuer (1997), Statistics in Medicine 16, 791-801.

    Examples
    --------
    >>> value, low, high = total(np.array([10.0]), np.array([10.0]), np.array([1.0]))
    >>> [round(float(a[0]), 2) for a in (value, low, high)]
    [10.0, 4.8, 18.39]
    """
    variance = squares * dispersion
    some = (x > 0) & (variance > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(some, variance / x, size)
        # A sum much smaller than the events known says no more about the next one than a sum of none.
        weight = np.where(some, np.fmin(weight, dispersion * np.fmax(size, x)), weight)
        events = np.where(some, x / weight, 0.0)
        low = np.where(some, weight * chdtri(2 * events, 1 - _TAIL) / 2, 0.0)
        high = weight * chdtri(2 * events + 2, _TAIL) / 2
    return x, low, high


def difference(gains: Interval, losses: Interval) -> Interval:
    """Gains less losses, two sums that are independent of each other; the result may lie on either side of zero.

    The distances of the limits from the values are combined, so that each side keeps the skewness of its own sum.

    References
    ----------
    Zou and Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER).

    Examples
    --------
    >>> ten, four = (total(np.array([x]), np.array([x]), np.array([1.0])) for x in (10.0, 4.0))
    >>> [round(float(a[0]), 1) for a in difference(ten, four)]
    [6.0, -2.1, 14.9]
    """
    (gain, gain_low, gain_high), (loss, loss_low, loss_high) = gains, losses
    value = gain - loss
    return (
        value,
        value - np.hypot(gain - gain_low, loss_high - loss),
        value + np.hypot(gain_high - gain, loss - loss_low),
    )


def quotient(numerator: Interval, denominator: Interval) -> Interval:
    """Quotient of two independent estimates, the denominator positive; the squares of their relative errors add up.

    Where the numerator may be negative, such as a margin, its logarithm is not defined and its error counts as it is.

    References
    ----------
    Donner and Zou (2012), Statistical Methods in Medical Research 21, 347-359 (MOVER, on the logarithmic scale).

    Examples
    --------
    >>> margin, customers = ((np.array([v]), np.array([l]), np.array([h])) for v, l, h in ((6.0, -2.0, 14.0), (4.0, 3.0, 5.0)))
    >>> [round(float(side[0]), 2) for side in quotient(margin, customers)]
    [1.5, -0.53, 3.55]
    """
    (a, a_low, a_high), (b, b_low, b_high) = numerator, denominator
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(b == 0, np.nan, a / b)
        above, below = _log_ratio(b_high, b), _log_ratio(b, b_low)
        low = value * np.exp(-np.hypot(_log_ratio(a, a_low), above))
        high = value * np.exp(np.hypot(_log_ratio(a_high, a), below))
        signed = (a_low < 0) | (a < 0)
        towards_zero, away = np.where(a >= 0, above, below), np.where(a >= 0, below, above)
        low = np.where(signed, value - np.hypot((a - a_low) / b, value * towards_zero), low)
        high = np.where(signed, value + np.hypot((a_high - a) / b, value * away), high)
    return value, low, np.where(np.isfinite(high), high, np.nan)


def dispersion(sums: pd.DataFrame, total: str, variance: str, window: Window, steps: tuple[int, ...] = (1,)) -> Array:
    """Variance of a total over its Poisson variance, estimated from the periods before each one.

    It is the median of the squared changes between neighbouring periods, per day and each over its Poisson variance.
    Changes are not affected by a trend, totals per day not by the length of months, and their median not by a few seasonal
    jumps. With fewer than eight changes the ratio is 1.

    Parameters
    ----------
    sums : DataFrame
        One row per period and group, any order, with the run-up before the periods asked for.
    total, variance : str
        Columns with the total and its Poisson variance.
    steps : tuple of int
        How many periods lie between the two of a change; the largest ratio counts. Where a few people make the total, each
        busy for some months and quiet for others, neighbouring periods are alike and say too little of the scatter.

    Returns
    -------
    array of shape (len(sums),)
        At least 1 [ratio].
    """
    result = pd.Series(1.0, index=sums.index)
    groups = sums.groupby(list(window.by), dropna=False) if window.by else [(None, sums)]
    for _, series in groups:
        ordered = series.sort_values("period")
        days = np.array([Period(window.grain, int(ordinal)).n_days for ordinal in ordered["period"]])
        for step in steps:
            noise = ordered[variance] / days**2
            noise = noise + noise.shift(step)
            follows = ordered["period"].diff(step) == step
            squared = ((ordered[total] / days).diff(step) ** 2 / noise).where(follows & (noise > 0))
            n_steps = _LOOK_BACK - step + 1  # the run-up has no more, whichever periods are asked for
            past = squared.shift().rolling(n_steps, min_periods=_FEWEST_STEPS).median() / _MEDIAN_OF_CHI_SQUARE
            result.loc[ordered.index] = np.maximum(past.fillna(1.0), result.loc[ordered.index])
    return np.asarray(result)


def _wilson(value: Array, size: Array, quantile: Array) -> tuple[Array, Array]:
    centre = (value + quantile**2 / (2 * size)) / (1 + quantile**2 / size)
    half = quantile / (1 + quantile**2 / size) * np.sqrt(value * (1 - value) / size + (quantile / (2 * size)) ** 2)
    low = np.where(value <= 0, 0.0, np.clip(centre - half, 0, 1))  # exactly 0 and 1 in spite of rounding
    high = np.where(value >= 1, 1.0, np.clip(centre + half, 0, 1))
    return np.where(np.isnan(value), np.nan, low), np.where(np.isnan(value), np.nan, high)


def _effective_size(
    value: Array, independent: Array, n: Array, xx: Array, xn: Array, nn: Array, units: Array
) -> tuple[Array, Array]:
    """Return the number of independent answers with the same variance, and the quantile of the interval."""
    clustered = nn > n * (1 + 1e-9)  # some customer answered twice, or answers weigh unequally
    worst = nn / n  # design effect if all answers of a customer agreed
    effect = np.where(independent > 0, _clustered_variance(value, n, xx, xn, nn, units) / independent, worst)
    effect = np.where(clustered, np.clip(effect, 1, None), 1.0)
    quantile = np.where(clustered & (units > 1), _student(units), Z)
    return n / effect, quantile


def residual_squares(value: Array, xx: Array, xn: Array, nn: Array) -> Array:
    """Return the sum over customers of (x - value n) squared."""
    return np.maximum(xx - 2 * value * xn + value**2 * nn, 0)


def _clustered_variance(value: Array, n: Array, xx: Array, xn: Array, nn: Array, units: Array) -> Array:
    return np.where(units > 1, units / (units - 1), np.nan) * residual_squares(value, xx, xn, nn) / n**2


def _student(units: Array) -> Array:
    return np.where(units > 1, stdtrit(np.maximum(units - 1, 1), 1 - _TAIL), np.nan)


def _joint(one: Array, other: Array, against: Array) -> Array:
    return np.sqrt(one**2 + other**2 + 2 * against * one * other)


def _log_ratio(above: Array, below: Array) -> Array:
    return np.where(above == below, 0.0, np.log(above / below))
