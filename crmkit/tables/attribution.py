"""What is put down to whom: customers to those who recommended them, orders to the campaigns that were paid for."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.tables.derived import derived

_OF_ORDERS = ("order_id", "ordered_at", "revenue", "customer_id", "margin", "campaign")


@derived
def referrals(customer_movements: ir.Table, customers: ir.Table) -> ir.Table:
    """One row per new customer of whom the firm has a record: whether another customer recommended it.

    Returns
    -------
    table
        customer_id, won_on (day of the first order or term), referred [flag].
    """
    new = customer_movements.filter(customer_movements.kind == "joined").select("customer_id", won_on="moved_on")
    return new.join(customers.select("customer_id", referred=customers.referred_by.notnull()), "customer_id")


@derived
def orders_by_referral(orders: ir.Table, customers: ir.Table) -> ir.Table:
    """One row per order of a customer of whom the firm has a record: whether another customer recommended it.

    Returns
    -------
    table
        order_id, ordered_at, revenue, customer_id, referred [flag].
    """
    known = customers.select("customer_id", referred=customers.referred_by.notnull())
    return orders.select("order_id", "ordered_at", "revenue", "customer_id").join(known, "customer_id")


@derived
def campaign_costs(costs: ir.Table) -> ir.Table:
    """One row per cost of winning customers that names its campaign.

    Returns
    -------
    table
        spent_at, amount [currency], campaign.
    """
    named = costs.filter((costs.purpose == "acquisition") & costs.campaign.notnull())
    return named.select("spent_at", "amount", "campaign")


@derived
def campaign_orders(orders: ir.Table, campaign_costs: ir.Table) -> ir.Table:
    """One row per order that names a campaign for which money was spent.

    Returns
    -------
    table
        Those of order_id, ordered_at, revenue, customer_id, margin, campaign that the orders have.
    """
    named = orders.filter(orders.campaign.notnull())
    paid = campaign_costs.select("campaign").distinct()
    return named.select(*[name for name in _OF_ORDERS if name in named.columns]).semi_join(paid, "campaign")


@derived
def campaign_customers_orders(orders: ir.Table, customers: ir.Table, campaign_costs: ir.Table) -> ir.Table:
    """One row per order of a customer whom a campaign won for which money was spent, whatever brought this order.

    Returns
    -------
    table
        As of :func:`campaign_orders`; campaign is the one that won the customer.
    """
    paid = campaign_costs.select("campaign").distinct()
    won = customers.filter(customers.campaign.notnull()).select("customer_id", "campaign").semi_join(paid, "campaign")
    columns = [name for name in _OF_ORDERS if name in orders.columns and name != "campaign"]
    return orders.select(*columns).join(won, "customer_id")


@derived
def paid_customers(customer_origins: ir.Table, costs: ir.Table) -> ir.Table:
    """One row per new customer from a channel on which money was spent for media.

    Returns
    -------
    table
        customer_id (if known), won_on, channel.
    """
    if "channel" not in customer_origins.columns:
        raise NotMeasured("customers.channel")
    media = costs.filter((costs.purpose == "acquisition") & (costs.category == "media") & costs.channel.notnull())
    return customer_origins.semi_join(media.select("channel").distinct(), "channel")
