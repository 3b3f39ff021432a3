"""Where the parameters of renewals are searched for: coordinates without bounds, whose errors are nearly independent.

They are logit m, m = alpha / (alpha + beta) being the mean risk at the first renewal; logit phi,
phi = 1 / (1 + alpha + beta) being the polarization of the customers (0: all alike, 1: some leave at once, others never);
and, where risks move with time, log c.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from crmkit.models.spells import Array

# Of logit m, logit phi, log c. At either end of the second and third a simpler model has the same likelihood.
LOWEST, HIGHEST = np.array([-16.0, -13.8, np.log(0.05)]), np.array([16.0, 9.2, np.log(20.0)])


def to_params(at: Array) -> Array:
    """Return alpha, beta (and c) per row of logit m, logit phi (and log c)."""
    size = np.exp(-at[:, 1])
    return np.column_stack([expit(at[:, 0]) * size, expit(-at[:, 0]) * size, *np.exp(at[:, 2:]).T])


def jacobian(at: Array) -> Array:
    """Return d params / d at."""
    (params,) = to_params(at[None])
    slopes = np.zeros((len(at), len(at)))
    product = params[0] * expit(-at[0])
    slopes[:2, 0] = product, -product
    slopes[:2, 1] = -params[:2]
    if len(at) == 3:
        slopes[2, 2] = params[2]
    return slopes


def log_prior(at: Array) -> Array:
    """Return a weak prior: Jeffreys' on m, uniform on phi (an intraclass correlation), log c about 0 +- 1."""
    return 0.5 * _log_slope(at[:, 0]) + _log_slope(at[:, 1]) - (at[:, 2:] ** 2).sum(axis=1) / 2


def log_prior_slope(at: Array) -> Array:
    """Return the derivatives of :func:`log_prior` at one place."""
    return np.concatenate([0.5 * (1 - 2 * expit(at[:1])), 1 - 2 * expit(at[1:2]), -at[2:]])


def _log_slope(x: Array) -> Array:
    """Return log of the logistic density."""
    return -np.abs(x) - 2 * np.log1p(np.exp(-np.abs(x)))
