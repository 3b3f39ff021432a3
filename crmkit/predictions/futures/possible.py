"""The possible futures of all customers on a day: the numbers that every page reads.

Who will order, who will be silent and who of those comes back, orders and money are counted in the same futures. So those
expected to order and those expected to be silent add up to all customers, on every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from crmkit.errors import NotMeasured
from crmkit.models.arrays import Array
from crmkit.periods import DayLike
from crmkit.predictions.value.customer_values import valuation
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_TAILS = (0.025, 0.975)


class Foreseen(NamedTuple):
    """A number foreseen, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Futures:
    """Possible futures of all who have ever ordered.

    Attributes
    ----------
    as_of : date
    days : int
        ``churn_after_days``: how far ahead "soon" is [days].
    totals : DataFrame
        One row per future: order_soon (customers with an order soon), stay (active ones who order before they count as having
        left), leave (active ones who do not), leave_order_soon, leave_back (of those who leave: with an order soon, within
        a year), others_order_soon (with an order soon, of those not active), order_year [customers]; orders_soon,
        orders_year [count]; money_soon, money_year [money, not discounted].
    customers : DataFrame
        Indexed by customer_id: active (by orders alone; bool), stay, order_soon, order_year (chances) [share].
    stakes : Series
        By customer_id, of all customers: what a customer who leaves does not bring within the horizon of the value
        that one who stays brings [money].
    """

    as_of: date
    days: int
    totals: pd.DataFrame
    customers: pd.DataFrame
    stakes: pd.Series

    @property
    def n(self) -> int:
        """Customers who have ever ordered [count]."""
        return len(self.customers)

    @property
    def n_active(self) -> int:
        """Of them, customers who may leave [count]."""
        return int(self.customers["active"].sum())

    def number(self, name: str) -> Foreseen:
        """Return the mean of a column of ``totals``, with its 95 % interval."""
        drawn = self.totals[name].to_numpy(dtype=float)
        low, high = np.quantile(drawn, _TAILS)
        value = float(drawn.mean())
        return Foreseen(value, min(float(low), value), max(float(high), value))


@checked
def possible_futures(catalog: Catalog, as_of: DayLike) -> Futures:
    """Return the possible futures of all customers who order, from a day on.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Raises
    ------
    NotMeasured
        If fewer than three known customers have ordered.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abcd"), "customer_id": list("xyzx"), "revenue": 10.0,
    ...                        "ordered_at": ["2026-07-01", "2026-08-01", "2026-09-01", "2026-09-20"]})
    >>> futures = possible_futures(ck.connect({"orders": orders}), "2026-09-30")
    >>> futures.n, futures.n_active
    (3, 3)
    >>> bool((futures.totals["stay"] + futures.totals["leave"] == 3).all())
    True
    """
    totals = memoize(catalog, _totals, as_of, reads_predictions=False)
    if totals.empty:
        raise NotMeasured("orders of at least three known customers")
    rows = memoize(catalog, _customers, as_of, reads_predictions=False)
    customers = rows[rows["orders"]].drop(columns=["orders", "stake"])
    return Futures(as_of, catalog.settings.company.churn_after_days, totals, customers, rows["stake"])


def stakes(catalog: Catalog, as_of: date) -> pd.Series:
    """Return what each customer, shopper or subscriber, does not bring who leaves, and one who stays brings [money].

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor subscriptions, or fewer than three customers.
    """
    return memoize(catalog, _customers, as_of, reads_predictions=False)["stake"]


def matched(chances: Array, total: float, weights: Array | float = 1.0) -> Array:
    """Move all chances by one constant on the scale of log odds, so that they add up to a total.

    Parameters
    ----------
    chances : array
    total : float
        Of the chances, each times its weight.
    weights : array or float

    Examples
    --------
    >>> matched(np.array([0.2, 0.5]), 1.0).round(3).tolist()
    [0.333, 0.667]
    """
    most = float(np.sum(weights * np.ones(len(chances))))
    if not len(chances) or not 0 < total < most:
        return np.full(len(chances), min(max(total, 0.0), most) / most if most > 0 else 0.0)
    odds = logit(np.clip(chances, 1e-9, 1 - 1e-9))
    step = brentq(lambda step: float(np.sum(weights * expit(odds + step))) - total, -60.0, 60.0, xtol=1e-10)
    return np.asarray(expit(odds + step))


def _totals(catalog: Catalog, as_of: date) -> pd.DataFrame:
    return valuation(catalog, as_of).forecast.totals


def _customers(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return one row per customer; the chances of each are those of the models, moved so that they add up to the totals."""
    forecast = valuation(catalog, as_of).forecast
    if forecast.totals.empty:  # nobody orders
        rows = pd.DataFrame({"active": False, "orders": False, "stake": forecast.stakes}, index=forecast.customers)
        return rows.rename_axis("customer_id")
    own, sums = forecast.chances, forecast.totals.mean()
    active = own["active"].to_numpy(dtype=bool)
    stay = own["stay"].to_numpy(dtype=float)
    stay = _placed(active, matched(stay[active], sums["stay"]))
    soon, year = (own[name].to_numpy(dtype=float) for name in ("order_soon", "order_year"))
    rows = pd.DataFrame(
        {
            "active": active,
            "stay": stay,
            "order_soon": matched(soon, sums["order_soon"]),
            "order_year": matched(year, sums["order_year"]),
            "orders": True,
        },
        index=own.index,
    )
    rows = rows.reindex(forecast.customers)
    rows[["active", "orders"]] = rows[["active", "orders"]].fillna(False).astype(bool)
    return rows.assign(stake=forecast.stakes).rename_axis("customer_id")


def _placed(where: Array, values: Array) -> Array:
    placed = np.zeros(len(where))
    placed[where] = values
    return placed
