"""Boosted trees without interactions: a function per feature, on the scale of log odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

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
        max_iter=n_trees, learning_rate=0.05, max_depth=2, min_samples_leaf=max(5, min(30, len(codes) // 20)),
        l2_regularization=5, interaction_cst="no_interactions", early_stopping=False, categorical_features=is_text,
        random_state=seed,
    )  # fmt: skip
    with one_thread_for_few(len(codes)):
        return trees.fit(codes, lost)


def trees_log_odds(trees: HistGradientBoostingClassifier, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds of each customer."""
    with one_thread_for_few(len(codes)):
        return np.asarray(trees.decision_function(codes), dtype=np.float64)


def trees_shares(
    trees: HistGradientBoostingClassifier, codes: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what each feature adds to the log odds of a reference customer: exact, as no two features interact."""
    shares = np.empty(codes.shape)
    start = trees_log_odds(trees, reference)[0]
    for i in range(codes.shape[1]):
        values, place = np.unique(codes[:, i], return_inverse=True)
        others = np.repeat(reference, len(values), axis=0)
        others[:, i] = values
        shares[:, i] = (trees_log_odds(trees, others) - start)[place]
    return shares


def one_thread_for_few(n_rows: int) -> threadpool_limits:
    """Return a context in which few rows are worked on by one thread."""
    return threadpool_limits(1 if n_rows < _WORTH_THREADS else None)
