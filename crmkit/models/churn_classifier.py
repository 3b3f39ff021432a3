"""Who leaves: an additive classifier, so that each customer's chance falls apart into one share per feature."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from crmkit.models.additive_trees import learned_trees, trees_log_odds, trees_shares
from crmkit.models.splines import SplineColumns

Method = Literal["blend", "logistic", "boosting"]
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
    base_ : float
        Log odds where no feature has a say: the mean over the customers learned from.

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

    def fit(self, X: pd.DataFrame, y: NDArray) -> Self:
        """Learn from customers (rows of X: numbers, text, gaps) and what became of them (y: two outcomes)."""
        frame, codes = self._checked(X, y)
        self._learn(frame, codes)
        if self.calibrate and np.bincount(codes, minlength=2).min() >= 2 * _FEWEST_LEAVES:
            self._calibrate(frame, codes)
        self._means = self._raw_shares(frame).mean(axis=0)
        self.base_ = float(self.intercept_ + self.slope_ * (self._at_reference + self._means.sum()))
        return self

    def decision_function(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the log odds of the second outcome."""
        frame = self._again(X)
        return np.asarray(self.intercept_ + self.slope_ * self._raw(frame), dtype=np.float64)

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
        shares = self.slope_ * (self._raw_shares(frame) - self._means)
        return pd.DataFrame(shares, columns=self.features_, index=getattr(X, "index", None))

    def _checked(self, X: pd.DataFrame, y: NDArray) -> tuple[pd.DataFrame, NDArray[np.intp]]:
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, skip_check_array=True)
            check_consistent_length(X, y)
            y = column_or_1d(y)
            checked = X
        else:
            checked, y = validate_data(self, X, y, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
        if len(self.classes_) < 2:
            raise ValueError(f"Classifier can't train when only one class is present: {self.classes_[0]}.")
        frame = pd.DataFrame(checked)
        self.features_ = [str(name) for name in frame.columns]
        frame = frame.set_axis(self.features_, axis=1).reset_index(drop=True)
        return frame, codes

    def _again(self, X: pd.DataFrame) -> pd.DataFrame:
        check_is_fitted(self)
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, reset=False, skip_check_array=True)
            return X.set_axis(self.features_, axis=1).reset_index(drop=True)
        return pd.DataFrame(validate_data(self, X, reset=False, ensure_all_finite="allow-nan"), columns=self.features_)

    def _learn(self, frame: pd.DataFrame, codes: NDArray[np.intp]) -> None:
        self.slope_, self.intercept_ = 1.0, 0.0
        self._columns = SplineColumns().fit(frame)
        self._logistic, self._trees = None, None
        if self.method != "boosting":
            self._logistic = LogisticRegression(C=1 / self.penalty, max_iter=2000)
            self._logistic.fit(self._columns.transform(frame), codes)
        if self.method != "logistic":
            self._trees = learned_trees(
                self._columns.codes(frame), codes, self.n_trees, self._columns.is_text, self.random_state
            )
        self._at_reference = float(self._raw(self._columns.reference)[0])

    def _calibrate(self, frame: pd.DataFrame, codes: NDArray[np.intp]) -> None:
        held_out = np.zeros(len(codes))
        folds = StratifiedKFold(3, shuffle=True, random_state=self.random_state)
        for learn, judge in folds.split(codes[:, None], codes):
            part = clone(self)
            part._learn(frame.iloc[learn].reset_index(drop=True), codes[learn])
            held_out[judge] = part._raw(frame.iloc[judge])
        platt = LogisticRegression(C=1e3).fit(held_out[:, None], codes)
        if platt.coef_[0, 0] > 0:
            self.slope_, self.intercept_ = float(platt.coef_[0, 0]), float(platt.intercept_[0])

    def _raw(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        parts = []
        if self._logistic is not None:
            parts.append(self._logistic.decision_function(self._columns.transform(frame)))
        if self._trees is not None:
            parts.append(trees_log_odds(self._trees, self._columns.codes(frame)))
        return np.mean(parts, axis=0)

    def _raw_shares(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return what each feature adds to the log odds of the reference customer; exact, as no features interact."""
        parts = []
        if self._logistic is not None:
            away = self._columns.transform(frame) - self._columns.transform(self._columns.reference)
            parts.append(self._columns.summed(away * self._logistic.coef_[0]))
        if self._trees is not None:
            parts.append(
                trees_shares(self._trees, self._columns.codes(frame), self._columns.codes(self._columns.reference))
            )
        return np.mean(parts, axis=0)
