"""Maximum of a log-likelihood over the logarithms of positive parameters, with its analytic gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FLAT = 0.05  # curvature per squared logarithm under which the data do not tell a parameter from its 100-fold
_STEP = 1e-4  # of the central differences that make the Hessian from the gradient
_SETTLED = 1e-8  # what a further Newton step could still add to the log-likelihood
_SETTLED_ROUGH = 1e-5  # the same with many customers: a two-hundredth of a standard error


@dataclass(frozen=True, eq=False)
class Prior:
    """Normal prior on the logarithms: ``penalty`` is 1 / sd^2, the same for all or one for each; 0 is no prior."""

    centre: Array
    penalty: float | Array

    def added_to(self, log_likelihood: Cost) -> Cost:
        """Return minus the log posterior density and its gradient: what is minimised."""

        def cost(logs: Array) -> tuple[float, Array]:
            value, gradient = log_likelihood(logs)
            away = logs - self.centre
            return -value + float(away @ (self.penalty * away)) / 2, -gradient + self.penalty * away

        return cost


@dataclass(frozen=True, eq=False)
class _Point:
    """A place in the search: the cost there, its gradient, its Hessian."""

    logs: Array
    cost: float
    gradient: Array
    information: Array

    def settled(self, bounds: Pair, enough: float = 100 * _SETTLED) -> bool:
        """Nothing is left to gain but beyond the bounds."""
        free = np.flatnonzero(~outward(self.logs, self.gradient, bounds))
        values, vectors = np.linalg.eigh(self.information[np.ix_(free, free)])
        return bool(((vectors.T @ self.gradient[free]) ** 2 / np.maximum(values, FLAT)).sum() / 2 < enough)


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the search ended."""

    logs: Array
    log_likelihood: float
    information: Array  # Hessian of minus the (penalised) log-likelihood
    converged: bool
    bounds: Pair
    cost: Cost | None  # what was minimised; None where the information is that of a part of the data

    @property
    def flat(self) -> bool:
        """Some direction is not told apart by the data: the model has more parameters than they can bear."""
        return is_flat(self.information)

    @property
    def covariance(self) -> Array:
        """Inverse of the information; directions that the data do not see at all get a standard deviation of 4.5."""
        values, vectors = np.linalg.eigh(self.information)
        return (vectors / np.maximum(values, FLAT)) @ vectors.T


def is_flat(information: Array) -> bool:
    """Whether some direction has next to no curvature, or a wrong one."""
    return bool(np.linalg.eigvalsh(information)[0] < FLAT)


def maximise(
    log_likelihood: Cost,
    starts: Sequence[Array],
    bounds: Pair,
    prior: Prior,
    rough: Cost | None = None,
    crawl: float = 0.0,
) -> Maximum:
    """Search from several starts, then take Newton steps until nothing is left to gain.

    Parameters
    ----------
    log_likelihood : function
        From logarithms of the parameters to the log-likelihood and its gradient.
    starts : sequence of array
        Logarithms to begin with; the best end is taken.
    bounds : pair of array
        Lowest and highest logarithms.
    prior : Prior
        Added to the log-likelihood.
    rough : function, optional
        A quicker log-likelihood on a part of the data that stands for all of it. It is searched first, and its
        curvature serves as that of the whole: right to about a hundredth, which moves standard errors by half of that.
    crawl : float
        As in :func:`~crmkit.models.optimise.descend`: above 0 where an end in a flat valley is not used as it is.
    """
    cost = prior.added_to(log_likelihood)
    quick = cost if rough is None else prior.added_to(rough)
    found = _best_end(quick, starts, bounds, crawl)
    found = _newton(cost, found, bounds, renew=rough is None)
    enough = 100 * _SETTLED if rough is None else _SETTLED_ROUGH
    if rough is not None and not found.settled(bounds, enough):
        found = _look(cost, descend(cost, found.logs, bounds)[0])
    away = found.logs - prior.centre
    value = float(away @ (prior.penalty * away)) / 2 - found.cost
    return Maximum(
        found.logs, value, found.information, found.settled(bounds, enough), bounds, cost if rough is None else None
    )


def _best_end(cost: Cost, starts: Sequence[Array], bounds: Pair, crawl: float) -> _Point:
    """Begin anew from the next start unless the search ended at a clear maximum."""
    ends: list[_Point] = []
    for start in starts:
        ends.append(_look(cost, descend(cost, np.clip(start, *bounds), bounds, crawl=crawl)[0]))
        if ends[-1].settled(bounds) and not is_flat(ends[-1].information):
            break
    return min(ends, key=lambda end: end.cost)


