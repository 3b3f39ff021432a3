"""The sales pipeline: deals by stage and day, and the touches before each outcome."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived.register import derived
from crmkit.tables.expressions import day, number, union, value_after
from crmkit.tables.schema import SCHEMAS

_DEAL_COLUMNS = ("customer_id", "owner", "channel", "product")  # by which deals may be split, as by their own columns
_ADDED_COLUMNS = ("stage", "entered_at", "left_at", "next_at", "moved_on", "change", "n_touches", "n", "touched")


@derived
def stage_stays(deal_stages: ir.Table, deals: ir.Table) -> ir.Table:
    """One row per deal and stage that it was in; a stage that only records the outcome is left out.

    Returns
    -------
    table
        deal_id, stage, entered_at, left_at (next stage entered, or the deal closed; null while it is still in the stage), amount
        (0 where unknown), those of customer_id, owner, channel, product and of the own columns that the deals have, and
        own columns of deal_stages.
    """
    taken = [*_ADDED_COLUMNS, *deals.columns, "amount"]
    own = SCHEMAS["deal_stages"].own_columns(deal_stages.columns, taken)
    s = deal_stages.select("deal_id", "stage", "entered_at", *own)
    s = s.mutate(next_at=value_after(s, "entered_at", within="deal_id", order_by=["entered_at", "stage"]))
    rows = s.join(deals.select("deal_id", "closed_at", amount=_amount(deals), **_present(deals)), "deal_id")
    is_outcome = rows.next_at.isnull() & (rows.closed_at <= rows.entered_at)
    rows = rows.filter(~ibis.coalesce(is_outcome, False))
    return rows.select(
        "deal_id",
        "stage",
        "entered_at",
        "amount",
        *_present(deals),
        *own,
        left_at=ibis.coalesce(rows.next_at, rows.closed_at),
    )


@derived
def pipeline_movements(deals: ir.Table, stage_stays: ir.Table | None = None) -> ir.Table:
    """One row per deal and change of the open pipeline: opened, closed, moved from one stage to the next.

    Returns
    -------
    table
        deal_id, moved_on, change (+1 or -1 open deals), amount (0 where unknown), stage (if stages were recorded), and
        those of customer_id, owner, channel, product and of the own columns that the deals have.
    """
    # A deal entered after it was closed was never open: without this it would count as -1 open deals.
    closed = ibis.ifelse(deals.closed_at < deals.created_at, deals.created_at, deals.closed_at)
    whole = deals.select(
        "deal_id", *_present(deals), amount=_amount(deals), entered_at=deals.created_at, left_at=closed
    )
    if stage_stays is None:
        return _movements(whole, [])
    staged = stage_stays.select("deal_id").distinct()
    unstaged = whole.anti_join(staged, "deal_id").mutate(stage=ibis.null("string"))
    columns = ["deal_id", "stage", "entered_at", "left_at", "amount", *_present(deals)]
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
    rows = deals.select("deal_id", "created_at", "closed_at", "won", *_present(deals))
    rows = rows.left_join(counts, rows.deal_id == counts.touched)
    return rows.mutate(n_touches=ibis.coalesce(rows.n, 0).cast("int64")).drop("touched", "n")


@derived
def deal_events(deals: ir.Table, interactions: ir.Table) -> ir.Table:
    """One row per deal and kind of interaction before its outcome.

    Returns
    -------
    table
        deal_id, kind, closed_at, won, n_touches [count].
    """
    before = _before_outcome(deals, interactions)
    return before.group_by("deal_id", "kind", "closed_at", "won").aggregate(n_touches=before.count().cast("int64"))


def _present(table: ir.Table) -> dict[str, str]:
    own = SCHEMAS["deals"].own_columns(table.columns, _ADDED_COLUMNS)
    return {name: name for name in (*_DEAL_COLUMNS, *own) if name in table.columns}


def _amount(deals: ir.Table) -> Any:
    return ibis.coalesce(deals.amount, number(0)) if "amount" in deals.columns else number(0)


def _movements(stays: ir.Table, more: list[str]) -> ir.Table:
    columns: list[Any] = ["deal_id", "amount", *more, *_present(stays)]
    entered = stays.select(*columns, moved_on=day(stays.entered_at), change=ibis.literal(1, "int64"))
    left = stays.filter(stays.left_at.notnull())
    return union([entered, left.select(*columns, moved_on=day(left.left_at), change=ibis.literal(-1, "int64"))])


def _before_outcome(deals: ir.Table, interactions: ir.Table) -> ir.Table:
    touches = interactions.filter(interactions.deal_id.notnull()).select("deal_id", "occurred_at", "kind")
    rows = touches.join(deals.select("deal_id", "closed_at", "won"), "deal_id")
    return rows.filter(rows.closed_at.isnull() | (rows.occurred_at < rows.closed_at))
