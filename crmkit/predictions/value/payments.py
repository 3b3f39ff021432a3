"""What an order or a payment brings: margin where it is known, revenue where it is not, and a sentence on which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.models.orders.choose import FEW, PRIOR, ChosenOrders, choose_orders
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.orders.summary import order_summary
from crmkit.tables.catalog import Catalog

MONTH = 30.4375  # days
_SEEN: WeakKeyDictionary[Catalog, Money] = WeakKeyDictionary()  # of an open catalog: each past day is a part of it
_KNOWN = 0.5  # share of orders with a margin from which on the others get the average one


@dataclass(frozen=True)
class Money:
    """Every amount that customers brought up to a day.

    Attributes
    ----------
    paid : DataFrame
        One row per order, refund or subscription payment: customer_id, on (day), money, kind ("order", "payment"),
        revenue (of orders; a refund's is negative).
    orders_by, payments_by : str
        What money is in orders and in payments: "margin" or "revenue"; empty where there are none.
    """

    paid: pd.DataFrame
    orders_by: str
    payments_by: str

    @property
    def is_margin(self) -> bool:
        """Whether all money is margin."""
        return "revenue" not in (self.orders_by, self.payments_by)

    @property
    def basis(self) -> str:
        """Say what the money is.

        Examples
        --------
        >>> Money(pd.DataFrame(), "margin", "revenue").basis
        'margin of orders, revenue of subscriptions (their margin is not known)'
        """
        if "" in (self.orders_by, self.payments_by) or self.orders_by == self.payments_by:
            by = self.orders_by or self.payments_by
            return by if by == "margin" else "revenue (the margin is not known)"
        known, other = ("orders", "subscriptions") if self.orders_by == "margin" else ("subscriptions", "orders")
        return f"margin of {known}, revenue of {other} (their margin is not known)"


def money(catalog: Catalog, as_of: date, since: date | None = None) -> Money:
    """Return what customers brought up to and including a day; with ``since``, after that day only.

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor subscriptions.
    """
    if catalog not in _SEEN:
        _SEEN[catalog] = _everything(catalog)
    whole = _SEEN[catalog]
    if whole.paid.empty:
        raise NotMeasured("orders.customer_id or subscription_terms")
    wanted = whole.paid["on"] <= pd.Timestamp(as_of)
    if since is not None:
        wanted &= whole.paid["on"] > pd.Timestamp(since)
    return replace(whole, paid=whole.paid[wanted].reset_index(drop=True))


def _everything(catalog: Catalog) -> Money:
    rate = catalog.settings.value.margin_rate
    orders, by_orders = _orders(catalog, rate)
    payments, by_payments = _payments(catalog, rate)
    paid = pd.concat([each for each in (orders, payments) if len(each)] or [orders], ignore_index=True)
    return Money(paid, by_orders, by_payments)


def _orders(catalog: Catalog, rate: float | None) -> tuple[pd.DataFrame, str]:
    if "orders" not in catalog.names or "customer_id" not in catalog.table("orders").columns:
        return _nothing(), ""
    table = catalog.table("orders")
    columns = ["customer_id", "ordered_at", "revenue", *(["margin"] if "margin" in table.columns else [])]
    rows = table.select(*columns).execute()
    rows = rows[rows["customer_id"].notna()]
    if rows.empty:
        return _nothing(), ""
    amount, by = _worth(rows, rate)
    days = pd.to_datetime(rows["ordered_at"], cache=False).dt.floor("D")
    paid = {
        "customer_id": rows["customer_id"],
        "on": days,
        "money": amount,
        "kind": "order",
        "revenue": rows["revenue"],
    }
    return pd.DataFrame(paid), by


def _worth(orders: pd.DataFrame, rate: float | None) -> tuple[pd.Series, str]:
    revenue = orders["revenue"].astype(float)
    if "margin" in orders and orders["margin"].notna().mean() >= _KNOWN:
        known = orders["margin"].notna() & (revenue > 0)
        of_revenue = orders.loc[known, "margin"].sum() / max(float(revenue[known].sum()), 1e-9)
        return orders["margin"].astype(float).fillna(revenue * of_revenue), "margin"
    return (revenue * rate, "margin") if rate else (revenue, "revenue")


def _payments(catalog: Catalog, rate: float | None) -> tuple[pd.DataFrame, str]:
    if "subscription_terms" not in catalog.names:
        return _nothing(), ""
    terms = catalog.table("subscription_terms").select("customer_id", "starts_at", "ends_at", "mrr").execute()
    begins, ends = (pd.to_datetime(terms[name], cache=False) for name in ("starts_at", "ends_at"))
    starts, months = begins.dt.floor("D"), np.round((ends - begins).dt.days / MONTH, 1)
    amount = terms["mrr"].astype(float) * np.where(months >= 0.75, months.round(), months) * (rate or 1.0)
    paid = {"customer_id": terms["customer_id"], "on": starts, "money": amount, "kind": "payment", "revenue": np.nan}
    rows = pd.DataFrame(paid)
    return rows, ("margin" if rate else "revenue") if len(rows) else ""


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({"customer_id": [], "on": pd.to_datetime([]), "money": [], "kind": [], "revenue": []})


# What each customer had done by a day, in the shape that the models learn from.


#: Length of a term to the number of them in a year.
TERMS_A_YEAR = (52, 12, 6, 4, 3, 2, 1)
_LOSSES = 20  # of a plan from which on it has a model of its own
_KEPT = 12  # days of an open catalog
_SEEN_of_histories: WeakKeyDictionary[Catalog, dict[date, pd.DataFrame]] = WeakKeyDictionary()


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
        In months, as :func:`crmkit.models.orders.summary.order_summary` says.
    """
    orders = _orders_of_histories(money)
    level = np.exp(growth * (pd.Timestamp(as_of) - orders["ordered_at"]).dt.days / MONTH)
    return order_summary(orders.assign(margin=orders["margin"] * level), as_of, money="margin", days_per_unit=MONTH)


def model_of_orders(money: Money, as_of: date) -> ChosenOrders:
    """Return the model that fits the customers' orders best, in months."""
    return choose_orders(_orders_of_histories(money), as_of, days_per_unit=MONTH)


def model_of_spend(shoppers: pd.DataFrame) -> GammaGamma:
    """Return the model of what an order brings, fitted on :func:`shoppers`."""
    return GammaGamma(penalty=PRIOR if len(shoppers) < FEW else 0.0).fit(shoppers)


def _orders_of_histories(money: Money) -> pd.DataFrame:
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
    seen = _SEEN_of_histories.setdefault(catalog, {})
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
    return pd.DataFrame(
        {
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
        }
    ).reset_index(drop=True)


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
    days = _orders_of_histories(money).groupby(["customer_id", "ordered_at"])["margin"].sum().reset_index()
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


# The terms of subscriptions as the data have them: in unbroken runs, and what may have been before the data begin.


_TERMS: WeakKeyDictionary[Catalog, pd.DataFrame] = WeakKeyDictionary()  # in order, of which each past day has a part
_GAP = 15  # days without a term after which a subscription has ended and another begins


def numbered_terms(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the terms begun by the day, each with the number of its unbroken subscription (spell) and its length."""
    if catalog not in _TERMS:
        _TERMS[catalog] = _terms(catalog)
    terms, end = _TERMS[catalog], pd.Timestamp(as_of) + pd.Timedelta(days=1)
    terms = terms[terms["starts_at"] < end]
    same = terms["subscription_id"].eq(terms["subscription_id"].shift())
    gap = (terms["starts_at"] - terms["ends_at"].shift()).dt.days
    cancelled = pd.to_datetime(terms.get("cancelled_at", pd.Series(pd.NaT, terms.index)), cache=False)
    return terms.assign(
        spell=(~(same & (gap <= _GAP))).cumsum(),
        days=(terms["ends_at"] - terms["starts_at"]).dt.days,
        notice=cancelled.lt(end),
        cancelled_at=cancelled.where(cancelled < end),  # a later notice is not known yet
        plan=terms.get("plan"),
    )


def terms_before(catalog: Catalog, customers: pd.Series, starts: pd.Series, per_year: pd.Series) -> pd.Series:
    """Return how many terms a subscription had run before the data begin, from the day the customer was won [count]."""
    none = pd.Series(0, index=customers.index)
    first = catalog.data_from
    if first is None or "customers" not in catalog.names or "acquired_at" not in catalog.table("customers").columns:
        return none
    won = (
        catalog.table("customers")
        .select("customer_id", "acquired_at")
        .execute()
        .set_index("customer_id")["acquired_at"]
    )
    days = (starts - pd.to_datetime(customers.map(won), cache=False)).dt.days
    cut_off = starts <= pd.Timestamp(first) + pd.to_timedelta(
        365.25 / per_year, unit="D"
    )  # the data may begin in mid-life
    terms = np.floor(days.fillna(0) * per_year / 365.25 + 0.1).clip(lower=0)
    return terms.where(cut_off, 0).astype(int)


def _terms(catalog: Catalog) -> pd.DataFrame:
    table = catalog.table("subscription_terms")
    wanted = ["subscription_id", "customer_id", "starts_at", "ends_at", "mrr"]
    wanted += [name for name in ("plan", "cancelled_at") if name in table.columns]
    terms: pd.DataFrame = table.select(*wanted).execute()
    return terms.sort_values(["subscription_id", "starts_at"], kind="stable")
