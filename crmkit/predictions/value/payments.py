"""What customers paid up to a day: orders, refunds and subscription payments, in the shapes that the models are fitted to.

Amounts are margin where it is known, else revenue; :attr:`Payments.basis` says which.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.models.orders.choose import FEW, PRIOR, ChosenOrders, choose_order_model, choose_orders
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.orders.summary import order_days_between, order_summary
from crmkit.models.series.order_season import OrderSeason
from crmkit.predictions.futures.leaving import Leaving, observed_leaving
from crmkit.tables.caching.per_catalog import kept_per_catalog
from crmkit.tables.catalog import Catalog

MONTH = 30.4375  # days
#: Length of a term to the number of them in a year.
TERMS_A_YEAR = (52, 12, 6, 4, 3, 2, 1)
_KNOWN = 0.5  # share of orders with a margin from which on the others get the average one
_LOSSES = 20  # of a plan from which on it has a model of its own
_GAP = 15  # days without a term after which a subscription has ended and another begins


@dataclass(frozen=True)
class Payments:
    """Every amount that customers paid up to a day.

    Attributes
    ----------
    rows : DataFrame
        One row per order, refund or subscription payment: customer_id, on (day), money, kind ("order", "payment"),
        revenue (of orders; a refund's is negative).
    order_basis, subscription_basis : str
        What the money of orders and of subscription payments is: "margin" or "revenue"; empty where there are none.
    """

    rows: pd.DataFrame
    order_basis: str
    subscription_basis: str

    @property
    def is_margin(self) -> bool:
        """Whether all amounts are margin."""
        return "revenue" not in (self.order_basis, self.subscription_basis)

    @property
    def basis(self) -> str:
        """What the amounts are, in words.

        Examples
        --------
        >>> Payments(pd.DataFrame(), "margin", "revenue").basis
        'margin of orders, revenue of subscriptions (their margin is not known)'
        """
        if "" in (self.order_basis, self.subscription_basis) or self.order_basis == self.subscription_basis:
            by = self.order_basis or self.subscription_basis
            return by if by == "margin" else "revenue (the margin is not known)"
        known, other = ("orders", "subscriptions") if self.order_basis == "margin" else ("subscriptions", "orders")
        return f"margin of {known}, revenue of {other} (their margin is not known)"


def payments_until(catalog: Catalog, as_of: date, since: date | None = None) -> Payments:
    """Return what customers paid up to and including a day; with ``since``, after that day only.

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor subscriptions.
    """
    whole = _all_payments(catalog)
    if whole.rows.empty:
        orders = "orders.customer_id" if "orders" in catalog.names else "orders"
        raise NotMeasured(f"{orders} or subscription_terms")
    wanted = whole.rows["on"] <= pd.Timestamp(as_of)
    if since is not None:
        wanted &= whole.rows["on"] > pd.Timestamp(since)
    return replace(whole, rows=whole.rows[wanted].reset_index(drop=True))


def shoppers(payments: Payments, as_of: date, growth: float = 0.0, season: OrderSeason | None = None) -> pd.DataFrame:
    """Return the order history of every customer who has ordered, without guests.

    Parameters
    ----------
    payments : Payments
    as_of : date
    growth : float
        Of the money of an order [logarithm per month]: older orders are restated at the level of the day.
    season : OrderSeason, optional
        Ages are in months of it: time passes faster where customers order more.

    Returns
    -------
    DataFrame
        In months, as :func:`crmkit.models.orders.summary.order_summary` says; and since (the last order) [calendar
        months].
    """
    orders = _orders_for_models(payments)
    level = np.exp(growth * (pd.Timestamp(as_of) - orders["ordered_at"]).dt.days / MONTH)
    rows = order_summary(orders.assign(margin=orders["margin"] * level), as_of, money="margin", days_per_unit=MONTH)
    return _in_season(rows.assign(since=rows["age"] - rows["last_age"]), season)


def fit_season(payments: Payments, as_of: date) -> OrderSeason:
    """Return in which calendar months customers order more than in others."""
    orders = _orders_for_models(payments)
    return OrderSeason().fit(orders.loc[orders["revenue"] > 0, "ordered_at"], as_of)


def leaving_until(payments: Payments, as_of: date) -> Leaving:
    """Return how many customers who had ordered often stopped; see :class:`crmkit.predictions.futures.leaving.Leaving`."""
    bought = payments.rows[(payments.rows["kind"] == "order") & (payments.rows["revenue"] > 0)]
    return observed_leaving(bought, pd.Timestamp(as_of), MONTH) if len(bought) else Leaving(0, 0, 1.0)


def fit_order_model(payments: Payments, as_of: date, season: OrderSeason | None = None) -> ChosenOrders:
    """Return the model of orders that fits best, with months as its unit of time: months of the season, where it is known."""
    orders = _orders_for_models(payments)
    if season is None or season.is_flat:
        return choose_orders(orders, as_of, days_per_unit=MONTH)
    now = shoppers(payments, as_of, season=season)
    cut = as_of - timedelta(days=min(int((as_of - orders["ordered_at"].min().date()).days) // 3, 365))
    past = replace(payments, rows=payments.rows[payments.rows["on"] <= pd.Timestamp(cut)])
    later_on = float(season.before(np.array([(as_of - cut).days / MONTH]))[0])
    then = shoppers(past, cut)
    ages = season.before((then["age"] + (as_of - cut).days / MONTH).to_numpy()) - later_on
    silent = season.before((then["since"] + (as_of - cut).days / MONTH).to_numpy()) - later_on
    then = then.assign(age=ages, last_age=np.where(then["n_repeats"] > 0, np.maximum(ages - silent, 0.0), 0.0))
    later = order_days_between(orders, cut, as_of).reindex(then.index, fill_value=0)
    return choose_order_model(now, then, later, later_on)


def _in_season(rows: pd.DataFrame, season: OrderSeason | None) -> pd.DataFrame:
    if season is None or season.is_flat:
        return rows
    age, silent = (season.before(rows[name].to_numpy(dtype=float)) for name in ("age", "since"))
    return rows.assign(age=age, last_age=np.where(rows["n_repeats"] > 0, np.maximum(age - silent, 0.0), 0.0))


def fit_spend_model(shoppers: pd.DataFrame) -> GammaGamma:
    """Return the model of the money of an order, fitted on :func:`shoppers`."""
    return GammaGamma(penalty=PRIOR if len(shoppers) < FEW else 0.0).fit(shoppers)


def order_amounts(payments: Payments) -> pd.DataFrame:
    """Return what customers paid on each day of orders, without their first, in the form of :func:`term_prices`."""
    days = _orders_for_models(payments).groupby(["customer_id", "ordered_at"])["margin"].sum().reset_index()
    return _without_first(days["customer_id"], days["ordered_at"], days["margin"])


def subscriptions(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return every unbroken subscription that had begun by a day.

    Tenure counts renewals. Where the customer was won long before the first term in the data, the subscription has a
    delayed entry: those who left before the data begin are not in them.

    Returns
    -------
    DataFrame
        customer_id, entry, exit [renewals], lost (bool; the known end is past), runs (bool), notice (bool: given by the
        day), per_year (terms a year), mrr [money per month] and plan of the last term, starts_on; noticed (how far the
        last term had run when notice was given, of those lost) and elapsed (how far it has run by the day) [share].
    """
    return _subscriptions(catalog, as_of).copy()


def term_prices(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the price of each term that had begun by a day, without the first of each subscription: it may be a trial.

    Returns
    -------
    DataFrame
        customer_id (the number of the unbroken subscription), month (a count), amount [money per month].
    """
    if "subscription_terms" not in catalog.names:
        return pd.DataFrame({"customer_id": [], "month": [], "amount": []}, dtype=float)
    terms = numbered_terms(catalog, as_of)
    return _without_first(terms["spell"], terms["starts_at"], terms["mrr"].astype(float))


def renewal_groups(spells: pd.DataFrame) -> list[pd.DataFrame]:
    """Divide subscriptions into groups with one model each: by length of term, and by plan where it has enough losses.

    Plans differ both in price and in how long customers stay, so one model of all plans would misjudge the value of the
    expensive ones. Plans with few losses are put together.

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


def numbered_terms(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the terms begun by the day, each with the number of its unbroken subscription (spell) and its length."""
    terms, end = _terms(catalog), pd.Timestamp(as_of) + pd.Timedelta(days=1)
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
    """Return the number of terms before the data begin, from the day on which the customer was won [count]."""
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
    at_start = starts <= pd.Timestamp(first) + pd.to_timedelta(365.25 / per_year, unit="D")  # may have run before
    terms = np.floor(days.fillna(0) * per_year / 365.25 + 0.1).clip(lower=0)
    return terms.where(at_start, 0).astype(int)


@kept_per_catalog(most=1)
def _all_payments(catalog: Catalog) -> Payments:
    rate = catalog.settings.value.margin_rate
    orders, order_basis = _order_payments(catalog, rate)
    payments, subscription_basis = _subscription_payments(catalog, rate)
    rows = pd.concat([each for each in (orders, payments) if len(each)] or [orders], ignore_index=True)
    return Payments(rows, order_basis, subscription_basis)


def _order_payments(catalog: Catalog, rate: float | None) -> tuple[pd.DataFrame, str]:
    if "orders" not in catalog.names or "customer_id" not in catalog.table("orders").columns:
        return _no_rows(), ""
    table = catalog.table("orders")
    names = ["customer_id", "ordered_at", "revenue", *(["margin"] if "margin" in table.columns else [])]
    rows = table.select(*names).execute()
    rows = rows[rows["customer_id"].notna()]
    if rows.empty:
        return _no_rows(), ""
    amount, by = _order_money(rows, rate)
    days = pd.to_datetime(rows["ordered_at"], cache=False).dt.floor("D")
    columns = {
        "customer_id": rows["customer_id"],
        "on": days,
        "money": amount,
        "kind": "order",
        "revenue": rows["revenue"],
    }
    return pd.DataFrame(columns), by


def _order_money(orders: pd.DataFrame, rate: float | None) -> tuple[pd.Series, str]:
    revenue = orders["revenue"].astype(float)
    if "margin" in orders and orders["margin"].notna().mean() >= _KNOWN:
        known = orders["margin"].notna() & (revenue > 0)
        of_revenue = orders.loc[known, "margin"].sum() / max(float(revenue[known].sum()), 1e-9)
        return orders["margin"].astype(float).fillna(revenue * of_revenue), "margin"
    return (revenue * rate, "margin") if rate else (revenue, "revenue")


def _subscription_payments(catalog: Catalog, rate: float | None) -> tuple[pd.DataFrame, str]:
    if "subscription_terms" not in catalog.names:
        return _no_rows(), ""
    terms = catalog.table("subscription_terms").select("customer_id", "starts_at", "ends_at", "mrr").execute()
    begins, ends = (pd.to_datetime(terms[name], cache=False) for name in ("starts_at", "ends_at"))
    starts, months = begins.dt.floor("D"), np.round((ends - begins).dt.days / MONTH, 1)
    amount = terms["mrr"].astype(float) * np.where(months >= 0.75, months.round(), months) * (rate or 1.0)
    columns = {"customer_id": terms["customer_id"], "on": starts, "money": amount, "kind": "payment", "revenue": np.nan}
    rows = pd.DataFrame(columns)
    return rows, ("margin" if rate else "revenue") if len(rows) else ""


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({"customer_id": [], "on": pd.to_datetime([]), "money": [], "kind": [], "revenue": []})


def _orders_for_models(payments: Payments) -> pd.DataFrame:
    orders = payments.rows.loc[payments.rows["kind"] == "order", ["customer_id", "on", "money", "revenue"]]
    return orders.rename(columns={"on": "ordered_at", "money": "margin"})


def _without_first(who: pd.Series, on: pd.Series, amount: pd.Series) -> pd.DataFrame:
    month = (on - pd.Timestamp(2000, 1, 1)).dt.days / MONTH
    rows = pd.DataFrame({"customer_id": who, "month": month.clip(lower=0), "amount": amount.fillna(0.0)})
    return rows[who.duplicated()]


@kept_per_catalog(most=12)
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
    """Return how much of the last term had passed at a moment; missing where there was none [share]."""
    run = (at - last["starts_at"]).dt.total_seconds()
    return (run / (last["ends_at"] - last["starts_at"]).dt.total_seconds()).clip(0, 1)


def _per_year(days: float) -> int:
    return min(TERMS_A_YEAR, key=lambda n: abs(np.log(max(days, 1) * n / 365.25)))


@kept_per_catalog(most=1)
def _terms(catalog: Catalog) -> pd.DataFrame:
    table = catalog.table("subscription_terms")
    wanted = ["subscription_id", "customer_id", "starts_at", "ends_at", "mrr"]
    wanted += [name for name in ("plan", "cancelled_at") if name in table.columns]
    terms: pd.DataFrame = table.select(*wanted).execute()
    return terms.sort_values(["subscription_id", "starts_at"], kind="stable")
