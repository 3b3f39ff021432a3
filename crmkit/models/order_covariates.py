"""Models of repeat orders in which what is known of a customer moves how often she orders and how soon she leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from crmkit.models.covariate_likelihood import covariate_cost, parameters_of
from crmkit.models.design import Design, covariates_of, plain, ratios
from crmkit.models.optimise import Maximum, Prior, maximise
from crmkit.models.orders.base import RepeatBuyingModel, bounds_of, usual_logs
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.models.orders.summary import COLUMNS, Array, PurchaseCounts, compress


@dataclass(eq=False, kw_only=True)
class OrderCovariates:
    """BG/NBD, MBG/NBD or Pareto/NBD with covariates that do not change over time.

    With covariates z, centred and divided by their standard deviation, a customer's scale parameters are ::

        Pareto/NBD        alpha exp(-c z)  and  beta exp(-d z)     her order rate is exp(c z) times, her rate of leaving
                                                                   exp(d z) times that of the average customer
        BG/NBD, MBG/NBD   alpha exp(-c z)  and  a exp(d z)         the odds of leaving per order are exp(d z) times

    and (c, d) have a normal prior of precision ``l2`` around 0. A few covariates that matter beat many.

    Parameters
    ----------
    model : type
        ParetoNBD, BGNBD or MBGNBD.
    covariates : sequence of str, optional
        Columns of X, numbers or text; all but n_repeats, last_age, age, n_values and mean_value if not told.
    l2 : float
        Precision of the prior on c and d, above 0: 1 lets a covariate double or halve a rate, and seldom more.
    penalty : float
        On the model's own parameters, see :class:`~crmkit.models.orders.base.RepeatBuyingModel`.

    Attributes
    ----------
    params_ : Series
        Of the average customer, in the unit of time of the ages.
    order_effects_, leaving_effects_ : DataFrame
        ratio, low, high (95 %) per column such as ``channel = shop``: how many times the rate (odds) is that of the level
        compared with, or at one more of a number.
    coefficients_, standard_errors_ : DataFrame
        orders, leaving per column: c and d, of standardised covariates.
    covariance_ : DataFrame
        Of the logarithms of the parameters and of c and d.
    log_likelihood_ : float
        Without priors.
    n_customers_ : int
    converged_ : bool
    simpler_model_ : str or None
        Where the model without covariates is at a boundary.

    References
    ----------
    Fader and Hardie (2007), Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models,
    brucehardie.com/notes/019; there b of BG/NBD has coefficients too.

    Examples
    --------
    >>> n = 60
    >>> X = pd.DataFrame({"n_repeats": [0, 1, 3, 8] * 15, "last_age": [0.0, 12.0, 30.1, 20.0] * 15, "age": 38.9,
    ...                   "channel": ["web", "web", "shop", "shop"] * 15})
    >>> model = OrderCovariates(covariates=["channel"]).fit(X)
    >>> bool(model.order_effects_.loc["channel = web", "ratio"] < 0.5)
    True
    """

    model: type[RepeatBuyingModel] = ParetoNBD
    covariates: Sequence[str] | None = None
    l2: float = 1.0
    penalty: float = 0.0

    params_: pd.Series = field(init=False, repr=False)
    order_effects_: pd.DataFrame = field(init=False, repr=False)
    leaving_effects_: pd.DataFrame = field(init=False, repr=False)
    coefficients_: pd.DataFrame = field(init=False, repr=False)
    standard_errors_: pd.DataFrame = field(init=False, repr=False)
    covariance_: pd.DataFrame = field(init=False, repr=False)
    log_likelihood_: float = field(init=False, repr=False)
    n_customers_: int = field(init=False, repr=False)
    converged_: bool = field(init=False, repr=False)
    simpler_model_: str | None = field(init=False, repr=False)

    not_covariates: ClassVar[frozenset[str]] = frozenset((*COLUMNS, "n_values", "mean_value"))

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn from customers: n_repeats [count], last_age, age [one unit of time], and the covariates.

        Raises
        ------
        Problems
            A column is missing or holds what cannot be; or there is no customer.
        """
        self._base = self.model(penalty=self.penalty).fit(X)
        wanted = covariates_of(X, self.covariates)
        names = [name for name in wanted if name not in self.not_covariates]
        described = plain(X, names)
        self._design = Design.learned(described, names, np.ones(len(X)))
        found, shift = self._search(X)
        self._theta = found.logs + shift
        self.n_customers_, self.converged_ = len(X), found.converged
        self.simpler_model_ = self._base.simpler_model_
        self._report(found.covariance)
        return self

    def _search(self, X: pd.DataFrame) -> tuple[Maximum, Array]:
        """Look for the maximum in mean ages; return it with what turns its logarithms into those in the unit of X."""
        log_unit = float(np.log(np.mean(X["age"]) or 1.0))
        base, (counts, Z, _) = self._base, self._rows(X)
        scaled, none = counts.scaled(np.exp(log_unit)), np.zeros(2 * Z.shape[1])
        shift = np.append([log_unit if name in base.times else 0.0 for name in base.names], none)
        bounds = tuple(np.append(own, none + far) for own, far in zip(bounds_of(base), (-8.0, 8.0), strict=True))
        penalties = np.append(np.full(len(base.names), base.penalty_), none + max(self.l2, 1e-6))
        prior = Prior(np.append(usual_logs(base, scaled), none), penalties)
        start = np.append(np.log(base.params_.to_numpy(dtype=float)), none) - shift
        found = maximise(covariate_cost(base, scaled, Z), [start], (bounds[0], bounds[1]), prior)
        self.log_likelihood_ = found.log_likelihood - float(counts.n @ counts.x) * log_unit
        return found, shift

    def probability_alive(self, X: pd.DataFrame) -> pd.Series:
        """Probability that a customer has not left by the end of the observation [share]."""
        counts, Z, position = self._rows(X)
        alive = self._base.alive(parameters_of(self._base, self._theta, Z), counts)
        return pd.Series(alive[position], index=X.index, name="probability_alive")

    def expected_orders(self, X: pd.DataFrame, horizon: float) -> pd.Series:
        """Expected orders in the time after the observation [count]; ``horizon`` in the unit of the ages."""
        counts, Z, position = self._rows(X)
        params = parameters_of(self._base, self._theta, Z)
        orders = self._base.alive(params, counts) * self._base.orders_if_alive(params, counts, float(horizon))
        return pd.Series(orders[position], index=X.index, name="expected_orders")

    def simulate_orders(self, X: pd.DataFrame, horizon: float, n_draws: int = 200, seed: int = 0) -> pd.DataFrame:
        """Possible futures: orders within ``horizon`` [count], one column per draw of the parameters."""
        counts, Z, position = self._rows(X)
        everyone, Z = counts.take(position), Z[position]
        random = np.random.default_rng([seed, 3])
        spread = np.linalg.cholesky(self.covariance_.to_numpy())
        draws = []
        for _ in range(n_draws):
            params = parameters_of(self._base, self._theta + spread @ random.standard_normal(len(self._theta)), Z)
            alive = random.random(len(X)) < self._base.alive(params, everyone)
            drawn = self._base.simulate_if_alive(params, everyone, horizon, random)
            draws.append(np.where(alive, np.minimum(drawn, np.iinfo(np.int32).max), 0).astype(np.int32))
        return pd.DataFrame(np.column_stack(draws) if draws else None, index=X.index)

    def _rows(self, X: pd.DataFrame) -> tuple[PurchaseCounts, Array, Any]:
        """Different records with different covariates, their covariates, and each customer's place among them."""
        counts, position = compress(X)
        names = [*self._design.numbers, *self._design.levels]
        Z = self._design.matrix(plain(X, names))
        kinds = pd.DataFrame(Z).assign(position=position)
        place = kinds.groupby(list(kinds.columns), sort=False).ngroup().to_numpy()
        _, first = np.unique(place, return_index=True)
        n = np.bincount(place, minlength=len(first)).astype(float)
        return counts.take(position[first], n), Z[first], place

    def _report(self, covariance: Array) -> None:
        base, columns = self._base, self._design.columns
        n_base, width = len(base.names), len(columns)
        names = [*base.names, *(f"{what}: {name}" for what in ("orders", "leaving") for name in columns)]
        self.params_ = pd.Series(np.exp(self._theta[:n_base]), index=list(base.names))
        self.covariance_ = pd.DataFrame(covariance, index=names, columns=names)
        error = np.sqrt(np.diag(covariance))[n_base:].reshape(2, width).T
        effects = self._theta[n_base:].reshape(2, width).T
        self.coefficients_ = pd.DataFrame(effects, index=columns, columns=["orders", "leaving"])
        self.standard_errors_ = pd.DataFrame(error, index=columns, columns=["orders", "leaving"])
        scale = pd.Series(self._design.scale, index=columns)
        logs, spread = self.coefficients_.div(scale, axis=0), self.standard_errors_.div(scale, axis=0)
        self.order_effects_ = ratios(logs["orders"], spread["orders"])
        self.leaving_effects_ = ratios(logs["leaving"], spread["leaving"])
