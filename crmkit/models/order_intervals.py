"""Distribution of the orders ahead, and the shortest range that holds a customer's number with a given chance."""

from __future__ import annotations

from itertools import islice

import numpy as np

from crmkit.models.order_process import OrderProcess
from crmkit.models.purchase_counts import Array, PurchaseCounts

_MOST = 600  # orders up to which probabilities are added up; beyond, futures are simulated
_N_FUTURES = 40  # simulated for each draw of the parameters
_BLOCK = 20_000  # customers times draws at once


def orders_or_more(
    model: OrderProcess, params: Array, counts: PurchaseCounts, horizon: float, max_orders: int
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


def most_likely_orders(
    model: OrderProcess,
    draws: Array,
    counts: PurchaseCounts,
    horizon: float,
    level: float,
    random: np.random.Generator,
) -> tuple[Array, Array]:
    """Lowest and highest number of the shortest range that holds ``level``, of each row.

    Customers alike in what they will order are done together, since a block takes as long as its busiest customer.
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
    model: OrderProcess, draws: Array, counts: PurchaseCounts, horizon: float, level: float
) -> tuple[Array, float]:
    """Probabilities of 0, 1, ... orders (rows) averaged over draws, and the sum that is enough."""
    alive = np.array([model.alive(params, counts) for params in draws])
    enough = level + 0.9 * (1 - level)
    told = (1 - alive).mean(axis=0)
    shares = []
    for n, if_alive in enumerate(model.distribution_if_alive(draws.T[:, :, None], counts, horizon)):
        share = (alive * if_alive).mean(axis=0)
        shares.append(share + told if n == 0 else share)
        told = told + share
        if n == _MOST or (told >= enough).all():
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
    model: OrderProcess,
    draws: Array,
    counts: PurchaseCounts,
    horizon: float,
    level: float,
    random: np.random.Generator,
) -> tuple[Array, Array]:
    """For customers who order by the thousand: the shortest range among simulated futures."""
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
