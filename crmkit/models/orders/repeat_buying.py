"""What models of repeat orders share: fitting, and predictions from P(alive) and the orders of customers still there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.errors import Problems
from crmkit.models.arrays import Array
from crmkit.models.maximum_likelihood import (
    AT_BOUNDARY,
    BOUNDARY_PENALTY,
    Bounds,
    Cost,
    Maximum,
    Prior,
    estimates,
    intervals,
    maximise,
    normal_draws,
)
from crmkit.models.orders.summary import NEW_CUSTOMER, PurchaseCounts, compress


@dataclass(eq=False, kw_only=True)
class RepeatBuyingModel(ABC):
    """A customer orders at random times until leaving for good, which is not observed.

    Parameters
    ----------
    penalty : float
        Precision (1 / sd^2) of a normal prior on the logarithms of the parameters: 0 is maximum likelihood, 0.1 to 1
        keep estimates from few customers plausible. The prior's centre is the observed order rate with moderate
        differences between customers.

    Attributes
    ----------
    params_ : Series
        Estimates, in the unit of time of the ages.
    interval_ : DataFrame
        low, high of each parameter (95 %), by profile likelihood; normal on the logarithms where there are so many
        customers that it makes no difference.
    covariance_ : DataFrame
        Of the logarithms of the parameters: inverse of the observed information.
    standard_errors_ : Series
        Of the parameters themselves (delta method).
    log_likelihood_ : float
        At ``params_``, without the prior.
    n_customers_ : int
        Customers that the model was fitted to [count].
    converged_ : bool
        Whether the search ended at a maximum.
    penalty_ : float
        The penalty used: at a boundary at least 0.1, so that every number stays finite.
    simpler_model_ : str or None
        Where a simpler model fits as well: its name.
    """

    penalty: float = 0.0

    names: ClassVar[tuple[str, ...]]
    times: ClassVar[tuple[str, ...]]
    prior_shapes: ClassVar[dict[str, float]]
    rows_at_once: ClassVar[int] = 16_384  # of a likelihood, for the processor's cache

    params_: pd.Series = field(init=False, repr=False)
    covariance_: pd.DataFrame = field(init=False, repr=False)
    standard_errors_: pd.Series = field(init=False, repr=False)
    log_likelihood_: float = field(init=False, repr=False)
    n_customers_: int = field(init=False, repr=False)
    converged_: bool = field(init=False, repr=False)
    penalty_: float = field(init=False, repr=False)
    simpler_model_: str | None = field(init=False, repr=False)
    _intervals: Callable[[], pd.DataFrame] = field(init=False, repr=False)

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn from customers.

        Parameters
        ----------
        X : DataFrame
            Indexed by customer_id: n_repeats [count], last_age and age [one unit of time]: repeat orders, age at the
            last of them (0 where there is none), and age at the end of the observation, since the first order.

        Raises
        ------
        Problems
            A column is missing or holds what cannot be; or there is no customer.
        """
        _fit(self, compress(X)[0])
        return self

    @cached_property
    def interval_(self) -> pd.DataFrame:
        """Return low and high of each parameter (95 %), computed at first access: that takes as long as the fit."""
        return self._intervals()

    def log_likelihood(self, X: pd.DataFrame) -> float:
        """Log-likelihood of other customers at the estimates, to compare models on customers held out."""
        return self.log_likelihood_of(self.params_.to_numpy(dtype=float), compress(X)[0])[0]

    def probability_alive(self, X: pd.DataFrame) -> pd.Series:
        """Probability that a customer has not left by the end of the observation [share]."""
        counts, position = compress(X)
        return pd.Series(self.alive(self._point, counts)[position], index=X.index, name="probability_alive")

    def expected_orders(self, X: pd.DataFrame, horizon: float | Sequence[float]) -> pd.Series | pd.DataFrame:
        """Expected orders in the time after the observation.

        Parameters
        ----------
        X : DataFrame
            As for :meth:`fit`.
        horizon : float or sequence of float
            Time ahead, in the unit of the ages.

        Returns
        -------
        Series or DataFrame
            Orders [count] per customer; one column per horizon where there are several.
        """
        counts, position = compress(X)
        alive = self.alive(self._point, counts)
        columns = {h: alive * self.orders_if_alive(self._point, counts, float(h)) for h in np.atleast_1d(horizon)}
        if np.ndim(horizon) == 0:
            return pd.Series(next(iter(columns.values()))[position], index=X.index, name="expected_orders")
        return pd.DataFrame({h: orders[position] for h, orders in columns.items()}, index=X.index)

    def expected_orders_new(self, horizon: float | Sequence[float], n_draws: int = 200, seed: int = 0) -> pd.DataFrame:
        """Expected repeat orders of a new customer in the time after the first order.

        Returns
        -------
        DataFrame
            Indexed by horizon [unit of the ages]: value, low, high [count] (95 %, of the mean: a single customer
            varies far more, see :meth:`predict_interval`).
        """
        horizons = np.atleast_1d(np.asarray(horizon, dtype=float))
        points = [self._point, *self.draw_params(n_draws, seed).to_numpy()]
        orders = np.array([[self._expected(params, NEW_CUSTOMER, h)[0] for h in horizons] for params in points])
        low, high = np.quantile(orders, [0.025, 0.975], axis=0)
        index = pd.Index(horizons, name="horizon")
        return pd.DataFrame({"value": orders[0], "low": low, "high": high}, index=index)

    def orders_distribution(self, X: pd.DataFrame, horizon: float, max_orders: int = 10) -> pd.DataFrame:
        """Probability of each number of orders within ``horizon``, at the estimates.

        Returns
        -------
        DataFrame
            One row per customer; columns 0, 1, ..., the last one, ``max_orders``, standing for that many or more.
        """
        counts, position = compress(X)
        shares = _orders_distribution(self, self._point, counts, horizon, max_orders)
        return pd.DataFrame(shares[position], index=X.index)

    def predict_interval(
        self, X: pd.DataFrame, horizon: float, level: float = 0.95, n_draws: int = 50, seed: int = 0
    ) -> pd.DataFrame:
        """Orders within ``horizon`` with the shortest range that holds each customer's own number with ``level``.

        The range carries the uncertainty of the parameters and the customer's own chance. As orders are whole numbers
        it holds somewhat more than ``level``.

        Returns
        -------
        DataFrame
            One row per customer: value (expected orders), low, high [count].
        """
        counts, position = compress(X)
        draws = self.draw_params(n_draws, seed).to_numpy()
        low, high = _shortest_ranges(self, draws, counts, horizon, level, np.random.default_rng([seed, 1]))
        value = self._expected(self._point, counts, horizon)
        columns = {"value": value, "low": low, "high": high}
        return pd.DataFrame({name: column[position] for name, column in columns.items()}, index=X.index)

    def predict_total(
        self, X: pd.DataFrame, horizon: float, level: float = 0.95, n_draws: int = 1000, seed: int = 0
    ) -> pd.Series:
        """Orders of all these customers together within ``horizon``, with an interval by simulation.

        Returns
        -------
        Series
            value (expected), low, high [count].
        """
        totals = np.array([orders.sum() for orders in self._simulated(X, horizon, n_draws, seed)])
        value = self.expected_orders(X, horizon).sum()
        low, high = np.quantile(totals, [(1 - level) / 2, (1 + level) / 2])
        return pd.Series({"value": value, "low": low, "high": high}, name="orders")

    def simulate_orders(self, X: pd.DataFrame, horizon: float, n_draws: int = 200, seed: int = 0) -> pd.DataFrame:
        """Simulated futures: orders within ``horizon``, with parameters drawn anew for each.

        Returns
        -------
        DataFrame
            One row per customer, one column per draw [count]. Sum columns over customers for totals.
        """
        draws = list(self._simulated(X, horizon, n_draws, seed))
        return pd.DataFrame(np.column_stack(draws) if draws else None, index=X.index)

    def draw_params(self, n_draws: int, seed: int = 0) -> pd.DataFrame:
        """Draws of the parameters: normal on their logarithms."""
        return normal_draws(self.params_, self.covariance_, n_draws, seed)

    # What each model defines; the methods above follow from it. Parameters are an array in the order of ``names``, in the
    # unit of time of the counts.

    @abstractmethod
    def log_likelihood_of(self, params: Array, counts: PurchaseCounts) -> tuple[float, Array]:
        """Return the log-likelihood and its gradient by the parameters."""

    @abstractmethod
    def alive(self, params: Array, counts: PurchaseCounts) -> Array:
        """Return the probability that the customer has not left, of each row."""

    def alive_to_draw_by(self, params: Array, counts: PurchaseCounts) -> Array:
        """Return the same to six digits at least; simulations draw by it which customers are still there."""
        return self.alive(params, counts)

    @abstractmethod
    def orders_if_alive(self, params: Array, counts: PurchaseCounts, horizon: float) -> Array:
        """Return the expected orders within ``horizon`` of a customer who has not left, of each row."""

    @abstractmethod
    def distribution_if_alive(self, params: Array, counts: PurchaseCounts, horizon: float) -> Iterator[Array]:
        """Yield the probabilities of 0, 1, ... orders of a customer who has not left; parameters may be columns."""

    @abstractmethod
    def simulate_if_alive(
        self, params: Array, counts: PurchaseCounts, horizon: float, random: np.random.Generator
    ) -> Array:
        """Draw the orders of customers who have not left."""

    @abstractmethod
    def rates_if_alive(
        self, params: Array, counts: PurchaseCounts, ends: Array, random: np.random.Generator
    ) -> tuple[Array, Array | float]:
        """Draw the order rates of customers who have not left, and when they leave, for nested times ahead.

        Parameters
        ----------
        params : array
            In the order of ``names``.
        counts : PurchaseCounts
            One row per customer.
        ends : array of shape (n, k)
            Times ahead of each customer, in any order [unit of the ages].
        random : Generator

        Returns
        -------
        means : array of shape (n, k)
            Mean of the Poisson distributed orders up to each time, given the rate and the time of leaving.
        most : array of shape (n,) or float
            Orders after which the customer leaves; infinite where leaving does not come with an order.
        """

    @abstractmethod
    def limit(self, params: Array, mean_age: float) -> dict[str, float]:
        """Return how near each simpler model is, on the scale of logarithms: from 7 on it fits as well."""

    @property
    def _point(self) -> Array:
        return self.params_.to_numpy(dtype=float)

    def _expected(self, params: Array, counts: PurchaseCounts, horizon: float) -> Array:
        return self.alive(params, counts) * self.orders_if_alive(params, counts, horizon)

    def _simulated(self, X: pd.DataFrame, horizon: float, n_draws: int, seed: int) -> Iterator[NDArray[np.int32]]:
        counts, position = compress(X)
        customers = counts.take(position)
        random = np.random.default_rng([seed, 2])
        for params in self.draw_params(n_draws, seed).to_numpy():
            orders = np.zeros(len(X), dtype=np.int32)
            there = np.flatnonzero(random.random(len(X)) < self.alive_to_draw_by(params, counts)[position])
            drawn = self.simulate_if_alive(params, customers.take(there), horizon, random)
            orders[there] = np.minimum(drawn, np.iinfo(np.int32).max)
            yield orders


