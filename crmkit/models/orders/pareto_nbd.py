"""The Pareto/NBD model: a customer may leave at any time, at an individual rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln

from crmkit.models.arrays import Array
from crmkit.models.orders.negative_binomial import negative_binomial
from crmkit.models.orders.quadrature import legendre
from crmkit.models.orders.repeat_buying import RepeatBuyingModel
from crmkit.models.orders.summary import PurchaseCounts

_N_NODES = 16  # for the time of leaving within the horizon


@dataclass(eq=False, kw_only=True)
class ParetoNBD(RepeatBuyingModel):
    """Pareto / negative binomial model of repeat orders.

    Until leaving, a customer orders at random times at an individual rate lambda, and leaves at an individual rate mu,
    independently of the orders. Among customers lambda is Gamma(r, alpha) and mu is Gamma(s, beta) distributed,
    independently. With x repeat orders, the last one at age t, observed until age T ::

        L = Gamma(r + x) / Gamma(r)  alpha^r / (alpha + T)^(r + x)  (beta / (beta + T))^s  (1 + odds of having left)

        odds = s  integral from t to T of  ((alpha + T) / (alpha + u))^(r + x) ((beta + T) / (beta + u))^s du / (beta + u)

    See Also
    --------
    RepeatBuyingModel : parameters, learned attributes, and what the methods return.
    BGNBD : customers leave only after an order.

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

    def alive(self, params: Array, counts: PurchaseCounts) -> Array:
        return expit(-log_odds_gone(params, counts)[0])

    def alive_to_draw_by(self, params: Array, counts: PurchaseCounts) -> Array:
        return expit(-log_odds_gone(params, counts, roughly=True)[0])

    def orders_if_alive(self, params: Array, counts: PurchaseCounts, horizon: float) -> Array:
        """Order rate times the mean time until leaving; the latter is a logarithm at s = 1."""
        r, alpha, s, beta = params
        beta = beta + counts.age
        growth = np.log1p(horizon / beta)
        power = (1 - s) * growth
        stays = beta * growth * np.where(np.abs(power) < 1e-12, 1.0, np.expm1(power) / np.where(power == 0, 1.0, power))
        return (r + counts.x) / (alpha + counts.age) * stays

    def distribution_if_alive(self, params: Array, counts: PurchaseCounts, horizon: float) -> Iterator[Array]:
        """Negative binomial until the end of the horizon or until the customer leaves, by quadrature over the time of leaving."""
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
        self, params: Array, counts: PurchaseCounts, horizon: float, random: np.random.Generator
    ) -> Array:
        means, _ = self.rates_if_alive(params, counts, np.full((len(counts), 1), horizon), random)
        return random.poisson(means[:, 0]).astype(float)

    def rates_if_alive(
        self, params: Array, counts: PurchaseCounts, ends: Array, random: np.random.Generator
    ) -> tuple[Array, Array | float]:
        r, alpha, s, beta = params
        stays = (beta + counts.age) * np.expm1(np.minimum(random.exponential(size=len(counts)) / s, 600.0))
        ahead = np.minimum(stays[:, None], ends) / (alpha + counts.age)[:, None]
        return random.gamma(r + counts.x)[:, None] * np.minimum(ahead, 1e9), np.inf

    def limit(self, params: Array, mean_age: float) -> dict[str, float]:
        r, alpha, s, beta = params
        return {
            "nobody comes back: there is no repeat order to learn from": -np.log(r * np.log1p(mean_age / alpha)) - 1,
            "NBD: orders at random, nobody leaves": -np.log(s * np.log1p(mean_age / beta)) - 1,
            "everybody leaves at once": np.log(s * np.log1p(mean_age / beta)) - 1,
            "one order rate for all customers": np.log(r),
            "one rate of leaving for all customers": np.log(s),
        }


# The integral: odds of having left between the last order and the end of the observation


_NEGLIGIBLE = 40.0  # exp(-40) of the integrand's start
# Nodes that give twelve digits up to a reach of y and a fall of the integrand's logarithm; measured against 160 nodes.
_NODES = ((1.0, 4.0, 8), (2.0, 8.0, 10), (4.0, 16.0, 14), (8.0, np.inf, 24), (np.inf, np.inf, 64))
# The same for six digits of the chance of having left: enough to draw by.
_FEWER_NODES = ((1.0, 4.0, 5), (2.0, 8.0, 6), (4.0, 16.0, 8), (8.0, np.inf, 14), (np.inf, np.inf, 36))


