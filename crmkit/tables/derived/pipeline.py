"""Deals on their way: how long each stands in a stage, what stands there on a day, and what was done before the outcome."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived.register import derived
from crmkit.tables.expressions import day, number, period_ordinal, union, value_after

_OF_DEALS = ("customer_id", "owner", "channel", "product")  # what a deal may be split by


@derived
def stage_stays(deal_stages: ir.Table, deals: ir.Table) -> ir.Table:
    """One row per deal and stage that it stood in; the stage that only records the outcome is none.

    Returns
    -------
    table
        deal_id, stage, entered_at, left_at (next stage entered, or the deal closed; null while it stands there), amount
        (0 where unknown), and those of customer_id, owner, channel, product that the deals have.
    """
    s = deal_stages.select("deal_id", "stage", "entered_at")
    s = s.mutate(next_at=value_after(s, "entered_at", within="deal_id", order_by=["entered_at", "stage"]))
    rows = s.join(deals.select("deal_id", "closed_at", amount=_amount(deals), **_own(deals)), "deal_id")
    is_outcome = rows.next_at.isnull() & (rows.closed_at <= rows.entered_at)
    rows = rows.filter(~ibis.coalesce(is_outcome, False))
    return rows.select(
        "deal_id", "stage", "entered_at", "amount", *_own(deals), left_at=ibis.coalesce(rows.next_at, rows.closed_at)
    )


@derived
def pipeline_movements(deals: ir.Table, stage_stays: ir.Table | None = None) -> ir.Table:
    """One row per day on which a deal comes to stand somewhere or goes: opened, closed, from one stage to the next.

    Returns
    -------
    table
        deal_id, moved_on, change (+1 or -1 open deals), amount (0 where unknown), stage (if stages were recorded), and
        those of customer_id, owner, channel, product that the deals have.
    """
    # A deal booked after it was closed was never open; one closed before it was opened would be less than none.
    closed = ibis.ifelse(deals.closed_at < deals.created_at, deals.created_at, deals.closed_at)
    whole = deals.select("deal_id", *_own(deals), amount=_amount(deals), entered_at=deals.created_at, left_at=closed)
    if stage_stays is None:
        return _movements(whole, [])
    staged = stage_stays.select("deal_id").distinct()
    unstaged = whole.anti_join(staged, "deal_id").mutate(stage=ibis.null("string"))
    columns = ["deal_id", "stage", "entered_at", "left_at", "amount", *_own(deals)]
    return _movements(union([stage_stays.select(*columns), unstaged.select(*columns)]), ["stage"])


@derived
def deal_touches(deals: ir.Table, interactions: ir.Table) -> ir.Table:
    """One row per deal, with the touches before its outcome.

    Returns
    -------
    table
        deal_id, created_at, closed_at, won, n_touches [count], and those of customer_id, owner, channel, product that
        the deals have.
    """
    before = _before_outcome(deals, interactions)
    counts = before.group_by("deal_id").aggregate(n=before.count()).rename(touched="deal_id")
    rows = deals.select("deal_id", "created_at", "closed_at", "won", *_own(deals))
    rows = rows.left_join(counts, rows.deal_id == counts.touched)
    return rows.mutate(n_touches=ibis.coalesce(rows.n, 0).cast("int64")).drop("touched", "n")


@derived
def deal_events(deals: ir.Table, interactions: ir.Table) -> ir.Table:
    """One row per deal and kind of interaction that it saw before its outcome.

    Returns
    -------
    table
        deal_id, kind, closed_at, won, n_touches [count].
    """
    before = _before_outcome(deals, interactions)
    return before.group_by("deal_id", "kind", "closed_at", "won").aggregate(n_touches=before.count().cast("int64"))


def _before_outcome(deals: ir.Table, interactions: ir.Table) -> ir.Table:
    touches = interactions.filter(interactions.deal_id.notnull()).select("deal_id", "occurred_at", "kind")
    rows = touches.join(deals.select("deal_id", "closed_at", "won"), "deal_id")
    return rows.filter(rows.closed_at.isnull() | (rows.occurred_at < rows.closed_at))


def _movements(stays: ir.Table, more: list[str]) -> ir.Table:
    columns: list[Any] = ["deal_id", "amount", *more, *_own(stays)]
    comes = stays.select(*columns, moved_on=day(stays.entered_at), change=ibis.literal(1, "int64"))
    left = stays.filter(stays.left_at.notnull())
    return union([comes, left.select(*columns, moved_on=day(left.left_at), change=ibis.literal(-1, "int64"))])


def _own(table: ir.Table) -> dict[str, str]:
    return {name: name for name in _OF_DEALS if name in table.columns}


def _amount(deals: ir.Table) -> Any:
    return ibis.coalesce(deals.amount, number(0)) if "amount" in deals.columns else number(0)


# What changes about a customer, and from when to when it held: her plan, her segment. A number of a period is split
# by the state at the period's start, so that what the period itself brings about does not move a customer between
# groups.


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
    """One row per customer and valuation: among all customers of that day, hers is in the top tenth, the upper half, ...

    Customers of the same value are in the same tier. A customer who was valued once and no more keeps her last tier.

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
    """One row per new customer: her lifetime value as it was seen in the month in which she came.

    Returns
    -------
    table
        customer_id, won_on, value (of the last valuation of that month) and her part of the error that all share, where
        predictions have it [money].
    """
    scores = customer_scores.filter(customer_scores.model == "lifetime_value")
    told = ["value", *(["shared_error"] if "shared_error" in scores.columns else [])]
    seen = scores.select(*told, _customer="customer_id", seen_on=day(scores.as_of))
    new = customer_movements.filter(customer_movements.kind == "joined").select("customer_id", won_on="moved_on")
    both = new.join(seen, new["customer_id"] == seen["_customer"])
    both = both.filter(period_ordinal(both.won_on, "month") == period_ordinal(both.seen_on, "month"))
    both = both.filter(both.seen_on >= both.won_on)
    last = both.mutate(last_on=both.seen_on.max().over(ibis.window(group_by="customer_id")))
    return last.filter(last.seen_on == last.last_on).select("customer_id", "won_on", *told)
