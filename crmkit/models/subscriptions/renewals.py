"""Models of renewals without covariates: fitting, draws of their parameters, curves with intervals.

With R(t) up for their t-th renewal, of whom d(t) are lost, and s(t) = S(t) / S(t - 1), the log-likelihood is ::

    sum over t of  d(t) log(1 - s(t)) + (R(t) - d(t)) log s(t)

with any delayed entry and right censoring. Where a simpler model fits as well, it is named.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult
from scipy.special import expit, logit

from crmkit.models.arrays import Array
from crmkit.models.maximum_likelihood import Bounds, Cost, one_thread, search, second_derivatives
from crmkit.models.subscriptions.spells import RiskTable, read_spells, risk_table

TAILS = (0.025, 0.975)  # of a 95 % interval


class LogRenewal(NamedTuple):
    """log S(t) / S(t - 1) per set of parameters and period, and its derivatives by each parameter."""

    value: Array
    slopes: tuple[Array, ...]


@dataclass(eq=False, kw_only=True)
class RenewalModel(ABC):
    """A subscription is renewed or lost at the end of each period; customers differ in their risk.

    Parameters
    ----------
    n_draws : int
        Draws of the parameters behind each interval [count].
    seed : int
        Same seed, same data: same intervals.

    Attributes
    ----------
    params_ : Series
        Estimates by maximum likelihood.
    interval_ : DataFrame
        low, high of each parameter (95 %).
    covariance_ : DataFrame
        Inverse of the observed information; at a boundary, where that does not exist, of the draws.
    draws_ : DataFrame
        Draws of the parameters.
    log_likelihood_ : float
        At ``params_``.
    converged_ : bool
        Whether the search ended at a maximum (or at a boundary, see next).
    simpler_model_ : str or None
        Where a simpler model fits as well: its name.
    """

    n_draws: int = 1000
    seed: int = 0

    names: ClassVar[tuple[str, ...]]
    needs: ClassVar[Sequence[str]] = ("tenure",)

    params_: pd.Series = field(init=False, repr=False)
    interval_: pd.DataFrame = field(init=False, repr=False)
    covariance_: pd.DataFrame = field(init=False, repr=False)
    draws_: pd.DataFrame = field(init=False, repr=False)
    log_likelihood_: float = field(init=False, repr=False)
    converged_: bool = field(init=False, repr=False)
    simpler_model_: str | None = field(init=False, repr=False)

    @abstractmethod
    def log_renewal(self, params: Array, period: Array) -> LogRenewal:
        """Return log S(t)/S(t-1) at each period t, and its derivatives by the parameters.

        Parameters
        ----------
        params : array
            One set of parameters per row.
        period : array
            Numbers of renewals t, from 1.
        """

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn from spells.

        Parameters
        ----------
        X : DataFrame
            entry, exit [periods], lost (bool), and n [count] where a row stands for several subscriptions
            (see :mod:`crmkit.models.subscriptions.spells`).
        """
        table = risk_table(read_spells(X))
        fitted = fit_renewals(self.log_renewal, table, self.names, self.n_draws, self.seed)
        names = list(self.names)
        self.params_ = pd.Series(fitted.params, index=names, name="value")
        self.draws_ = pd.DataFrame(fitted.draws, columns=names)
        low, high = np.quantile(fitted.draws, TAILS, axis=0)
        self.interval_ = pd.DataFrame(
            {"low": np.minimum(low, fitted.params), "high": np.maximum(high, fitted.params)}, index=names
        )
        self.covariance_ = pd.DataFrame(fitted.covariance, index=names, columns=names)
        self.log_likelihood_ = fitted.log_likelihood
        self.converged_ = fitted.converged
        self.simpler_model_ = fitted.simpler_model
        return self

    def held_out_likelihood(self, fitted_to: RiskTable, held_out: RiskTable) -> float:
        """Log-likelihood of subscriptions held out, at the estimates from others; the model itself stays as it is.

        Parameters
        ----------
        fitted_to, held_out : RiskTable
            Subscriptions to fit to, and those held out.
        """
        params = most_likely(self.log_renewal, fitted_to, len(self.names))
        steps = self.log_renewal(params, held_out.period).value[0]
        return float(log_likelihood_of(steps, held_out, 1e-12))

    def survival(self, periods: int) -> pd.DataFrame:
        """Share of new customers still there after 0, 1, ..., ``periods`` renewals.

        Returns
        -------
        DataFrame
            Indexed by period: value, low, high (95 %).
        """
        return self.conditional_survival(0, periods)

    def conditional_survival(self, tenure: int, periods: int) -> pd.DataFrame:
        """Share still there after 0, 1, ..., ``periods`` further renewals, of those who made ``tenure`` of them.

        Returns
        -------
        DataFrame
            Indexed by further period: value, low, high (95 %).
        """
        X = pd.DataFrame({"tenure": [tenure]})
        curves = self.curves(X, periods, len(self.draws_))[:, 0]
        return _with_interval(self.curves(X, periods)[0], curves, pd.RangeIndex(periods + 1, name="period"))

    def hazard(self, periods: int) -> pd.DataFrame:
        """Share of those up for their 1st, 2nd, ... renewal who are lost at it.

        Returns
        -------
        DataFrame
            Indexed by period from 1: value, low, high (95 %).
        """
        index = pd.RangeIndex(1, periods + 1, name="period")
        point, draws = (-np.expm1(self._steps(params, periods)) for params in (self._point, self.draws_.to_numpy()))
        return _with_interval(point[0], draws, index)

    def curves(self, X: pd.DataFrame, periods: int, n_draws: int | None = None) -> Array:
        """Conditional survival S(t + k) / S(t) of customers of tenure t, k = 0, ..., ``periods``.

        Parameters
        ----------
        X : DataFrame
            tenure [periods] of each customer.
        periods : int
            Periods ahead.
        n_draws : int, optional
            None for the curves at the estimates: one row per customer and one column per period; else an array with a
            first dimension more, of draws of the parameters.
        """
        tenure = X["tenure"].to_numpy(dtype=np.int64)
        params = self._point if n_draws is None else self.draws_.to_numpy()[:n_draws]
        steps = self._steps(params, int(tenure.max(initial=0)) + periods)
        log_survival = np.concatenate([np.zeros((len(params), 1)), np.cumsum(steps, axis=1)], axis=1)
        ahead = tenure[:, None] + np.arange(periods + 1)
        curves = np.exp(log_survival[:, ahead] - log_survival[:, tenure, None])
        return curves[0] if n_draws is None else curves

    @property
    def _point(self) -> Array:
        return self.params_.to_numpy(dtype=float)[None, :]

    def _steps(self, params: Array, periods: int) -> Array:
        # A risk of 1e-17 is less than the rounding error of the gamma functions and may come out below 0.
        return np.minimum(self.log_renewal(params, np.arange(1.0, periods + 1)).value, 0.0)


