"""Orders in their turn, and what was in them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived import derived
from crmkit.tables.expressions import day, days_between, place, union, value_after, value_before


@derived
def order_sequence(orders: ir.Table) -> ir.Table:
    """One row per order of a known customer, in its turn; refunds and orders without revenue are left out.

    Returns
    -------
    table
        The columns of orders, and: ordered_on, order_number (1 for the customer's first), previous_on (day of the
        customer's order before, null at the first), next_on (null at the last), days_since (days since the order
        before [days]).
    """
    bought = orders.filter(orders.customer_id.notnull() & (orders.revenue > 0))
    bought = bought.mutate(ordered_on=day(bought.ordered_at))
    in_turn = {"within": "customer_id", "order_by": ["ordered_at", "order_id"]}
    bought = bought.mutate(
        order_number=place(within="customer_id", order_by=["ordered_at", "order_id"]),
        previous_on=value_before(bought, "ordered_on", **in_turn),  # type: ignore[arg-type]
        next_on=value_after(bought, "ordered_on", **in_turn),  # type: ignore[arg-type]
    )
    return bought.mutate(days_since=days_between(bought.previous_on, bought.ordered_on))


@derived
def revenue_in_turn(orders: ir.Table) -> ir.Table:
    """Two rows per order or refund: one for the period of the order, one for the period after it, where it is what was.

    Returns
    -------
    table
        order_id, customer_id (null for a guest), ordered_at, revenue, first_on (day of the customer's first row), turn (0
        for the order's own period, 1 for the next).
    """
    o = orders.select("order_id", "customer_id", "ordered_at", "revenue", ordered_on=day(orders.ordered_at))
    o = o.mutate(first_on=o.ordered_on.min().over(ibis.window(group_by="customer_id"))).drop("ordered_on")
    return union([o.mutate(turn=ibis.literal(turn, "int64")) for turn in (0, 1)])


@derived
def sold_products(order_lines: ir.Table, orders: ir.Table) -> ir.Table:
    """One row per order and product, with the order's day and customer; returns lower the revenue of their own day.

    Returns
    -------
    table
        order_id, product, category (if known), revenue [currency], ordered_at, and of the order those of customer_id,
        channel, campaign that the data has.
    """
    columns = ["order_id", "product", *(["category"] if "category" in order_lines.columns else [])]
    lines = order_lines.group_by(columns).aggregate(revenue=ibis.coalesce(order_lines.revenue.cast("float64"), 0).sum())
    own = [name for name in ("customer_id", "channel", "campaign") if name in orders.columns]
    of_orders = orders.select("ordered_at", *own, _order="order_id")
    return lines.join(of_orders, lines["order_id"] == of_orders["_order"]).drop("_order")
