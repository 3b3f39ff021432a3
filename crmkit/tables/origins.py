"""Where each new customer came from: the channel, campaign and landing page that won her."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.tables.derived import derived
from crmkit.tables.expressions import day

#: What an origin is, the first that the data has decides whether it is known.
ORIGINS = ("channel", "campaign", "landing_page")


@derived
def customer_origins(
    customer_movements: ir.Table | None = None, customers: ir.Table | None = None, leads: ir.Table | None = None
) -> ir.Table:
    """One row per new customer, with what is known of the origin.

    The firm's own record (``customers``) decides; what it leaves open comes from the customer's first lead, made by
    the day of the first order or paid term. Where neither buyers nor subscribers have an origin, new customers are
    the leads that were converted.

    Returns
    -------
    table
        customer_id (if known), won_on (day of the first order or term, or of conversion), and those of channel,
        campaign, landing_page that the data has.
    """
    if customer_movements is not None and (_origins_of(customers) or _leads_to_customers(leads)):
        return _of_new_customers(customer_movements, customers, leads)
    if leads is not None and "converted_at" in leads.columns and _origins_of(leads):
        won = leads.filter(leads.converted_at.notnull())
        ids = [name for name in ("lead_id", "customer_id") if name in won.columns]
        return won.select(*ids, *_origins_of(won), won_on=day(won.converted_at))
    raise NotMeasured("customers.channel, or leads with a channel")


def _origins_of(table: ir.Table | None) -> list[str]:
    return [] if table is None else [name for name in ORIGINS if name in table.columns]


def _leads_to_customers(leads: ir.Table | None) -> list[str]:
    return _origins_of(leads) if leads is not None and "customer_id" in leads.columns else []


def _of_new_customers(movements: ir.Table, customers: ir.Table | None, leads: ir.Table | None) -> ir.Table:
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
    """Return the first lead of each new customer, of those made by the day she was won."""
    if leads is None or not _leads_to_customers(leads):
        return None
    columns = {name: name for name in _origins_of(leads)}
    theirs = leads.select("lead_id", "created_at", _customer="customer_id", **columns)
    before = new.join(theirs, new["customer_id"] == theirs["_customer"])
    before = before.filter(day(before.created_at) <= before.won_on)
    in_order = ibis.window(group_by="customer_id", order_by=["created_at", "lead_id"])
    ranked = before.mutate(place=ibis.row_number().over(in_order))
    return ranked.filter(ranked.place == 0).select("customer_id", *columns)
