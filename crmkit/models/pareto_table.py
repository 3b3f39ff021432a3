"""The integral of Pareto/NBD for very many customers: one table of it, of which each customer needs two places."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from crmkit.models.purchase_counts import Array, PurchaseCounts
from crmkit.models.quadrature import legendre

# Nodes between two ages that give twelve digits while the integrand's logarithm falls by so much.
_NODES = ((1.5, 6), (6.0, 12))
_DEEPEST = 600.0  # fall of the logarithm from age 0 to the highest age; beyond, numbers underflow
_WORTHWHILE = 2.0  # times as many customers as places from which on the table is quicker
_MANY = 20_000  # customers, for whom it may be worth its while
_PLACES = 3_000_000  # of a table that is worth its memory


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
        enough = np.array([n for _, n in _NODES] + [0])[np.searchsorted([most for most, _ in _NODES], steepest)]
        return np.where(deepest <= _DEEPEST, enough, 0)

    def holds(self) -> NDArray[np.bool_]:
        """Whose odds the table can tell."""
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
        for _, n_nodes in _NODES:
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


def worthwhile(counts: PurchaseCounts) -> bool:
    """Whether a table of these customers is quicker than an integral for each."""
    if len(counts) < _MANY:
        return False
    places = len(counts.x_values) * len(counts.ages)
    return places < _PLACES and places * _WORTHWHILE < len(counts)
