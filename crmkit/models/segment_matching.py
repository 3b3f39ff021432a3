"""Which segment of today is which of last period: the pairing of centres with the shortest way in all."""

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
