"""Intervals of parameters by profile likelihood: as lopsided as the likelihood is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crmkit.models.descent import Array, Cost, descend
from crmkit.models.maximum import FLAT, Maximum

Z = 1.959963984540054
_CLOSE = 0.03  # of the signed root to Z
_ROUNDS = 10


def profile_interval(cost: Cost, found: Maximum) -> tuple[Array, Array]:
    """Lowest and highest value of each parameter that the data do not reject, all others at their best for it (95 %).

    The curvature at the maximum gives intervals that are symmetric on the logarithms. With a few hundred customers the
    likelihood is not, and such intervals missed the truth of single parameters in up to 15 % of simulated firms.

    Parameters
    ----------
    cost : function
        Minus the log-likelihood (or log posterior density) and its gradient by the logarithms.
    found : Maximum
        Where the cost is lowest.

    References
    ----------
    Venzon and Moolgavkar (1988), A method for computing profile-likelihood-based confidence intervals, Applied
    Statistics 37, 87-94.
    """
    lowest, each = cost(found.logs)[0], range(len(found.logs))
    low, high = ([_end(cost, found, lowest, number, side) for number in each] for side in (-1.0, 1.0))
    return np.array(low), np.array(high)


def _end(cost: Cost, found: Maximum, lowest: float, number: int, side: float) -> float:
    """Move one parameter out until the cost has risen by Z^2 / 2, with the others at their best."""
    covariance, bounds = found.covariance, found.bounds
    others = np.flatnonzero(np.arange(len(found.logs)) != number)
    values, vectors = np.linalg.eigh(found.information[np.ix_(others, others)])
    inverse = (vectors / np.maximum(values, FLAT)) @ vectors.T
    limits = bounds[0][others], bounds[1][others]
    path = covariance[:, number] / covariance[number, number]
    away = side * Z * np.sqrt(covariance[number, number])
    logs = np.clip(found.logs + path * away, *bounds)
    for _ in range(_ROUNDS):

        def held(some: Array, logs: Array = logs) -> tuple[float, Array]:
            value, gradient = cost(_placed(logs, others, some))
            return value, gradient[others]

        best, value = descend(held, logs[others], limits, inverse, 1e-3)
        root = np.sqrt(2 * max(value - lowest, 0.0))
        if abs(root - Z) < _CLOSE:
            break
        further = away * (np.clip(Z / max(root, 1e-3), 0.5, 1.8) - 1)
        away += further
        logs = np.clip(_placed(logs, others, best) + path * further, *bounds)
    return float(np.clip(found.logs[number] + away, bounds[0][number], bounds[1][number]))


def _placed(logs: Array, others: NDArray[np.intp], some: Array) -> Array:
    placed = logs.copy()
    placed[others] = some
    return placed