# Fitting, and what happens at a boundary


_SUBSAMPLE_ROWS = 15_000  # where there are more, the search begins on that many
_BOUNDS = {"shape": (-9.2, 9.2), "time": (-16.0, 25.0)}  # logarithms; times in mean ages


def _fit(model: RepeatBuyingModel, counts: PurchaseCounts) -> None:
    """Fit a model and set its learned attributes."""
    if not len(counts):
        raise Problems("The customers", ["There is none to learn from."])
    unit = float(counts.n @ counts.age / counts.n_customers) or 1.0
    scaled = counts.scaled(unit)
    found = _search(model, scaled, model.penalty)
    model.penalty_, model.simpler_model_ = model.penalty, _simpler(model, found, scaled)
    if model.simpler_model_ is not None and model.penalty < BOUNDARY_PENALTY:
        model.penalty_ = BOUNDARY_PENALTY
        found = _search(model, scaled, BOUNDARY_PENALTY)
    shift = np.array([np.log(unit) if name in model.times else 0.0 for name in model.names])
    model.params_, model.covariance_, model.standard_errors_ = estimates(found, model.names, shift)
    model._intervals = partial(_intervals, model, scaled, replace(found, cost=None), shift, found.cost is None)
    vars(model).pop("interval_", None)  # of an earlier fit
    model.log_likelihood_ = found.log_likelihood - float(counts.n @ counts.x) * np.log(unit)
    model.n_customers_, model.converged_ = int(counts.n_customers), found.converged