def _with_interval(value: Array, draws: Array, index: pd.Index) -> pd.DataFrame:
    """Return the estimate with its 95 % interval; at a boundary the estimate may lie outside of all draws."""
    low, high = np.quantile(draws, TAILS, axis=0)
    return pd.DataFrame({"value": value, "low": np.minimum(low, value), "high": np.maximum(high, value)}, index=index)


# Maximum likelihood, and whether a simpler model does as well


ALIKE = "geometric: customers do not differ"
TWO_KINDS = "two kinds: those who leave at the first chance and those who stay"
BOUNDARIES = {
    (2, "low"): TWO_KINDS,
    (2, "high"): "a fixed term: all who leave do so at the same renewal",
    (1, "low"): ALIKE,
    (1, "high"): TWO_KINDS,
}
_NO_LOSS_SEEN = 1e-6  # of log-likelihood, by moving to a boundary
_TINY = 1e-100  # in place of a risk of 0, whose logarithm would be infinite
_OPEN = 2.0  # standard error of a logit or logarithm above which a boundary is tried
_NEAR, _LITTLE = 0.1, 0.01  # in every coordinate, and of log-likelihood: a search this near to a known end is over
_BLOCK = 1_000_000  # draws x periods computed at a time


class Fitted(NamedTuple):
    """Estimates, draws of the parameters and their covariance."""

    params: Array
    draws: Array
    covariance: Array
    log_likelihood: float
    converged: bool
    simpler_model: str | None


def fit_renewals(
    log_renewal: Callable[[Array, Array], LogRenewal], table: RiskTable, names: tuple[str, ...], n_draws: int, seed: int
) -> Fitted:
    """Fit a model of renewals to a table of who was at risk and who was lost."""
    likelihood = _Likelihood(log_renewal, table, len(names))
    best, converged, simpler = likelihood.simplified(*likelihood.maximum())
    draws_at, covariance = likelihood.draws(best, n_draws, seed)
    draws, point = _to_params(draws_at), _to_params(best[None])[0]
    if simpler is None:
        information = likelihood.information(best)
        if np.linalg.eigvalsh(information).min() > 1e-8:
            covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
        (slopes,) = _jacobian(best[None])
        covariance = slopes @ covariance @ slopes.T
    else:
        covariance = np.cov(draws.T)
    value = float(likelihood.log_likelihood(best[None])[0])
    return Fitted(point, draws, covariance, value, converged, simpler)


