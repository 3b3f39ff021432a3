"""Newton's method in a box, for the few parameters of a model whose gradient is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from crmkit.models.spells import Array

Slope = Callable[[Array], tuple[Array, Array]]  # from places, one per row, to the value and the gradient at each

_ROUNDS = 200
_FARTHEST = 2.0  # of one step, in any coordinate
_DIFFERENCE = 1e-4
_NEAR, _LITTLE = 0.1, 0.01  # in every coordinate, and of the value: within these a search ends where another did


class Bottom(NamedTuple):
    """Where a function is lowest, and whether the search ended there."""

    at: Array
    value: float
    converged: bool


def lowest(function: Slope, starts: Sequence[Array], bounds: tuple[Array, Array]) -> Bottom:
    """Minimise a function of a few coordinates that gives its values and gradients at several places, within bounds.

    The lowest end of all starts counts. A search that comes near to where another one ended is over.

    A place is looked at together with its neighbours, which give the curvature: of functions as small as these a call
    for all costs little more than a call for one. Steps follow Newton's direction with the curvatures made positive, and
    are damped as long as they do not lead down.

    References
    ----------
    Dauphin et al. (2014), Identifying and attacking the saddle point problem, NeurIPS 27; damping after Marquardt (1963),
    Journal of the Society for Industrial and Applied Mathematics 11(2), 431-441.

    Examples
    --------
    >>> found = lowest(lambda x: ((x[:, 0] - 1) ** 2, 2 * (x - 1)), [np.zeros(1)], (np.full(1, -3.0), np.full(1, 3.0)))
    >>> found.at.round(6).tolist(), found.converged
    ([1.0], True)
    """
    ends: list[Bottom] = []
    for start in starts:
        ends.append(_bottom(function, start, bounds, ends))
    return min(ends, key=lambda each: each.value)


def second_derivatives(function: Slope, at: Array) -> Array:
    """Return the matrix of second derivatives, from differences of the gradient."""
    return _looked(function, at)[2]


def _bottom(function: Slope, start: Array, bounds: tuple[Array, Array], known: Sequence[Bottom]) -> Bottom:
    low, high = bounds
    at = np.clip(start, low, high)
    damping, (value, gradient, matrix) = 0.0, _looked(function, at)
    for _ in range(_ROUNDS):
        free = ~(((at <= low) & (gradient > 0)) | ((at >= high) & (gradient < 0)))
        step = np.zeros_like(at)
        if free.any():
            step[free] = _downhill(matrix[np.ix_(free, free)], gradient[free], damping)
        moved = np.clip(at + step, low, high)
        promised = float(-gradient @ (moved - at))
        if promised <= 1e-11 * (1 + abs(value) * 1e-3) and damping <= 1.0:
            return Bottom(at, value, True)
        there = _looked(function, moved)
        if there[0] < value:
            at, damping, (value, gradient, matrix) = moved, damping / 10, there
            for each in known:
                if np.abs(at - each.at).max() < _NEAR and 0 <= value - each.value < _LITTLE:
                    return each
        elif damping > 1e12:
            return Bottom(at, value, promised < 1e-6)
        else:
            damping = max(10 * damping, 1e-3)
    return Bottom(at, value, False)


def _looked(function: Slope, at: Array) -> tuple[float, Array, Array]:
    """Return value, gradient and second derivatives at one place."""
    moves = np.eye(len(at)) * _DIFFERENCE
    values, gradients = function(np.concatenate([at[None], at + moves, at - moves]))
    second = (gradients[1 : len(at) + 1] - gradients[len(at) + 1 :]) / (2 * _DIFFERENCE)
    return float(values[0]), gradients[0], (second + second.T) / 2


def _downhill(matrix: Array, gradient: Array, damping: float) -> Array:
    curvature, axes = np.linalg.eigh(matrix)
    curvature = np.maximum(np.abs(curvature), 1e-9)
    step = -axes @ ((axes.T @ gradient) / (curvature + damping * curvature.max()))
    return step / max(1.0, np.abs(step).max() / _FARTHEST)
