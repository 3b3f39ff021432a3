"""Likelihood of models of repeat orders whose scales move with covariates, and its gradient."""

from __future__ import annotations

import numpy as np

from crmkit.models.optimise import Cost
from crmkit.models.orders.base import OrderProcess
from crmkit.models.orders.summary import Array, Params, PurchaseCounts

_LARGEST = 30.0  # logarithm


def parameters_of(model: OrderProcess, theta: Array, Z: Array) -> Params:
    """Parameters of each row: the logarithms of the average customer's, moved by her covariates.

    Parameters
    ----------
    theta : array
        Logarithms of the parameters; coefficients of the order rate; coefficients of leaving.
    Z : array of shape (n, width)
        Standardised covariates.
    """
    logs, width = dict(zip(model.names, theta, strict=False)), Z.shape[1]
    at = len(model.names)
    params: list[float | Array] = [float(np.exp(np.clip(logs[name], -_LARGEST, _LARGEST))) for name in model.names]
    for number, (name, sign) in enumerate(model.moved_by.items()):
        effects = theta[at + number * width : at + (number + 1) * width]
        place = model.names.index(name)
        params[place] = np.exp(np.clip(logs[name] + sign * (Z @ effects), -_LARGEST, _LARGEST))
    return params


def covariate_cost(model: OrderProcess, counts: PurchaseCounts, Z: Array) -> Cost:
    """Return the function from theta to the log-likelihood and its gradient."""

    def log_likelihood(theta: Array) -> tuple[float, Array]:
        params = parameters_of(model, theta, Z)
        value, slopes = model.row_log_likelihood(params, counts)
        by_log = np.array([slope * param for slope, param in zip(slopes, params, strict=True)]) * counts.n
        effects = [sign * (by_log[model.names.index(name)] @ Z) for name, sign in model.moved_by.items()]
        return float(counts.n @ value), np.concatenate([by_log.sum(axis=1), *effects])

    return log_likelihood