def log_odds_gone(
    params: Array, counts: PurchaseCounts, slopes: bool = False, roughly: bool = False
) -> tuple[Array, Array]:
    """Logarithm of the odds of having left, of each row, and its derivatives.

    The time u of leaving is replaced by y = log((m + u) / (m + t)) with m = min(alpha, beta). On this scale the
    integrand has no singularity nearer than pi, so few Gauss-Legendre nodes give twelve digits; where it falls
    steeply (many orders, long silence) the far end is cut off.

    Parameters
    ----------
    params : array
        r, alpha, s, beta.
    counts : PurchaseCounts
        Rows.
    slopes : bool
        Whether derivatives are wanted.
    roughly : bool
        Whether six digits are enough.

    Returns
    -------
    log_odds : array of shape (n,)
    slopes : array of shape (4, n)
        By r, alpha, s and beta; empty unless wanted.
    """
    log_odds = np.empty(len(counts))
    by = np.empty((4 if slopes else 0, len(counts)))
    if is_table_faster(counts):
        table = LeavingTable(params, counts)
        held = table.holds()
        rows, others = np.flatnonzero(held), np.flatnonzero(~held)
        log_odds[rows], by[:, rows] = table.log_odds(rows, slopes)
        if len(others):
            log_odds[others], by[:, others] = log_odds_gone(params, counts.take(others), slopes, roughly)
        return log_odds, by
    reach, fall = _reach(params, counts)
    nodes = _FEWER_NODES if roughly else _NODES
    easy_enough = [(reach <= most) & (fall <= steepest) for most, steepest, _ in nodes]
    level = np.argmax(easy_enough, axis=0)
    for number, (_, _, n_nodes) in enumerate(nodes):
        rows = np.flatnonzero(level == number)
        for start in range(0, len(rows), 4096):
            part = rows[start : start + 4096]
            log_odds[part], by[:, part] = _integral(params, counts.take(part), reach[part], n_nodes, slopes)
    return log_odds, by


def _reach(params: Array, counts: PurchaseCounts) -> tuple[Array, Array]:
    """Upper limit of y: the age at the end, or where the integrand has become negligible; and how far it falls."""
    r, alpha, s, beta = params
    least, t = np.minimum(alpha, beta), counts.last_age
    by_orders = (alpha + t) * np.expm1(np.minimum(_NEGLIGIBLE / (r + counts.x), 600.0))
    by_leaving = (beta + t) * np.expm1(min(_NEGLIGIBLE / s, 600.0))
    silence = np.minimum(np.minimum(by_orders, by_leaving), counts.age - t)
    fall = (r + counts.x) * np.log1p(silence / (alpha + t)) + s * np.log1p(silence / (beta + t))
    return np.maximum(np.log1p(silence / (least + t)), 1e-300), fall


def _integral(params: Array, counts: PurchaseCounts, reach: Array, n_nodes: int, slopes: bool) -> tuple[Array, Array]:
    r, alpha, s, beta = params
    nodes, weights = (column[:, None] for column in legendre(n_nodes))
    k, least, age = r + counts.x, np.minimum(alpha, beta), counts.age
    y = nodes * reach  # nodes x rows: sums over nodes then run along the memory
    near = (least + counts.last_age) * np.exp(y)  # age at leaving, and the lesser of alpha and beta
    far = near + (np.maximum(alpha, beta) - least)
    log_near, log_far = np.log(least + counts.last_age) + y, np.log(far)
    orders, leaving = (near, far) if alpha <= beta else (far, near)
    log_orders, log_leaving = (log_near, log_far) if alpha <= beta else (log_far, log_near)
    fewer, earlier = np.log(alpha + age) - log_orders, np.log(beta + age) - log_leaving
    terms = k * fewer + s * earlier + (log_near - log_leaving)
    top = terms.max(axis=0)
    shares = weights * np.exp(terms - top)
    total = shares.sum(axis=0)
    log_odds = np.log(s) + np.log(reach) + top + np.log(total)
    if not slopes:
        return log_odds, np.empty((0, len(reach)))
    shares /= total
    since_orders, since_leaving = (shares / orders).sum(axis=0), (shares / leaving).sum(axis=0)
    by = (
        (shares * fewer).sum(axis=0),
        k * (1 / (alpha + age) - since_orders),
        1 / s + (shares * earlier).sum(axis=0),
        s / (beta + age) - (s + 1) * since_leaving,
    )
    return log_odds, np.array(by)


# The integral for very many customers: a table of it, of which each customer needs two entries


# Nodes between two ages that give twelve digits while the integrand's logarithm falls by so much.
_TABLE_NODES = ((1.5, 6), (6.0, 12))
_DEEPEST = 600.0  # fall of the logarithm from age 0 to the highest age; beyond, numbers underflow
_WORTHWHILE = 2.0  # customers per entry of the table from which on it is quicker
_MANY = 20_000  # customers from which on a table is considered
_PLACES = 3_000_000  # most entries of a table, for its memory


