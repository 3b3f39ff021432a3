"""The beta-discrete-Weibull model (BdW): risks differ between customers, and each customer's own may change with time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, psi

from crmkit.models.renewal_likelihood import Steps
from crmkit.models.renewals import RenewalModel
from crmkit.models.spells import Array

_STIRLING_FROM = 30.0  # where three terms of Stirling's series are exact to the last digit


@dataclass(eq=False, kw_only=True)
class BetaDiscreteWeibull(RenewalModel):
    """Beta-discrete-Weibull lifetimes of subscribers, by maximum likelihood with delayed entry and right censoring.

    A customer is still there after t renewals with probability (1 - theta)^(t^c), and theta is Beta(alpha, beta)
    distributed among customers. So ::

        S(t) = B(alpha, beta + t^c) / B(alpha, beta)

    With c > 1 each customer's risk rises with tenure, with c < 1 it falls, c = 1 is the
    :class:`~crmkit.models.shifted_beta_geometric.ShiftedBetaGeometric`. The paper writes gamma, delta for alpha, beta.

    See Also
    --------
    RenewalModel : parameters, learned attributes, and what the methods return.

    References
    ----------
    Fader, Hardie, Liu, Davin and Steenburgh (2018), "How to project customer retention" revisited: the role of duration
    dependence, Journal of Interactive Marketing 43, 1-16.

    Examples
    --------
    >>> from crmkit.models.spells import spells_of_survivors
    >>> regular = spells_of_survivors([1000, 631, 468, 382, 326, 289, 262, 241])
    >>> model = BetaDiscreteWeibull().fit(regular)
    >>> bool(model.params_["c"] > 1), round(float(model.survival(12).loc[12, "value"]), 2)
    (True, 0.18)
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "c")

    def log_renewal(self, params: Array, period: Array) -> Steps:
        alpha, beta, c = (params[:, i, None] for i in range(3))
        # An endpoint of a period is the start of the next: gamma functions are dear, so each is computed once.
        ends, place = np.unique(np.concatenate([period - 1, period]), return_inverse=True)
        start, end = place[: len(period)], place[len(period) :]
        reached = ends**c
        x = beta + reached
        by_alpha = psi(x + alpha)
        by_beta = psi_rising(x, alpha)
        with np.errstate(divide="ignore"):
            log_time = np.where(ends > 0, np.log(ends), 0.0)
        by_c = by_beta * reached * log_time
        log_rise = log_rising(x, alpha)
        first, *slopes = ((each[:, start] - each[:, end]) for each in (log_rise, by_alpha, by_beta, by_c))
        return Steps(first, tuple(slopes))


def log_rising(x: Array, a: Array) -> Array:
    """Return log Gamma(x + a) - log Gamma(x) without the cancellation of two large numbers.

    Examples
    --------
    >>> round(float(log_rising(np.array(1e12), np.array(1.0)) - np.log(1e12)), 9)
    0.0
    """
    large = np.maximum(x, _STIRLING_FROM)
    sum_ = large + a
    series = (large - 0.5) * np.log1p(a / large) + a * (np.log(sum_) - 1) + _correction(sum_) - _correction(large)
    return np.where(x >= _STIRLING_FROM, series, gammaln(x + a) - gammaln(x))


def psi_rising(x: Array, a: Array) -> Array:
    """Return psi(x + a) - psi(x), the derivative of :func:`log_rising` by x, without cancellation.

    Examples
    --------
    >>> round(float(psi_rising(np.array(1e12), np.array(1.0)) * 1e12), 9)
    1.0
    """
    large = np.maximum(x, _STIRLING_FROM)
    sum_ = large + a
    one, two = 1 / large, 1 / sum_
    terms = 1 / 12 - (one**2 + two**2) / 120 + (one**4 + one**2 * two**2 + two**4) / 252
    series = 1 / 2 + (one + two) * terms
    return np.where(x >= _STIRLING_FROM, np.log1p(a / large) + a * one * two * series, psi(x + a) - psi(x))


def _correction(x: Array) -> Array:
    """Return what Stirling's formula lacks."""
    return (1 / 12 - (1 / 360 - 1 / (1260 * x**2)) / x**2) / x
