"""The average effect of an action on those drawn for it, adjusted by what was known of them before the draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, stdtrit

Array = NDArray[np.float64]
LEVEL = 0.95
_FEWEST = 2  # people on a side
_STEADY = 30.0  # people: so many of the common variance are added to each side
_PEOPLE_A_COLUMN = 10  # of the smaller side: with fewer, a further column costs more than it brings


@dataclass(frozen=True)
class Effect:
    """What an action did for the average person drawn: the mean of the treated less the mean of those held out.

    Attributes
    ----------
    value, low, high : float
        The adjusted effect and its 95 % interval, in the unit of the outcome; NaN where a side has fewer than two people.
    error : float
        Its standard error.
    unadjusted, unadjusted_error : float
        The same without the adjustment.
    n_treated, n_held : int
        People on either side.
    treated_mean, held_mean : float
        Means of the outcome on either side.
    balance : float
        How rarely chance alone makes the two sides as different in what was known before [share]; NaN where nothing was.
    """

    value: float
    low: float
    high: float
    error: float
    unadjusted: float
    unadjusted_error: float
    n_treated: int
    n_held: int
    treated_mean: float
    held_mean: float
    balance: float

    @property
    def z(self) -> float:
        """The effect in standard errors; NaN where its error is not known."""
        return self.value / self.error if self.error > 0 else float("nan")

    @property
    def narrowed(self) -> float:
        """By how much the adjustment made the interval narrower [share]; negative where it made it wider."""
        return 1 - self.error / self.unadjusted_error if self.unadjusted_error > 0 else 0.0


def average_effect(
    outcome: ArrayLike,
    treated: ArrayLike,
    *,
    probability: ArrayLike | None = None,
    before: pd.DataFrame | None = None,
    block: ArrayLike | None = None,
) -> Effect:
    """Return the average effect of a treatment that was drawn by lot.

    On either side the outcome is regressed on what was known before the draw, taken from its mean over both sides, and the
    two values at the mean are compared (Lin's regression; with one column that is the same quantity before the draw, it is
    CUPED). It needs no model to be right: the draw alone makes it so. Errors are robust (HC2), so that the two sides and
    any two people may vary differently.

    Parameters
    ----------
    outcome : array-like of float
        One value a person.
    treated : array-like of bool
    probability : array-like of float, optional
        With which each was to be treated [share]; where it varies, people are weighted by it.
    before : DataFrame, optional
        Numbers known before the draw, a row a person. A missing one counts as the mean of its column. The first columns
        matter most: further ones are left out where a side has fewer than ten people a column.
    block : array-like, optional
        Name of the group within which the draw was made.

    References
    ----------
    Lin (2013), Annals of Applied Statistics 7, 295-318; Deng et al. (2013), Improving the sensitivity of online controlled
    experiments by utilizing pre-experiment data (CUPED), WSDM; MacKinnon and White (1985), Journal of Econometrics 29.

    Examples
    --------
    >>> effect = average_effect([12.0, 8.0, 3.0, 5.0], [True, True, False, False])
    >>> effect.value, round(effect.error, 3)
    (6.0, 2.236)
    """
    y, t = np.asarray(outcome, dtype=np.float64), np.asarray(treated, dtype=bool)
    if len(y) and np.ptp(y) == 0:  # no differences: nothing but rounding would be estimated
        before, block = None, None
    weights = _weights(t, probability)
    columns = _columns(y, t, before, block)
    value, error, freedom = _difference(y, t, weights, columns)
    plain, plain_error, _ = _difference(y, t, weights, columns[:, :0])
    reach = float(stdtrit(freedom, 0.5 + LEVEL / 2)) * error if error > 0 else float("nan")
    return Effect(
        value=value,
        low=value - reach,
        high=value + reach,
        error=error,
        unadjusted=plain,
        unadjusted_error=plain_error,
        n_treated=int(t.sum()),
        n_held=int((~t).sum()),
        treated_mean=_mean(y[t], weights[t]),
        held_mean=_mean(y[~t], weights[~t]),
        balance=_balance(t, weights, columns[:, : 0 if before is None else before.shape[1]]),
    )


def _weights(treated: NDArray[np.bool_], probability: ArrayLike | None) -> Array:
    if probability is None:
        return np.ones(len(treated))
    share = np.clip(np.asarray(probability, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.where(treated, 1 / share, 1 / (1 - share))


def _columns(y: Array, treated: NDArray[np.bool_], before: pd.DataFrame | None, block: ArrayLike | None) -> Array:
    """Return the columns to adjust by, centred and scaled, independent of each other, as many as the people allow."""
    most = int(min(treated.sum(), (~treated).sum())) // _PEOPLE_A_COLUMN
    parts = [] if before is None else [before.to_numpy(dtype=np.float64)]
    if block is not None:
        parts.append(pd.get_dummies(pd.Series(block)).to_numpy(dtype=np.float64)[:, 1:])
    kept: list[Array] = []
    for column in np.hstack([np.empty((len(y), 0)), *parts]).T:
        filled = np.where(np.isfinite(column), column, np.nanmean(column) if np.isfinite(column).any() else 0.0)
        centred = filled - filled.mean()
        for other in kept:  # Gram-Schmidt: what it adds to the columns before it
            centred = centred - other * (other @ centred) / len(y)
        size = np.sqrt((centred**2).mean())
        if len(kept) < most and size > 1e-8 * max(1.0, float(np.abs(filled).max())):
            kept.append(centred / size)
    return np.column_stack(kept) if kept else np.empty((len(y), 0))


def _difference(y: Array, treated: NDArray[np.bool_], weights: Array, columns: Array) -> tuple[float, float, float]:
    """Return the difference of the two sides at the mean of the columns, its error and its degrees of freedom."""
    sides = [_side(y[side], weights[side], columns[side]) for side in (treated, ~treated)]
    (at_mean, slopes, variance, freedom), (other, other_slopes, other_variance, other_freedom) = sides
    # The people drawn are a sample themselves: of others like them the mean of the columns would be another.
    sampled = float(((slopes - other_slopes) @ columns.T).var()) / len(y) if columns.shape[1] else 0.0
    variance, other_variance = _steadied(
        (variance, freedom, treated.sum()), (other_variance, other_freedom, (~treated).sum())
    )
    total = variance + other_variance + sampled
    welch = variance**2 / max(freedom, 1) + other_variance**2 / max(other_freedom, 1)
    return at_mean - other, float(np.sqrt(total)), (variance + other_variance) ** 2 / welch if welch > 0 else 1.0


def _steadied(*sides: tuple[float, float, int]) -> tuple[float, float]:
    """Return the variances of the two means, each drawn towards that of people on both sides, the more the fewer there are.

    Of a few people with amounts that are mostly small, the variance comes out low whenever the large ones are missing,
    and so does the mean: intervals from them alone are too narrow and at the wrong place.
    """
    freedom = sum(each for _, each, _ in sides)
    common = sum(variance * n * each for variance, each, n in sides) / freedom
    one, other = ((variance * each + _STEADY * common / n) / (each + _STEADY) for variance, each, n in sides)
    return float(one), float(other)


def _side(y: Array, weights: Array, columns: Array) -> tuple[float, Array, float, float]:
    """Return the value of one side at the mean of the columns, the slopes, the variance (HC2) and degrees of freedom."""
    n_columns = columns.shape[1] + 1
    if len(y) < max(_FEWEST, n_columns + 1):
        return float("nan"), np.zeros(n_columns - 1), float("nan"), float("nan")
    design = np.column_stack([np.ones(len(y)), columns])
    weighted = design * weights[:, None]
    inverse = np.linalg.pinv(design.T @ weighted)
    slopes = inverse @ (weighted.T @ y)
    leverage = np.einsum("ij,jk,ik->i", weighted, inverse, design)
    residual = np.zeros(len(y)) if np.ptp(y) == 0 else (y - design @ slopes) / np.sqrt(np.clip(1 - leverage, 1e-6, 1))
    scores = (weighted @ inverse[0]) * residual
    return float(slopes[0]), slopes[1:], float(scores @ scores), float(len(y) - n_columns)


def _mean(y: Array, weights: Array) -> float:
    return float(np.average(y, weights=weights)) if len(y) else float("nan")


def _balance(treated: NDArray[np.bool_], weights: Array, columns: Array) -> float:
    """Return how rarely chance makes the means of the columns as different: a chi-square test of them all together."""
    if not columns.shape[1] or min(treated.sum(), (~treated).sum()) < _FEWEST:
        return float("nan")
    gaps, covariance = np.zeros(columns.shape[1]), np.zeros((columns.shape[1],) * 2)
    for side, sign in ((treated, 1), (~treated, -1)):
        share = weights[side] / weights[side].sum()
        mean = share @ columns[side]
        scores = (columns[side] - mean) * share[:, None]
        gaps, covariance = gaps + sign * mean, covariance + scores.T @ scores
    return float(chdtrc(len(gaps), gaps @ np.linalg.pinv(covariance) @ gaps))
