"""The effect of actions, from customers held out at random."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.cards.margins import with_margin
from crmkit.metrics.measures import Measure, Quotient, Total, Uplift
from crmkit.tables.expressions import day, days_between, period_ordinal, where

_OUTCOME = {"outcome_at": "timestamp", "value": "float64"}
_SOURCE = "Imbens and Rubin (2015), Causal Inference for Statistics, Social, and Biomedical Sciences, chapter 6"
_MONEY: dict[str, Any] = {
    "unit": "money",
    "better": "higher",
    "counted": "customers drawn",
    "topic": "marketing",
    "headline": False,
    "source": _SOURCE,
}


@metric(label="Brought by an action per customer", **_MONEY)
def incremental_value_per_customer(treatments: ir.Table, orders: ir.Table | None = None) -> Measure:
    """Mean outcome (as told, else revenue in its time) of all drawn for an action less that of all held out by lot.

    brought per customer = mean value of the treated - mean value of those held out, draws weighted by customers treated
    """
    t = _with_turnover(_drawn(treatments), orders)
    return Uplift(t, at=t.seen_on, value=t.value, treated=t.treated, draw=t.draw, each=True)


@metric(label="Brought by actions", additive=True, restates="incremental_value_per_customer", **_MONEY)
def incremental_value(treatments: ir.Table, orders: ir.Table | None = None) -> Measure:
    """What actions brought beyond what would have come anyway, in the unit in which their outcome was written down.

    brought = sum over draws of customers treated x (mean value of the treated - mean value of those held out)
    """
    t = _with_turnover(_drawn(treatments), orders)
    return Uplift(t, at=t.seen_on, value=t.value, treated=t.treated, draw=t.draw)


@metric(label="Margin brought by actions", additive=True, **_MONEY)
def incremental_margin(treatments: ir.Table, orders: ir.Table, *, margin_rate: float | None = None) -> Measure:
    """Margin of the orders from the draw to the outcome that actions brought beyond what would have come anyway.

    margin brought = sum over draws of customers treated x (mean margin of the treated - mean margin of those held out)
    """
    t = _drawn(treatments)
    return _margin_brought(t, orders, margin_rate)


@metric(
    label="Return on actions with a holdout",
    unit="share",
    better="higher",
    counted="bookings",
    topic="marketing",
    smallest_change=0.1,
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 10.4 (return on marketing investment)",
)
def incremental_roi(
    treatments: ir.Table, orders: ir.Table, costs: ir.Table, *, margin_rate: float | None = None
) -> Measure:
    """Margin that actions brought less their cost, as a share of it; caused, not attributed: those held out are taken off.

    return = (margin brought - cost of the actions) / cost of the actions, costs booked under the action's name as campaign
    """
    t = _drawn(treatments)
    paid = _paid_for(costs, t)
    return Quotient(
        _margin_brought(t, orders, margin_rate),
        Total(paid, at=paid.outcome_on, value=paid.amount, exact=True),
        1,
        less=1.0,
    )


def _drawn(treatments: ir.Table) -> ir.Table:
    """Return everybody drawn, with the draw (an action and its month) and the day on which the outcome is known.

    Who counts is settled by the draw alone: a customer without an outcome is one for whom nothing happened, once the time
    to see it has passed. That is ``ends_at``, else as many days after the draw as the latest outcome of the action took.
    Where only those with an outcome counted, an action that makes people respond would be judged by those who respond.
    """
    t = treatments
    if "trial" in t.columns:  # crmkit's own draws have neither column, as it joins the outcomes itself
        absent = {name: kind for name, kind in _OUTCOME.items() if name not in t.columns}
        t = t.mutate(**{name: ibis.null().cast(kind) for name, kind in absent.items()})
    month = period_ordinal(t.assigned_at, "month").cast("string")
    draw = t.action + ibis.literal("|") + month
    took = days_between(t.assigned_at, t.outcome_at)
    t = t.mutate(draw=draw, _took=took.max().over(ibis.window(group_by="action")))
    if "value" in t.columns:  # a draw with days of outcomes and no value at all is not evaluated yet
        is_told = t["value"].max().over(ibis.window(group_by="draw")).notnull() | t.outcome_at.isnull()
        if "trial" in t.columns:  # drawn by crmkit, which joins the outcomes itself (`ck.measure`)
            is_told = is_told & (t["trial"].isnull() | t["value"].max().over(ibis.window(group_by="draw")).notnull())
        t = t.mutate(value=ibis.ifelse(is_told, where(None, t["value"]), ibis.null()))
    seen_on = ibis.coalesce(day(t.ends_at), _later(t)) if "ends_at" in t.columns else _later(t)
    t = t.mutate(seen_on=seen_on)
    return t.filter(t.seen_on.notnull()).drop("_took")


def _later(drawn: ir.Table) -> ir.DateColumn:
    """Return the day so many days after the draw as the latest outcome of the action took."""
    return (day(drawn.assigned_at).cast("timestamp") + drawn["_took"].as_interval("D")).cast("date")


def _with_turnover(drawn: ir.Table, orders: ir.Table | None) -> ir.Table:
    """Return everybody drawn, with the revenue of their orders as the value where crmkit made the draw and none is told."""
    if orders is None or "trial" not in drawn.columns or "customer_id" not in orders.columns:
        return drawn
    is_own = drawn["trial"].notnull() & drawn["value"].isnull()
    bought = orders.select(_customer="customer_id", _at="ordered_at", _revenue=where(None, orders["revenue"]))
    met = drawn.filter(is_own).join(bought, drawn["customer_id"] == bought["_customer"])
    met = met.filter((met._at >= met.assigned_at) & (day(met._at) < met.seen_on))
    sums = met.group_by(_who=met.customer_id, _what=met.action, _when=met.assigned_at).aggregate(
        _sum=met._revenue.sum()
    )
    rows = drawn.left_join(sums, _same_person(drawn, sums))
    value = ibis.ifelse(rows["trial"].notnull() & rows["value"].isnull(), where(None, rows["_sum"]), rows["value"])
    return rows.mutate(value=value).drop("_who", "_what", "_when", "_sum")


def _same_person(drawn: ir.Table, sums: ir.Table) -> list[ir.BooleanValue]:
    return [
        drawn["customer_id"] == sums["_who"],
        drawn["action"] == sums["_what"],
        drawn["assigned_at"] == sums["_when"],
    ]


def _margin_brought(drawn: ir.Table, orders: ir.Table, margin_rate: float | None) -> Uplift:
    o, assumed = with_margin(orders, margin_rate)
    bought = o.select(_customer="customer_id", _at="ordered_at", _margin=where(None, o.margin))
    met = drawn.join(bought, drawn["customer_id"] == bought["_customer"])
    met = met.filter((met._at >= met.assigned_at) & (day(met._at) < met.seen_on))
    earned = met.group_by(_who=met.customer_id, _what=met.action, _when=met.assigned_at).aggregate(
        _earned=met._margin.sum()
    )
    rows = drawn.left_join(earned, _same_person(drawn, earned)).drop("_who", "_what", "_when")
    # A customer without an order counts with a margin of 0.
    return Uplift(
        rows,
        at=rows.seen_on,
        value=where(None, rows._earned),
        treated=rows.treated,
        draw=rows.draw,
        assumes=assumed,
    )


def _paid_for(costs: ir.Table, drawn: ir.Table) -> ir.Table:
    """Return the costs booked under an action's name, by the day of the outcome of the next draw of that action."""
    named = costs.filter(costs.campaign.notnull())
    booked = named.group_by("campaign", spent_on=day(named.spent_at)).aggregate(amount=where(None, named.amount).sum())
    draws = drawn.group_by("action", "draw").aggregate(outcome_on=drawn.seen_on.max())
    rows = booked.join(draws, booked["campaign"] == draws["action"])
    rows = rows.filter(rows.spent_on <= rows.outcome_on)
    return rows.group_by("action", "spent_on", "amount").aggregate(outcome_on=rows.outcome_on.min())
