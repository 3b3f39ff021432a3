"""Leaving where a model of orders finds that nobody leaves: counted from those who ordered often and then no more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.models.arrays import Array

_OFTEN = 3  # order days in the first half of the record that make a customer a frequent one
_BEFORE = 1.0, 9.0  # customers who left and stayed that are taken as seen before any: one of ten in half a record


@dataclass(frozen=True)
class Leaving:
    """How many frequent customers stopped ordering.

    A model of repeat orders can explain any silence by customers who are merely slow. That its likelihood is highest where
    nobody leaves is therefore no evidence that nobody does.

    Parameters
    ----------
    lost, n : int
        Customers with three order days or more in the first half of the record, and those of them without any in the
        second half.
    months : float
        Length of half the record.
    """

    lost: int
    n: int
    months: float

    def rates(self, n_draws: int) -> Array:
        """Return draws of the rate of leaving, from the beta distribution of the share lost [per month].

        Examples
        --------
        >>> bool(abs(Leaving(56, 762, 6.0).rates(4000).mean() - 0.0128) < 0.001)
        True
        """
        lost, stayed = self.lost + _BEFORE[0], self.n - self.lost + _BEFORE[1]
        shares = np.random.default_rng(8).beta(lost, stayed, n_draws)
        return -np.log1p(-np.minimum(shares, 1 - 1e-12)) / self.months


def observed_leaving(orders: pd.DataFrame, as_of: pd.Timestamp, month: float) -> Leaving:
    """Count frequent customers who stopped ordering.

    Parameters
    ----------
    orders : DataFrame
        customer_id, on (day): orders up to the day.
    as_of : Timestamp
    month : float
        Length of a month [days].

    Examples
    --------
    >>> days = pd.to_datetime(["2026-01-01", "2026-01-08", "2026-02-01", "2026-01-03", "2026-01-20", "2026-02-02", "2026-05-01"])
    >>> orders = pd.DataFrame({"customer_id": list("aaabbbb"), "on": days})
    >>> observed_leaving(orders, pd.Timestamp("2026-06-30"), 30.0)
    Leaving(lost=1, n=2, months=3.0)
    """
    each = orders[["customer_id", "on"]].drop_duplicates()
    half = (as_of - each["on"].min()) / 2
    is_early = each["on"] <= as_of - half
    early = each[is_early].groupby("customer_id").size()
    often = early.index[early >= _OFTEN]
    lost = len(often.difference(each.loc[~is_early, "customer_id"]))
    return Leaving(lost, len(often), max(half.days / month, 0.1))


def shortened(times: Array, rates: Array) -> Array:
    """Return the mean time that a customer stays within each time ahead, over draws of the rate of leaving.

    Examples
    --------
    >>> shortened(np.array([0.0, 10.0]), np.array([0.1])).round(3).tolist()
    [0.0, 6.321]
    """
    return np.asarray((-np.expm1(-np.outer(times, rates)) / rates).mean(axis=1))
