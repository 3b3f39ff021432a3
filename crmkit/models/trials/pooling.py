"""The effect of an action over several rounds: how far rounds differ is estimated, not assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]
_STEPS = 150
_TAIL = 0.025
_USUAL = 2  # times a round's error: the size of spread that is thought possible before the rounds are seen


@dataclass(frozen=True)
class Pooled:
    """The mean effect of an action over its rounds.

    Attributes
    ----------
    value, low, high : float
        Mean effect and its 95 % interval.
    error : float
        Standard deviation of what is believed of it.
    spread : float
        Standard deviation of the effects of rounds beyond chance.
    next_error : float
        Standard deviation of what is believed of the effect of the next round.
    n_rounds : int
    above : float
        Chance that the mean effect is above the threshold asked about [share].
    """

    value: float
    low: float
    high: float
    error: float
    spread: float
    next_error: float
    n_rounds: int
    above: float


def pooled_effect(
    effects: ArrayLike, errors: ArrayLike, *, like: Sequence[tuple[ArrayLike, ArrayLike]] = (), threshold: float = 0.0
) -> Pooled:
    """Return the mean effect over rounds, by empirical Bayes.

    Each round's effect is drawn around the mean of its action, with a spread that all rounds of this action and of like
    actions tell together. Nothing is assumed of the mean. Of the spread it is assumed that it is hardly above twice a round's
    error (half-normal): with two rounds the data can hardly tell. All sizes of the spread are averaged over by
    how well they explain the rounds, so that the interval also holds what is not known of the spread.

    Parameters
    ----------
    effects, errors : array-like of float
        Effect of each round, and its standard error.
    like : sequence of (effects, errors), optional
        Rounds of other actions that are alike, each around a mean of its own.
    threshold : float
        What the mean effect is compared with, such as the cost of the action for one person.

    References
    ----------
    Gelman (2006), Bayesian Analysis 1, 515-534; Rover et al. (2021), Research Synthesis Methods 12, 448-474.

    Examples
    --------
    >>> once = pooled_effect([4.0], [1.0])
    >>> round(once.low, 2), round(once.high, 2)
    (2.04, 5.96)
    >>> six = pooled_effect([4.0] * 6, [1.0] * 6)
    >>> six.value, bool(six.high - six.low < 0.6 * (once.high - once.low))
    (4.0, True)
    """
    y, s = np.asarray(effects, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    known = np.isfinite(y) & np.isfinite(s) & (s > 0)
    y, s = y[known], s[known]
    if not len(y):
        nothing = float("nan")
        return Pooled(nothing, nothing, nothing, nothing, nothing, nothing, 0, nothing)
    if len(y) == 1 and not like:
        spreads, chances = np.zeros(1), np.ones(1)
    else:
        spreads, chances = _spreads(y, s, like)
    means, deviations = _means(y, s, spreads)
    value = float(chances @ means)
    variance = float(chances @ (deviations**2 + (means - value) ** 2))
    low, high = (_quantile(share, means, deviations, chances) for share in (_TAIL, 1 - _TAIL))
    spread = float(chances @ spreads)
    of_next = float(np.sqrt(variance + chances @ spreads**2))
    above = float(chances @ ndtr((means - threshold) / deviations))
    return Pooled(round(value, 12), low, high, float(np.sqrt(variance)), spread, of_next, len(y), above)


def _spreads(y: Array, s: Array, like: Sequence[tuple[ArrayLike, ArrayLike]]) -> tuple[Array, Array]:
    """Return sizes of the spread, and the chance of each."""
    scale = float(np.median(s))
    spreads = (np.arange(_STEPS) + 0.5) / _STEPS * max(8 * scale, 5 * float(np.std(y)))
    log_chance = -0.5 * (spreads / scale / _USUAL) ** 2
    for effects, errors in [(y, s), *like]:
        log_chance = log_chance + _log_likelihood(
            np.asarray(effects, dtype=np.float64), np.asarray(errors, dtype=np.float64), spreads
        )
    chances = np.exp(log_chance - log_chance.max())
    return spreads, chances / chances.sum()


def _log_likelihood(y: Array, s: Array, spreads: Array) -> Array:
    """Return how well each spread explains the rounds of one action, whatever its mean."""
    variance = s[None, :] ** 2 + spreads[:, None] ** 2
    precision = (1 / variance).sum(1)
    mean = (y / variance).sum(1) / precision
    apart = ((y[None, :] - mean[:, None]) ** 2 / variance).sum(1)
    result: Array = -0.5 * (np.log(variance).sum(1) + np.log(precision) + apart)
    return result


def _means(y: Array, s: Array, spreads: Array) -> tuple[Array, Array]:
    """Return what is believed of the mean for each spread: its expectation and standard deviation."""
    variance = s[None, :] ** 2 + spreads[:, None] ** 2
    precision = (1 / variance).sum(1)
    return (y / variance).sum(1) / precision, precision**-0.5


def _quantile(share: float, means: Array, deviations: Array, chances: Array) -> float:
    """Return a quantile of a mixture of normal distributions, by halving."""
    low, high = float((means - 10 * deviations).min()), float((means + 10 * deviations).max())
    for _ in range(80):
        middle = (low + high) / 2
        below = float(chances @ ndtr((middle - means) / deviations))
        low, high = (middle, high) if below < share else (low, middle)
    return (low + high) / 2
