"""Where the parameters of renewals are searched for: coordinates without bounds, whose errors are nearly independent.

They are logit m, m = alpha / (alpha + beta) being the mean risk at the first renewal; log v, v = 1 / alpha + 1 / beta
being about the squared spread of the customers' odds of leaving over their mean (0: all alike; infinite: some leave at
once, others never); and, where risks move with time, log c.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from crmkit.models.spells import Array

# Of logit m, log v, log c. At either end of the second and third a simpler model has the same likelihood.
LOWEST, HIGHEST = np.array([-40.0, -9.2, np.log(0.05)]), np.array([16.0, 9.2, np.log(20.0)])


def to_params(at: Array) -> Array:
    """Return alpha, beta (and c) per row of logit m, log v (and log c): alpha = 1 / (v (1 - m)), beta = 1 / (v m)."""
    size = np.exp(-at[:, 1])
    return np.column_stack([size * (1 + np.exp(at[:, 0])), size * (1 + np.exp(-at[:, 0])), *np.exp(at[:, 2:]).T])


def jacobian(at: Array) -> Array:
    """Return d params / d at of each row: rows x params x coordinates."""
    params = to_params(at)
    slopes = np.zeros((*at.shape, at.shape[1]))
    slopes[:, 0, 0], slopes[:, 1, 0] = np.exp(at[:, 0] - at[:, 1]), -np.exp(-at[:, 0] - at[:, 1])
    slopes[:, :2, 1] = -params[:, :2]
    if at.shape[1] == 3:
        slopes[:, 2, 2] = params[:, 2]
    return slopes


def log_prior(at: Array) -> Array:
    """Return a weak prior: Jeffreys' on m, uniform on v / (1 + v), log c about 0 +- 1."""
    return 0.5 * _log_slope(at[:, 0]) + _log_slope(at[:, 1]) - (at[:, 2:] ** 2).sum(axis=1) / 2


def log_prior_slope(at: Array) -> Array:
    """Return the derivatives of :func:`log_prior` of each row."""
    return np.concatenate([0.5 * (1 - 2 * expit(at[:, :1])), 1 - 2 * expit(at[:, 1:2]), -at[:, 2:]], axis=1)


def _log_slope(x: Array) -> Array:
    """Return log of the logistic density."""
    return -np.abs(x) - 2 * np.log1p(np.exp(-np.abs(x)))
