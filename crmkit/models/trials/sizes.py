"""How many people to try an action on, and how many to hold out, so that a firm of so many people earns most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
_STEPS = 40
_SPREADS = np.geomspace(0.2, 5, 41)  # of effects, by the usual one
_USUAL_COUNTS = 2
_UNSURE = 1.0  # standard deviation of the logarithm of the spread, before anything was tried
_POWER, _LEVEL = 0.8, 0.05


@dataclass(frozen=True)
class TrialSize:
    """The size of a trial that earns most.

    Attributes
    ----------
    n_treated, n_held : int
        People to treat and to hold out in the trial.
    gain : float
        Expected gain over all people, those of the trial included [money]; treating nobody gains 0.
    """

    n_treated: int
    n_held: int
    gain: float


@dataclass(frozen=True)
class Prior:
    """What is believed of the effect of an action on one person before it is tried.

    Attributes
    ----------
    mean, spread : float
        Of the effect, before its cost [money].
    noise : float
        Standard deviation of the outcome of one person [money].
    """

    mean: float
    spread: float
    noise: float


def expected_gain(
    n_treated: ArrayLike, n_held: ArrayLike, n_later: ArrayLike, prior: Prior, cost: float = 0.0
) -> Array:
    """Return the expected gain of a trial after which others get the action if it has paid, and nobody if not [money].

    Parameters
    ----------
    n_treated, n_held : array-like of int
        People of the trial.
    n_later : array-like of float
        People whom the action could reach after it.
    prior : Prior
    cost : float
        Of the action for one person [money].

    Examples
    --------
    >>> prior = Prior(mean=0.0, spread=10.0, noise=1.0)
    >>> [round(float(each)) for each in (expected_gain(0, 0, 1000, prior), expected_gain(10, 10, 980, prior))]
    [0, 3906]
    """
    treated, held = np.asarray(n_treated, dtype=np.float64), np.asarray(n_held, dtype=np.float64)
    gain = prior.mean - cost
    with np.errstate(divide="ignore"):
        variance = prior.noise**2 * (1 / treated + 1 / held)
    learned = prior.spread**2 / np.sqrt(prior.spread**2 + variance) if prior.spread > 0 else np.zeros_like(variance)
    return treated * gain + np.asarray(n_later, dtype=np.float64) * _positive_part(gain, learned)


def best_size(n_people: float, prior: Prior, cost: float = 0.0, *, at_hand: int | None = None) -> TrialSize:
    """Return the sizes of the treated and of the held out that earn most: Test & Roll.

    Everybody held out forgoes what the action would bring, everybody treated risks what it costs, and all others get what
    the trial has shown to be better. A small firm earns most with a trial far smaller than a test of significance asks
    for: the best size grows with the root of the number of people.

    Parameters
    ----------
    n_people : float
        All people whom the action could reach: now, and where it is repeated, in later rounds.
    prior : Prior
    cost : float
        Of the action for one person [money].
    at_hand : int, optional
        People at hand now, where the others come later, in further rounds: who is neither treated nor held out now does
        not come again. Without it all are at hand, and those outside of the trial wait for its end.

    References
    ----------
    Feit and Berman (2019), Test & Roll: profit-maximizing A/B tests, Marketing Science 38, 1038-1058.

    Examples
    --------
    >>> size = best_size(1000, Prior(mean=0.0, spread=2.0, noise=20.0))
    >>> size.n_treated == size.n_held, 100 < size.n_treated < 200
    (True, True)
    """
    most = int(min(n_people, n_people if at_hand is None else at_hand))
    if most < 4:
        return TrialSize(0, 0, 0.0)
    sizes = np.unique(np.concatenate([np.arange(2, min(most - 1, 40)), _spaced(2, most - 2)]))
    treated, held = np.meshgrid(sizes, sizes, indexing="ij")
    for _ in range(2):  # a coarse grid, then a fine one around its best point
        later = np.maximum(n_people - (treated + held if at_hand is None else most), 0)
        gain = np.where(treated + held <= most, expected_gain(treated, held, later, prior, cost), -np.inf)
        best_gain = float(gain.max())
        row, column = np.unravel_index(int(np.argmax(gain)), gain.shape)
        best = int(treated[row, column]), int(held[row, column])
        if at_hand is not None and prior.mean > cost:  # nobody is left over: each treated one gains
            best = most - best[1], best[1]
        treated, held = np.meshgrid(_around(best[0], most), _around(best[1], most), indexing="ij")
    return TrialSize(*best, best_gain)


def classic_size(n_people: float, effect: float, noise: float) -> TrialSize:
    """Return the size of a test of significance: 80 % power to find an effect at 5 %, capped at half the people a side.

    Examples
    --------
    >>> classic_size(100_000, effect=1.0, noise=10.0).n_treated
    1570
    """
    a_side = 2 * ((ndtri(1 - _LEVEL / 2) + ndtri(_POWER)) * noise / effect) ** 2
    n = int(min(np.ceil(a_side), n_people // 2))
    return TrialSize(n, n, float("nan"))


def estimated_prior(effects: ArrayLike, errors: ArrayLike, noise: float, usual: Prior) -> Prior:
    """Return the prior of a new action from the effects of earlier ones, and from what is usual, which counts as one more.

    Parameters
    ----------
    effects, errors : array-like of float
        Mean effect of each earlier action, and its standard error [money].
    noise : float
        Standard deviation of the outcome of one person [money].
    usual : Prior
        What is believed where nothing was tried yet.

    Examples
    --------
    >>> estimated_prior([], [], 20.0, Prior(0.5, 1.0, 20.0))
    Prior(mean=0.5, spread=1.0, noise=20.0)
    >>> round(estimated_prior([3.0, 3.0, 3.0], [0.1, 0.1, 0.1], 20.0, Prior(0.0, 1.0, 20.0)).mean, 2)
    1.8
    """
    y, s = np.asarray(effects, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    known = np.isfinite(y) & np.isfinite(s)
    y, s = y[known], s[known]
    if not len(y):
        return Prior(usual.mean, usual.spread, noise)
    spreads = usual.spread * _SPREADS
    precision = 1 / (s[None, :] ** 2 + spreads[:, None] ** 2)
    # What is usual is the mean of many actions elsewhere: it counts as some more effects of this spread.
    its_precision = _USUAL_COUNTS / spreads**2
    weight, sums = precision.sum(1) + its_precision, precision @ y + usual.mean * its_precision
    means = sums / weight
    fit = -0.5 * (precision * (y[None, :] - means[:, None]) ** 2 - np.log(precision)).sum(1)
    fit += -0.5 * (its_precision * (usual.mean - means) ** 2 - np.log(its_precision) + np.log(weight))
    log_chance = fit - 0.5 * (np.log(_SPREADS) / _UNSURE) ** 2
    chance = np.exp(log_chance - log_chance.max())
    chance /= chance.sum()
    mean = float(chance @ means)
    # A trial is for what is not known: neither the spread nor the mean are, and both add to it.
    variance = float(chance @ (spreads**2 + 1 / weight + (means - mean) ** 2))
    return Prior(mean, float(np.sqrt(variance)), noise)


def _positive_part(mean: float, deviation: Array) -> Array:
    """Return the expectation of the positive part of a normal variable."""
    safe = np.where(deviation > 0, deviation, 1.0)
    z = mean / safe
    part = mean * ndtr(z) + safe * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return np.where(deviation > 0, part, max(mean, 0.0))


def _spaced(low: int, high: int) -> Array:
    return np.unique(np.geomspace(low, max(high, low), _STEPS).round())


def _around(n: int, most: int) -> Array:
    return np.unique(np.linspace(max(n / 1.35, 2), min(n * 1.35 + 1, most), _STEPS).round())
