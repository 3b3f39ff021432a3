"""An additive classifier of churn: each customer's log odds are a sum of one contribution per feature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from crmkit.models.additive.splines import SplineColumns
from crmkit.models.additive.trees import learned_trees, one_thread_for_few, trees_log_odds, trees_shares

Method = Literal["blend", "logistic", "boosting"]
_Floats = NDArray[np.float64]
_FEWEST_LEAVES = 20  # of each outcome in a fold, below which the slope is left alone


class ChurnClassifier(ClassifierMixin, BaseEstimator):
    """Chance of leaving, from any flat frame: spline logistic regression, boosted trees without interactions, or both.

    Both parts add up one function per feature on the scale of log odds, and so does their mean ::

        logit p(x) = intercept + slope (f_1(x_1) + ... + f_m(x_m))

    so the contribution of each feature is exact, not an approximation. The slope is learned from
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
        """Fit to customers (rows of X: numbers, text, gaps) and their outcomes (y: two different values).

        Where several rows are about one customer, ``groups`` names the customer of each: all rows of a customer are held out
        together.
        """
        frame, y = rows_to_learn_from(self, X, y)
        self.classes_, codes = two_outcomes(y)
        self.features_ = list(frame.columns)
        self._columns = SplineColumns()
        design, levels = self._columns.fit_transform(frame)
        self._value_counts = [np.unique(each, return_counts=True) for each in levels.T]  # for the mean customer
        self._parts = self._learned(design, levels, codes)
        (self.slope_, self.intercept_), self._of_first_part = self._calibrated(design, levels, codes, groups)
        return self

    @property
    def base_(self) -> float:
        """Log odds without any contribution: the mean over the customers that it was fitted to."""
        check_is_fitted(self)
        reference = self._columns.reference
        start = self._parts.log_odds(self._columns.standardised(reference), reference)[0]
        means = self._parts.mean_shares(self._columns, self._value_counts)
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
        shares = self.slope_ * (shares - self._parts.mean_shares(self._columns, self._value_counts))
        return pd.DataFrame(shares, columns=self.features_, index=getattr(X, "index", None))

    def standard_errors(
        self, X: pd.DataFrame, y: NDArray, clusters: NDArray, of: pd.DataFrame, against: pd.DataFrame | None = None
    ) -> NDArray[np.float64]:
        """Standard errors of the log odds of customers ``of``, or of their differences from as many others ``against``.

        Those of the logistic part: see :func:`crmkit.models.additive.classifier.cluster_covariance`. X and y are what ``fit``
        learned from, ``clusters`` says whom each row is about. The trees have no such formula.
        """
        if self._parts.logistic is None:
            raise ValueError("boosted trees alone have no standard errors; use method 'blend' or 'logistic'.")
        codes = np.searchsorted(self.classes_, np.asarray(y))
        rows, _ = self._columns.transform(self._again(of))
        compared = None if against is None else self._columns.transform(self._again(against))[0]
        learned = LearnedFrom(self._columns.transform(self._again(X))[0], codes, clusters, self.penalty)
        return self.slope_ * standard_errors(self._parts.logistic, learned, rows, compared)

    def _again(self, X: pd.DataFrame) -> pd.DataFrame:
        check_is_fitted(self)
        return rows_asked_about(self, X, self.features_)

    def _learned(self, design: _Floats, levels: _Floats, codes: NDArray[np.intp]) -> AdditiveParts:
        return AdditiveParts(
            None if self.method == "boosting" else learned_logistic(design, codes, self.penalty),
            None
            if self.method == "logistic"
            else learned_trees(levels, codes, self.n_trees, self._columns.is_text, self.random_state),
        )

    def _calibrated(
        self, design: _Floats, levels: _Floats, codes: NDArray[np.intp], groups: NDArray | None
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return slope and intercept of all parts together, and of the first one alone."""
        if not self.calibrate or np.bincount(codes, minlength=2).min() < 2 * _FEWEST_LEAVES:
            return (1.0, 0.0), (1.0, 0.0)

        def log_odds(held: NDArray[np.bool_]) -> _Floats:
            parts = self._learned(design[~held], levels[~held], codes[~held])
            return parts.each_log_odds(design[held], levels[held])

        each = _held_out(log_odds, codes, groups, self.random_state)
        together = platt(each.mean(axis=0), codes)
        return together, platt(each[0], codes) if len(each) > 1 else together


# The parts: each is a sum of one function per feature, and so is their mean


ValueCounts = tuple[_Floats, NDArray[np.intp]]  # values of a feature, and how many rows have each


@dataclass(frozen=True, eq=False)
class AdditiveParts:
    """A logistic regression on spline columns, boosted trees on the features themselves, or both; at least one."""

    logistic: LogisticRegression | None
    trees: HistGradientBoostingClassifier | None

    def log_odds(self, design: _Floats, codes: _Floats) -> _Floats:
        """Return the mean log odds of the parts, uncalibrated."""
        return np.asarray(np.mean(self.each_log_odds(design, codes), axis=0), dtype=np.float64)

    def each_log_odds(self, design: _Floats, codes: _Floats) -> _Floats:
        """Return the log odds of each part, the logistic regression first: one row per part."""
        logistic = [] if self.logistic is None else [self.logistic.decision_function(design)]
        return np.array([*logistic, *([] if self.trees is None else [trees_log_odds(self.trees, codes)])])

    def shares(self, columns: SplineColumns, design: _Floats, codes: _Floats) -> _Floats:
        """Return what each feature adds to the log odds of the reference customer; exact, as no features interact."""
        parts, reference = [], columns.reference
        if self.logistic is not None:
            away = design - columns.standardised(reference)
            parts.append(columns.summed(away * self.logistic.coef_[0]))
        if self.trees is not None:
            values, place = zip(*(np.unique(each, return_inverse=True) for each in codes.T), strict=True)
            of_values = trees_shares(self.trees, values, reference)
            parts.append(np.column_stack([own[at] for own, at in zip(of_values, place, strict=True)]))
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)

    def mean_shares(self, columns: SplineColumns, value_counts: Sequence[ValueCounts]) -> _Floats:
        """Return the mean shares of the customers learned from, with the values of each feature in ``value_counts``."""
        parts, reference = [], columns.reference
        if self.logistic is not None:  # the mean of standardised columns is 0
            parts.append(columns.summed(-columns.standardised(reference) * self.logistic.coef_[0])[0])
        if self.trees is not None:
            of_values = trees_shares(self.trees, [values for values, _ in value_counts], reference)
            parts.append([np.average(own, weights=n) for own, (_, n) in zip(of_values, value_counts, strict=True)])
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)


def learned_logistic(design: _Floats, codes: NDArray[np.intp], penalty: float) -> LogisticRegression:
    """Fit a logistic regression with an L2 penalty on standardised columns."""
    with one_thread_for_few(len(codes)):
        return LogisticRegression(C=1 / penalty, solver="newton-cholesky", max_iter=200).fit(design, codes)


# Platt's calibration: a slope and an intercept, learned from the log odds of customers held out


N_FOLDS = 3


def _held_out(
    log_odds: Callable[[NDArray[np.bool_]], _Floats], codes: NDArray[np.intp], groups: NDArray | None, seed: int
) -> _Floats:
    """Return log odds of each row by models that did not see it.

    Parameters
    ----------
    log_odds : callable
        Takes which rows are held out, learns from the others, and returns the log odds of those held out: one row per
        model.
    codes : array
        0 or 1 per row.
    groups : array or None
        Customer of each row: all rows of a customer are held out together. Folds have equal shares of outcome 1.
    seed : int
        Of the folds.
    """
    whose = np.arange(len(codes)) if groups is None else np.unique(groups, return_inverse=True)[1]
    ever = np.zeros(whose.max() + 1, dtype=np.intp)
    np.maximum.at(ever, whose, codes)
    fold_of, folds = np.empty(len(ever), dtype=np.intp), StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    for fold, (_, judge) in enumerate(folds.split(ever, ever)):
        fold_of[judge] = fold
    held = fold_of[whose]
    by_fold = [log_odds(held == fold) for fold in range(N_FOLDS)]
    held_log_odds = np.empty((len(by_fold[0]), len(codes)))
    for fold, each in enumerate(by_fold):
        held_log_odds[:, held == fold] = each
    return held_log_odds


def platt(log_odds: _Floats, codes: NDArray[np.intp]) -> tuple[float, float]:
    """Return slope and intercept; 1 and 0 where the log odds do not predict the outcomes.

    Examples
    --------
    >>> slope, intercept = platt(np.array([-4.0, -4.0, 4.0, 4.0]), np.array([0, 1, 0, 1]))
    >>> slope, intercept
    (1.0, 0.0)
    """
    learned = LogisticRegression(C=1e3, solver="newton-cholesky").fit(log_odds[:, None], codes)
    slope = float(learned.coef_[0, 0])
    return (slope, float(learned.intercept_[0])) if slope > 0 else (1.0, 0.0)


# Checks of the input, as scikit-learn's test suite expects them


def two_outcomes(y: NDArray) -> tuple[NDArray, NDArray[np.intp]]:
    """Return the two outcomes in order, and per row the place of its own.

    Raises
    ------
    ValueError
        If there are more outcomes, or only one; in the words that scikit-learn's checks expect.

    Examples
    --------
    >>> classes, codes = two_outcomes(np.array(["stays", "leaves", "stays"]))
    >>> classes.tolist(), codes.tolist()
    (['leaves', 'stays'], [1, 0, 1])
    """
    check_classification_targets(y)
    classes, codes = np.unique(np.asarray(y), return_inverse=True)
    if len(classes) > 2:
        raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
    if len(classes) < 2:
        raise ValueError(f"Classifier can't train when only one class is present: {classes[0]}.")
    return classes, codes


def rows_to_learn_from(estimator: BaseEstimator, X: pd.DataFrame, y: NDArray) -> tuple[pd.DataFrame, NDArray]:
    """Return the rows as a frame whose columns are named by texts, and one outcome per row; the estimator keeps the names.

    Raises
    ------
    ValueError
        If there are not as many outcomes as rows, or scikit-learn's checks find another fault.
    """
    if isinstance(X, pd.DataFrame):
        validate_data(estimator, X, skip_check_array=True)
        check_consistent_length(X, y)
        checked, y = X, column_or_1d(y)
    else:
        checked, y = validate_data(estimator, X, y, ensure_all_finite="allow-nan")
    frame = pd.DataFrame(checked)
    return frame.set_axis(list(map(str, frame.columns)), axis=1).reset_index(drop=True), y


def rows_asked_about(estimator: BaseEstimator, X: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return rows like those that a fitted estimator has learned from, under the same names."""
    if isinstance(X, pd.DataFrame):
        validate_data(estimator, X, reset=False, skip_check_array=True)
        return X.set_axis(names, axis=1).reset_index(drop=True)
    return pd.DataFrame(validate_data(estimator, X, reset=False, ensure_all_finite="allow-nan"), columns=names)


# Standard errors of a penalised logistic regression with several rows per customer


def cluster_covariance(
    design: NDArray[np.float64], chance: NDArray[np.float64], y: NDArray, penalty: float, clusters: NDArray
) -> NDArray[np.float64]:
    """Covariance of the coefficients, by the sandwich.

    It is ::

        V = H^-1 (sum over customers of s s') H^-1,   H = X' W X + penalty

    with s the sum of (y - p) x over the rows of a customer and W of p (1 - p).

    Parameters
    ----------
    design : array
        One row per row learned from; the first column is the intercept, which has no penalty.
    chance : array
        Fitted chances.
    y : array
        0 or 1.
    penalty : float
        Of half the squared coefficients.
    clusters : array
        Per row whom it is about.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73(1), 13-22.

    Examples
    --------
    >>> design, y = np.ones((4, 1)), np.array([1, 0, 1, 0])
    >>> apart = cluster_covariance(design, np.full(4, 0.5), y, 0.0, np.arange(4))
    >>> float(apart[0, 0])  # 1 / (n p (1 - p))
    1.0
    """
    weight = chance * (1 - chance)
    shrinks = np.full(design.shape[1], penalty)
    shrinks[0] = 0.0
    bread = np.linalg.pinv((design * weight[:, None]).T @ design + np.diag(shrinks), hermitian=True)
    _, whose = np.unique(np.asarray(clusters), return_inverse=True)
    order = np.argsort(whose, kind="stable")
    starts = np.flatnonzero(np.diff(whose[order], prepend=-1))
    sums = np.add.reduceat(((y - chance)[:, None] * design)[order], starts, axis=0)
    return bread @ (sums.T @ sums) @ bread


@dataclass(frozen=True, eq=False)
class LearnedFrom:
    """What a logistic regression learned from.

    Attributes
    ----------
    columns : array
        Without the intercept.
    codes : array
        0 or 1 per row.
    clusters : array
        Per row whom it is about.
    penalty : float
    """

    columns: NDArray[np.float64]
    codes: NDArray[np.intp]
    clusters: NDArray
    penalty: float


def standard_errors(
    logistic: LogisticRegression,
    learned: LearnedFrom,
    rows: NDArray[np.float64],
    against: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the standard errors of the log odds of ``rows``, or of their differences from as many others."""
    chance = logistic.predict_proba(learned.columns)[:, 1]
    design = _with_one(learned.columns)
    covariance = cluster_covariance(design, chance, learned.codes, learned.penalty, learned.clusters)
    columns = _with_one(rows) if against is None else _with_one(rows) - _with_one(against)
    return np.sqrt(np.maximum(((columns @ covariance) * columns).sum(axis=1), 0))


def _with_one(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns with the one of the intercept before them."""
    return np.column_stack([np.ones(len(columns)), columns])