def log_likelihood_of(steps: Array, table: RiskTable, least: float = _TINY) -> Array:
    """Return the log-likelihood from log S(t) / S(t - 1) at the table's periods; no risk counts as less than ``least``."""
    lost = np.log(np.maximum(-np.expm1(steps), least))
    return np.asarray((table.lost * lost + table.kept * np.minimum(steps, 0)).sum(axis=-1), dtype=np.float64)


def most_likely(log_renewal: Callable[[Array, Array], LogRenewal], table: RiskTable, n_params: int) -> Array:
    """Return the estimates of :func:`fit_renewals` alone, as one row; most of its time goes into their errors."""
    likelihood = _Likelihood(log_renewal, table, n_params)
    best, _, _ = likelihood.simplified(*likelihood.maximum())
    return _to_params(best[None])


class _Likelihood:
    """The log-likelihood of one table, in the coordinates of the search."""

    def __init__(self, log_renewal: Callable[[Array, Array], LogRenewal], table: RiskTable, n_params: int) -> None:
        self.log_renewal, self.table = log_renewal, table
        self.bounds = LOWEST[:n_params], HIGHEST[:n_params]
        self.n_lost, self.n_at_risk = float(table.lost.sum()), float(table.at_risk.sum())

    def log_likelihood(self, point: Array) -> Array:
        rows = max(1, _BLOCK // max(1, len(self.table.period)))
        blocks = [point[i : i + rows] for i in range(0, len(point), rows)]
        steps = (self.log_renewal(_to_params(block), self.table.period).value for block in blocks)
        return np.concatenate([log_likelihood_of(each, self.table) for each in steps])

    def log_posterior(self, point: Array) -> Array:
        return self.log_likelihood(point) + _log_prior(point)

    def maximum(self) -> tuple[Array, bool]:
        """Search from three places: customers nearly alike, mixed, and of two kinds."""
        risk = np.clip(self._mean_risk(), *(expit(bound[0]) for bound in self.bounds))
        starts = [np.array([logit(risk), spread, 0.0])[: len(self.bounds[0])] for spread in (-4.0, -1.0, 1.0)]
        return lowest(self._negative, starts, self.bounds)

    def simplified(self, point: Array, converged: bool) -> tuple[Array, bool, str | None]:
        """Move to a boundary where that costs no likelihood, and name the model that holds there."""
        if 0 < self.n_lost < self.n_at_risk:
            reached = float(self.log_likelihood(point[None])[0])
            is_open = self._open_coordinates(point)
            for (i, side), name in BOUNDARIES.items():
                if i < len(point) and is_open[i]:
                    moved, ended = self._maximum_at(point, i, self.bounds[side == "high"][i])
                    if float(self.log_likelihood(moved[None])[0]) >= reached - _NO_LOSS_SEEN:
                        return moved, ended, self._boundary_name(name, moved)
            return point, converged, None
        alike = np.array([logit(self._mean_risk()), self.bounds[0][1], 0.0])[: len(point)]
        if self.n_at_risk == 0:
            return alike, True, "nothing was observed: a guess without data"
        return alike, True, f"geometric: {'nobody has left yet' if self.n_lost == 0 else 'everybody left at once'}"

    def draws(self, near: Array, n_draws: int, seed: int) -> tuple[Array, Array]:
        """Draw from the posterior density; also return its covariance."""

        def negative(at: Array) -> tuple[float, Array]:
            value, gradient = self._negative(at)
            return value - float(_log_prior(at[None])[0]), gradient - _log_prior_gradient(at[None])[0]

        middle = np.array([near[0], -1.0, 0.0])[: len(near)]
        peak, _ = lowest(negative, [near, middle], self.bounds)
        curvature, axes = np.linalg.eigh(second_derivatives(negative, peak))
        spread = (axes / np.clip(curvature, 0.1, None)) @ axes.T
        return _draw_around(self.log_posterior, peak, spread, self.bounds, n_draws, seed)

    def information(self, point: Array) -> Array:
        """Return the observed information: minus the second derivatives."""
        return second_derivatives(self._negative, point)

    def _open_coordinates(self, at: Array) -> NDArray[np.bool_]:
        """Return for each coordinate whether the likelihood is so flat that it may be as high at the bound."""
        curvature, axes = np.linalg.eigh(self.information(at))
        there = (at <= self.bounds[0] + 1e-6) | (at >= self.bounds[1] - 1e-6)
        return np.asarray(there | ((axes**2 / np.maximum(curvature, 1e-9)).sum(axis=1) > _OPEN**2))

    def _boundary_name(self, name: str, at: Array) -> str:
        return "discrete Weibull: customers do not differ" if name == ALIKE and len(at) == 3 else name

    def _mean_risk(self) -> float:
        """Return the mean risk; with half a loss and half a renewal added where one of them was never observed."""
        if 0 < self.n_lost < self.n_at_risk:
            return self.n_lost / self.n_at_risk
        return (self.n_lost + 0.5) / (self.n_at_risk + 1)

    def _maximum_at(self, at: Array, fixed: int, bound: float) -> tuple[Array, bool]:
        """Return the maximum of the other coordinates with one of them fixed at its bound."""
        free = np.arange(len(at)) != fixed

        def negative(part: Array) -> tuple[float, Array]:
            value, gradient = self._negative(np.insert(part, fixed, bound))
            return value, gradient[free]

        found, converged = lowest(negative, [at[free]], (self.bounds[0][free], self.bounds[1][free]))
        return np.insert(found, fixed, bound), converged

    def _negative(self, at: Array) -> tuple[float, Array]:
        """Return minus the log-likelihood and its gradient."""
        steps = self.log_renewal(_to_params(at[None]), self.table.period)
        lost = np.maximum(-np.expm1(steps.value), _TINY)
        weight = self.table.kept - self.table.lost * (1 - lost) / lost  # d log-likelihood / d log s(t)
        by_params = np.array([(slope * weight).sum() for slope in steps.slopes])
        return -float(log_likelihood_of(steps.value, self.table)[0]), -by_params @ _jacobian(at[None])[0]


def lowest(cost: Cost, starts: Sequence[Array], bounds: Bounds) -> tuple[Array, bool]:
    """Return where a function is lowest within bounds, by L-BFGS-B from several starts, and whether that search ended.

    A search that comes near the end of an earlier one stops there.

    Examples
    --------
    >>> found, converged = lowest(lambda x: ((x[0] - 1) ** 2, 2 * (x - 1)), [np.zeros(1)], (np.full(1, -3.0), np.full(1, 3.0)))
    >>> found.round(6).tolist(), converged
    ([1.0], True)
    """
    ends: list[OptimizeResult] = []

    def stop_at_known_end(intermediate_result: OptimizeResult) -> None:
        for end in ends:
            above = intermediate_result.fun - end.fun
            if np.abs(intermediate_result.x - end.x).max() < _NEAR and 0 <= above < _LITTLE:
                raise StopIteration

    with one_thread():
        for start in starts:
            ends.append(search(cost, start, bounds, callback=stop_at_known_end if ends else None))
    best = min(ends, key=lambda end: float(end.fun))
    return np.asarray(best.x, dtype=np.float64), bool(best.success)


# Coordinates of the search, whose errors are nearly independent: logit m, with m = alpha / (alpha + beta) the mean risk at
# the first renewal; log v, with v = 1 / alpha + 1 / beta about the squared spread of the customers' odds of leaving over
# their mean (0: all alike; infinite: some leave at once, others never); and, where risks change with tenure, log c.


# Of logit m, log v, log c. At either end of the second and third a simpler model has the same likelihood.
LOWEST, HIGHEST = np.array([-40.0, -9.2, np.log(0.05)]), np.array([16.0, 9.2, np.log(20.0)])


def _to_params(at: Array) -> Array:
    """Return alpha, beta (and c) per row of logit m, log v (and log c): alpha = 1 / (v (1 - m)), beta = 1 / (v m)."""
    size = np.exp(-at[:, 1])
    return np.column_stack([size * (1 + np.exp(at[:, 0])), size * (1 + np.exp(-at[:, 0])), *np.exp(at[:, 2:]).T])


def _jacobian(at: Array) -> Array:
    """Return d params / d at of each row: rows x params x coordinates."""
    params = _to_params(at)
    slopes = np.zeros((*at.shape, at.shape[1]))
    slopes[:, 0, 0], slopes[:, 1, 0] = np.exp(at[:, 0] - at[:, 1]), -np.exp(-at[:, 0] - at[:, 1])
    slopes[:, :2, 1] = -params[:, :2]
    if at.shape[1] == 3:
        slopes[:, 2, 2] = params[:, 2]
    return slopes


def _log_prior(at: Array) -> Array:
    """Return a weak prior: Jeffreys' on m, uniform on v / (1 + v), log c about 0 +- 1."""
    return 0.5 * _log_slope(at[:, 0]) + _log_slope(at[:, 1]) - (at[:, 2:] ** 2).sum(axis=1) / 2


def _log_prior_gradient(at: Array) -> Array:
    """Return the derivatives of the log prior of each row."""
    return np.concatenate([0.5 * (1 - 2 * expit(at[:, :1])), 1 - 2 * expit(at[:, 1:2]), -at[:, 2:]], axis=1)


def _log_slope(x: Array) -> Array:
    """Return the logarithm of the logistic density."""
    return -np.abs(x) - 2 * np.log1p(np.exp(-np.abs(x)))


# Draws of parameters from their posterior density, which may be skewed or flat on one side


_FREEDOM = 5.0  # of the proposal's t distribution: tails heavier than the target's
_ROUNDS = 8
_ENOUGH = 0.4  # effective sample size as a share of the proposals, at which the proposal fits


def _draw_around(
    log_density: Callable[[Array], Array],
    peak: Array,
    spread: Array,
    bounds: tuple[Array, Array],
    n_draws: int,
    seed: int,
) -> tuple[Array, Array]:
    """Return draws from a density of few dimensions by adaptive importance sampling, then resampling.

    Proposals come from a t distribution whose centre and spread follow the weighted proposals of the round before.

    Parameters
    ----------
    log_density : callable
        Of one value per row; need not integrate to 1.
    peak : array
        Where the density is highest.
    spread : array
        A guess of its covariance.
    bounds : pair of array
        Lowest and highest value of each coordinate.
    n_draws : int
        Draws wanted [count].
    seed : int
        Of the random numbers.

    Returns
    -------
    draws : array
        One row per draw.
    covariance : array
        Of the density.

    References
    ----------
    Cappe, Guillin, Marin and Robert (2004), Population Monte Carlo, Journal of Computational and Graphical Statistics
    13(4), 907-929.

    Examples
    --------
    >>> box = np.array([-9.0]), np.array([9.0])
    >>> draws, covariance = _draw_around(lambda x: -(x[:, 0] - 1) ** 2 / 2, np.ones(1), np.eye(1) * 4, box, 2000, 0)
    >>> bool(abs(draws.mean() - 1) < 0.1), bool(abs(covariance[0, 0] - 1) < 0.1)
    (True, True)
    """
    random, n_proposals = np.random.default_rng(seed), 2 * n_draws
    centre, covariance = peak, spread
    for _ in range(_ROUNDS):
        root = np.linalg.cholesky(covariance * 1.2 + 1e-9 * np.eye(len(peak)))
        normal = random.standard_normal((n_proposals, len(peak)))
        stretch = np.sqrt(_FREEDOM / random.chisquare(_FREEDOM, n_proposals))
        proposals = centre + (normal * stretch[:, None]) @ root.T
        inside = np.all((proposals >= bounds[0]) & (proposals <= bounds[1]), axis=1)
        weights = _weights(log_density, proposals, inside, (normal**2).sum(axis=1) * stretch**2)
        centre = weights @ proposals
        covariance = ((proposals - centre).T * weights) @ (proposals - centre)
        if 1 / (weights @ weights) > _ENOUGH * n_proposals:
            break
    position = (np.arange(n_draws) + random.random()) / n_draws
    chosen = np.minimum(np.searchsorted(np.cumsum(weights), position), n_proposals - 1)
    return np.clip(proposals[random.permutation(chosen)], *bounds), covariance


def _weights(
    log_density: Callable[[Array], Array], proposals: Array, inside: NDArray[np.bool_], distance: Array
) -> Array:
    """Return density over proposal density, adding up to 1."""
    log_proposal = -(_FREEDOM + proposals.shape[1]) / 2 * np.log1p(distance / _FREEDOM)
    log_weight = np.full(len(proposals), -np.inf)
    log_weight[inside] = log_density(proposals[inside]) - log_proposal[inside]
    if not np.isfinite(log_weight.max(initial=-np.inf)):
        return np.full(len(proposals), 1 / len(proposals))
    weights = np.exp(log_weight - log_weight.max())
    return weights / weights.sum()
