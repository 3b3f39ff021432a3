"""Shifted-beta-geometric (sBG) and beta-discrete-Weibull (BdW) lifetimes: the risk of leaving differs by customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, psi

from crmkit.models.arrays import Array
from crmkit.models.subscriptions.renewals import LogRenewal, RenewalModel


@dataclass(eq=False, kw_only=True)
class ShiftedBetaGeometric(RenewalModel):
    """Shifted-beta-geometric lifetimes of subscribers, by maximum likelihood with delayed entry and right censoring.

    A customer is lost at each renewal with the customer's own probability theta, and theta is Beta(alpha, beta) distributed
    among customers. So ::

        S(t) = B(alpha, beta + t) / B(alpha, beta)
        S(t) / S(t - 1) = (beta + t - 1) / (alpha + beta + t - 1)

    and retention rises with tenure although no customer changes: those likely to leave leave first.

    See Also
    --------
    RenewalModel : parameters, learned attributes, and what the methods return.
    BetaDiscreteWeibull : the same where a customer's own risk rises or falls with time.

    References
    ----------
    Fader and Hardie (2007), How to project customer retention, Journal of Interactive Marketing 21(1), 76-90,
    equations 5 to 8.

    Examples
    --------
    >>> from crmkit.models.subscriptions.spells import spells_of_survivors
    >>> high_end = spells_of_survivors([1000, 869, 743, 653, 593, 551, 517, 491])
    >>> model = ShiftedBetaGeometric().fit(high_end)
    >>> model.params_.round(3).to_dict(), round(model.log_likelihood_, 2)
    ({'alpha': 0.668, 'beta': 3.806}, -1611.16)
    >>> round(float(model.survival(12).loc[12, "value"]), 3)
    0.378
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    def log_renewal(self, params: Array, period: Array) -> LogRenewal:
        alpha, beta = params[:, 0, None], params[:, 1, None]
        before = beta + period - 1
        after = alpha + before
        return LogRenewal(-np.log1p(alpha / before), (-1 / after, alpha / (before * after)))


@dataclass(eq=False, kw_only=True)
class BetaDiscreteWeibull(RenewalModel):
    """Beta-discrete-Weibull lifetimes of subscribers, by maximum likelihood with delayed entry and right censoring.

    A customer is still there after t renewals with probability (1 - theta)^(t^c), and theta is Beta(alpha, beta)
    distributed among customers. So ::

        S(t) = B(alpha, beta + t^c) / B(alpha, beta)

    With c > 1 each customer's risk rises with tenure, with c < 1 it falls, c = 1 is the
    :class:`~crmkit.models.subscriptions.sbg.ShiftedBetaGeometric`. The paper writes gamma, delta for alpha, beta.

    See Also
    --------
    RenewalModel : parameters, learned attributes, and what the methods return.

    References
    ----------
    Fader, Hardie, Liu, Davin and Steenburgh (2018), "How to project customer retention" revisited: the role of duration
    dependence, Journal of Interactive Marketing 43, 1-16.

    Examples
    --------
    >>> from crmkit.models.subscriptions.spells import spells_of_survivors
    >>> regular = spells_of_survivors([1000, 631, 468, 382, 326, 289, 262, 241])
    >>> model = BetaDiscreteWeibull().fit(regular)
    >>> bool(model.params_["c"] > 1), round(float(model.survival(12).loc[12, "value"]), 2)
    (True, 0.18)
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "c")

    def log_renewal(self, params: Array, period: Array) -> LogRenewal:
        alpha, beta, c = (params[:, i, None] for i in range(3))
        # The end of a period is the start of the next: gamma functions are slow, so each is computed once.
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
        return LogRenewal(first, tuple(slopes))


# Differences of gamma functions


_STIRLING_FROM = 30.0  # where three terms of Stirling's series are exact to the last digit


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
    """Return the first terms of Stirling's series beyond Stirling's formula."""
    return (1 / 12 - (1 / 360 - 1 / (1260 * x**2)) / x**2) / x
