"""Present value of a customer: margin times survival, discounted, over any survival curve."""

from __future__ import annotations

from typing import Literal

import numpy as np

from crmkit.errors import UnknownName
from crmkit.models.arrays import Array

Pays = Literal["start", "end", "renewal", "due"]

# Payment conventions: renewals before the first payment, and periods from there until it arrives.
CONVENTIONS: dict[str, tuple[int, int]] = {"start": (0, 0), "end": (0, 1), "renewal": (1, 0), "due": (1, -1)}


def rate_per_period(discount_rate: float, periods_per_year: float = 12) -> float:
    """Discount rate per period that compounds to ``discount_rate`` per year.

    Parameters
    ----------
    discount_rate : float
        Per year [share].
    periods_per_year : float
        12 for months, 52 for weeks, 1 for years.

    Examples
    --------
    >>> round(rate_per_period(0.10), 6)
    0.007974
    """
    return float((1 + discount_rate) ** (1 / periods_per_year) - 1)


def discount_factors(n_payments: int, rate: float, *, pays: Pays = "start") -> Array:
    """Present value of each of the next payments of 1.

    Parameters
    ----------
    n_payments : int
        Payments ahead, one per period [count].
    rate : float
        Per period [share].
    pays : {"start", "end", "renewal", "due"}
        See :func:`present_value`.

    Examples
    --------
    >>> discount_factors(3, 0.01).round(3).tolist()
    [1.0, 0.99, 0.98]
    """
    first, delay = convention(pays)
    return (1 + rate) ** -(np.arange(n_payments, dtype=float) + first + delay)


def present_value(curve: Array, margin: float | Array, rate: float, *, pays: Pays = "start") -> Array:
    """Expected present value of all payments along survival curves.

    With S(t + k) / S(t) the chance that a customer of tenure t makes k further renewals ::

        value = sum over k = first, first + 1, ...  of  margin S(t + k) / S(t) / (1 + rate)^(k + delay)

    =========  =====  =====  =========================================  ================  =====
    pays       first  delay  the next payment comes                     constant r        value
    =========  =====  =====  =========================================  ================  =====
    start      0      0      now, and at the start of each period       m(1+d)/(1+d-r)    367
    end        0      1      at the end of the period now running       m/(1+d-r)         333
    renewal    1      0      at the renewal, a period from now          m r/(1+d-r)       267
    due        1      -1     now, if the customer renews                m r(1+d)/(1+d-r)  293
    =========  =====  =====  =========================================  ================  =====

    (values for margin m = 100, retention r = 0.8, rate d = 0.1). The first three are the formulas of textbooks: they
    differ by when money comes and whether a payment received today counts. With margin 1 the last is the discounted
    expected residual lifetime of Fader and Hardie (2010).

    Parameters
    ----------
    curve : array
        S(t + k) / S(t) for k = 0, 1, ... in the last dimension; payments end where it ends.
    margin : float or array
        Per payment [money]; an array has the other dimensions of ``curve``.
    rate : float
        Per period [share].
    pays : {"start", "end", "renewal", "due"}
        Who pays when.

    References
    ----------
    Fader and Hardie (2010), Customer-base valuation in a contractual setting, Marketing Science 29(1), 85-93; Fader and
    Hardie (2012), Reconciling and clarifying CLV formulas, brucehardie.com/notes/024.

    Examples
    --------
    >>> curve = 0.8 ** np.arange(200)
    >>> [round(float(present_value(curve, 100, 0.1, pays=pays))) for pays in ("start", "end", "renewal", "due")]
    [367, 333, 267, 293]
    """
    first, _ = convention(pays)
    paid = np.asarray(curve, dtype=float)[..., first:]
    return np.asarray(margin * (paid @ discount_factors(paid.shape[-1], rate, pays=pays)), dtype=np.float64)


def convention(pays: str) -> tuple[int, int]:
    """Return the renewals before the first payment, and the wait from there until it arrives [periods].

    Examples
    --------
    >>> convention("renewal")
    (1, 0)
    """
    if pays not in CONVENTIONS:
        raise UnknownName("payment convention", pays, CONVENTIONS)
    return CONVENTIONS[pays]
