"""What the models of repeat orders share: fitting, and predictions from P(alive) and the orders of those alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.models.estimates import normal_draws
from crmkit.models.fit_orders import fit_orders
from crmkit.models.order_intervals import most_likely_orders, orders_or_more
from crmkit.models.order_process import OrderProcess
from crmkit.models.purchase_counts import NEW_CUSTOMER, Array, PurchaseCounts, compress


@dataclass(eq=False, kw_only=True)
class RepeatBuyingModel(OrderProcess):
    """A customer orders at random times while she stays; that she has left is never told.

    Parameters
    ----------
    penalty : float
        Precision (1 / sd^2) of a normal prior on the logarithms of the parameters: 0 is maximum likelihood, 0.1 to 1
        keep fits on few customers sane. Its centre has the observed order rate and moderate differences.

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
        Learned from.
    converged_ : bool
        The search ended at a maximum.
    penalty_ : float
        The one used: at a boundary at least 0.1, so that every number stays finite.
    simpler_model_ : str or None
        Where the data ask for less than this model offers: the model that is left, in words.
    """

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
        fit_orders(self, compress(X)[0])
        return self

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
        """Expected repeat orders of a new customer in the time after her first order.

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
        shares = orders_or_more(self, self._point, counts, horizon, max_orders)
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
        low, high = most_likely_orders(self, draws, counts, horizon, level, np.random.default_rng([seed, 1]))
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
        """Possible futures: orders within ``horizon``, with parameters drawn anew for each.

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

    @property
    def _point(self) -> Array:
        return self.params_.to_numpy(dtype=float)

    def _expected(self, params: Array, counts: PurchaseCounts, horizon: float) -> Array:
        return self.alive(params, counts) * self.orders_if_alive(params, counts, horizon)

    def _simulated(self, X: pd.DataFrame, horizon: float, n_draws: int, seed: int) -> Iterator[NDArray[np.int32]]:
        counts, position = compress(X)
        everyone = counts.take(position)
        random = np.random.default_rng([seed, 2])
        for params in self.draw_params(n_draws, seed).to_numpy():
            orders = np.zeros(len(X), dtype=np.int32)
            there = np.flatnonzero(random.random(len(X)) < self.alive_to_draw_by(params, counts)[position])
            drawn = self.simulate_if_alive(params, everyone.take(there), horizon, random)
            orders[there] = np.minimum(drawn, np.iinfo(np.int32).max)
            yield orders