def _intervals(
    model: RepeatBuyingModel, counts: PurchaseCounts, found: Maximum, shift: Array, of_part: bool
) -> pd.DataFrame:
    prior = Prior(_prior_centre(model, counts), model.penalty_)
    return intervals(found, model.names, shift, None if of_part else prior.added_to(_on_logs(model, counts)))


def _search(model: RepeatBuyingModel, counts: PurchaseCounts, penalty: float) -> Maximum:
    centre = _prior_centre(model, counts)
    subsample = counts.thinned(_SUBSAMPLE_ROWS)
    return maximise(
        _on_logs(model, counts),
        [centre, centre + np.array([-1.0, -1.0, -0.5, 0.0])],
        _bounds(model),
        Prior(centre, penalty),
        None if subsample is counts else _on_logs(model, subsample),
    )


def _on_logs(model: RepeatBuyingModel, counts: PurchaseCounts) -> Cost:
    parts = [part for _, part in counts.blocks(model.rows_at_once)]

    def log_likelihood(logs: Array) -> tuple[float, Array]:
        params = np.exp(logs)
        values, gradients = zip(*(model.log_likelihood_of(params, part) for part in parts), strict=True)
        return sum(values), np.sum(gradients, axis=0) * params

    return log_likelihood


def _bounds(model: RepeatBuyingModel) -> Bounds:
    """Return the lowest and highest logarithm of each parameter, with ages in mean ages."""
    lowest, highest = np.array([_BOUNDS["time" if name in model.times else "shape"] for name in model.names]).T
    return lowest, highest


