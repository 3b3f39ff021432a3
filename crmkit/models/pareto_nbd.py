"""The Pareto/NBD model: a customer may leave at any time, at a rate of her own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from crmkit.models.negative_binomial import negative_binomial
from crmkit.models.pareto_integral import log_odds_gone
from crmkit.models.purchase_counts import Array, Params, PurchaseCounts
from crmkit.models.quadrature import legendre
from crmkit.models.repeat_buying import RepeatBuyingModel

_N_NODES = 16  # for the time at which she leaves within the horizon


@dataclass(eq=False, kw_only=True)
class ParetoNBD(RepeatBuyingModel):
    """Pareto / negative binomial model of repeat orders.

    While she stays, a customer orders at random times at a rate lambda of her own, and she leaves at a rate mu of her
    own, whether she orders or not. Among customers lambda is Gamma(r, alpha) and mu is Gamma(s, beta) distributed,
    independently. With x repeat orders, the last one at age t, observed until age T ::

        L = Gamma(r + x) / Gamma(r)  alpha^r / (alpha + T)^(r + x)  (beta / (beta + T))^s  (1 + odds of having left)

        odds = s  integral from t to T of  ((alpha + T) / (alpha + u))^(r + x) ((beta + T) / (beta + u))^s du / (beta + u)

    See Also
    --------
    RepeatBuyingModel : parameters, learned attributes, and what the methods return.
    BGNBD : she leaves only after an order.

    References
    ----------
    Schmittlein, Morrison and Colombo (1987), Counting your customers: who are they and what will they do next?,
    Management Science 33(1), 1-24; Fader and Hardie (2005), A note on deriving the Pareto/NBD model and related
    expressions, where the integral is solved by Gaussian hypergeometric functions.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"n_repeats": [0, 1, 3, 8], "last_age": [0.0, 2.0, 30.1, 20.0], "age": 38.9})
    >>> ParetoNBD(penalty=1.0).fit(X).probability_alive(X).round(2).tolist()
    [0.13, 0.07, 0.75, 0.08]
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    times: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    prior_shapes: ClassVar[dict[str, float]] = {"s": 1.0, "beta": 2.0}
    moved_by: ClassVar[dict[str, float]] = {"alpha": -1.0, "beta": -1.0}
    rows_at_once: ClassVar[int] = 1_048_576  # many share one table of the integral

    def log_likelihood_of(self, params: Array, counts: PurchaseCounts) -> tuple[float, Array]:
        r, alpha, s, beta = params
        x, n_by_x = counts.x_values, counts.n_by_x
        log_odds, slopes = log_odds_gone(params, counts, slopes=True)
        gone = counts.n * expit(log_odds)
        k = r + counts.x
        log_age, log_stay = np.log1p(counts.age / alpha), np.log1p(counts.age / beta)
        rows = np.logaddexp(0, log_odds) - k * log_age - counts.x * np.log(alpha) - s * log_stay
        value = n_by_x @ (gammaln(r + x) - gammaln(r)) + counts.n @ rows
        gradient = (
            n_by_x @ (digamma(r + x) - digamma(r)) - counts.n @ log_age,
            counts.n @ (r / alpha - k / (alpha + counts.age)),
            -counts.n @ log_stay,
            counts.n @ (s * counts.age / (beta * (beta + counts.age))),
        )
        return float(value), np.array(gradient) + slopes @ gone

    def row_log_likelihood(self, params: Params, counts: PurchaseCounts) -> tuple[Array, Array]:
        r, alpha, s, beta = params
        log_odds, by = log_odds_gone(params, counts, slopes=True)
        k = r + counts.x
        log_age, log_stay = np.log1p(counts.age / alpha), np.log1p(counts.age / beta)
        value = gammaln(k) - gammaln(r) + np.logaddexp(0, log_odds) - k * log_age - counts.x * np.log(alpha)
        slopes = (
            digamma(k) - digamma(r) - log_age,
            r / alpha - k / (alpha + counts.age),
            -log_stay,
            s * counts.age / (beta * (beta + counts.age)),
        )
        return value - s * log_stay, np.array(slopes) + by * expit(log_odds)

    def alive(self, params: Params, counts: PurchaseCounts) -> Array:
        return expit(-log_odds_gone(params, counts)[0])

    def alive_to_draw_by(self, params: Params, counts: PurchaseCounts) -> Array:
        return expit(-log_odds_gone(params, counts, roughly=True)[0])

    def orders_if_alive(self, params: Params, counts: PurchaseCounts, horizon: float) -> Array:
        """Order rate times the mean time she stays; the latter is a logarithm at s = 1."""
        r, alpha, s, beta = params
        beta = beta + counts.age
        growth = np.log1p(horizon / beta)
        power = (1 - s) * growth
        stays = beta * growth * np.where(np.abs(power) < 1e-12, 1.0, np.expm1(power) / np.where(power == 0, 1.0, power))
        return (r + counts.x) / (alpha + counts.age) * stays

    def distribution_if_alive(self, params: Params, counts: PurchaseCounts, horizon: float) -> Iterator[Array]:
        """Negative binomial until the end of the horizon or until she leaves, by quadrature over her time of leaving."""
        r, alpha, s, beta = (np.asarray(value)[..., None] for value in params)
        k, alpha, beta = r + counts.x[:, None], alpha + counts.age[:, None], beta + counts.age[:, None]
        stays = np.exp(-s * np.log1p(horizon / beta))
        nodes, weights = legendre(_N_NODES)
        leaves_at = np.minimum(beta * np.expm1(np.minimum(-np.log1p(-nodes * (1 - stays)) / s, 600.0)), horizon)
        until = np.concatenate([leaves_at, np.full_like(stays, horizon)], axis=-1)
        shares = np.concatenate([(1 - stays) * weights, stays], axis=-1)
        for bought in negative_binomial(k, until / alpha):
            yield (shares * bought).sum(axis=-1)

    def simulate_if_alive(
        self, params: Params, counts: PurchaseCounts, horizon: float, random: np.random.Generator
    ) -> Array:
        r, alpha, s, beta = params
        stays = (beta + counts.age) * np.expm1(np.minimum(random.exponential(size=len(counts)) / s, 600.0))
        ahead = np.minimum(stays, horizon) / (alpha + counts.age)
        return random.poisson(random.gamma(r + counts.x) * np.minimum(ahead, 1e9))

    def limit(self, params: Array, mean_age: float) -> dict[str, float]:
        r, alpha, s, beta = params
        return {
            "nobody comes back: there is no repeat order to learn from": -np.log(r * np.log1p(mean_age / alpha)) - 1,
            "NBD: orders at random, nobody leaves": -np.log(s * np.log1p(mean_age / beta)) - 1,
            "everybody leaves at once": np.log(s * np.log1p(mean_age / beta)) - 1,
            "one order rate for all customers": np.log(r),
            "one rate of leaving for all customers": np.log(s),
        }
