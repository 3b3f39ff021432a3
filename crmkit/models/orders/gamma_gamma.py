"""The Gamma-Gamma model: how much a customer spends per order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from crmkit.models.arrays import Array
from crmkit.models.maximum_likelihood import (
    AT_BOUNDARY,
    BOUNDARY_PENALTY,
    Cost,
    Maximum,
    Prior,
    estimates,
    intervals,
    maximise,
    normal_draws,
)
from crmkit.models.orders.summary import read_columns

_CENTRE = np.log([2.0, 3.0, 1.0])  # of p, q and gamma, where the mean is 1
_SUBSAMPLE_CUSTOMERS = 20_000  # where there are more than twice as many, the search begins on that many
_BOUNDS = np.array([-9.2, -9.2, -20.0]), np.array([9.2, 9.2, 20.0])


@dataclass(eq=False, kw_only=True)
class GammaGamma:
    """Gamma-Gamma model of money per order, independent of how often a customer orders.

    The amounts of a customer's orders are Gamma(p, nu) distributed around the customer's own mean p / nu, and among
    customers nu is Gamma(q, gamma) distributed. With n orders of mean z ::

        L = Gamma(p n + q) / (Gamma(p n) Gamma(q))  gamma^q  z^(p n - 1)  n^(p n) / (gamma + n z)^(p n + q)

        E[mean | n, z] = p (gamma + n z) / (p n + q - 1)

    which is a weighted mean of the customer's own mean and that of all. Customers without an order of known amount are
    expected to spend the mean of all. Those whose amounts are not positive on balance (refunds) are left out of the fit, and
    their own mean counts as 0: so many orders that brought nothing.
    Where that mean is infinite under the model (q near 1 or below), the observed mean over customers replaces it.

    Parameters
    ----------
    penalty : float
        Precision (1 / sd^2) of a normal prior on the logarithms of the parameters; 0 is maximum likelihood.

    Attributes
    ----------
    params_ : Series
        p, q and gamma; gamma in the unit of money.
    interval_, covariance_, standard_errors_, log_likelihood_, converged_, penalty_, simpler_model_
        As of :class:`crmkit.models.orders.repeat_buying.RepeatBuyingModel`.
    n_customers_ : int
        Customers with a positive mean, whom the model was fitted to [count].
    mean_value_ : float
        Observed mean over these customers [money].

    References
    ----------
    Fader, Hardie and Lee (2005), RFM and CLV: using iso-value curves for customer base analysis, Journal of Marketing
    Research 42(4), 415-430; Fader and Hardie (2013), The gamma-gamma model of monetary value, equations 1a and 5.

    Examples
    --------
    >>> X = pd.DataFrame({"n_values": [1, 4, 2, 0, 3], "mean_value": [10.0, 30.0, 12.0, 0.0, 22.0]})
    >>> GammaGamma(penalty=0.1).fit(X).expected_value(X).round(1).tolist()
    [16.1, 27.5, 15.5, 20.4, 21.5]
    """

    penalty: float = 0.0

    names: ClassVar[tuple[str, ...]] = ("p", "q", "gamma")

    params_: pd.Series = field(init=False, repr=False)
    covariance_: pd.DataFrame = field(init=False, repr=False)
    standard_errors_: pd.Series = field(init=False, repr=False)
    log_likelihood_: float = field(init=False, repr=False)
    n_customers_: int = field(init=False, repr=False)
    converged_: bool = field(init=False, repr=False)
    penalty_: float = field(init=False, repr=False)
    simpler_model_: str | None = field(init=False, repr=False)
    mean_value_: float = field(init=False, repr=False)
    _intervals: Callable[[], pd.DataFrame] = field(init=False, repr=False)

    @cached_property
    def interval_(self) -> pd.DataFrame:
        """Return low and high of each parameter (95 %), computed when first asked for."""
        return self._intervals()

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn from customers.

        Parameters
        ----------
        X : DataFrame
            Indexed by customer_id: n_values [count], orders with an amount (by custom repeat orders only);
            mean_value [money], their mean.

        Raises
        ------
        Problems
            A column is missing or not a number.
        """
        n, z = _known_values(X)
        usable = n > 0
        n, z = n[usable], z[usable]
        unit = float(z.mean()) if len(z) else 1.0
        found = self._search(n, z / unit, self.penalty)
        self.penalty_, self.simpler_model_ = self.penalty, _simpler(found, n, z)
        if self.simpler_model_ is not None and self.penalty < BOUNDARY_PENALTY:
            self.penalty_ = BOUNDARY_PENALTY
            found = self._search(n, z / unit, BOUNDARY_PENALTY)
        shift = np.array([0.0, 0.0, np.log(unit)])
        self.params_, self.covariance_, self.standard_errors_ = estimates(found, self.names, shift)
        self._intervals = partial(intervals, found, self.names, shift, found.cost)
        vars(self).pop("interval_", None)  # of an earlier fit
        self.log_likelihood_ = found.log_likelihood - len(n) * float(np.log(unit))
        self.n_customers_, self.converged_ = len(n), found.converged
        self.mean_value_ = float(z.mean()) if len(z) else 0.0
        return self

    def expected_value(self, X: pd.DataFrame) -> pd.Series:
        """Expected mean amount of a customer's orders [money]."""
        return pd.Series(self._expected(*_own_values(X)), index=X.index, name="expected_value")

    def predict_interval(self, X: pd.DataFrame, level: float = 0.95, n_draws: int = 500, seed: int = 0) -> pd.DataFrame:
        """Each customer's own mean amount per order: value, low, high [money]; the interval allows for uncertain parameters."""
        n, z = _own_values(X)
        value, low, high = self._expected(n, z), np.empty(len(n)), np.empty(len(n))
        for start in range(0, len(n), 2000):
            rows = slice(start, start + 2000)
            means = self._simulated_means(n[rows], z[rows], n_draws, np.random.default_rng([seed, 1, start]), seed)
            low[rows], high[rows] = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=1)
        return pd.DataFrame({"value": value, "low": low, "high": high}, index=X.index)

    def simulate_revenue(self, X: pd.DataFrame, orders: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
        """Simulated futures: revenue of the orders drawn by ``simulate_orders`` of a model of repeat orders.

        Parameters
        ----------
        X : DataFrame
            As for :meth:`fit`.
        orders : DataFrame
            One row per customer of ``X``, in the same order, and one column per draw [count].

        Returns
        -------
        DataFrame
            Of the same shape: money. Sum columns over customers for totals.
        """
        n, z = _own_values(X)
        random = np.random.default_rng([seed, 2])
        means = self._simulated_means(n, z, orders.shape[1], random, seed)
        count = orders.to_numpy(dtype=float)
        shape = np.where(count > 0, self.draw_params(orders.shape[1], seed)["p"].to_numpy() * count, 1.0)
        revenue = np.where(count > 0, means * count * random.gamma(shape) / shape, 0.0)
        return pd.DataFrame(revenue, index=X.index, columns=orders.columns)

    def simulate_means(self, X: pd.DataFrame, n_draws: int, seed: int = 0) -> Iterator[tuple[Array, float]]:
        """Draw each customer's own mean amount per order, anew for each simulated future.

        Parameters
        ----------
        X : DataFrame
            As for :meth:`fit`.
        n_draws, seed : int

        Yields
        ------
        means : array
            One per customer [money].
        shape : float
            Of the gamma distribution of an amount around the mean.
        """
        n, z = _own_values(X)
        random = np.random.default_rng([seed, 2])
        for p, q, gamma in self.draw_params(n_draws, seed).to_numpy():
            nu = random.gamma(p * n + q) / (gamma + n * z) if self.n_customers_ else np.full(len(n), np.inf)
            yield p / np.maximum(nu, 1e-290), p

    def draw_params(self, n_draws: int, seed: int = 0) -> pd.DataFrame:
        """Draws of the parameters: normal on their logarithms."""
        return normal_draws(self.params_, self.covariance_, n_draws, seed)

    def _search(self, n: Array, z: Array, penalty: float) -> Maximum:
        subsample = None
        if len(n) > 2 * _SUBSAMPLE_CUSTOMERS:
            some = np.random.default_rng(0).integers(0, len(n), _SUBSAMPLE_CUSTOMERS)
            subsample = _Likelihood(n[some], z[some]).on_logs(len(n) / len(some))
        starts = [_CENTRE, _CENTRE + np.array([1.5, 1.0, -0.5])]
        return maximise(_Likelihood(n, z).on_logs(), starts, _BOUNDS, Prior(_CENTRE, penalty), subsample)

    def _expected(self, n: Array, z: Array) -> Array:
        p, q, gamma = self.params_
        weight = p * n + q - 1
        finite = weight > _NO_MEAN
        value = np.where(finite, p * (gamma + n * z) / np.where(finite, weight, 1.0), self.mean_value_)
        return value if self.n_customers_ else np.zeros(len(n))

    def _simulated_means(self, n: Array, z: Array, n_draws: int, random: np.random.Generator, seed: int) -> Array:
        """Draws of each customer's own mean p / nu, one column per draw of the parameters."""
        if not self.n_customers_:
            return np.zeros((len(n), n_draws))
        p, q, gamma = self.draw_params(n_draws, seed).to_numpy().T
        nu = random.gamma(p * n[:, None] + q) / (gamma + (n * z)[:, None])
        return p / np.maximum(nu, 1e-290)


# The likelihood, the amounts that count, and the simpler models at its boundaries


_COLUMNS = ("n_values", "mean_value")
_NO_MEAN = 0.1  # p x + q - 1 below which a customer's expected mean is infinite, or nearly


class _Likelihood:
    """Log-likelihood of customers with ``n`` orders of mean ``z``; terms without parameters are computed once."""

    def __init__(self, n: Array, z: Array) -> None:
        which, self.n_values = pd.factorize(n)
        self.customers = np.bincount(which, minlength=len(self.n_values)).astype(float)
        self.n, self.total = n, n * z
        self.log_means = float(np.log(z).sum())
        self.log_totals = float(n @ np.log(self.total))

    def __call__(self, params: Array) -> tuple[float, Array]:
        """Return the log-likelihood and its gradient by p, q, gamma."""
        p, q, gamma = params
        shape, n_customers, everything = p * self.n_values, len(self.n), gamma + self.total
        log_all, both = np.log(everything), digamma(shape + q)
        weighted, plain = self.n @ log_all, log_all.sum()
        np.divide(1.0, everything, out=everything)
        value = self.customers @ (gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma))
        value += p * (self.log_totals - weighted) - self.log_means - q * plain
        gradient = (
            self.customers @ (self.n_values * (both - digamma(shape))) + self.log_totals - weighted,
            self.customers @ (both - digamma(q)) + n_customers * np.log(gamma) - plain,
            n_customers * q / gamma - p * (self.n @ everything) - q * everything.sum(),
        )
        return float(value), np.array(gradient)

    def on_logs(self, weight: float = 1.0) -> Cost:
        """Return the function of the logarithms of the parameters; each customer counts ``weight`` times."""

        def log_likelihood(logs: Array) -> tuple[float, Array]:
            params = np.exp(logs)
            value, gradient = self(params)
            return weight * value, weight * gradient * params

        return log_likelihood