def _prior_centre(model: RepeatBuyingModel, counts: PurchaseCounts) -> Array:
    """Return the centre of the prior: exponentially distributed order rates with the observed mean (half an order if none)."""
    orders, exposure = max(float(counts.n @ counts.x), 0.5), max(float(counts.n @ counts.age), 1.0)
    shapes = {"r": 1.0, "alpha": exposure / orders, **model.prior_shapes}
    return np.log([shapes[name] for name in model.names])


def _simpler(model: RepeatBuyingModel, found: Maximum, counts: PurchaseCounts) -> str | None:
    """Return the simpler model nearest to the estimates, if they are at it or the likelihood is flat in some direction."""
    with np.errstate(divide="ignore"):
        nearness = model.limit(np.exp(found.logs), 1.0)
    if not (counts.x > 0).any():
        return next(iter(nearness))
    nearest = max(nearness, key=nearness.__getitem__)
    return nearest if found.is_flat or nearness[nearest] > AT_BOUNDARY else None


# The distribution of orders in the time ahead, and the shortest range that holds a customer's number


_MOST_ORDERS = 600  # up to which probabilities are added up; beyond, futures are simulated
_N_FUTURES = 40  # simulated for each draw of the parameters
_BLOCK = 20_000  # customers times draws at once


def _orders_distribution(
    model: RepeatBuyingModel, params: Array, counts: PurchaseCounts, horizon: float, max_orders: int
) -> Array:
    """Probabilities of 0, 1, ..., ``max_orders`` or more orders, one row per row of ``counts``."""
    alive = model.alive(params, counts)
    shares = np.empty((len(counts), max_orders + 1))
    for rows, block in counts.blocks(_BLOCK):
        if_alive = np.array(list(islice(model.distribution_if_alive(params, block, horizon), max_orders)))
        shares[rows, :max_orders] = (alive[rows] * if_alive.reshape(max_orders, len(block))).T
    if max_orders:
        shares[:, 0] += 1 - alive
    shares[:, max_orders] = np.clip(1 - shares[:, :max_orders].sum(axis=1), 0, 1)
    return shares


