"""The BG/NBD and MBG/NBD models: a customer may leave after an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from crmkit.models.arrays import Array, Index
from crmkit.models.orders.negative_binomial import negative_binomial
from crmkit.models.orders.quadrature import beta_nodes
from crmkit.models.orders.repeat_buying import RepeatBuyingModel
from crmkit.models.orders.summary import PurchaseCounts


@dataclass(eq=False, kw_only=True)
class BetaGeometricModel(RepeatBuyingModel):
    """Orders at a Gamma(r, alpha) rate; after each one the customer leaves with a Beta(a, b) probability.

    ``first_chance`` is 1 where the first order counts among those. Then with n = x + first_chance chances to leave
    the odds of having left are, for n > 0 ::

        a / (b + n - 1) ((alpha + T) / (alpha + t))^(r + x)

    and the posteriors of a customer still there are Gamma(r + x, alpha + T) and Beta(a, b + n), independent.
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    times: ClassVar[tuple[str, ...]] = ("alpha",)
    prior_shapes: ClassVar[dict[str, float]] = {"a": 1.0, "b": 3.0}
    first_chance: ClassVar[int]

    def log_likelihood_of(self, params: Array, counts: PurchaseCounts) -> tuple[float, Array]:
        r, alpha, a, b = params
        x, n_by_x = counts.x_values, counts.n_by_x
        chances = x + self.first_chance
        by_x = (
            gammaln(r + x) - gammaln(r) + gammaln(b + chances) - gammaln(b) + gammaln(a + b) - gammaln(a + b + chances)
        )
        together = digamma(a + b) - digamma(a + b + chances)
        log_odds, slope = self._log_odds(params, counts)
        gone = expit(log_odds)
        k = r + counts.x
        log_age, since = np.log1p(counts.age / alpha), 1 / (alpha + counts.age)
        value = n_by_x @ by_x + counts.n @ (np.logaddexp(0, log_odds) - k * log_age - counts.x * np.log(alpha))
        weight = counts.n * gone
        gradient = (
            n_by_x @ (digamma(r + x) - digamma(r)) - counts.n @ log_age + weight @ slope,
            counts.n @ (r / alpha - k * since) + weight @ (k * (since - 1 / (alpha + counts.last_age))),
            n_by_x @ together + weight.sum() / a,
            n_by_x @ (digamma(b + chances) - digamma(b) + together)
            - weight @ (1 / np.where(chances > 0, b + chances - 1, 1.0))[counts.which_x],
        )
        return float(value), np.array(gradient)

    def _log_odds(self, params: Array, counts: PurchaseCounts) -> tuple[Array, Array]:
        """Logarithm of the odds of having left, and its derivative by r."""
        r, alpha, a, b = params
        chances = counts.x_values + self.first_chance
        at_once = np.where(chances > 0, np.log(a) - np.log(np.where(chances > 0, b + chances - 1, 1.0)), -np.inf)
        slope = np.log1p((counts.age - counts.last_age) / (alpha + counts.last_age))
        return at_once[counts.which_x] + (r + counts.x) * slope, slope

    def alive(self, params: Array, counts: PurchaseCounts) -> Array:
        return expit(-self._log_odds(params, counts)[0])

    def orders_if_alive(self, params: Array, counts: PurchaseCounts, horizon: float) -> Array:
        """Mean of (1 - exp(-lambda p h)) / p: in closed form over lambda, by Gauss-Jacobi quadrature over p."""
        r, alpha, a, b = params
        ahead = horizon / (alpha + counts.age)
        if horizon == 0 or not len(counts):
            return np.zeros(len(counts))
        x = counts.x_values
        nodes, weights = beta_nodes(np.full(len(x), a), b + x + self.first_chance, _n_nodes(float(ahead.max())))

        def mean(block: PurchaseCounts, which: Index, ahead: Array) -> Array:
            p = nodes[which]
            bought = -np.expm1(-(r + block.x)[:, None] * np.log1p(p * ahead[:, None])) / p
            return (weights[which] * bought).sum(axis=1)

        blocks = counts.blocks(8192)
        return np.concatenate([mean(block, counts.which_x[rows], ahead[rows]) for rows, block in blocks])

    def distribution_if_alive(self, params: Array, counts: PurchaseCounts, horizon: float) -> Iterator[Array]:
        r, alpha, a, b = params
        staying: Array | float = 1.0
        at_least: Array | float = 1.0
        left = b + counts.x + self.first_chance
        for n, bought in enumerate(negative_binomial(r + counts.x, horizon / (alpha + counts.age))):
            leaving = staying * a / (a + left + n - 1) if n else 0.0  # after the n-th order
            staying = staying - leaving
            yield staying * bought + leaving * at_least
            at_least = np.maximum(at_least - bought, 0.0)

    def simulate_if_alive(
        self, params: Array, counts: PurchaseCounts, horizon: float, random: np.random.Generator
    ) -> Array:
        r, alpha, a, b = params
        bought = random.poisson(random.gamma(r + counts.x) * np.minimum(horizon / (alpha + counts.age), 1e9))
        some = np.flatnonzero(bought)
        p = np.clip(
            random.beta(a, b + counts.x[some] + self.first_chance),
            1e-300,
            1 - 1e-16,
        )
        until_gone = np.floor(random.exponential(size=len(some)) / -np.log1p(-p)) + 1
        bought[some] = np.minimum(bought[some], until_gone)
        return bought

    def rates_if_alive(
        self, params: Array, counts: PurchaseCounts, ends: Array, random: np.random.Generator
    ) -> tuple[Array, Array | float]:
        r, alpha, a, b = params
        means = random.gamma(r + counts.x)[:, None] * np.minimum(ends / (alpha + counts.age)[:, None], 1e9)
        p = np.clip(random.beta(a, b + counts.x + self.first_chance), 1e-300, 1 - 1e-16)
        return means, np.floor(random.exponential(size=len(p)) / -np.log1p(-p)) + 1

    def limit(self, params: Array, mean_age: float) -> dict[str, float]:
        r, alpha, a, b = params
        return {
            "nobody comes back: there is no repeat order to learn from": -np.log(r * np.log1p(mean_age / alpha)) - 1,
            "NBD: orders at random, nobody leaves": np.log((a + b) / a) - 1,
            "everybody leaves at the first chance": np.log((a + b) / b) - 1,
            "one order rate for all customers": np.log(r),
            "one probability of leaving for all customers": np.log(a + b) - 1,
        }


