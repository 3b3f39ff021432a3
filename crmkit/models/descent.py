"""Lowest place of a smooth cost with few coordinates, within bounds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pair = tuple[Array, Array]
Cost = Callable[[Array], tuple[float, Array]]

_FARTHEST = 1.5  # a step; coordinates are logarithms
_MOST_STEPS = 300
_CRAWL = 6  # steps in a row that gained less than was asked for
_IDLE = 4  # steps in a row that gained next to nothing: a long flat valley, or the cost's own rounding
_ROUNDING = 1e-13


def descend(
    cost: Cost, at: Array, bounds: Pair, inverse: Array | None = None, enough: float = 1e-8, crawl: float = 0.0
) -> tuple[Array, float]:
    """Go down by quasi-Newton steps (BFGS) within bounds; return where that ends, and the cost there.

    SciPy's L-BFGS-B does the same, but calls threaded linear algebra on its tiny matrices: on a machine whose cores are
    busy, each of its steps then waits milliseconds for the other threads.

    Parameters
    ----------
    cost : function
        From a place to the cost and its gradient.
    at : array
        Where to start.
    bounds : pair of array
        Lowest and highest coordinates.
    inverse : array, optional
        Inverse of the Hessian, as far as it is known.
    enough : float
        The fall to be expected from a further step at which to stop.
    crawl : float
        The fall of a step below which six in a row end the search: what is left is a valley to a bound.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, 2nd edition, algorithms 3.1 and 6.1.

    Examples
    --------
    >>> bowl = lambda at: (float((at - 1) @ (at - 1)), 2 * (at - 1))
    >>> place, lowest = descend(bowl, np.array([3.0, -4.0]), (np.full(2, -9.0), np.array([9.0, 0.5])))
    >>> place.round(6).tolist(), round(lowest, 6)
    ([1.0, 0.5], 0.25)
    """
    value, gradient = cost(at)
    inverse = np.eye(len(at)) / (1 + np.abs(gradient).max()) if inverse is None else inverse
    idle, crawling = 0, 0
    for _ in range(_MOST_STEPS):
        free = ~outward(at, gradient, bounds)
        step = np.where(free, -inverse @ np.where(free, gradient, 0.0), 0.0)
        if gradient @ step > -enough:
            break
        step *= min(1.0, _FARTHEST / np.abs(step).max())
        after, new_value, new_gradient = _shortened(cost, at, value, gradient, step, bounds)
        moved, turned = after - at, new_gradient - gradient
        bend = moved @ turned
        idle = idle + 1 if value - new_value < max(enough, _ROUNDING * abs(value)) else 0
        crawling = crawling + 1 if value - new_value < crawl else 0
        if new_value >= value or idle == _IDLE or crawling == _CRAWL:
            break
        if bend > 1e-14:
            left = np.eye(len(at)) - np.outer(moved, turned) / bend
            inverse = left @ inverse @ left.T + np.outer(moved, moved) / bend
        at, value, gradient = after, new_value, new_gradient
    return at, value


def _shortened(
    cost: Cost, at: Array, value: float, gradient: Array, step: Array, bounds: Pair
) -> tuple[Array, float, Array]:
    """Take the longest of ever shorter steps that lowers the cost as promised (Armijo)."""
    after, new_value, new_gradient = at, value, gradient
    for _ in range(30):
        after = np.clip(at + step, *bounds)
        new_value, new_gradient = cost(after)
        if new_value <= value + 1e-4 * gradient @ (after - at):
            break
        step = step * 0.3
    return after, new_value, new_gradient


def outward(logs: Array, gradient: Array, bounds: Pair) -> NDArray[np.bool_]:
    """Say which coordinates are at a bound that they would pass if they could."""
    lowest, highest = bounds
    return ((logs <= lowest + 1e-6) & (gradient > 0)) | ((logs >= highest - 1e-6) & (gradient < 0))
