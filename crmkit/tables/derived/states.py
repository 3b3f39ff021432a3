"""What changes about a customer, and from when to when it held: plan, segment, value tier.

A number of a period is split by the state at the period's start, so that a change during the period does not move a
customer between groups.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived.register import derived
from crmkit.tables.expressions import day, period_ordinal, value_after

#: Columns that change over time, and the derived table that says when they held.
STATES = {"plan": "plan_spells", "segment": "segment_spells", "value_tier": "value_tier_spells"}
_NO_END = ibis.date(9999, 1, 1)


@derived
def plan_spells(subscription_terms: ir.Table) -> ir.Table:
    """One row per term: the plan a customer was on.

    Returns
    -------
    table
        customer_id, starts_on (first day), ends_on (first day after), plan.
    """
    t = subscription_terms
    return t.select("customer_id", "plan", starts_on=day(t.starts_at), ends_on=day(t.ends_at))


@derived
def segment_spells(segment_assignments: ir.Table, *, segment_model: str = "rfm") -> ir.Table:
    """One row per assignment: the segment a customer was in, until the next one by the same model.

    Parameters
    ----------
    segment_assignments : table
    segment_model : str
        The segmentation by which numbers are split, where there are several: the one that the settings name.

    Returns
    -------
    table
        customer_id, starts_on (the last day of the data that the assignment saw), ends_on (first day after), segment.
    """
    s = segment_assignments
    s = s.filter(s.model == segment_model).mutate(starts_on=day(s.as_of))
    next_on = value_after(s, "starts_on", within="customer_id", order_by=["starts_on"])
    return s.mutate(ends_on=ibis.coalesce(next_on, _NO_END)).select("customer_id", "segment", "starts_on", "ends_on")


@derived
def value_tier_spells(customer_scores: ir.Table) -> ir.Table:
    """One row per customer and valuation: whether the value is in the top tenth, the upper or the lower half of that day.

    Customers of the same value are in the same tier. A customer without a newer valuation keeps the last tier.

    Returns
    -------
    table
        customer_id, starts_on (the last day of the data that the valuation saw), ends_on (first day after), value_tier.
    """
    scores = customer_scores
    valued = scores.filter((scores.model == "value") & scores.value.notnull())
    valued = valued.mutate(starts_on=day(valued.as_of), less=-valued.value)
    place = ibis.rank().over(ibis.window(group_by="starts_on", order_by="less"))  # from 0, the same for the same value
    n = valued.count().over(ibis.window(group_by="starts_on"))
    tier = ibis.cases((place * 10 < n, "1 top tenth"), (place * 2 < n, "2 upper half"), else_="3 lower half")
    valued = valued.mutate(value_tier=tier)
    next_on = value_after(valued, "starts_on", within="customer_id", order_by=["starts_on"])
    return valued.mutate(ends_on=ibis.coalesce(next_on, _NO_END)).select(
        "customer_id", "value_tier", "starts_on", "ends_on"
    )


@derived
def won_values(customer_scores: ir.Table, customer_movements: ir.Table) -> ir.Table:
    """One row per new customer: the lifetime value predicted in the month in which the customer was won.

    Returns
    -------
    table
        customer_id, won_on, value (of the last valuation of that month) and shared_error (the customer's part of the
        error that all predictions share), where predictions have it [money].
    """
    scores = customer_scores.filter(customer_scores.model == "lifetime_value")
    columns = ["value", *(["shared_error"] if "shared_error" in scores.columns else [])]
    seen = scores.select(*columns, _customer="customer_id", seen_on=day(scores.as_of))
    new = customer_movements.filter(customer_movements.kind == "joined").select("customer_id", won_on="moved_on")
    rows = new.join(seen, new["customer_id"] == seen["_customer"])
    rows = rows.filter(period_ordinal(rows.won_on, "month") == period_ordinal(rows.seen_on, "month"))
    rows = rows.filter(rows.seen_on >= rows.won_on)
    rows = rows.mutate(last_on=rows.seen_on.max().over(ibis.window(group_by="customer_id")))
    return rows.filter(rows.seen_on == rows.last_on).select("customer_id", "won_on", *columns)