def _look(cost: Cost, logs: Array) -> _Point:
    return _Point(logs, *cost(logs), _hessian(cost, logs))


def _hessian(cost: Cost, at: Array) -> Array:
    """Central differences of the gradient."""
    steps = _STEP * np.eye(len(at))
    rows = [(cost(at + step)[1] - cost(at - step)[1]) / (2 * _STEP) for step in steps]
    return (np.array(rows) + np.array(rows).T) / 2


def _newton(cost: Cost, at: _Point, bounds: Pair, renew: bool, most: int = 8) -> _Point:
    """Take Newton steps while they lower the cost, with a new Hessian for each or always the first one."""
    if not renew:
        at = _Point(at.logs, *cost(at.logs), at.information)
    for _ in range(most):
        if np.linalg.eigvalsh(at.information)[0] <= FLAT / 10:
            break
        step = np.linalg.solve(at.information, at.gradient)
        if at.gradient @ step < (_SETTLED if renew else _SETTLED_ROUGH) or np.abs(step).max() > 1:
            break
        logs = np.clip(at.logs - step, *bounds)
        value, gradient = cost(logs)
        if not value <= at.cost + 1e-9 * (1 + abs(at.cost)):
            break
        at = _Point(logs, value, gradient, _hessian(cost, logs) if renew else at.information)
    return at


# Lowest place of a smooth cost with few coordinates, within bounds.


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


# Newton's method in a box, for the few parameters of a model whose gradient is known.


Slope = Callable[[Array], tuple[Array, Array]]  # from places, one per row, to the value and the gradient at each

_ROUNDS = 200
_FARTHEST_of_climb = 2.0  # of one step, in any coordinate
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
    return step / max(1.0, np.abs(step).max() / _FARTHEST_of_climb)


# From the end of a search to named estimates, and from these to draws of the parameters.


BOUNDARY_PENALTY = 0.1  # of the prior at a boundary: sd 3.2, so 95 % reach from a 500th to 500 times the centre
_SMALL = 0.1  # standard error of a logarithm up to which the likelihood is as good as symmetric
AT_BOUNDARY = 7.0  # logarithm of 1,000: so far from 1 a parameter tells of a simpler model
_LARGEST = 25.0  # logarithm of a drawn parameter: beyond, gamma functions lose their digits


def report(found: Maximum, names: Sequence[str], shift: Array) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Estimates, covariance of the logarithms, and standard errors, by name.

    Parameters
    ----------
    found : Maximum
        In scaled units.
    names : sequence of str
        Of the parameters.
    shift : array
        Logarithm of the unit of each.
    """
    index, logs = list(names), found.logs + shift
    return (
        pd.Series(np.exp(logs), index=index, name="value"),
        pd.DataFrame(found.covariance, index=index, columns=index),
        pd.Series(np.exp(logs) * np.sqrt(np.diag(found.covariance)), index=index, name="standard_error"),
    )


def intervals(found: Maximum, names: Sequence[str], shift: Array, cost: Cost | None) -> pd.DataFrame:
    """Return low and high of each parameter (95 %); what is to be minimised is asked for where they may be lopsided.

    Parameters
    ----------
    found, names, shift
        See :func:`report`.
    cost : function or None
        Minus the log posterior density and its gradient; None where the information is that of a part of the data.
    """
    error = np.sqrt(np.diag(found.covariance))
    low, high = found.logs - Z * error, found.logs + Z * error
    if cost is not None and error.max() > _SMALL:
        low, high = profile_interval(cost, found)
    return pd.DataFrame({"low": np.exp(low + shift), "high": np.exp(high + shift)}, index=list(names))


def normal_draws(params: pd.Series, covariance: pd.DataFrame, n_draws: int, seed: int) -> pd.DataFrame:
    """Draws of positive parameters whose logarithms are normal, one row per draw."""
    spread = np.linalg.cholesky(covariance.to_numpy())
    away = np.random.default_rng([seed, 0]).standard_normal((n_draws, len(params))) @ spread.T
    logs = np.log(params.to_numpy(dtype=float)) + away
    return pd.DataFrame(np.exp(np.clip(logs, -_LARGEST, _LARGEST)), columns=list(params.index))


# Intervals of parameters by profile likelihood: as lopsided as the likelihood is.


Z = 1.959963984540054
_CLOSE = 0.03  # of the signed root to Z
_ROUNDS_of_profile = 10


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
    for _ in range(_ROUNDS_of_profile):

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
