"""Platt's calibration: a slope and an intercept, learned from log odds of customers who were held out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from crmkit.models.grouped_folds import N_FOLDS, grouped_folds

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
        Per row whom it is about: she is held out with all of her rows.
    seed : int
        Of the folds.
    """
    if groups is None:
        folds = np.empty(len(codes), dtype=np.intp)
        cut = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
        for fold, (_, judge) in enumerate(cut.split(codes[:, None], codes)):
            folds[judge] = fold
    else:
        folds = grouped_folds(codes, groups, seed)
    told = [log_odds(folds == fold) for fold in range(N_FOLDS)]
    apart = np.empty((len(told[0]), len(codes)))
    for fold, each in enumerate(told):
        apart[:, folds == fold] = each
    return apart


def platt(log_odds: _Floats, codes: NDArray[np.intp]) -> tuple[float, float]:
    """Return slope and intercept; 1 and 0 where the log odds say nothing of the outcomes.

    Examples
    --------
    >>> slope, intercept = platt(np.array([-4.0, -4.0, 4.0, 4.0]), np.array([0, 1, 0, 1]))
    >>> slope, intercept
    (1.0, 0.0)
    """
    learned = LogisticRegression(C=1e3).fit(log_odds[:, None], codes)
    slope = float(learned.coef_[0, 0])
    return (slope, float(learned.intercept_[0])) if slope > 0 else (1.0, 0.0)
