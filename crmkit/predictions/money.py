"""What an order or a payment brings: margin where it is known, revenue where it is not, and a sentence on which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
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