def _shortest_ranges(
    model: RepeatBuyingModel,
    draws: Array,
    counts: PurchaseCounts,
    horizon: float,
    level: float,
    random: np.random.Generator,
) -> tuple[Array, Array]:
    """Return low and high of the shortest range that holds ``level``, of each row.

    Customers with similar order rates share a block, since a block takes as long as its busiest customer.
    """
    low, high = np.empty(len(counts)), np.empty(len(counts))
    order = np.argsort((counts.x + 1) / (counts.age + 1), kind="stable")
    size = max(_BLOCK // len(draws), 1)
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        block = counts.take(rows)
        shares, enough = _mixture(model, draws, block, horizon, level)
        low[rows], high[rows] = shortest_range(shares, level)
        open_ = np.flatnonzero(shares.sum(axis=0) < enough)
        if len(open_):
            low[rows[open_]], high[rows[open_]] = _by_simulation(
                model, draws, block.take(open_), horizon, level, random
            )
    return low, high


def _mixture(
    model: RepeatBuyingModel, draws: Array, counts: PurchaseCounts, horizon: float, level: float
) -> tuple[Array, float]:
    """Return probabilities of 0, 1, ... orders (rows) averaged over draws, and the sum at which they suffice."""
    alive = np.array([model.alive(params, counts) for params in draws])
    enough = level + 0.9 * (1 - level)
    covered = (1 - alive).mean(axis=0)
    shares = []
    for n, if_alive in enumerate(model.distribution_if_alive(draws.T[:, :, None], counts, horizon)):
        share = (alive * if_alive).mean(axis=0)
        shares.append(share + covered if n == 0 else share)
        covered = covered + share
        if n == _MOST_ORDERS or (covered >= enough).all():
            break
    return np.array(shares), enough - 1e-9


def shortest_range(shares: Array, level: float) -> tuple[Array, Array]:
    """Shortest range of 0, 1, ... (rows) that holds ``level``, of each column; the lower one of two.

    Examples
    --------
    >>> low, high = shortest_range(np.array([[0.96, 0.02], [0.03, 0.5], [0.01, 0.46], [0.0, 0.02]]), 0.95)
    >>> low.tolist(), high.tolist()
    ([0.0, 1.0], [0.0, 2.0])
    """
    below = np.concatenate([np.zeros((1, shares.shape[1])), np.cumsum(shares, axis=0)])
    low, high = np.zeros(shares.shape[1]), np.full(shares.shape[1], len(shares) - 1.0)
    for start in range(len(shares)):
        open_ = np.flatnonzero(below[-1] - below[start] >= level)
        if not len(open_):
            break
        end = (below[:, open_] < below[start, open_] + level - 1e-12).sum(axis=0) - 1.0
        better = end - start < high[open_] - low[open_]
        low[open_[better]], high[open_[better]] = start, end[better]
    return low, high


def _by_simulation(
    model: RepeatBuyingModel,
    draws: Array,
    counts: PurchaseCounts,
    horizon: float,
    level: float,
    random: np.random.Generator,
) -> tuple[Array, Array]:
    """Return the shortest range among simulated futures, for customers who order by the thousand."""
    low, high = np.empty(len(counts)), np.empty(len(counts))
    for row in range(len(counts)):
        many = counts.take(np.full(_N_FUTURES, row))
        alive = np.concatenate([random.random(_N_FUTURES) < model.alive(params, many) for params in draws])
        futures = np.concatenate([model.simulate_if_alive(params, many, horizon, random) for params in draws])
        ordered = np.sort(np.where(alive, futures, 0))
        held = int(np.ceil(level * len(ordered)))
        start = int(np.argmin(ordered[held - 1 :] - ordered[: len(ordered) - held + 1]))
        low[row], high[row] = ordered[start], ordered[start + held - 1]
    return low, high
