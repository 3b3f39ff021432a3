"""Segments of customers by k-means in a robust space: as many as are separate and stable, or none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.stats import binom
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin, silhouette_score
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from crmkit.models.arrays import Array
from crmkit.models.segments.feature_space import SegmentSpace
from crmkit.models.segments.matching import match_centres

LEARNED_ROWS = 20_000
FEWEST_CUSTOMERS = 20
_NEARLY = 0.7  # of the best silhouette


class CustomerSegments(ClusterMixin, TransformerMixin, BaseEstimator):
    """K-means on what :class:`~crmkit.models.segments.feature_space.SegmentSpace` makes of the columns.

    Every number of segments from 2 to ``most`` is tried. It holds if between every two segments there is a gap, if a
    segmentation learned from resampled customers puts at most 5 % of them elsewhere, and if no segment has fewer than
    5 customers. Of those that hold, the largest is taken whose silhouette is at least 70 % of the best: two groups with
    a gap between them are two, though one far-off group makes the coarser cut look neater. If none holds, all customers
    are one segment and ``verdict_`` says why. The seed chooses starts and resamples; the outcome does not depend on it.

    Parameters
    ----------
    n_segments : int, optional
        This many, whether they are separate or not; None: as many as are separate and stable.
    most : int
        Most segments to try.
    random_state : int
        Seed of starts and resamples.

    Attributes
    ----------
    centres_ : array (k, coordinates)
        In the space ``space_``.
    resampled_ : array (resamples, k, coordinates)
        Centres learned from resampled customers.
    labels_ : array of int
        Segment of each customer of the fit.
    search_ : DataFrame
        One row per number tried: n_segments, silhouette, moved [share of customers whom resampling puts elsewhere],
        distinct, smallest [customers], holds.
    verdict_ : str
        "segments", "as asked", or why there are none.

    References
    ----------
    Rousseeuw (1987), Journal of Computational and Applied Mathematics 20, 53-65, for the silhouette; Hennig (2007),
    Computational Statistics & Data Analysis 52, 258-271, for stability under resampling.

    Examples
    --------
    >>> steps = np.linspace(0, 1, 40)
    >>> X = pd.DataFrame({"days": np.r_[5 + 20 * steps, 200 + 90 * steps], "spent": np.r_[steps + 9, 40 + 9 * steps]})
    >>> model = CustomerSegments().fit(X)
    >>> model.n_segments_, model.predict(pd.DataFrame({"days": [7, 250], "spent": [9.5, None]})).tolist()
    (2, [0, 1])
    """

    centres_: Array
    resampled_: Array
    verdict_: str

    def __init__(self, n_segments: int | None = None, most: int = 8, random_state: int = 0) -> None:
        self.n_segments = n_segments
        self.most = most
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from one row per customer.

        Parameters
        ----------
        X : DataFrame or array (customers, columns)
            Numbers, text, and true or false; gaps are allowed.
        y : ignored
        """
        frame = self._frame(X, reset=True)
        random = np.random.default_rng(self.random_state)
        chosen = frame
        if len(frame) > LEARNED_ROWS:
            chosen = frame.iloc[np.sort(random.choice(len(frame), LEARNED_ROWS, replace=False))]
        self.space_ = SegmentSpace.learned(chosen)
        self._search(self.space_.matrix(chosen, blur=random), random)
        self.n_segments_ = len(self.centres_)
        self.labels_ = nearest(self.space_.matrix(frame), self.centres_)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the number of each customer's segment, from 0."""
        return nearest(self._placed(X), self.centres_)

    def transform(self, X: Any) -> Array:
        """Return the distance of each customer to each centre [robust standard deviations]."""
        points = self._placed(X)
        return pairwise_distances(points, self.centres_) if points.shape[1] else np.zeros((len(points), 1))

    def refit(self, X: Any, y: Any = None) -> Self:
        """Move the centres to where the customers now are; space, number and names stay."""
        points = self._placed(X)
        if self.n_segments_ > 1 and len(points) >= FEWEST_CUSTOMERS:
            self.centres_ = KMeans(self.n_segments_, init=self.centres_, n_init=1).fit(points).cluster_centers_
        self.labels_ = nearest(points, self.centres_)
        return self

    def _search(self, points: Array, random: np.random.Generator) -> None:
        width, n = points.shape[1], len(points)
        self.search_ = pd.DataFrame(columns=["n_segments", "silhouette", "moved", "distinct", "smallest", "holds"])
        if self.n_segments is not None and 1 < self.n_segments <= n and width:
            self._take(try_numbers(points, [self.n_segments], random)[self.n_segments], "as asked")
            return
        self.centres_ = points.mean(axis=0, keepdims=True) if n and width else np.zeros((1, width))
        self.resampled_ = self.centres_[None]
        self.verdict_ = _too_little(n, width)
        numbers = list(range(2, min(self.most, n // 10, len(np.unique(points, axis=0))) + 1))
        if self.verdict_ or not numbers:
            self.verdict_ = self.verdict_ or "all customers are alike"
            return
        tried = try_numbers(points, numbers, random)
        self.search_ = _as_frame(tried)
        holding = {k: each for k, each in tried.items() if each.holds}
        if holding:
            enough = _NEARLY * max(each.silhouette for each in holding.values())
            most = max(k for k, each in holding.items() if each.silhouette >= enough)
            self._take(tried[most], "segments")
        else:
            self.verdict_ = "customers are one crowd without gaps"

    def _take(self, candidate: Candidate, verdict: str) -> None:
        self.centres_, self.resampled_, self.verdict_ = candidate.centres, candidate.resampled, verdict
        if self.search_.empty:
            self.search_ = _as_frame({len(candidate.centres): candidate})

    def _placed(self, X: Any) -> Array:
        check_is_fitted(self)
        return self.space_.matrix(self._frame(X, reset=False))

    def _frame(self, X: Any, reset: bool) -> pd.DataFrame:
        if not isinstance(X, pd.DataFrame):
            array = validate_data(self, X, reset=reset, dtype="numeric", ensure_all_finite="allow-nan")
            return pd.DataFrame(array, columns=[f"column {place}" for place in range(array.shape[1])])
        validate_data(self, X, reset=reset, skip_check_array=True)
        check_array(np.zeros(X.shape), ensure_min_samples=1)  # at least a row and a column
        return X.set_axis([str(name) for name in X.columns], axis=1)


def _too_little(n: int, width: int) -> str:
    if n < FEWEST_CUSTOMERS:
        return f"fewer than {FEWEST_CUSTOMERS} customers are too few to find segments"
    return "" if width else "no column tells customers apart"


def _as_frame(tried: dict[int, Candidate]) -> pd.DataFrame:
    names = ("silhouette", "moved", "distinct", "smallest", "holds")
    return pd.DataFrame(
        [{"n_segments": k} | {name: getattr(each, name) for name in names} for k, each in tried.items()]
    )


# How many segments there are: separation, stability under resampling, and gaps


SILHOUETTE_ROWS, RESAMPLED_ROWS = 3000, 5000
N_RESAMPLES, N_STARTS = 10, 10
MOST_MOVED = 0.05  # share of customers whom another sample of customers would put elsewhere
_LEVEL, _DEEPEST_MIDDLE = 0.01, 0.8
_SMALLEST = 5  # customers of a segment


@dataclass(frozen=True, eq=False)
class Candidate:
    """The outcome of one number of segments.

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
        """Whether these are separate and stable segments, not cuts through one crowd."""
        return self.distinct and self.moved <= MOST_MOVED and self.smallest >= _SMALLEST


def try_numbers(points: Array, numbers: list[int], random: np.random.Generator) -> dict[int, Candidate]:
    """Try each number of segments.

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
    with threadpool_limits(1):  # with so few points, threads would wait for each other
        model = KMeans(k, n_init=n_starts, random_state=int(random.integers(2**31))).fit(points)
    centres = model.cluster_centers_
    return centres[np.lexsort(np.round(centres, 6).T[::-1])]


def nearest(points: Array, centres: Array) -> np.ndarray:
    """Return for each point the number of the nearest centre."""
    if not len(points) or len(centres) < 2 or not points.shape[1]:
        return np.zeros(len(points), dtype=np.int64)
    return pairwise_distances_argmin(points, centres).astype(np.int64)


def are_distinct(points: Array, labels: np.ndarray, centres: Array) -> bool:
    """Return whether there is a gap between every two segments.

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
