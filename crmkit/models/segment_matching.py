"""Which segment of today is which of last period: by the shortest way between centres, or by the customers they share."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from crmkit.models.spells import Array


def match_centres(before: Array, now: Array) -> np.ndarray:
    """Return for each centre of before the number of the centre of now that it became, -1 for none.

    The pairs are those whose squared distances add up to least (the Hungarian method).

    Parameters
    ----------
    before, now : array (k, coordinates)
        Centres in one space; their numbers may differ.

    References
    ----------
    Kuhn (1955), Naval Research Logistics Quarterly 2, 83-97.

    Examples
    --------
    >>> match_centres(np.array([[0.0, 0.0], [4.0, 4.0]]), np.array([[4.2, 4.0], [9.0, 9.0], [0.1, 0.0]])).tolist()
    [2, 0]
    """
    matched = np.full(len(before), -1)
    if len(before) and len(now):
        rows, columns = linear_sum_assignment(cdist(before, now, "sqeuclidean"))
        matched[rows] = columns
    return matched


def match_labels(before: np.ndarray, now: np.ndarray, n_before: int, n_now: int, least: float = 0.5) -> list[int]:
    """Return for each segment of before that of now that it became, -1 for none, by the customers that both hold.

    The pairs are those that share most customers in all (the Hungarian method), which also works where the two were
    learned in different spaces. A pair that shares less than ``least`` of the smaller one is none.

    Parameters
    ----------
    before, now : array of int
        Segment of the same customers in the same order.
    n_before, n_now : int
        How many segments there are.
    least : float
        Share of the smaller one.

    References
    ----------
    Kuhn (1955), Naval Research Logistics Quarterly 2, 83-97.

    Examples
    --------
    >>> match_labels(np.array([0, 0, 0, 1, 1]), np.array([1, 1, 0, 0, 0]), 2, 2)
    [1, 0]
    """
    shared = np.zeros((n_before, n_now))
    np.add.at(shared, (before, now), 1)
    smaller = np.minimum(shared.sum(axis=1)[:, None], shared.sum(axis=0)[None, :])
    matched = np.full(n_before, -1)
    for row, column in zip(*linear_sum_assignment(-shared), strict=True):
        if shared[row, column] > 0 and shared[row, column] >= least * smaller[row, column]:
            matched[row] = column
    return [int(each) for each in matched]