class LeavingTable:
    """Odds of having left, from the integral over all later ages tabulated by number of orders and age.

    With k = r + x, the odds of a customer of x repeat orders, the last at age t, seen until age T, are ::

        s / beta  ((alpha + T) / alpha)^k ((beta + T) / beta)^s  (G(t) - G(T))

        G(a) = integral from a to the highest age of  (alpha / (alpha + u))^k (beta / (beta + u))^(s + 1) du

    G depends on x and age alone, of which there are few different ones among many customers, and is added up from the
    highest age down, interval by interval. The same holds for its derivatives.

    Parameters
    ----------
    params : array
        r, alpha, s, beta.
    counts : PurchaseCounts
        Whose different ages are the places of the table.
    """

    def __init__(self, params: Array, counts: PurchaseCounts) -> None:
        self.r, self.alpha, self.s, self.beta = (float(value) for value in params)
        self.counts, self.ages = counts, counts.ages
        self.k = self.r + counts.x_values
        self.log_orders, self.log_stay = np.log1p(self.ages / self.alpha), np.log1p(self.ages / self.beta)

    @cached_property
    def n_nodes(self) -> NDArray[np.int64]:
        """Nodes of each number of orders; 0 where the table does not hold it."""
        steepest = self.k * np.diff(self.log_orders).max(initial=0) + (self.s + 1) * np.diff(self.log_stay).max(
            initial=0
        )
        deepest = self.k * self.log_orders[-1] + (self.s + 1) * self.log_stay[-1]
        enough = np.array([n for _, n in _TABLE_NODES] + [0])[
            np.searchsorted([most for most, _ in _TABLE_NODES], steepest)
        ]
        return np.where(deepest <= _DEEPEST, enough, 0)

    def holds(self) -> NDArray[np.bool_]:
        """Return which customers' odds the table gives."""
        return (self.n_nodes > 0)[self.counts.which_x]

    def log_odds(self, rows: NDArray[np.integer], slopes: bool) -> tuple[Array, Array]:
        """Logarithm of the odds of some customers, and its derivatives by r, alpha, s, beta (none unless wanted)."""
        counts = self.counts
        which, (first, last) = counts.which_x[rows], (place[rows] for place in counts.age_places)
        size, before, after = len(self.ages), which * len(self.ages) + first, which * len(self.ages) + last
        tables = self._tables(slopes)
        whole = tables[0].take(before) - tables[0].take(after)
        open_ = whole > 0
        whole = np.where(open_, whole, 1e-300)
        log_odds = np.log(whole) + (self.k[:, None] * self.log_orders + self._level).ravel().take(which * size + last)
        if not slopes:
            return log_odds, np.empty((0, len(rows)))
        mean = [np.where(open_, table.take(before) - table.take(after), 0.0) / whole for table in tables[1:]]
        k, age = self.k[which], self.ages[last]
        by = (
            self.log_orders[last] - mean[0],
            k * (1 / (self.alpha + age) - mean[1]),
            1 / self.s + self.log_stay[last] - mean[2],
            self.s / (self.beta + age) - (self.s + 1) * mean[3],
        )
        return log_odds, np.array(by)

    @property
    def _level(self) -> Array:
        return np.log(self.s / self.beta) + self.s * self.log_stay

    def _tables(self, slopes: bool) -> list[Array]:
        """G, and the same integral weighed by what its derivatives ask for, flat: orders x ages."""
        tables = np.zeros((5 if slopes else 1, len(self.k), len(self.ages)))
        for _, n_nodes in _TABLE_NODES:
            own = np.flatnonzero(self.n_nodes == n_nodes)
            if len(own):
                tables[:, own, :-1] = self._from_above(self.k[own], n_nodes, slopes)
        return [table.ravel() for table in tables]

    def _from_above(self, k: Array, n_nodes: int, slopes: bool) -> Array:
        nodes, weights = legendre(n_nodes)
        width = np.diff(self.ages)
        u = self.ages[:-1, None] + nodes * width[:, None]
        orders, stay = np.log1p(u / self.alpha), np.log1p(u / self.beta)
        weigh = [np.ones_like(u)]
        weigh += [orders, 1 / (self.alpha + u), stay, 1 / (self.beta + u)] if slopes else []
        share = weights * width[:, None] * np.exp(-(self.s + 1) * stay)
        there = np.exp(-k[:, None, None] * orders)
        parts = np.einsum("xun,wun->wxu", there, np.array(weigh) * share, optimize=False)
        return np.cumsum(parts[:, :, ::-1], axis=2)[:, :, ::-1]


def is_table_faster(counts: PurchaseCounts) -> bool:
    """Whether a table of these customers is quicker than an integral for each."""
    if len(counts) < _MANY:
        return False
    places = len(counts.x_values) * len(counts.ages)
    return places < _PLACES and places * _WORTHWHILE < len(counts)
