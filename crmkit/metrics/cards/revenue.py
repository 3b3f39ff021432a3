"""Revenue: orders, margin and products, recurring revenue, and the parts of their changes."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.metrics.card import metric
from crmkit.metrics.cards.margins import with_margin
from crmkit.metrics.measures import (
    Count,
    KaplanMeierMedian,
    Mean,
    MeanPerCustomer,
    Measure,
    Median,
    Ratio,
    RecurringChange,
    RecurringEarned,
    RecurringLevel,
    RevenueChange,
    ShareOfCustomers,
    SumOf,
    Total,
)

_RECURRING: dict[str, Any] = {
    "unit": "money",
    "additive": True,
    "headline": False,
    "part_of": "recurring_revenue",
    "smallest_change": 0.01,  # as of the shares lost and kept, which are of the same recurring revenue
    "source": "Skok (2012), SaaS Metrics 2.0 (net new recurring revenue)",
}
_PARTS_OF_CHANGE: dict[str, Any] = {
    "unit": "money",
    "headline": False,
    "part_of": "revenue",
    "smallest_change": 0.05,
    "source": "Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1 (customers, recency and retention)",
}
_GROWS = _PARTS_OF_CHANGE | {"better": "higher"}
_SHRINKS = _PARTS_OF_CHANGE | {"better": "lower"}

# All the money


@metric(
    label="Turnover",
    unit="money",
    better="higher",
    counted="orders and subscribers",
    additive=True,
    each_table=True,
    part_by_days="revenue",
    source="IFRS 15 (revenue net of refunds and sales taxes; what is paid for a time counts over that time)",
)
def turnover(orders: ir.Table | None = None, mrr_movements: ir.Table | None = None) -> Measure:
    """All the money of a period, net of tax: orders less refunds, and what subscribers pay for the days in it.

    turnover = shop revenue + recurring revenue a month x months of the period in which it was paid for
    """
    parts: list[Any] = [] if orders is None else [Total(orders, at=orders.ordered_at, value=orders.revenue)]
    parts += [] if mrr_movements is None else [RecurringEarned(mrr_movements, at=mrr_movements.moved_on)]
    if not parts:
        raise NotMeasured("orders or subscription_terms")
    return SumOf(parts) if len(parts) > 1 else parts[0]


@metric(
    label="Recurring revenue a month",
    unit="money",
    better="higher",
    counted="subscribers",
    source="Skok (2012), SaaS Metrics 2.0 (monthly recurring revenue, MRR)",
)
def recurring_revenue(mrr_movements: ir.Table) -> Measure:
    """What all subscribers pay a month, as it stands at the end of the period; longer terms count with their part of a month.

    recurring revenue a month = sum of the price per month over the terms that run at the end of the period
    """
    return RecurringLevel(mrr_movements, at=mrr_movements.moved_on)


# Recurring revenue of subscriptions, and its change


@metric(label="Net new recurring revenue", better="higher", counted="customers whose payment changed", **_RECURRING)
def net_new_revenue(mrr_movements: ir.Table) -> Measure:
    """Change of recurring revenue a month over the period, added up customer by customer.

    net new revenue = new + reactivation + expansion - contraction - churn
    """
    return _part(mrr_movements, "net")


@metric(label="Recurring revenue from new subscribers", better="higher", counted="new subscribers", **_RECURRING)
def new_mrr(mrr_movements: ir.Table) -> Measure:
    """Recurring revenue a month, at the end of the period, of customers who never paid before.

    new = sum of recurring revenue at end, over customers without any before
    """
    return _part(mrr_movements, "new")


@metric(
    label="Recurring revenue from subscribers who came back",
    better="higher",
    counted="subscribers who came back",
    **_RECURRING,
)
def reactivation_mrr(mrr_movements: ir.Table) -> Measure:
    """Recurring revenue a month, at the end of the period, of former customers who paid nothing at its start.

    reactivation = sum of recurring revenue at end, over customers with none at start and some earlier
    """
    return _part(mrr_movements, "reactivation")


@metric(
    label="Recurring revenue from larger subscriptions",
    better="higher",
    counted="subscribers paying more",
    **_RECURRING,
)
def expansion_mrr(mrr_movements: ir.Table) -> Measure:
    """What customers who paid at the start of the period pay more a month at its end.

    expansion = sum of (recurring revenue at end - at start), over customers at start who pay more
    """
    return _part(mrr_movements, "expansion")


@metric(
    label="Recurring revenue lost to smaller subscriptions",
    better="lower",
    counted="subscribers paying less",
    **_RECURRING,
)
def contraction_mrr(mrr_movements: ir.Table) -> Measure:
    """What customers who paid at the start of the period and still do pay less a month at its end.

    contraction = sum of (recurring revenue at start - at end), over customers at start who pay less
    """
    return _part(mrr_movements, "contraction")


@metric(
    label="Recurring revenue lost with those who left",
    better="lower",
    counted="subscribers who left",
    restates="revenue_churn",
    **_RECURRING,
)
def churned_mrr(mrr_movements: ir.Table) -> Measure:
    """What customers who paid at the start of the period and no longer at its end paid a month.

    churn = sum of recurring revenue at start, over customers at start without any at end
    """
    return _part(mrr_movements, "churn")


def _part(mrr_movements: ir.Table, part: str) -> Measure:
    return RecurringChange(mrr_movements, at=mrr_movements.moved_on, part=part)


# Orders, margin and products


@metric(
    label="Shop revenue",
    unit="money",
    better="higher",
    counted="orders and refunds",
    additive=True,
    headline=False,
    source="IFRS 15 (revenue net of refunds and sales taxes)",
    restates="turnover",
)
def revenue(orders: ir.Table) -> Measure:
    """Revenue of all orders less refunds, net of tax, guests included; what subscribers pay is not in it.

    shop revenue = sum of revenue over orders and refunds
    """
    return Total(orders, at=orders.ordered_at, value=orders.revenue)


@metric(
    label="Orders",
    unit="count",
    better="higher",
    counted="orders",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, chapter 3",
)
def n_orders(orders: ir.Table) -> Measure:
    """Orders with revenue above zero; refunds and orders free of charge are not counted, guests are.

    orders = number of orders with revenue > 0
    """
    return Count(orders, at=orders.ordered_at, where=orders.revenue > 0)


@metric(
    label="Average order value",
    unit="money",
    better="higher",
    counted="orders",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 10.5",
)
def average_order_value(orders: ir.Table) -> Measure:
    """Mean revenue of an order, net of tax; refunds are left out here and lower the revenue instead.

    average order value = revenue of orders / orders, over orders with revenue > 0
    """
    return Mean(orders, at=orders.ordered_at, where=orders.revenue > 0, value=orders.revenue)


@metric(
    label="Orders per customer",
    unit="per customer",
    better="higher",
    counted="customers who ordered",
    source="Fader and Hardie (2009), Journal of Interactive Marketing 23(1), 61-69 (transactions per buyer)",
)
def transactions_per_customer(orders: ir.Table) -> Measure:
    """Orders in the period per customer who ordered in it; guests are left out.

    transactions per customer = orders of known customers / customers with an order, over orders with revenue > 0
    """
    return MeanPerCustomer(orders, at=orders.ordered_at, where=orders.revenue > 0)


@metric(
    label="Margin",
    unit="money",
    better="higher",
    counted="orders and refunds",
    additive=True,
    source="IAS 2 and IFRS 15 (gross margin: revenue less the cost of the goods)",
    headline=False,
)
def margin(orders: ir.Table, *, margin_rate: float | None = None) -> Measure:
    """Revenue of all orders less refunds and the cost of the goods sold, guests included.

    margin = sum of (revenue - cost of goods) over orders and refunds
    """
    o, assumed = with_margin(orders, margin_rate)
    return Total(o, at=o.ordered_at, value=o.margin, assumes=assumed)


@metric(
    label="Margin rate",
    unit="share",
    better="higher",
    counted="orders and refunds",
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 3.1 (margins)",
)
def margin_rate(orders: ir.Table, *, margin_rate: float | None = None) -> Measure:
    """Margin as a share of revenue, over the orders and refunds whose margin is known.

    margin rate = margin / revenue
    """
    o, assumed = with_margin(orders, margin_rate)
    return Ratio(o, at=o.ordered_at, numerator=o.margin, denominator=o.revenue, assumes=assumed)


@metric(
    label="Buyers who had bought before",
    unit="share",
    better="neither",
    counted="customers who ordered",
    source="Peppers and Rogers (2016), Managing Customer Experience and Relationships, 3rd edition, chapter 11",
    conventions={
        "ordered_before": "customers with an order in the period that is not their first / customers with an order",
        "twice_in_period": "customers with two orders or more in the period / customers with an order",
    },
    headline=False,
)
def repeat_rate(order_sequence: ir.Table, *, churn_after_days: int, convention: str = "ordered_before") -> Measure:
    """Customers with an order in the period that is not their first, as a share of all customers who ordered in it.

    repeat rate = customers with an order in the period that is not their first / customers with an order
    """
    o = order_sequence
    if convention == "twice_in_period":
        return ShareOfCustomers(o, at=o.ordered_at, hit=o.order_number > 0, at_least=2)
    # A first order in the first days of the data may follow earlier ones that the data do not hold.
    return ShareOfCustomers(o, at=o.ordered_at, hit=o.order_number > 1, unseen_days=churn_after_days)


@metric(
    label="Days between orders",
    unit="days",
    better="lower",
    counted="orders of returning customers",
    headline=False,
    source="Fader, Hardie and Lee (2005), Marketing Science 24(2), 275-284 (interpurchase times)",
    conventions={
        "closed_gaps": "median days since the customer's order before, over orders that are not the first",
        "open_gaps_too": "Kaplan-Meier median days from an order to the next, customers who have not returned censored",
    },
)
def days_between_orders(order_sequence: ir.Table, *, convention: str = "closed_gaps") -> Measure:
    """Median days since the customer's order before, over orders of the period by customers who had ordered on an earlier day.

    days between orders = median days since the customer's order before, over orders that are not the first
    """
    o = order_sequence
    if convention == "open_gaps_too":
        return KaplanMeierMedian(o, at=o.ordered_at, ends=o.next_on, event=o.next_on.notnull())
    return Median(o, at=o.ordered_at, where=o.days_since > 0, value=o.days_since)


@metric(
    label="Revenue by product",
    unit="money",
    better="higher",
    counted="products in orders",
    additive=True,
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, chapter 3 (sales by product)",
)
def product_revenue(sold_products: ir.Table) -> Measure:
    """Revenue of the lines of all orders less returns, net of tax; split it by product or category.

    product revenue = sum of revenue over order lines
    """
    return Total(sold_products, at=sold_products.ordered_at, value=sold_products.revenue)


# The change of the revenue of orders, by kind of customer


@metric(label="Change of shop revenue", counted="customers and guest orders", **_GROWS)
def revenue_change(compared_revenue: ir.Table) -> Measure:
    """Revenue of the period less that of the one before, added up customer by customer; guests are a part of their own.

    change of shop revenue = new + came back + more + guests - less - left
    """
    return _part_of_change(compared_revenue, "net")


@metric(label="Shop revenue of first-time buyers", counted="first-time buyers", **_GROWS)
def revenue_from_new(compared_revenue: ir.Table, *, churn_after_days: int) -> Measure:
    """Revenue of the customers who ordered for the first time in the period.

    new = sum of revenue over customers whose first order is in the period
    """
    return _part_of_change(compared_revenue, "new", churn_after_days)


@metric(label="Shop revenue of customers who came back", counted="customers who came back", **_GROWS)
def revenue_from_returning(compared_revenue: ir.Table, *, churn_after_days: int) -> Measure:
    """Revenue of earlier customers who ordered in the period and not in the one before.

    came back = sum of revenue over customers with no order in the period before and one earlier
    """
    return _part_of_change(compared_revenue, "back", churn_after_days)


@metric(label="Shop revenue gained with customers who bought more", counted="customers who bought more", **_GROWS)
def revenue_from_more(compared_revenue: ir.Table) -> Measure:
    """How much more the customers brought who ordered in both periods, and for more in this one.

    more = sum of (revenue - revenue before), over customers of both periods with more
    """
    return _part_of_change(compared_revenue, "more")


@metric(label="Shop revenue lost with customers who bought less", counted="customers who bought less", **_SHRINKS)
def revenue_lost_to_less(compared_revenue: ir.Table) -> Measure:
    """How much less the customers brought who ordered in both periods, and for less in this one.

    less = sum of (revenue before - revenue), over customers of both periods with less
    """
    return _part_of_change(compared_revenue, "less")


@metric(
    label="Shop revenue lost with customers who did not order again", counted="customers who did not order", **_SHRINKS
)
def revenue_lost_to_gone(compared_revenue: ir.Table) -> Measure:
    """What the customers brought in the period before who did not order in this one; some of them will come back.

    left = sum of revenue before, over customers without an order in the period
    """
    return _part_of_change(compared_revenue, "lost")


@metric(label="Change of the shop revenue of guests", counted="guest orders", **_GROWS)
def revenue_change_of_guests(compared_revenue: ir.Table) -> Measure:
    """Revenue of orders without a customer, less that of the period before: who is new among them nobody knows.

    guests = revenue of orders without a customer - the same in the period before
    """
    return _part_of_change(compared_revenue, "guests")


def _part_of_change(compared_revenue: ir.Table, part: str, unseen_days: int = 0) -> Measure:
    t = compared_revenue
    return RevenueChange(t, at=t.ordered_at, part=part, unseen_days=unseen_days)
