"""Orders in sequence, what was in them, and to which channel, campaign or referral a customer or an order is credited."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.tables.derived.register import derived
from crmkit.tables.expressions import day, days_between, place, union, value_after, value_before
from crmkit.tables.schema import SCHEMAS

#: Columns on where a customer came from; the origin is known where the first of them that the data have is filled.
ORIGINS = ("channel", "campaign", "landing_page")
_CAMPAIGN_ORDER_COLUMNS = ("order_id", "ordered_at", "revenue", "customer_id", "margin", "campaign")


@derived
def order_sequence(orders: ir.Table) -> ir.Table:
    """One row per order of a known customer, numbered in sequence; refunds and orders without revenue are left out.

    Returns
    -------
    table
        The columns of orders, and: ordered_on, order_number (1 for the customer's first), previous_on (day of the
        customer's order before, null at the first), next_on (null at the last), days_since (days since the order
        before [days]).
    """
    bought = orders.filter(orders.customer_id.notnull() & (orders.revenue > 0))
    bought = bought.mutate(ordered_on=day(bought.ordered_at))
    in_sequence: dict[str, Any] = {"within": "customer_id", "order_by": ["ordered_at", "order_id"]}
    bought = bought.mutate(
        order_number=place(**in_sequence),
        previous_on=value_before(bought, "ordered_on", **in_sequence),
        next_on=value_after(bought, "ordered_on", **in_sequence),
    )
    return bought.mutate(days_since=days_between(bought.previous_on, bought.ordered_on))


@derived
def compared_revenue(orders: ir.Table) -> ir.Table:
    """Two rows per order or refund: one for its own period, one for the next period, which is compared with it.

    Returns
    -------
    table
        order_id, customer_id (null for a guest), ordered_at, revenue, first_on (day of the customer's first row),
        periods_later (0 for the order's own period, 1 for the next), and own columns of orders.
    """
    own = _own_of_orders(orders, "first_on", "periods_later")
    o = orders.select("order_id", "customer_id", "ordered_at", "revenue", *own, ordered_on=day(orders.ordered_at))
    o = o.mutate(first_on=o.ordered_on.min().over(ibis.window(group_by="customer_id"))).drop("ordered_on")
    return union([o.mutate(periods_later=ibis.literal(n, "int64")) for n in (0, 1)])


@derived
def sold_products(order_lines: ir.Table, orders: ir.Table) -> ir.Table:
    """One row per order and product, with the order's time and customer; a return lowers the revenue of its own day.

    Returns
    -------
    table
        order_id, product, category (if known), revenue [currency], ordered_at, and those of customer_id, channel and
        campaign and the own columns that the orders have.
    """
    columns = ["order_id", "product", *(["category"] if "category" in order_lines.columns else [])]
    lines = order_lines.group_by(columns).aggregate(revenue=ibis.coalesce(order_lines.revenue.cast("float64"), 0).sum())
    theirs = [name for name in ("customer_id", "channel", "campaign") if name in orders.columns]
    own = _own_of_orders(orders, "product", "category")
    of_orders = orders.select("ordered_at", *theirs, *own, _order="order_id")
    return lines.join(of_orders, lines["order_id"] == of_orders["_order"]).drop("_order")


@derived
def customer_origins(
    customer_movements: ir.Table | None = None, customers: ir.Table | None = None, leads: ir.Table | None = None
) -> ir.Table:
    """One row per new customer, with what is known of the origin.

    The firm's own record (``customers``) comes first; what it leaves empty is taken from the customer's first lead, if
    that was made by the day of the first order or paid term. Where neither buyers nor subscribers have an origin, new
    customers are the leads that were converted.

    Returns
    -------
    table
        customer_id (if known), won_on (day of the first order or term, or of conversion), and those of channel,
        campaign, landing_page that the data have; of leads their own columns too.
    """
    if customer_movements is not None and (_origins_of(customers) or _origins_of_linked(leads)):
        return _origins_of_new_customers(customer_movements, customers, leads)
    if leads is not None and "converted_at" in leads.columns and _origins_of(leads):
        won = leads.filter(leads.converted_at.notnull())
        ids = [name for name in ("lead_id", "customer_id") if name in won.columns]
        own = SCHEMAS["leads"].own_columns(won.columns, taken=["won_on"])
        return won.select(*ids, *_origins_of(won), *own, won_on=day(won.converted_at))
    raise NotMeasured("customers.channel, or leads with a channel")


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


@derived
def referrals(customer_movements: ir.Table, customers: ir.Table) -> ir.Table:
    """One row per new customer whom the firm has on record, with whether another customer recommended the firm.

    Returns
    -------
    table
        customer_id, won_on (day of the first order or term), referred [flag].
    """
    new = customer_movements.filter(customer_movements.kind == "joined").select("customer_id", won_on="moved_on")
    return new.join(customers.select("customer_id", referred=customers.referred_by.notnull()), "customer_id")


@derived
def orders_by_referral(orders: ir.Table, customers: ir.Table) -> ir.Table:
    """One row per order of a customer whom the firm has on record, with whether another customer recommended the firm.

    Returns
    -------
    table
        order_id, ordered_at, revenue, customer_id, referred [flag], and own columns of orders.
    """
    known = customers.select("customer_id", referred=customers.referred_by.notnull())
    own = _own_of_orders(orders, "referred")
    return orders.select("order_id", "ordered_at", "revenue", "customer_id", *own).join(known, "customer_id")


@derived
def campaign_costs(costs: ir.Table) -> ir.Table:
    """One row per cost of winning customers that names its campaign.

    Returns
    -------
    table
        spent_at, amount [currency], campaign, and own columns of costs.
    """
    with_campaign = costs.filter((costs.purpose == "acquisition") & costs.campaign.notnull())
    own = SCHEMAS["costs"].own_columns(costs.columns)
    return with_campaign.select("spent_at", "amount", "campaign", *own)


@derived
def campaign_orders(orders: ir.Table, campaign_costs: ir.Table) -> ir.Table:
    """One row per order that names a campaign on which money was spent.

    Returns
    -------
    table
        Those of order_id, ordered_at, revenue, customer_id, margin, campaign and of the own columns that the orders have.
    """
    with_campaign = orders.filter(orders.campaign.notnull())
    paid = campaign_costs.select("campaign").distinct()
    columns = [name for name in _CAMPAIGN_ORDER_COLUMNS if name in with_campaign.columns]
    return with_campaign.select(*columns, *_own_of_orders(orders)).semi_join(paid, "campaign")


@derived
def campaign_customers_orders(orders: ir.Table, customers: ir.Table, campaign_costs: ir.Table) -> ir.Table:
    """One row per order of a customer won by a campaign on which money was spent, whatever led to this order.

    Returns
    -------
    table
        As of :func:`campaign_orders`; campaign is the one that won the customer.
    """
    paid = campaign_costs.select("campaign").distinct()
    won = customers.filter(customers.campaign.notnull()).select("customer_id", "campaign").semi_join(paid, "campaign")
    columns = [name for name in _CAMPAIGN_ORDER_COLUMNS if name in orders.columns and name != "campaign"]
    return orders.select(*columns, *_own_of_orders(orders)).join(won, "customer_id")


def _own_of_orders(orders: ir.Table, *taken: str) -> list[str]:
    """Return the own columns of orders, by which derived tables of orders can be split too."""
    return SCHEMAS["orders"].own_columns(orders.columns, taken)


def _origins_of(table: ir.Table | None) -> list[str]:
    return [] if table is None else [name for name in ORIGINS if name in table.columns]


def _origins_of_linked(leads: ir.Table | None) -> list[str]:
    """Return the origin columns of leads that name their customers."""
    return _origins_of(leads) if leads is not None and "customer_id" in leads.columns else []


def _origins_of_new_customers(movements: ir.Table, customers: ir.Table | None, leads: ir.Table | None) -> ir.Table:
    new = movements.filter(movements.kind == "joined").select("customer_id", won_on=movements.moved_on)
    found: dict[str, list[str]] = {name: [] for name in ORIGINS}
    rows = new
    for prefix, origins in (("own", _own_record(customers)), ("lead", _first_leads(new, leads))):
        if origins is None:
            continue
        names = {f"{prefix}_{name}": name for name in _origins_of(origins)}
        theirs = origins.select(_customer="customer_id", **names)
        rows = rows.left_join(theirs, rows["customer_id"] == theirs["_customer"]).drop("_customer")
        for column, name in names.items():
            found[name].append(column)
    known = {name: ibis.coalesce(*(rows[c] for c in columns)) for name, columns in found.items() if columns}
    return rows.select("customer_id", "won_on", **known)


def _own_record(customers: ir.Table | None) -> ir.Table | None:
    return customers if _origins_of(customers) else None


def _first_leads(new: ir.Table, leads: ir.Table | None) -> ir.Table | None:
    """Return the first lead of each new customer, of those made by the day the customer was won."""
    if leads is None or not _origins_of_linked(leads):
        return None
    columns = {name: name for name in _origins_of(leads)}
    theirs = leads.select("lead_id", "created_at", _customer="customer_id", **columns)
    before = new.join(theirs, new["customer_id"] == theirs["_customer"])
    before = before.filter(day(before.created_at) <= before.won_on)
    in_order = ibis.window(group_by="customer_id", order_by=["created_at", "lead_id"])
    ranked = before.mutate(place=ibis.row_number().over(in_order))
    return ranked.filter(ranked.place == 0).select("customer_id", *columns)