def _known_values(X: pd.DataFrame) -> tuple[Array, Array]:
    """Orders with an amount and their mean; none where the mean is not positive."""
    own = X[[name for name in _COLUMNS if name in X]]  # copying the whole frame would take longer
    n, z = read_columns(own.assign(mean_value=_positive(X)) if "mean_value" in X else own, _COLUMNS)
    known = (n > 0) & (z > 0)
    return np.where(known, n, 0.0), np.where(known, z, 0.0)


def _own_values(X: pd.DataFrame) -> tuple[Array, Array]:
    """Orders with an amount and their mean, to predict from; refunds above what was kept bring the mean down to 0."""
    own = X[[name for name in _COLUMNS if name in X]]
    n, z = read_columns(own.assign(mean_value=_positive(X)) if "mean_value" in X else own, _COLUMNS)
    known = (n > 0) & X["mean_value"].notna().to_numpy()
    return np.where(known, n, 0.0), np.where(known, z, 0.0)


def _positive(X: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(X["mean_value"], errors="coerce").clip(lower=0).fillna(0.0)


def _simpler(found: Maximum, n: Array, z: Array) -> str | None:
    """Return the simpler model that fits as well, if there is one."""
    p, q, _ = np.exp(found.logs)
    if not len(n):
        return "nothing to learn from: no order has a positive amount"
    if q <= 1 + _NO_MEAN:
        return "the observed mean: among new customers the mean has no finite expectation"
    nearness = {
        "each customer spends the same on every order": np.log(p) - 1,
        "one mean for all customers": np.log(q) - 1,
    }
    nearest = max(nearness, key=nearness.__getitem__)
    return nearest if found.is_flat or nearness[nearest] > AT_BOUNDARY - 1 else None
