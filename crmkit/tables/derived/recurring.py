"""Recurring revenue: terms up for renewal, and the days on which a customer's recurring revenue changes."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived.register import derived
from crmkit.tables.expressions import add_days, day, number, running_sum, union, value_after, value_before
from crmkit.tables.schema import SCHEMAS


@derived
def renewals(subscription_terms: ir.Table, *, renewal_grace_days: int = 0) -> ir.Table:
    """One row per term that ends, with whether it was renewed within the days of grace.

    Parameters
    ----------
    subscription_terms : table
    renewal_grace_days : int
        Days after the end of a term within which the next one of the same subscription still renews it [days].

    Returns
    -------
    table
        subscription_id, customer_id, mrr [currency per month], starts_on, decided_on (the term's last day plus grace),
        renewed, and plan and own columns of terms where there are some.
    """
    t = subscription_terms
    columns = [name for name in ("subscription_id", "customer_id", "mrr", "plan") if name in t.columns]
    added = ("starts_on", "ends_on", "next_on", "decided_on", "renewed")
    columns += SCHEMAS["subscription_terms"].own_columns(t.columns, added)
    terms = t.select(*columns, starts_on=day(t.starts_at), ends_on=day(t.ends_at))
    next_on = value_after(terms, "starts_on", within="subscription_id", order_by=["starts_on", "ends_on"])
    terms = terms.mutate(next_on=next_on, decided_on=add_days(terms.ends_on, renewal_grace_days))
    renewed = ibis.coalesce(terms.next_on <= terms.decided_on, False)
    return terms.mutate(renewed=renewed).drop("ends_on", "next_on")


@derived
def mrr_movements(subscription_terms: ir.Table) -> ir.Table:
    """One row per customer and day on which the sum of the customer's recurring revenue changes.

    A term that follows the last one on the same day at the same price is no change: subscriptions of one customer are
    added up, so that moving from one to another is expansion or contraction, not a loss and a gain.

    Returns
    -------
    table
        customer_id, moved_on, before, after, change [currency per month], previous_on (day of the change before, null
        at the first).
    """
    t = subscription_terms
    terms = t.select("customer_id", "mrr", starts_on=day(t.starts_at), ends_on=day(t.ends_at))
    terms = terms.filter((terms.starts_on < terms.ends_on) & (terms.mrr > 0))
    amount = terms.mrr.cast("float64")
    changes = union(
        [
            terms.select("customer_id", moved_on=terms.starts_on, change=amount),
            terms.select("customer_id", moved_on=terms.ends_on, change=-amount),
        ]
    )
    days = changes.group_by("customer_id", "moved_on").aggregate(change=changes.change.sum())
    days = days.filter(days.change.abs() * 1_000_000 > 1)  # a rounding error of adding up cents is no change
    after = running_sum(days, "change", within="customer_id", order_by=["moved_on"])
    previous_on = value_before(days, "moved_on", within="customer_id", order_by=["moved_on"])
    days = days.mutate(after=after, previous_on=previous_on)
    days = days.mutate(after=_cents(days.after), before=_cents(days.after - days.change))
    return days.select("customer_id", "moved_on", "before", "after", "change", "previous_on")


def _cents(amount: ir.FloatingValue) -> ir.FloatingValue:
    """Return an amount with rounding errors of adding up cents as 0."""
    return ibis.ifelse(amount.abs() * 1_000_000 > 1, amount, number(0))
