"""Draws of parameters from their posterior density, where the likelihood may be skewed or flat on one side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from crmkit.models.spells import Array

_FREEDOM = 5.0  # of the proposal's t distribution: tails heavier than the target's
_ROUNDS = 8
_ENOUGH = 0.4  # share of the proposals that are worth a draw; then the proposal fits


def draw_around(
    log_density: Callable[[Array], Array],
    peak: Array,
    spread: Array,
    bounds: tuple[Array, Array],
    n_draws: int,
    seed: int,
) -> tuple[Array, Array]:
    """Draw from a density of few dimensions by adaptive importance sampling, then resampling.

    Proposals come from a t distribution whose centre and spread follow the weighted proposals of the round before.

    Parameters
    ----------
    log_density : callable
        Of one value per row; need not integrate to 1.
    peak : array
        Where the density is highest.
    spread : array
        A guess of its covariance.
    bounds : pair of array
        Lowest and highest value of each coordinate.
    n_draws : int
        Draws wanted [count].
    seed : int
        Of the random numbers.

    Returns
    -------
    draws : array
        One row per draw.
    covariance : array
        Of the density.

    References
    ----------
    Cappe, Guillin, Marin and Robert (2004), Population Monte Carlo, Journal of Computational and Graphical Statistics
    13(4), 907-929.

    Examples
    --------
    >>> box = np.array([-9.0]), np.array([9.0])
    >>> draws, covariance = draw_around(lambda x: -(x[:, 0] - 1) ** 2 / 2, np.ones(1), np.eye(1) * 4, box, 2000, 0)
    >>> bool(abs(draws.mean() - 1) < 0.1), bool(abs(covariance[0, 0] - 1) < 0.1)
    (True, True)
    """
    random, n_proposals = np.random.default_rng(seed), 2 * n_draws
    centre, covariance = peak, spread
    for _ in range(_ROUNDS):
        root = np.linalg.cholesky(covariance * 1.2 + 1e-9 * np.eye(len(peak)))
        normal = random.standard_normal((n_proposals, len(peak)))
        stretch = np.sqrt(_FREEDOM / random.chisquare(_FREEDOM, n_proposals))
        proposals = centre + (normal * stretch[:, None]) @ root.T
        inside = np.all((proposals >= bounds[0]) & (proposals <= bounds[1]), axis=1)
        weights = _weights(log_density, proposals, inside, (normal**2).sum(axis=1) * stretch**2)
        centre = weights @ proposals
        covariance = ((proposals - centre).T * weights) @ (proposals - centre)
        if 1 / (weights @ weights) > _ENOUGH * n_proposals:
            break
    position = (np.arange(n_draws) + random.random()) / n_draws
    chosen = np.minimum(np.searchsorted(np.cumsum(weights), position), n_proposals - 1)
    return np.clip(proposals[random.permutation(chosen)], *bounds), covariance


def _weights(
    log_density: Callable[[Array], Array], proposals: Array, inside: NDArray[np.bool_], distance: Array
) -> Array:
    """Return density over proposal density, adding up to 1."""
    log_proposal = -(_FREEDOM + proposals.shape[1]) / 2 * np.log1p(distance / _FREEDOM)
    log_weight = np.full(len(proposals), -np.inf)
    log_weight[inside] = log_density(proposals[inside]) - log_proposal[inside]
    if not np.isfinite(log_weight.max(initial=-np.inf)):
        return np.full(len(proposals), 1 / len(proposals))
    weights = np.exp(log_weight - log_weight.max())
    return weights / weights.sum()
