"""Boosted trees without interactions: a function per feature, on the scale of log odds."""

from __future__ import annotations

from collections.abc import Sequence
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


def learned_trees(
    codes: NDArray[np.float64], lost: NDArray[np.intp], n_trees: int, is_text: list[bool], seed: int
) -> HistGradientBoostingClassifier:
    """Fit trees of depth 2 that look at one feature each; gaps (NaN) are a value of their own.

    Parameters
    ----------
    codes : array
        One row per customer and one column per feature.
    lost : array
        0 or 1 per customer.
    n_trees : int
    is_text : list of bool
        Per feature whether its codes stand for levels.
    seed : int
    """
    trees = HistGradientBoostingClassifier(
        max_iter=n_trees,
        learning_rate=0.05,
        max_depth=2,
        min_samples_leaf=max(5, min(30, len(codes) // 20)),
        l2_regularization=5,
        interaction_cst="no_interactions",
        early_stopping=False,
        categorical_features=is_text,
        random_state=seed,
    )
    with one_thread_for_few(len(codes)):
        return trees.fit(_filled_if_empty(codes), lost)


def trees_log_odds(trees: HistGradientBoostingClassifier, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds of each customer."""
    with one_thread_for_few(len(codes)):
        return np.asarray(trees.decision_function(codes), dtype=np.float64)


def trees_shares(
    trees: HistGradientBoostingClassifier, values: Sequence[NDArray[np.float64]], reference: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return what values of a feature add to the log odds of a reference customer: exact, as no two features interact.

    Parameters
    ----------
    trees : HistGradientBoostingClassifier
    values : sequence of array
        Per feature the codes that are asked for.
    reference : array
        Codes of one customer.
    """
    others = np.repeat(reference, 1 + sum(map(len, values)), axis=0)  # the first is the reference itself
    ends = 1 + np.cumsum([len(own) for own in values])
    for i, own in enumerate(values):
        others[ends[i] - len(own) : ends[i], i] = own
    odds = trees_log_odds(trees, others)
    return np.split(odds[1:] - odds[0], ends[:-1] - 1)


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
