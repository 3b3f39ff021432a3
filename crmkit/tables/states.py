"""What changes about a customer, and from when to when it held: her plan, her segment.

A number of a period is split by the state at the period's start, so that what the period itself brings about does not
move a customer between groups.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived import derived
from crmkit.tables.expressions import day, value_after

#: Columns that change over time, and the derived table that says when they held.
STATES = {"plan": "plan_spells", "segment": "segment_spells"}
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
