"""The one rule for "active", read by churn, retention, cohorts, new customers and churn labels alike.

A spell is an unbroken stretch of activity of one customer. A paid term is active from its first to its last day, and for
the days of grace in which it may still be renewed; an order keeps its customer active for ``churn_after_days``. Stretches
that touch or overlap are one spell. A spell's end is the first day without activity, so it is known on that day without
looking into the future.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.tables.derived.register import derived
from crmkit.tables.expressions import (
    add_days,
    constant_day,
    day,
    highest,
    highest_before,
    place,
    union,
    value_after,
    value_before,
)

_LATEST = date(2999, 12, 31)  # an end that stands for none: days added to later ones may be no dates


@derived
def activity_spells(
    orders: ir.Table | None = None,
    subscription_terms: ir.Table | None = None,
    *,
    churn_after_days: int,
    renewal_grace_days: int = 0,
) -> ir.Table:
    """One row per customer and unbroken stretch of activity.

    Parameters
    ----------
    orders, subscription_terms : table, optional
        At least one of them. Refunds and orders without revenue do not make a customer active; guests have no spells.
    churn_after_days : int
        How long an order keeps its customer active [days].
    renewal_grace_days : int
        How long a paid term does so after its end, as it may be renewed late [days].

    Returns
    -------
    table
        customer_id, starts_on (first active day), ends_on (first day without activity), returns_on (start of the
        customer's next spell, null if none), spell_number (1 for the first).
    """
    stretches = [*_order_stretches(orders, churn_after_days), *_term_stretches(subscription_terms, renewal_grace_days)]
    if not stretches:
        raise NotMeasured("orders or subscription_terms" if orders is None else "orders.customer_id")
    stretch = union(stretches)
    in_order: dict[str, Any] = {"within": "customer_id", "order_by": ["starts_on"]}
    # Where all stretches are equally long, the previous one ends last of all before, and reading one row is cheaper.
    look_back = value_before if subscription_terms is None else highest_before
    stretch = stretch.mutate(
        reached=look_back(stretch, "ends_on", **in_order), furthest=highest(stretch, "ends_on", **in_order)
    )
    # Of stretches that start on the same day only the first can open a spell. One row per spell is left.
    spells = stretch.filter(stretch.reached.isnull() | (stretch.starts_on > stretch.reached))
    # A spell ended on the day reached when the next one opens.
    ends_on = ibis.coalesce(value_after(spells, "reached", **in_order), spells.furthest)
    returns_on = value_after(spells, "starts_on", **in_order)
    return spells.select(
        "customer_id", "starts_on", ends_on=ends_on, returns_on=returns_on, spell_number=place(**in_order)
    )


@derived
def customer_movements(activity_spells: ir.Table) -> ir.Table:
    """One row per day on which a customer joins, returns or leaves: the two ends of every spell.

    Returns
    -------
    table
        customer_id, moved_on, kind ("joined", "returned", "left"), change (+1 or -1 active customers), active_since
        (start of the spell that ends; null for a start).
    """
    s = activity_spells
    starts = s.select(
        "customer_id",
        moved_on=s.starts_on,
        kind=ibis.ifelse(s.spell_number == 1, "joined", "returned"),
        change=ibis.literal(1, "int64"),
        active_since=ibis.null("date"),
    )
    ends = s.select(
        "customer_id",
        moved_on=s.ends_on,
        kind=ibis.literal("left"),
        change=ibis.literal(-1, "int64"),
        active_since=s.starts_on,
    )
    return union([starts, ends])


def _order_stretches(orders: ir.Table | None, churn_after_days: int) -> list[ir.Table]:
    if orders is None or "customer_id" not in orders.columns:
        return []
    bought = orders.filter(orders.customer_id.notnull() & (orders.revenue > 0))
    on = day(bought.ordered_at)
    return [bought.select("customer_id", starts_on=on, ends_on=add_days(on, churn_after_days))]


def _term_stretches(subscription_terms: ir.Table | None, renewal_grace_days: int) -> list[ir.Table]:
    if subscription_terms is None:
        return []
    terms = subscription_terms
    stretches = terms.select("customer_id", starts_on=day(terms.starts_at), ends_on=day(terms.ends_at))
    paid = stretches.filter(stretches.starts_on < stretches.ends_on)
    if not renewal_grace_days:
        return [paid]
    return [paid.mutate(ends_on=add_days(ibis.least(paid.ends_on, constant_day(_LATEST)), renewal_grace_days))]
