"""Segments of customers by k-means in a robust space: as many as are set apart and firm, and none where there are none."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.metrics import pairwise_distances
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from crmkit.models.segment_search import Candidate, nearest, try_numbers
from crmkit.models.segment_space import SegmentSpace
from crmkit.models.spells import Array

LEARNED_ROWS = 20_000
FEWEST_CUSTOMERS = 20
_NEARLY = 0.7  # of the best silhouette


class CustomerSegments(ClusterMixin, TransformerMixin, BaseEstimator):
    """k-means on what :class:`~crmkit.models.segment_space.SegmentSpace` makes of the columns.

    Every number of segments from 2 to ``most`` is tried. It holds if between every two segments there is a gap, if a
    segmentation learned from resampled customers puts at most 5 % of them elsewhere, and if no segment has fewer than
    5 customers. Of those that hold, the largest is taken whose silhouette is at least 70 % of the best: two groups with
    a gap between them are two, though one far-off group makes the coarser cut look neater. If none holds, all customers
    are one segment and ``verdict_`` says why. The seed chooses starts and resamples; the outcome does not depend on it.

    Parameters
    ----------
    n_segments : int, optional
        So many, whether they are set apart or not; None: as many as hold.
    most : int
        Most segments to try.
    random_state : int
        Of starts and resamples.

    Attributes
    ----------
    centres_ : array (k, coordinates)
        In the space ``space_``.
    resampled_ : array (resamples, k, coordinates)
        The centres as resampled customers would have them.
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
        """Move the centres to where the customers now are: same space, same number, so that each keeps its name."""
        points = self._placed(X)
        if self.n_segments_ > 1 and len(points) >= FEWEST_CUSTOMERS:
            from sklearn.cluster import KMeans

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
