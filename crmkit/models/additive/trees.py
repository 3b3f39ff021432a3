"""Boosted trees in which two features at most act together, on the scale of log odds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import ThreadpoolController

_WORTH_THREADS = 50_000  # rows; below, threads wait for each other longer than they work


SIZES = (30, 60, 125, 250, 500, 1000)
"""Numbers of trees among which customers held out choose."""


def growing_trees(
    codes: NDArray[np.float64], lost: NDArray[np.intp], is_text: list[bool], seed: int
) -> Callable[[int], HistGradientBoostingClassifier]:
    """Return what fits trees of depth 2: called with a number of trees, it adds those that are missing.

    The second split of a branch may look at another feature than the first, so a tree is a sum of functions of two features
    at most. Each split chooses among some of the features, drawn anew, which keeps many trees from saying the same.

    Parameters
    ----------
    codes : array
        One row per customer and one column per feature; gaps (NaN) are a value of their own.
    lost : array
        0 or 1 per customer.
    is_text : list of bool
        Per feature whether its codes stand for levels.
    seed : int
    """
    trees = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_depth=2,
        max_features=0.3,
        min_samples_leaf=max(5, min(30, len(codes) // 20)),
        l2_regularization=5,
        early_stopping=False,
        categorical_features=is_text,
        random_state=seed,
        warm_start=True,
    )
    filled = _filled_if_empty(codes)

    def grown(n_trees: int) -> HistGradientBoostingClassifier:
        with one_thread_for_few(len(codes)):
            return trees.set_params(max_iter=n_trees).fit(filled, lost)

    return grown


def trees_log_odds(trees: HistGradientBoostingClassifier, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds of each customer."""
    with one_thread_for_few(len(codes)):
        return np.asarray(trees.decision_function(codes), dtype=np.float64)


def trees_shares(
    trees: HistGradientBoostingClassifier, codes: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what each feature adds to the log odds of a reference customer: its Shapley value.

    No more than two features act together, so the mean over all orders in which the features of a customer can replace those
    of the reference r is the mean of two orders: first and last. It is exact ::

        share_i(x) = ((f(x_i, r) - f(r)) + (f(x) - f(r_i, x))) / 2

    Parameters
    ----------
    trees : HistGradientBoostingClassifier
    codes : array
        One row per customer and one column per feature.
    reference : array
        Codes of one customer, as one row.

    References
    ----------
    Shapley (1953), A value for n-person games; Grabisch and Roubens (1999), International Journal of Game Theory 28(4).
    """
    of_reference, of_all = trees_log_odds(trees, reference)[0], trees_log_odds(trees, codes)
    shares = np.zeros(codes.shape)
    for i, at_reference in enumerate(reference[0]):
        other = np.flatnonzero(codes[:, i] != at_reference)  # a gap differs from everything
        if not len(other):
            continue
        values, place = np.unique(codes[other, i], return_inverse=True)
        first = np.repeat(reference, len(values), axis=0)
        first[:, i] = values
        last = codes[other]
        last[:, i] = at_reference
        alone = (trees_log_odds(trees, first) - of_reference)[place]
        shares[other, i] = (alone + of_all[other] - trees_log_odds(trees, last)) / 2
    return shares


def pair_effects(
    trees: HistGradientBoostingClassifier,
    codes: NDArray[np.float64],
    reference: NDArray[np.float64],
    pairs: Sequence[tuple[int, int]],
) -> NDArray[np.float64]:
    """Return what two features add together beyond what each adds alone to a reference customer: one column per pair.

    It is f(x_i, x_j, r) - f(x_i, r) - f(x_j, r) + f(r).
    """
    n, of_reference = len(codes), trees_log_odds(trees, reference)[0]
    at = np.repeat(reference, n, axis=0)

    def replaced(*features: int) -> NDArray[np.float64]:
        changed = at.copy()
        changed[:, features] = codes[:, features]
        return trees_log_odds(trees, changed) - of_reference

    alone = {i: replaced(i) for i in sorted({i for pair in pairs for i in pair})}
    both = [replaced(i, j) - alone[i] - alone[j] for i, j in pairs]
    return np.column_stack(both) if both else np.zeros((n, 0))


def one_thread_for_few(n_rows: int) -> AbstractContextManager[object]:
    """Return a context in which few rows are worked on by one thread."""
    return _controller().limit(limits=1 if n_rows < _WORTH_THREADS else None)


def _filled_if_empty(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the codes with 0 in columns of gaps alone, which scikit-learn refuses; no tree can split a constant."""
    return np.where(np.isnan(codes).all(axis=0), 0.0, codes)


@cache
def _controller() -> ThreadpoolController:
    """Return what sets the threads of the libraries that are loaded by now; looking for them takes a while."""
    return ThreadpoolController()


# Gradient boosting of future revenue: the baseline for models of customer value


_LEAF = 20  # customers in a leaf at least


@dataclass(eq=False, kw_only=True)
class BoostedValue:
    """Future revenue of a customer by boosted trees on features alone, without a model of survival.

    Parameters
    ----------
    seed : int

    Examples
    --------
    >>> X = pd.DataFrame({"so_far": [float(k % 10) for k in range(200)]})
    >>> BoostedValue().fit(X, 3 * X["so_far"]).predict(X.head(2)).round(0).tolist()
    [0.0, 3.0]
    """

    seed: int = 0
    model_: Any = field(init=False, repr=False)

    def fit(self, X: pd.DataFrame, y: pd.Series) -> Self:
        """Learn from the features of an earlier day and the revenue after it.

        Parameters
        ----------
        X : DataFrame
            Features of each customer on the day; numbers.
        y : Series
            Revenue of each after it [money].
        """
        from sklearn.ensemble import HistGradientBoostingRegressor

        self.model_ = HistGradientBoostingRegressor(
            max_leaf_nodes=15, max_iter=150, learning_rate=0.05, min_samples_leaf=_LEAF, random_state=self.seed
        ).fit(_filled_if_empty(X.to_numpy(dtype=float)), y.to_numpy(dtype=float))
        return self

    def predict(self, X: pd.DataFrame) -> pd.Series:
        """Return the expected revenue of each customer [money]."""
        return pd.Series(self.model_.predict(X.to_numpy(dtype=float)), index=X.index, name="value")
