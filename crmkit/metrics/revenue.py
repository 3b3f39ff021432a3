"""What customers buy."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import Count, Mean, MeanPerCustomer, Measure, Total


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