def _n_nodes(ahead: float) -> int:
    """Nodes for ten digits (three at 1,000 times the age): the integrand has a pole at p = -1 / ahead."""
    pole = 1 + 2 / max(ahead, 1e-3)
    return int(np.clip(np.ceil(12 / np.arccosh(pole)), 6, 64))


@dataclass(eq=False, kw_only=True)
class BGNBD(BetaGeometricModel):
    """Beta-geometric / negative binomial model of repeat orders.

    Until leaving, a customer orders at random times at an individual rate lambda; after each repeat order the customer
    leaves for good with an individual probability p. Among customers lambda is Gamma(r, alpha) and p is Beta(a, b) distributed,
    independently. With x repeat orders, the last one at age t, observed until age T ::

        L = B(a, b + x) / B(a, b)  Gamma(r + x) / Gamma(r)  alpha^r / (alpha + T)^(r + x)
          + [x > 0]  B(a + 1, b + x - 1) / B(a, b)  Gamma(r + x) / Gamma(r)  alpha^r / (alpha + t)^(r + x)

    The first term is for a customer still there. A customer without a repeat order is there for certain: where many buy
    once and are gone, see MBGNBD.

    See Also
    --------
    RepeatBuyingModel : parameters, learned attributes, and what the methods return.
    MBGNBD : customers may also leave after the first order.
    ParetoNBD : customers may leave at any time.

    References
    ----------
    Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2), 275-284:
    equation 6 (likelihood), 9 and 10 (expected orders).

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"n_repeats": [0, 1, 3, 8], "last_age": [0.0, 2.0, 30.1, 20.0], "age": 38.9})
    >>> model = BGNBD(penalty=1.0).fit(X)
    >>> model.probability_alive(X).round(2).tolist()
    [1.0, 0.11, 0.68, 0.08]
    >>> model.expected_orders(X, 26).round(2).tolist()
    [0.52, 0.11, 1.29, 0.32]
    """

    first_chance: ClassVar[int] = 0


@dataclass(eq=False, kw_only=True)
class MBGNBD(BetaGeometricModel):
    """Modified BG/NBD model: as BG/NBD, but a customer may leave after the first order too.

    With x repeat orders, the last one at age t, observed until age T ::

        L = Gamma(r + x) / Gamma(r)  alpha^r / B(a, b)
            {B(a, b + x + 1) / (alpha + T)^(r + x)  +  B(a + 1, b + x) / (alpha + t)^(r + x)}

    See Also
    --------
    RepeatBuyingModel : parameters, learned attributes, and what the methods return.
    BGNBD : no customer leaves before a repeat order.

    References
    ----------
    Batislam, Denizel and Filiztekin (2007), Empirical validation and comparison of models for customer base analysis,
    International Journal of Research in Marketing 24(3), 201-209; Hoppe and Wagner (2007), Customer base analysis: the
    case for a central variant of the betageometric/NBD model, Marketing: Journal of Research and Management 3(2), 75-90.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"n_repeats": [0, 1, 3, 8], "last_age": [0.0, 2.0, 30.1, 20.0], "age": 38.9})
    >>> MBGNBD(penalty=1.0).fit(X).probability_alive(X).round(2).tolist()
    [0.12, 0.05, 0.67, 0.06]
    """

    first_chance: ClassVar[int] = 1
