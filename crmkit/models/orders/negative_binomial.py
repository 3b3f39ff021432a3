"""Probabilities of 0, 1, 2, ... orders at a rate that is gamma distributed among customers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from crmkit.models.arrays import Array

_UNDERFLOW = 600.0  # exp(-700) is the smallest number


def negative_binomial(k: Array, ahead: Array) -> Iterator[Array]:
    """Yield P(N = 0), P(N = 1), ... without end, where N is Poisson(lambda h) and lambda is Gamma(k, rate).

    Parameters
    ----------
    k : array
        Shape of the gamma distribution.
    ahead : array
        h / rate: the time ahead as a multiple of the rate parameter.

    References
    ----------
    Ehrenberg (1959), The pattern of consumer purchases, Applied Statistics 8, 26-41.

    Examples
    --------
    >>> from itertools import islice
    >>> [round(float(p), 4) for p in islice(negative_binomial(np.array(1.0), np.array(1.0)), 4)]
    [0.5, 0.25, 0.125, 0.0625]
    """
    k, ahead = np.broadcast_arrays(k, ahead)
    odds = ahead / (1 + ahead)
    log_now = -k * np.log1p(ahead)
    in_logs = bool(log_now.size and log_now.min() < -_UNDERFLOW)
    now = np.exp(log_now)
    n = 0
    while True:
        yield now
        growth = odds * ((k + n) / (n + 1))
        if in_logs:
            with np.errstate(divide="ignore"):
                log_now = log_now + np.log(growth)
            now = np.exp(log_now)
        else:
            now = now * growth
        n += 1
