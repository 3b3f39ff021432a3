"""What customers buy."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import (
    Count,
    KaplanMeierMedian,
    Mean,
    MeanPerCustomer,
    Measure,
    Median,
    Ratio,
    ShareOfCustomers,
    Total,
)


@metric(
    label="Revenue",
    unit="money",
    better="higher",
    counted="orders and refunds",
    additive=True,
    source="IFRS 15 (revenue net of refunds and sales taxes)",
)
def revenue(orders: ir.Table) -> Measure:
    """Revenue of all orders less refunds, net of tax, guests included.

    revenue = sum of revenue over orders and refunds
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
def margin(orders: ir.Table) -> Measure:
    """Revenue of all orders less refunds and the cost of the goods sold, guests included.

    margin = sum of (revenue - cost of goods) over orders and refunds
    """
    return Total(orders, at=orders.ordered_at, value=orders.margin)


@metric(
    label="Margin rate",
    unit="share",
    better="higher",
    counted="orders and refunds",
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 3.1 (margins)",
)
def margin_rate(orders: ir.Table) -> Measure:
    """Margin as a share of revenue, over the orders and refunds whose margin is known.

    margin rate = margin / revenue
    """
    return Ratio(orders, at=orders.ordered_at, numerator=orders.margin, denominator=orders.revenue)


@metric(
    label="Buyers who had bought before",
    unit="share",
    better="higher",
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
    # Whoever buys for the first time in the export may have bought before it.
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
