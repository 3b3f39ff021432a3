"""Maximum of a log-likelihood over the logarithms of positive parameters, with its analytic gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmkit.models.descent import Array, Cost, Pair, descend, outward

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
        As in :func:`~crmkit.models.descent.descend`: above 0 where an end in a flat valley is not used as it is.
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
