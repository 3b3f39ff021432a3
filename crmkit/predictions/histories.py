"""What each customer had done by a day, in the shape that the models learn from."""

from __future__ import annotations

from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.models.choose_orders import FEW, PRIOR, ChosenOrders, choose_orders
from crmkit.models.gamma_gamma import GammaGamma
from crmkit.models.order_summary import order_summary
from crmkit.predictions.money import MONTH, Money
from crmkit.predictions.term_records import numbered_terms, terms_before
from crmkit.tables.catalog import Catalog

#: Length of a term to the number of them in a year.
TERMS_A_YEAR = (52, 12, 6, 4, 3, 2, 1)
_LOSSES = 20  # of a plan from which on it has a model of its own
_KEPT = 12  # days of an open catalog
_SEEN: WeakKeyDictionary[Catalog, dict[date, pd.DataFrame]] = WeakKeyDictionary()


def shoppers(money: Money, as_of: date, growth: float = 0.0) -> pd.DataFrame:
    """Return the order history of every customer who has ordered; guests are not here.

    Parameters
    ----------
    money : Money
    as_of : date
    growth : float
        Of the money of an order [logarithm per month]: what older orders brought is stated at the level of the day.

    Returns
    -------
    DataFrame
        In months, as :func:`crmkit.models.order_summary.order_summary` says.
    """
    orders = _orders(money)
    level = np.exp(growth * (pd.Timestamp(as_of) - orders["ordered_at"]).dt.days / MONTH)
    return order_summary(orders.assign(margin=orders["margin"] * level), as_of, money="margin", days_per_unit=MONTH)


def model_of_orders(money: Money, as_of: date) -> ChosenOrders:
    """Return the model that fits the customers' orders best, in months."""
    return choose_orders(_orders(money), as_of, days_per_unit=MONTH)


def model_of_spend(shoppers: pd.DataFrame) -> GammaGamma:
    """Return the model of what an order brings, fitted on :func:`shoppers`."""
    return GammaGamma(penalty=PRIOR if len(shoppers) < FEW else 0.0).fit(shoppers)


def _orders(money: Money) -> pd.DataFrame:
    orders = money.paid.loc[money.paid["kind"] == "order", ["customer_id", "on", "money", "revenue"]]
    return orders.rename(columns={"on": "ordered_at", "money": "margin"})


def subscriptions(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return every unbroken subscription that had begun by a day.

    Tenure counts renewals. Where the firm's own record says that the customer was won long before the first term in the
    data, the subscription was entered late: who left before is nowhere in the data.

    Returns
    -------
    DataFrame
        customer_id, entry, exit [renewals], lost (bool; the known end is past), runs (bool), notice (bool: given by the
        day), per_year (terms a year), mrr [money per month] and plan of the last term, starts_on; noticed (how far the
        last term had run when notice was given, of those lost) and elapsed (how far it has run by the day) [share].
    """
    seen = _SEEN.setdefault(catalog, {})
    if as_of not in seen:
        while len(seen) >= _KEPT:
            del seen[next(iter(seen))]
        seen[as_of] = _subscriptions(catalog, as_of)
    return seen[as_of].copy()


def _subscriptions(catalog: Catalog, as_of: date) -> pd.DataFrame:
    if "subscription_terms" not in catalog.names:
        return pd.DataFrame(
            columns=["customer_id", "entry", "exit", "lost", "runs", "notice", "per_year", "mrr", "plan", "noticed"]
        )
    terms = numbered_terms(catalog, as_of)
    by = terms.groupby("spell")
    last = by.last()
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    runs = last["ends_at"] >= end  # of one that ends as the data do, the next term could not be seen
    over = terms["ends_at"].lt(end).groupby(terms["spell"]).sum()
    median = by["days"].median()
    per_year = pd.Series([_per_year(days) for days in median], index=median.index)
    starts = by["starts_at"].first()
    before = terms_before(catalog, last["customer_id"], starts, per_year)
    return pd.DataFrame({
        "customer_id": last["customer_id"],
        "entry": before,
        "exit": before + over,
        "lost": ~runs,
        "runs": runs,
        "notice": runs & last["notice"],
        "per_year": per_year,
        "mrr": last["mrr"].astype(float),
        "plan": last["plan"],
        "starts_on": starts.dt.floor("D"),
        "noticed": _share_of_term(last, last["cancelled_at"]),
        "elapsed": _share_of_term(last, end),
    }).reset_index(drop=True)  # fmt: skip


def _share_of_term(last: pd.DataFrame, at: pd.Series | pd.Timestamp) -> pd.Series:
    """How far the last term had run at a moment; empty where there was none [share]."""
    run = (at - last["starts_at"]).dt.total_seconds()
    return (run / (last["ends_at"] - last["starts_at"]).dt.total_seconds()).clip(0, 1)


def prices(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return what subscriptions cost in each term that had begun by a day, the first one left out: it may have been a trial.

    Returns
    -------
    DataFrame
        customer_id (the number of the unbroken subscription), month (a count), amount [money per month].
    """
    if "subscription_terms" not in catalog.names:
        return pd.DataFrame({"customer_id": [], "month": [], "amount": []}, dtype=float)
    terms = numbered_terms(catalog, as_of)
    return _later_ones(terms["spell"], terms["starts_at"], terms["mrr"].astype(float))


def order_amounts(money: Money) -> pd.DataFrame:
    """Return what customers brought on each day of orders, the first one left out, as :func:`prices` does."""
    days = _orders(money).groupby(["customer_id", "ordered_at"])["margin"].sum().reset_index()
    return _later_ones(days["customer_id"], days["ordered_at"], days["margin"])


def _later_ones(who: pd.Series, on: pd.Series, amount: pd.Series) -> pd.DataFrame:
    month = (on - pd.Timestamp(2000, 1, 1)).dt.days / MONTH
    rows = pd.DataFrame({"customer_id": who, "month": month.clip(lower=0), "amount": amount.fillna(0.0)})
    return rows[who.duplicated()]


def alike(spells: pd.DataFrame) -> list[pd.DataFrame]:
    """Divide subscriptions into those that one model can speak of: of one length of term, and of one plan if it has enough.

    Plans differ in how long people stay and in what they pay, and both go together: one model of all plans would take the
    dear ones for as fickle as the cheap ones. Plans with few losses are taken together.

    Parameters
    ----------
    spells : DataFrame
        From :func:`subscriptions`.
    """
    groups = []
    for _, of_length in spells.groupby("per_year"):
        losses = of_length.groupby("plan")["lost"].sum()
        known = of_length["plan"].isin(losses.index[losses >= _LOSSES])
        groups += [own for _, own in of_length[known].groupby("plan")] + [of_length[~known]]
    return [own for own in groups if len(own)]


def _per_year(days: float) -> int:
    return min(TERMS_A_YEAR, key=lambda n: abs(np.log(max(days, 1) * n / 365.25)))
