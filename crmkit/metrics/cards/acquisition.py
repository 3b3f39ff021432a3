"""Acquisition: new customers, what it costs to win them, leads, and referrals."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.metrics.card import metric
from crmkit.metrics.cards.margins import with_margin
from crmkit.metrics.measures import (
    Composition,
    Count,
    IncidenceMedian,
    KaplanMeierMedian,
    MeanPerCustomer,
    Measure,
    Median,
    MonthlyTotal,
    Quotient,
    Share,
    Stock,
    Sums,
    Total,
)
from crmkit.tables.derived.orders import ORIGINS
from crmkit.tables.expressions import add_days, days_between

_REFERRAL: dict[str, Any] = {
    "better": "higher",
    "headline": False,
    "source": "Schmitt, Skiera and Van den Bulte (2011), Journal of Marketing 75(1), 46-59",
}
_NEITHER: dict[str, Any] = {"better": "neither"}


@metric(
    label="New customers",
    unit="count",
    better="higher",
    counted="new customers",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1",
)
def new_customers(customer_movements: ir.Table, *, churn_after_days: int) -> Sums:
    """Customers whose first order or first paid term began in the period.

    new customers = number of customers whose first activity is in the period
    """
    m = customer_movements
    # A first order in the first days of the data may follow earlier ones that the data do not hold.
    return Count(m, at=m.moved_on, where=m.kind == "joined", unseen_days=churn_after_days)


@metric(
    label="Cost of a new customer (CAC)",
    unit="money",
    better="lower",
    counted="new customers",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.4 (average acquisition cost)",
    conventions={
        "fully_loaded": "acquisition costs / new customers",
        "lagged": "acquisition costs of as many days, 30 days (a setting) earlier / new customers",
        "blended": "media costs / new customers",
        "paid": "media costs / new customers from the channels for whose media was paid",
    },
)
def customer_acquisition_cost(
    costs: ir.Table,
    customer_movements: ir.Table,
    paid_customers: ir.Table | None = None,
    *,
    churn_after_days: int,
    cost_lag_days: int = 30,
    convention: str = "fully_loaded",
) -> Quotient:
    """All money spent on winning customers in the period (media, staff, training, software) per new customer.

    CAC = acquisition costs / new customers
    """
    of_winning = costs.purpose == "acquisition"
    if convention in ("blended", "paid"):
        of_winning = of_winning & (costs.category == "media")
    at = add_days(costs.spent_at, cost_lag_days) if convention == "lagged" else costs.spent_at
    spent = Total(costs, at=at, where=of_winning, value=costs.amount, exact=True)
    if convention != "paid":
        return Quotient(spent, new_customers(customer_movements, churn_after_days=churn_after_days))
    if paid_customers is None:
        raise NotMeasured("customers.channel and costs.category")
    return Quotient(spent, Count(paid_customers, at=paid_customers.won_on, unseen_days=churn_after_days))


@metric(
    label="Margin of an active customer per month",
    unit="money",
    better="higher",
    counted="customers active at the end",
    headline=False,
    per_day=True,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.2 (customer profit)",
)
def monthly_margin_per_customer(
    customer_movements: ir.Table, orders: ir.Table, *, margin_rate: float | None = None
) -> Quotient:
    """Margin of the customers' orders per month and customer active at the end of the period, whether they ordered or not.

    margin per customer and month = margin of the orders of known customers / active customers / months
    """
    # Without the channel of the sale: by channel, margin and customers are those of the channel that won them.
    o, assumed = with_margin(orders, margin_rate)
    o, m = o.select("order_id", "ordered_at", "customer_id", "margin"), customer_movements
    margin = MonthlyTotal(o, at=o.ordered_at, where=o.customer_id.notnull(), value=o.margin, assumes=assumed)
    return Quotient(margin, Stock(m, at=m.moved_on, change=m.change))


@metric(
    label="Months until a new customer has paid back",
    unit="months",
    better="lower",
    counted="customers active at the end",
    headline=False,
    source="Skok (2010), SaaS metrics: a guide to measuring and improving what matters (months to recover CAC)",
)
def payback_months(
    costs: ir.Table,
    customer_movements: ir.Table,
    orders: ir.Table,
    *,
    churn_after_days: int,
    margin_rate: float | None = None,
) -> Measure:
    """Months until the margin of an average active customer has covered the cost of a new one, at this period's rates.

    payback = CAC / margin per active customer and month
    """
    cost = customer_acquisition_cost(costs, customer_movements, churn_after_days=churn_after_days)
    return Quotient(cost, monthly_margin_per_customer(customer_movements, orders, margin_rate=margin_rate))


@metric(
    label="Leads who become customers",
    unit="share",
    better="higher",
    counted="leads",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 6.4 (sales funnel)",
)
def lead_conversion(leads: ir.Table, *, lead_conversion_days: int = 30) -> Measure:
    """Leads that became customers within 30 days (a setting) of first contact; counted when the 30 days are over.

    lead conversion = leads converted in time / leads whose time ran out in the period
    """
    due = add_days(leads.created_at, lead_conversion_days)
    in_time = days_between(leads.created_at, leads.converted_at) <= lead_conversion_days
    return Share(leads, at=due, hit=leads.converted_at.notnull() & in_time.fill_null(False))


@metric(
    label="Days from first contact to purchase",
    unit="days",
    better="lower",
    counted="leads converted",
    headline=False,
    source="Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150",
    conventions={
        "of_buyers": "days in which half of the leads who buy in the end have bought, open leads counted while open",
        "kaplan_meier": "days in which half of all leads would have bought, if none were ever given up",
        "buyers_so_far": "median days of the leads who bought in the period",
    },
)
def time_to_purchase(leads: ir.Table, *, convention: str = "of_buyers") -> Measure:
    """Median days from first contact to the first purchase of the leads who buy; open leads count while they are open.

    time to purchase = days in which half of the leads who buy in the end have bought, open leads counted while open
    """
    bought = leads.converted_at
    if convention == "buyers_so_far":
        return Median(leads, at=bought, value=ibis.greatest(days_between(leads.created_at, bought), 0))
    given_up = leads.abandoned_at if "abandoned_at" in leads.columns else ibis.null("timestamp")
    duration = IncidenceMedian if convention == "of_buyers" else KaplanMeierMedian
    return duration(leads, at=leads.created_at, ends=ibis.coalesce(bought, given_up), event=bought.notnull())


@metric(
    label="New customers of known origin",
    unit="share",
    better="neither",
    counted="new customers",
    smallest_change=0.05,
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1 (customers by channel of acquisition)",
)
def customer_origin(customer_origins: ir.Table) -> Measure:
    """New customers of whom the channel that won them is known; by channel, how all new customers divide among them.

    customer origin = new customers from a known channel / new customers; by channel, those from it / all new customers
    """
    o = customer_origins
    known = next(o[name] for name in ORIGINS if name in o.columns)
    return Composition(o, at=o.won_on, known=known.notnull())


@metric(label="New customers who were recommended", unit="share", counted="new customers", **_REFERRAL | _NEITHER)
def referred_customers(referrals: ir.Table, *, churn_after_days: int) -> Measure:
    """New customers whom another customer recommended, as a share of the new customers of whom the firm has a record.

    referred customers = new customers with a recommender on record / new customers on record
    """
    r = referrals
    return Share(r, at=r.won_on, hit=r.referred, unseen_days=churn_after_days)


@metric(
    label="Shop revenue of a recommended customer",
    unit="money",
    counted="recommended customers who ordered",
    **_REFERRAL,
)
def revenue_per_referred_customer(orders_by_referral: ir.Table) -> Measure:
    """Revenue in the period of a customer whom another one recommended, of those who ordered in it.

    revenue of a recommended customer = revenue of orders by the recommended / recommended customers with an order
    """
    o = orders_by_referral
    return MeanPerCustomer(o, at=o.ordered_at, where=o.referred & (o.revenue > 0), value=o.revenue)


@metric(
    label="Shop revenue of any other customer",
    unit="money",
    counted="other customers who ordered",
    **_REFERRAL | _NEITHER,
)
def revenue_per_other_customer(orders_by_referral: ir.Table) -> Measure:
    """Revenue in the period of a customer whom no other recommended, of those who ordered in it.

    revenue of any other customer = revenue of orders by all not recommended / such customers with an order
    """
    o = orders_by_referral
    return MeanPerCustomer(o, at=o.ordered_at, where=~o.referred & (o.revenue > 0), value=o.revenue)
