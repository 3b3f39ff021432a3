"""How many segments there are: for each number how well they are set apart, how firm they are, and if there is a gap."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import binom
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin, silhouette_score
from threadpoolctl import threadpool_limits

from crmkit.models.segment_matching import match_centres
from crmkit.models.spells import Array

SILHOUETTE_ROWS, RESAMPLED_ROWS = 3000, 5000
N_RESAMPLES, N_STARTS = 10, 10
MOST_MOVED = 0.05  # share of customers whom another sample of customers would put elsewhere
_LEVEL, _DEEPEST_MIDDLE = 0.01, 0.8
_SMALLEST = 5  # customers of a segment


@dataclass(frozen=True, eq=False)
class Candidate:
    """One number of segments, tried.

    Parameters
    ----------
    centres : array (k, coordinates)
    silhouette : float
        How much nearer customers are to their own segment than to the next, -1 to 1.
    moved : float
        Share of customers whom a segmentation learned from resampled customers puts elsewhere.
    distinct : bool
        Between every two segments there are fewer customers than in either.
    smallest : int
        Customers of the smallest segment [count].
    resampled : array (resamples, k, coordinates)
        Centres learned from resampled customers, in the order of ``centres``.
    """

    centres: Array
    silhouette: float
    moved: float
    distinct: bool
    smallest: int
    resampled: Array

    @property
    def holds(self) -> bool:
        """Whether these are segments and no cuts through one crowd."""
        return self.distinct and self.moved <= MOST_MOVED and self.smallest >= _SMALLEST


def try_numbers(points: Array, numbers: list[int], random: np.random.Generator) -> dict[int, Candidate]:
    """Return for each number of segments what comes of it.

    Parameters
    ----------
    points : array (customers, coordinates)
    numbers : list of int
        Each at least 2.
    random : Generator
        For starts and resamples.
    """
    shown = points if len(points) <= SILHOUETTE_ROWS else random.permutation(points)[:SILHOUETTE_ROWS]
    distances = pairwise_distances(shown)
    few = points if len(points) <= RESAMPLED_ROWS else random.permutation(points)[:RESAMPLED_ROWS]
    samples = [few[random.integers(0, len(few), len(few))] for _ in range(N_RESAMPLES)]
    found = {}
    for k in numbers:
        centres = find_centres(points, k, random)
        labels, shown_labels = nearest(points, centres), nearest(shown, centres)
        whole = len(np.unique(shown_labels)) == k
        score = silhouette_score(distances, shown_labels, metric="precomputed") if whole and len(shown) > k else -1.0
        resampled = np.array([_refound(centres, find_centres(each, k, random, 3)) for each in samples])
        own = nearest(few, centres)
        moved = float(np.mean([(nearest(few, each) != own).mean() for each in resampled]))
        smallest = int(np.bincount(labels, minlength=k).min())
        found[k] = Candidate(centres, float(score), moved, are_distinct(points, labels, centres), smallest, resampled)
    return found


def find_centres(points: Array, k: int, random: np.random.Generator, n_starts: int = N_STARTS) -> Array:
    """Return the centres of k-means, the best of several starts, in an order that does not depend on the start."""
    with threadpool_limits(1):  # so few points: threads would wait for each other
        model = KMeans(k, n_init=n_starts, random_state=int(random.integers(2**31))).fit(points)
    centres = model.cluster_centers_
    return centres[np.lexsort(np.round(centres, 6).T[::-1])]


def nearest(points: Array, centres: Array) -> np.ndarray:
    """Return for each point the number of the nearest centre."""
    if not len(points) or len(centres) < 2 or not points.shape[1]:
        return np.zeros(len(points), dtype=np.int64)
    return pairwise_distances_argmin(points, centres).astype(np.int64)


def are_distinct(points: Array, labels: np.ndarray, centres: Array) -> bool:
    """Tell whether there is a gap between every two segments.

    On the line from one centre to the other, the customers of both are counted in three windows as wide as a third of
    the way: around each centre and around the point half-way. In one crowd, whatever its shape, there are at least as
    many half-way as around the emptier centre. A gap is when there are so few that this is chance in less than 1 %
    of cases, and at most 80 % as many.

    References
    ----------
    Hartigan and Hartigan (1985), Annals of Statistics 13, 70-84, for the idea that clusters are dips in the density.
    """
    return all(
        _is_gap(points[labels == one], points[labels == other], centres[one], centres[other])
        for one, other in combinations(range(len(centres)), 2)
    )


def _is_gap(here: Array, there: Array, start: Array, end: Array) -> bool:
    way = end - start
    length = way @ way
    if not length > 0:
        return False
    steps = (np.vstack([here, there]) - start) @ way / length
    first, middle, last = (int((np.abs(steps - place) <= 1 / 6).sum()) for place in (0.0, 0.5, 1.0))
    emptier = min(first, last)
    return middle <= _DEEPEST_MIDDLE * emptier and binom.cdf(middle, middle + emptier, 0.5) < _LEVEL


def _refound(centres: Array, refound: Array) -> Array:
    return refound[match_centres(centres, refound)]
