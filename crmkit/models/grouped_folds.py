"""Folds in which all rows of a customer lie together and both outcomes are as frequent as in all."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

N_FOLDS = 3


def grouped_folds(codes: NDArray[np.intp], groups: NDArray, seed: int) -> NDArray[np.intp]:
    """Return the fold of each row, 0 to 2.

    The folds of scikit-learn's ``StratifiedGroupKFold(3, shuffle=True, random_state=seed)``, which takes longer to find
    them than the models take to learn.

    Parameters
    ----------
    codes : array
        0 or 1 per row; both occur.
    groups : array
        Per row whom it is about.
    seed : int

    Raises
    ------
    ValueError
        If there are fewer groups than folds.

    Examples
    --------
    >>> grouped_folds(np.array([0, 1, 0, 1, 0, 1]), np.array(list("aabbcc")), 0).tolist()
    [2, 2, 1, 1, 0, 0]
    """
    names, whose = np.unique(groups, return_inverse=True)
    if len(names) < N_FOLDS:
        raise ValueError(f"{N_FOLDS} folds need at least {N_FOLDS} groups; met {len(names)}.")
    counts = np.zeros((len(names), 2))
    np.add.at(counts, (whose, codes), 1)
    order = np.arange(len(names))
    np.random.RandomState(seed).shuffle(order)
    order = order[np.argsort(-np.std(counts[order], axis=1), kind="stable")]
    folds = np.empty(len(names), dtype=np.intp)
    folds[order] = _dealt(counts[order].tolist(), counts.sum(axis=0).tolist())
    return folds[whose]


def _dealt(counts: list[list[float]], totals: list[float]) -> list[int]:
    """Return per group the fold that leaves the outcomes spread most evenly; of equal ones the smallest."""
    inside = [[0.0] * N_FOLDS for _ in totals]  # per outcome, the rows of each fold
    shares = [[0.0] * N_FOLDS for _ in totals]  # the same, of all rows of the outcome
    dealt = []
    for own in counts:
        least, fewest, best = math.inf, math.inf, 0
        for fold in range(N_FOLDS):
            uneven = 0.0
            for outcome, n in enumerate(own):
                tried = shares[outcome].copy()
                tried[fold] = (inside[outcome][fold] + n) / totals[outcome]
                uneven += _spread(*tried) / len(totals)
            size = sum([rows[fold] for rows in inside])
            close = abs(uneven - least) <= 1e-8 + 1e-5 * least
            if uneven < least or (close and size < fewest):
                least, fewest, best = uneven, size, fold
        for outcome, n in enumerate(own):
            inside[outcome][best] += n
            shares[outcome][best] = inside[outcome][best] / totals[outcome]
        dealt.append(best)
    return dealt


def _spread(x: float, y: float, z: float) -> float:
    """Return the standard deviation of three numbers; NumPy takes longer over so few."""
    mean = (x + y + z) / 3
    x, y, z = x - mean, y - mean, z - mean
    return math.sqrt((x * x + y * y + z * z) / 3)
