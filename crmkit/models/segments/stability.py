"""Whether segments of an earlier day still fit: the share that new ones would assign otherwise, against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from crmkit.models.arrays import Array
from crmkit.models.segments.kmeans import nearest
from crmkit.models.segments.matching import match_centres
from crmkit.models.segments.rfm import RFM

N_DRAWS = 99  # simulations of chance
MOST_ROWS, MOST_POINTS = 20_000, 4_000
FEWEST_ROWS = 40
MATTERS = 0.10  # share of customers assigned otherwise, below which a change is too small to matter
LOSS_MATTERS = 0.25  # the same of the squared distances: the groups may be the same, but elsewhere
LEVEL = 0.01
_WINDOW = 365  # days without an order after which a customer has lapsed, whatever the segments


@dataclass(frozen=True)
class Fit:
    """How well the segments of an earlier day fit.

    Attributes
    ----------
    moved : float
        Share of the customers with an order within 365 days whom segments learned today would assign otherwise.
    p : float
        Probability of as large a change by chance, if nothing had changed.
    loss : float
        Of k-means: how much further, squared, customers held out are from the old centres than from new ones [share].
    """

    moved: float
    p: float
    loss: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the change may be chance, or is too small to matter."""
        return self.p > LEVEL or (self.moved < MATTERS and self.loss < LOSS_MATTERS)


def alike(now: pd.DataFrame, then: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Return customers of today of whom the same share has lapsed as then.

    The number of those who have not ordered for a year grows with the age of a firm and says nothing about the others:
    without this, all segments would seem outdated after a while.
    """
    lapsed = now["days_since_order"] >= _WINDOW
    share = float((then["days_since_order"] >= _WINDOW).mean())
    wanted = round(lapsed.sum() if share >= 1 else (~lapsed).sum() * share / (1 - share))
    if not lapsed.any() or not (~lapsed).any():
        return now
    drawn = random.choice(np.flatnonzero(lapsed), wanted, replace=wanted > lapsed.sum())
    return now.take(np.concatenate([np.flatnonzero(~lapsed), drawn]))


def rfm_fit(rfm: RFM, then: pd.DataFrame, now: pd.DataFrame, random: np.random.Generator) -> Fit:
    """Return how well RFM's cuts fit the customers of today.

    The cuts put a fifth of the customers of then into each score: do they divide those of today into the same parts? By
    the chi-square test of each of the three scores (:func:`scipy.stats.chi2_contingency`), the smallest p times three.

    Parameters
    ----------
    rfm : RFM
        As learned from ``then``.
    then, now : DataFrame
        days_since_order, n_orders, revenue of the customers of both days.
    random : Generator

    References
    ----------
    Pearson (1900), Philosophical Magazine 50, 157-175.
    """
    then, now = _few(then, random), _few(now, random)
    new = RFM().fit(alike(now, then, random))
    before, after = _buying(then), _buying(now)
    if not len(before) or not len(after) or not rfm.cuts_:
        return Fit(0.0, 1.0)
    moved = float(np.mean(rfm.predict(after) != new.predict(after)))
    scores = rfm.score(before), rfm.score(after)
    p = min(_homogeneity(*(side[name].to_numpy() for side in scores)) for name in scores[0])
    return Fit(moved, min(1.0, p * scores[0].shape[1]))


def centres_fit(centres: Array, then: Array, now: Array, buying: np.ndarray, random: np.random.Generator) -> Fit:
    """Return how well centres of k-means fit the customers of today.

    Half of today's customers move the centres; the other half is held out and compared with the old and the new ones.

    Parameters
    ----------
    centres : array (k, coordinates)
        As learned from ``then``; at least two.
    then, now : array (customers, coordinates)
        In the space of the centres; ``now`` with as many lapsed ones as then (:func:`alike`).
    buying : array of bool
        Who of ``now`` has ordered within 365 days: only they are compared.
    random : Generator
    """
    then, now, buying = _thinned(then, random), *_thinned_both(now, buying, random)
    if buying.sum() < len(centres):
        return Fit(0.0, 1.0)
    new = _moved_to(centres, now)
    moved = float(np.mean(nearest(now[buying], centres) != nearest(now[buying], new)))
    loss = float(np.mean([_loss(centres, now, buying, centres, random) for _ in range(5)]))
    by_chance = [_loss_by_chance(centres, then, len(now), random) for _ in range(N_DRAWS)]
    return Fit(moved, (1 + sum(each >= loss for each in by_chance)) / (N_DRAWS + 1), loss)


def _homogeneity(then: np.ndarray, now: np.ndarray) -> float:
    """Return the p of the chi-square test that scores come from one distribution."""
    counts = np.array([np.bincount(side, minlength=6)[1:] for side in (then, now)])
    counts = counts[:, counts.sum(axis=0) > 0]
    return float(chi2_contingency(counts).pvalue) if counts.shape[1] > 1 else 1.0


def _loss_by_chance(centres: Array, then: Array, n_now: int, random: np.random.Generator) -> float:
    """Return the loss where nothing has changed: old and new customers are both drawn from those of then."""
    old, sample = _moved_to(centres, _picked(then, len(then), random)), _picked(then, n_now, random)
    return _loss(old, sample, np.ones(n_now, dtype=bool), centres, random)


def _loss(old: Array, points: Array, judged: np.ndarray, start: Array, random: np.random.Generator) -> float:
    half = random.permutation(len(points)) < len(points) / 2
    new, held = _moved_to(start, points[half]), points[~half & judged]
    return _inertia(held, old) / max(_inertia(held, new), 1e-12) - 1


def _inertia(points: Array, centres: Array) -> float:
    return float(((points - centres[nearest(points, centres)]) ** 2).sum(axis=1).mean()) if len(points) else 0.0


def _moved_to(centres: Array, points: Array) -> Array:
    if len(points) < len(centres):
        return centres
    with threadpool_limits(1):
        new = KMeans(len(centres), init=centres, n_init=1).fit(points).cluster_centers_
    return new[match_centres(centres, new)]


def _few(customers: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return customers if len(customers) <= MOST_ROWS else _drawn(customers, MOST_ROWS, random)


def _drawn(customers: pd.DataFrame, n: int, random: np.random.Generator) -> pd.DataFrame:
    return customers.iloc[random.integers(0, len(customers), n)]


def _thinned(points: Array, random: np.random.Generator) -> Array:
    return points[random.permutation(len(points))[:MOST_POINTS]]


def _thinned_both(points: Array, which: np.ndarray, random: np.random.Generator) -> tuple[Array, np.ndarray]:
    places = random.permutation(len(points))[:MOST_POINTS]
    return points[places], which[places]


def _picked(points: Array, n: int, random: np.random.Generator) -> Array:
    return points[random.integers(0, len(points), n)]


def _buying(customers: pd.DataFrame) -> pd.DataFrame:
    return customers[customers["days_since_order"] < _WINDOW]
