"""Logistic regression on splines and boosted trees, weighted by how well each foretells customers held out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from crmkit.models.additive.splines import SplineColumns
from crmkit.models.additive.trees import SIZES, growing_trees, one_thread_for_few, trees_log_odds, trees_shares

N_FOLDS = 5
FEWEST_LEAVERS = 40  # of each outcome; below, nothing is learned from customers held out
_FEW_TREES = 60  # where their number cannot be learned
_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AdditiveParts:
    """A logistic regression on spline columns, boosted trees on the features themselves, or both; at least one."""

    logistic: LogisticRegression | None
    trees: HistGradientBoostingClassifier | None

    def log_odds(self, design: _Floats, codes: _Floats) -> _Floats:
        """Return the log odds of each part, the logistic regression first: one column per part."""
        logistic = [] if self.logistic is None else [self.logistic.decision_function(design)]
        return np.column_stack([*logistic, *([] if self.trees is None else [trees_log_odds(self.trees, codes)])])

    def shares(self, columns: SplineColumns, design: _Floats, codes: _Floats) -> list[_Floats]:
        """Return, per part, what each feature adds to the log odds of the reference customer."""
        parts, reference = [], columns.reference
        if self.logistic is not None:
            away = design - columns.standardised(reference)
            parts.append(columns.summed(away * self.logistic.coef_[0]))
        if self.trees is not None:
            parts.append(trees_shares(self.trees, codes, reference))
        return parts


@dataclass(frozen=True, eq=False)
class Weights:
    """What makes calibrated log odds of those of the parts: a weight of each, none below zero, and an intercept."""

    of_parts: _Floats
    intercept: float

    def log_odds(self, of_parts: _Floats) -> _Floats:
        """Return the weighted sum of the parts' log odds, which are one column per part."""
        return np.asarray(self.intercept + of_parts @ self.of_parts, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Blend:
    """Parts and their weights; and those of the logistic regression alone."""

    parts: AdditiveParts
    weights: Weights
    weights_alone: Weights
    n_trees: int


def learned_blend(
    columns: SplineColumns,
    table: tuple[_Floats, _Floats],
    outcomes: NDArray[np.intp],
    groups: NDArray | None,
    *,
    method: str,
    penalty: float,
    most_trees: int,
    calibrate: bool,
    seed: int,
) -> Blend:
    """Fit the parts, and learn the number of trees and the weights from customers held out.

    Parameters
    ----------
    columns : SplineColumns
    table : (array, array)
        Standardised columns and codes of the rows to learn from.
    outcomes : array
        0 or 1 per row.
    groups : array or None
        Customer of each row: all rows of a customer are held out together.
    method : {"blend", "logistic", "boosting"}
    penalty : float
        Of the logistic regression.
    most_trees : int
    calibrate : bool
        Whether to learn weights and number; else the parts count equally.
    seed : int
        Of the folds and of the trees.
    """
    design, codes = table
    n_parts = 2 if method == "blend" else 1
    n_trees, equal = min(_FEW_TREES, most_trees), Weights(np.full(n_parts, 1 / n_parts), 0.0)
    weights, alone = equal, Weights(np.ones(1), 0.0)
    if calibrate and np.bincount(outcomes, minlength=2).min() >= FEWEST_LEAVERS:
        folds = held_out_folds(outcomes, groups, seed)
        logistic = None if method == "boosting" else _held_logistic(design, outcomes, penalty, folds)
        if logistic is not None:
            alone = learned_weights(logistic, outcomes)
        if method == "logistic":
            weights = alone
        else:
            candidates = _held_trees(codes, outcomes, columns.is_text, folds, most_trees, seed)
            n_trees, weights = _best_number(logistic, candidates, outcomes)
    trees = None if method == "logistic" else growing_trees(codes, outcomes, columns.is_text, seed)(n_trees)
    return Blend(
        AdditiveParts(None if method == "boosting" else learned_logistic(design, outcomes, penalty), trees),
        weights,
        alone,
        0 if trees is None else n_trees,
    )


def learned_logistic(design: _Floats, outcomes: NDArray[np.intp], penalty: float) -> LogisticRegression:
    """Fit a logistic regression with an L2 penalty on standardised columns."""
    with one_thread_for_few(len(outcomes)):
        return LogisticRegression(C=1 / penalty, solver="newton-cholesky", max_iter=200).fit(design, outcomes)


def learned_weights(log_odds: _Floats, outcomes: NDArray[np.intp]) -> Weights:
    """Return the weights with which held-out log odds of the parts foretell the outcomes best: Platt's, for several.

    A part that points the wrong way beside the others counts nothing; where none foretells anything all count equally.

    References
    ----------
    Platt (1999), Probabilistic outputs for SVM; Wolpert (1992), Stacked generalization, Neural Networks 5(2).

    Examples
    --------
    >>> weights = learned_weights(np.array([[-4.0], [-4.0], [4.0], [4.0]]), np.array([0, 1, 0, 1]))
    >>> weights.of_parts.tolist(), weights.intercept
    ([1.0], 0.0)
    """
    used = np.arange(log_odds.shape[1])
    while len(used):
        learned = LogisticRegression(C=1e3, solver="newton-cholesky").fit(log_odds[:, used], outcomes)
        positive = learned.coef_[0] > 0
        if positive.all():
            weights = np.zeros(log_odds.shape[1])
            weights[used] = learned.coef_[0]
            return Weights(weights, float(learned.intercept_[0]))
        used = np.delete(used, np.argmin(learned.coef_[0]))
    return Weights(np.full(log_odds.shape[1], 1 / log_odds.shape[1]), 0.0)


def held_out_folds(outcomes: NDArray[np.intp], groups: NDArray | None, seed: int) -> list[NDArray[np.bool_]]:
    """Return which rows are held out in each fold.

    All rows of a customer (``groups``) are held out together, and the folds have equal shares of those who ever have
    outcome 1.
    """
    whose = np.arange(len(outcomes)) if groups is None else np.unique(groups, return_inverse=True)[1]
    ever = np.zeros(whose.max() + 1, dtype=np.intp)
    np.maximum.at(ever, whose, outcomes)
    fold_of, folds = np.empty(len(ever), dtype=np.intp), StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    for fold, (_, judge) in enumerate(folds.split(ever, ever)):
        fold_of[judge] = fold
    return [fold_of[whose] == fold for fold in range(N_FOLDS)]


def _held_logistic(
    design: _Floats, outcomes: NDArray[np.intp], penalty: float, folds: list[NDArray[np.bool_]]
) -> _Floats:
    log_odds = np.empty((len(outcomes), 1))
    for held in folds:
        log_odds[held, 0] = learned_logistic(design[~held], outcomes[~held], penalty).decision_function(design[held])
    return log_odds


def _held_trees(
    codes: _Floats,
    outcomes: NDArray[np.intp],
    is_text: list[bool],
    folds: list[NDArray[np.bool_]],
    most_trees: int,
    seed: int,
) -> Iterator[tuple[int, _Floats]]:
    """Yield growing numbers of trees with the log odds of rows held out."""
    growing = [growing_trees(codes[~held], outcomes[~held], is_text, seed) for held in folds]
    for n_trees in [*(size for size in SIZES if size < most_trees), most_trees]:
        log_odds = np.empty((len(outcomes), 1))
        for held, grown in zip(folds, growing, strict=True):
            log_odds[held, 0] = trees_log_odds(grown(n_trees), codes[held])
        yield n_trees, log_odds


def _best_number(
    logistic: _Floats | None, candidates: Iterator[tuple[int, _Floats]], outcomes: NDArray[np.intp]
) -> tuple[int, Weights]:
    """Return the number of trees with the lowest loss, and the weights then; more are not tried once they do harm."""
    best: tuple[float, int, Weights] | None = None
    for n_trees, trees in candidates:
        each = trees if logistic is None else np.hstack([logistic, trees])
        weights = learned_weights(each, outcomes)
        loss = log_loss(outcomes, 1 / (1 + np.exp(-weights.log_odds(each))))
        if best is not None and loss >= best[0]:
            break
        best = loss, n_trees, weights
    assert best is not None
    return best[1:]
