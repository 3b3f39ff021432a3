"""A classifier of churn whose log odds are a sum of one contribution per feature, pairs of features included."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from crmkit.models.additive.blend import learned_blend
from crmkit.models.additive.splines import SplineColumns
from crmkit.models.additive.standard_errors import LearnedFrom, standard_errors
from crmkit.models.additive.trees import SIZES, pair_effects

Method = Literal["blend", "logistic", "boosting"]
_MOST_AVERAGED = 2000  # rows whose mean is the mean customer
_MOST_OF_PAIRS = 500  # rows on which pairs are looked for
_MOST_FEATURES_OF_PAIRS = 15  # those with the largest contributions
PAIR_COLUMNS = ["first", "second", "strength"]


class ChurnClassifier(ClassifierMixin, BaseEstimator):
    """Chance of leaving, from any flat frame: spline logistic regression, boosted trees of pairs, or both.

    The regression adds up one function per feature on the scale of log odds, the trees one per feature and one per pair ::

        logit p(x) = intercept + w_1 sum_i f_i(x_i) + w_2 (sum_i g_i(x_i) + sum_ij g_ij(x_i, x_j))

    so the contribution of each feature is exact, not an approximation: what two features do together is shared equally
    (Shapley value). How many trees there are, and the weights of both parts, which also calibrate the chances, are learned
    from predictions for customers held out.

    Parameters
    ----------
    method : {"blend", "logistic", "boosting"}
        Both parts, or one of them.
    penalty : float
        Strength of the L2 penalty on the logistic part's standardised columns; larger is smoother.
    n_trees : int
        The most that the boosted part may have.
    calibrate : bool
        Whether to learn weights and number of trees from held-out predictions (five more fits).
    random_state : int
        Of the folds and of the trees.

    Attributes
    ----------
    classes_ : array
        The two outcomes; the second is the one whose chance is meant.
    features_ : list of str
    weights_ : array
        Of the regression and of the trees, as far as both are there.
    n_trees_ : int
    intercept_ : float

    References
    ----------
    Hastie and Tibshirani (1986), Statistical Science 1(3), 297-310; Lou, Caruana, Gehrke and Hooker (2013), Accurate
    intelligible models with pairwise interactions, KDD.

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
        n_trees: int = SIZES[-1],
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
        self.classes_, outcomes = two_outcomes(y)
        self.features_ = list(frame.columns)
        self._columns = SplineColumns()
        design, codes = self._columns.fit_transform(frame)
        self._blend = learned_blend(
            self._columns,
            (design, codes),
            outcomes,
            groups,
            method=self.method,
            penalty=self.penalty,
            most_trees=self.n_trees,
            calibrate=self.calibrate,
            seed=self.random_state,
        )
        drawn = np.random.default_rng(self.random_state).permutation(len(codes))[:_MOST_AVERAGED]
        self._averaged = codes[drawn]
        self.__dict__.pop("_mean_shares", None)
        return self

    @property
    def weights_(self) -> NDArray[np.float64]:
        """Weights of the parts."""
        check_is_fitted(self)
        return self._blend.weights.of_parts

    @property
    def intercept_(self) -> float:
        """Intercept of the calibration."""
        check_is_fitted(self)
        return self._blend.weights.intercept

    @property
    def n_trees_(self) -> int:
        """Number of trees that was learned."""
        check_is_fitted(self)
        return self._blend.n_trees

    @property
    def base_(self) -> float:
        """Log odds without any contribution: the mean over the customers that it was fitted to, or over 2,000 of them."""
        check_is_fitted(self)
        reference = self._columns.reference
        of_parts = self._blend.parts.log_odds(self._columns.standardised(reference), reference)
        return float(self._blend.weights.log_odds(of_parts)[0] + self._mean_shares.sum())

    def without_trees(self) -> ChurnClassifier:
        """Return the classifier that method "logistic" learns from the same rows, without learning again."""
        check_is_fitted(self)
        if self._blend.parts.logistic is None:
            raise ValueError("boosted trees alone have no logistic part; use method 'blend' or 'logistic'.")
        alone = copy(self)
        alone.__dict__.pop("_mean_shares", None)
        alone.method = "logistic"
        parts, weights = replace(self._blend.parts, trees=None), self._blend.weights_alone
        alone._blend = replace(self._blend, parts=parts, weights=weights, n_trees=0)
        return alone

    def decision_function(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the log odds of the second outcome."""
        frame = self._again(X)
        return self._blend.weights.log_odds(self._blend.parts.log_odds(*self._columns.transform(frame)))

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
        shares = self._shares(self._columns.codes(self._again(X))) - self._mean_shares
        return pd.DataFrame(shares, columns=self.features_, index=getattr(X, "index", None))

    def pairs(self, n: int = 10) -> pd.DataFrame:
        """Return the pairs of features that do most together beyond what each does alone.

        They are looked for among the fifteen features with the largest contributions, on the customers learned from.

        Parameters
        ----------
        n : int
            The most that are returned.

        Returns
        -------
        DataFrame
            first, second, strength (standard deviation of what they add together [log odds]); the strongest first. No rows
            where there are no trees or they use none.

        Examples
        --------
        >>> random = np.random.default_rng(0)
        >>> X = pd.DataFrame(random.integers(0, 2, (2000, 3)).astype(float), columns=["a", "b", "c"])
        >>> y = random.random(2000) < np.where(X["a"] == X["b"], 0.2, 0.6)  # neither says anything alone
        >>> ChurnClassifier().fit(X, y).pairs(1)[["first", "second"]].values.tolist()
        [['a', 'b']]
        """
        check_is_fitted(self)
        trees, weight = self._blend.parts.trees, self.weights_[-1]
        if trees is None or weight == 0:
            return pd.DataFrame(columns=PAIR_COLUMNS)
        size = self._shares(self._averaged).std(axis=0)
        largest = np.sort(np.argsort(-size, kind="stable")[:_MOST_FEATURES_OF_PAIRS])
        pairs = list(combinations(map(int, largest), 2))
        reference = self._columns.reference
        together = weight * pair_effects(trees, self._averaged[:_MOST_OF_PAIRS], reference, pairs)
        rows = [(self.features_[i], self.features_[j]) for i, j in pairs]
        found = pd.DataFrame(rows, columns=PAIR_COLUMNS[:2]).assign(strength=together.std(axis=0))
        found = found[found["strength"] > 0].sort_values("strength", ascending=False, kind="stable")
        return found.head(n).reset_index(drop=True)

    def standard_errors(
        self, X: pd.DataFrame, y: NDArray, clusters: NDArray, of: pd.DataFrame, against: pd.DataFrame | None = None
    ) -> NDArray[np.float64]:
        """Standard errors of the log odds of customers ``of``, or of their differences from as many others ``against``.

        Those of the logistic part: see :func:`crmkit.models.additive.standard_errors.cluster_covariance`. X and y are what
        ``fit`` learned from, ``clusters`` says whom each row is about. The trees have no such formula, and are taken to be
        as uncertain.
        """
        if self._blend.parts.logistic is None:
            raise ValueError("boosted trees alone have no standard errors; use method 'blend' or 'logistic'.")
        outcomes = np.searchsorted(self.classes_, np.asarray(y))
        rows, _ = self._columns.transform(self._again(of))
        compared = None if against is None else self._columns.transform(self._again(against))[0]
        learned = LearnedFrom(self._columns.transform(self._again(X))[0], outcomes, clusters, self.penalty)
        return self.weights_.sum() * standard_errors(self._blend.parts.logistic, learned, rows, compared)

    def _again(self, X: pd.DataFrame) -> pd.DataFrame:
        check_is_fitted(self)
        return rows_asked_about(self, X, self.features_)

    def _shares(self, codes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each feature adds to the log odds of the reference customer."""
        of_parts = self._blend.parts.shares(self._columns, self._columns.standardised(codes), codes)
        return np.asarray(np.einsum("p,pij->ij", self.weights_, np.array(of_parts)), dtype=np.float64)

    @cached_property
    def _mean_shares(self) -> NDArray[np.float64]:
        return self._shares(self._averaged).mean(axis=0)


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
