"""Platt's calibration: a slope and an intercept, learned from log odds of customers who were held out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

N_FOLDS = 3
_Floats = NDArray[np.float64]


def held_out(
    log_odds: Callable[[NDArray[np.bool_]], _Floats], codes: NDArray[np.intp], groups: NDArray | None, seed: int
) -> _Floats:
    """Return log odds of each row by models that did not see it.

    Parameters
    ----------
    log_odds : callable
        Given which rows are held out, it learns from the others and returns their log odds: one row per model.
    codes : array
        0 or 1 per row.
    groups : array or None
        Per row whom it is about: she is held out with all of her rows. In each fold as many have had outcome 1.
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
    told = [log_odds(held == fold) for fold in range(N_FOLDS)]
    apart = np.empty((len(told[0]), len(codes)))
    for fold, each in enumerate(told):
        apart[:, held == fold] = each
    return apart


def platt(log_odds: _Floats, codes: NDArray[np.intp]) -> tuple[float, float]:
    """Return slope and intercept; 1 and 0 where the log odds say nothing of the outcomes.

    Examples
    --------
    >>> slope, intercept = platt(np.array([-4.0, -4.0, 4.0, 4.0]), np.array([0, 1, 0, 1]))
    >>> slope, intercept
    (1.0, 0.0)
    """
    learned = LogisticRegression(C=1e3, solver="newton-cholesky").fit(log_odds[:, None], codes)
    slope = float(learned.coef_[0, 0])
    return (slope, float(learned.intercept_[0])) if slope > 0 else (1.0, 0.0)
