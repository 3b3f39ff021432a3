"""Who leaves: an additive classifier, so that each customer's chance falls apart into one share per feature."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from crmkit.models.additive_parts import AdditiveParts, learned_logistic
from crmkit.models.additive_trees import learned_trees
from crmkit.models.cluster_errors import LearnedFrom, standard_errors
from crmkit.models.flat_frames import rows_asked_about, rows_to_learn_from
from crmkit.models.outcomes import two_outcomes
from crmkit.models.platt import held_out, platt
from crmkit.models.splines import SplineColumns

Method = Literal["blend", "logistic", "boosting"]
_Floats = NDArray[np.float64]
_FEWEST_LEAVES = 20  # of each outcome in a fold, below which the slope is left alone


class ChurnClassifier(ClassifierMixin, BaseEstimator):
    """Chance of leaving, from any flat frame: spline logistic regression, boosted trees without interactions, or both.

    Both parts add up one function per feature on the scale of log odds, and so does their mean ::

        logit p(x) = intercept + slope (f_1(x_1) + ... + f_m(x_m))

    so the share of each feature in a customer's chance is exact, not an approximation. The slope is learned from
    predictions for customers held out (Platt), which is what calibrates the chances.

    Parameters
    ----------
    method : {"blend", "logistic", "boosting"}
        Mean of both parts' log odds, or one of them.
    penalty : float
        Strength of the L2 penalty on the logistic part's standardised columns; larger is smoother.
    n_trees : int
        Of the boosted part.
    calibrate : bool
        Whether to learn the slope from held-out predictions (three more fits).
    random_state : int
        Of the folds and of the trees.

    Attributes
    ----------
    classes_ : array
        The two outcomes; the second is the one whose chance is meant.
    features_ : list of str
    slope_, intercept_ : float
        Of the calibration: 1 and 0 without it.

    References
    ----------
    Hastie and Tibshirani (1986), Statistical Science 1(3), 297-310; Platt (1999), Probabilistic outputs for SVM.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> X = pd.DataFrame({"days": random.integers(0, 90, 600), "plan": random.choice(["a", "b"], 600)})
    >>> y = random.random(600) < 0.1 + 0.008 * X["days"]
    >>> model = ChurnClassifier(method="logistic").fit(X, y)
    >>> model.contributions(X.head(1)).columns.tolist()
    ['days', 'plan']
    """

    def __init__(
        self,
        method: Method = "blend",
        *,
        penalty: float = 20.0,
        n_trees: int = 250,
        calibrate: bool = True,
        random_state: int = 0,
    ) -> None:
        self.method = method
        self.penalty = penalty
        self.n_trees = n_trees
        self.calibrate = calibrate
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: NDArray, groups: NDArray | None = None) -> Self:
        """Learn from customers (rows of X: numbers, text, gaps) and what became of them (y: two outcomes).

        Where several rows are about one customer, ``groups`` says whom each is about: she is held out with all of them.
        """
        frame, y = rows_to_learn_from(self, X, y)
        self.classes_, codes = two_outcomes(y)
        self.features_ = list(frame.columns)
        self._columns = SplineColumns()
        design, levels = self._columns.fit_transform(frame)
        self._seen = [np.unique(each, return_counts=True) for each in levels.T]  # what the mean customer is made of
        self._parts = self._learned(design, levels, codes)
        (self.slope_, self.intercept_), self._of_first_part = self._calibrated(design, levels, codes, groups)
        return self

    @property
    def base_(self) -> float:
        """Log odds where no feature has a say: the mean over the customers learned from."""
        check_is_fitted(self)
        reference = self._columns.reference
        start = self._parts.log_odds(self._columns.standardised(reference), reference)[0]
        means = self._parts.mean_shares(self._columns, self._seen)
        return float(self.intercept_ + self.slope_ * (start + means.sum()))

    def without_trees(self) -> ChurnClassifier:
        """Return the classifier that method "logistic" learns from the same rows, without learning again."""
        check_is_fitted(self)
        if self._parts.logistic is None:
            raise ValueError("boosted trees alone have no logistic part; use method 'blend' or 'logistic'.")
        alone = copy(self)
        alone.method, alone._parts = "logistic", replace(self._parts, trees=None)
        alone.slope_, alone.intercept_ = self._of_first_part
        return alone

    def decision_function(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the log odds of the second outcome."""
        frame = self._again(X)
        odds = self._parts.log_odds(*self._columns.transform(frame))
        return np.asarray(self.intercept_ + self.slope_ * odds, dtype=np.float64)

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the chances of both outcomes, in the order of ``classes_``."""
        chance = expit(self.decision_function(X))
        return np.column_stack([1 - chance, chance])

    def predict(self, X: pd.DataFrame) -> NDArray:
        """Return the likelier outcome."""
        above = self.decision_function(X) > 0
        return self.classes_[above.astype(int)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Share of each feature in a customer's log odds, against the mean customer.

        Returns
        -------
        DataFrame
            One row per customer and one column per feature; with ``base_`` they add up to ``decision_function``.
        """
        frame = self._again(X)
        shares = self._parts.shares(self._columns, *self._columns.transform(frame))
        shares = self.slope_ * (shares - self._parts.mean_shares(self._columns, self._seen))
        return pd.DataFrame(shares, columns=self.features_, index=getattr(X, "index", None))

    def standard_errors(
        self, X: pd.DataFrame, y: NDArray, clusters: NDArray, of: pd.DataFrame, against: pd.DataFrame | None = None
    ) -> NDArray[np.float64]:
        """Standard errors of the log odds of customers ``of``, or of their differences from as many others ``against``.

        Those of the logistic part: see :func:`crmkit.models.cluster_errors.cluster_covariance`. X and y are what ``fit``
        learned from, ``clusters`` says whom each row is about. The trees have no such formula.
        """
        if self._parts.logistic is None:
            raise ValueError("boosted trees alone have no standard errors; use method 'blend' or 'logistic'.")
        codes = np.searchsorted(self.classes_, np.asarray(y))
        rows, _ = self._columns.transform(self._again(of))
        beside = None if against is None else self._columns.transform(self._again(against))[0]
        learned = LearnedFrom(self._columns.transform(self._again(X))[0], codes, clusters, self.penalty)
        return self.slope_ * standard_errors(self._parts.logistic, learned, rows, beside)

    def _again(self, X: pd.DataFrame) -> pd.DataFrame:
        check_is_fitted(self)
        return rows_asked_about(self, X, self.features_)

    def _learned(self, design: _Floats, levels: _Floats, codes: NDArray[np.intp]) -> AdditiveParts:
        return AdditiveParts(
            None if self.method == "boosting" else learned_logistic(design, codes, self.penalty),
            None if self.method == "logistic" else
            learned_trees(levels, codes, self.n_trees, self._columns.is_text, self.random_state),
        )  # fmt: skip

    def _calibrated(
        self, design: _Floats, levels: _Floats, codes: NDArray[np.intp], groups: NDArray | None
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return slope and intercept of all parts together, and of the first one alone."""
        if not self.calibrate or np.bincount(codes, minlength=2).min() < 2 * _FEWEST_LEAVES:
            return (1.0, 0.0), (1.0, 0.0)

        def log_odds(held: NDArray[np.bool_]) -> _Floats:
            parts = self._learned(design[~held], levels[~held], codes[~held])
            return parts.each_log_odds(design[held], levels[held])

        each = held_out(log_odds, codes, groups, self.random_state)
        together = platt(each.mean(axis=0), codes)
        return together, platt(each[0], codes) if len(each) > 1 else together
