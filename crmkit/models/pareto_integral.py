"""The integral of Pareto/NBD: odds of having left between the last order and the end of the observation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crmkit.models.pareto_table import LeavingTable, worthwhile
from crmkit.models.purchase_counts import Array, Params, PurchaseCounts
from crmkit.models.quadrature import legendre

_NEGLIGIBLE = 40.0  # exp(-40) of the integrand's start
# Nodes that give twelve digits up to a reach of y and a fall of the integrand's logarithm; measured against 160 nodes.
_NODES = ((1.0, 4.0, 8), (2.0, 8.0, 10), (4.0, 16.0, 14), (8.0, np.inf, 24), (np.inf, np.inf, 64))
# The same for six digits of the chance of having left: enough to draw by.
_FEWER_NODES = ((1.0, 4.0, 5), (2.0, 8.0, 6), (4.0, 16.0, 8), (8.0, np.inf, 14), (np.inf, np.inf, 36))


def log_odds_gone(
    params: Params, counts: PurchaseCounts, slopes: bool = False, roughly: bool = False
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
    if all(np.ndim(value) == 0 for value in params) and worthwhile(counts):
        table = LeavingTable(np.array(params, dtype=float), counts)
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
            own = [value[part] if np.ndim(value) else value for value in params]
            log_odds[part], by[:, part] = _integral(own, counts.take(part), reach[part], n_nodes, slopes)
    return log_odds, by


def _reach(params: Params, counts: PurchaseCounts) -> tuple[Array, Array]:
    """Upper limit of y: the age at the end, or where the integrand has become negligible; and how far it falls."""
    r, alpha, s, beta = params
    least, t = np.minimum(alpha, beta), counts.last_age
    by_orders = (alpha + t) * np.expm1(np.minimum(_NEGLIGIBLE / (r + counts.x), 600.0))
    by_leaving = (beta + t) * np.expm1(min(_NEGLIGIBLE / s, 600.0))
    silence = np.minimum(np.minimum(by_orders, by_leaving), counts.age - t)
    fall = (r + counts.x) * np.log1p(silence / (alpha + t)) + s * np.log1p(silence / (beta + t))
    return np.maximum(np.log1p(silence / (least + t)), 1e-300), fall


def _integral(params: Params, counts: PurchaseCounts, reach: Array, n_nodes: int, slopes: bool) -> tuple[Array, Array]:
    r, alpha, s, beta = params
    nodes, weights = (column[:, None] for column in legendre(n_nodes))
    k, least, age = r + counts.x, np.minimum(alpha, beta), counts.age
    y = nodes * reach  # nodes x rows: sums over nodes then run along the memory
    near = (least + counts.last_age) * np.exp(y)  # age at leaving, and the lesser of alpha and beta
    far = near + (np.maximum(alpha, beta) - least)
    log_near, log_far = np.log(least + counts.last_age) + y, np.log(far)
    orders, leaving = _in_turn(np.asarray(alpha <= beta), near, far)
    log_orders, log_leaving = _in_turn(np.asarray(alpha <= beta), log_near, log_far)
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


def _in_turn(first: NDArray[np.bool_], near: Array, far: Array) -> tuple[Array, Array]:
    """Near and far, the other way round in columns that are not ``first``."""
    if first.all():
        return near, far
    if not first.any():
        return far, near
    return np.where(first, near, far), np.where(first, far, near)
