"""What is on its way: deals that are open, by stage and owner, and leads that come to nothing."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import KaplanMeierMedian, Measure, Share, Stock
from crmkit.tables.expressions import add_days, days_between

_FUNNEL = "Farris et al. (2016), Marketing Metrics, 3rd edition, section 6.4 (sales funnel)"


@metric(
    label="Open deals",
    unit="count",
    better="higher",
    counted="open deals",
    additive=False,
    topic="pipeline",
    headline=False,
    source=_FUNNEL,
)
def open_deals(pipeline_movements: ir.Table) -> Measure:
    """Deals that are open at the end of the period; by stage, those that stand in it then.

    open deals = deals opened until then - deals won or lost until then
    """
    m = pipeline_movements
    return Stock(m, at=m.moved_on, change=m.change)


@metric(
    label="Amount of open deals",
    unit="money",
    better="higher",
    counted="open deals",
    topic="pipeline",
    headline=False,
    source=_FUNNEL,
)
def open_amount(pipeline_movements: ir.Table, deals: ir.Table) -> Measure:
    """Amount of the deals that are open at the end of the period, not weighted by their chance of being won.

    amount of open deals = sum of the amounts of the open deals
    """
    deals.amount  # noqa: B018  deals without amounts have none: said as "needs deals.amount"
    m = pipeline_movements
    return Stock(m, at=m.moved_on, change=m.change, value=m.amount)


@metric(
    label="Days in a stage",
    unit="days",
    better="lower",
    counted="stays in a stage",
    topic="pipeline",
    headline=False,
    source="Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481",
)
def time_in_stage(stage_stays: ir.Table) -> Measure:
    """Median days that a deal stands in a stage, by Kaplan-Meier: deals that stand there still count while they have.

    time in stage = age at which half of the stays in a stage end, in the next stage or the outcome
    """
    s = stage_stays
    return KaplanMeierMedian(s, at=s.entered_at, ends=s.left_at, event=s.left_at.notnull())


@metric(
    label="Leads given up",
    unit="share",
    better="lower",
    counted="leads",
    topic="pipeline",
    headline=False,
    source=_FUNNEL,
)
def lead_abandonment(leads: ir.Table, *, lead_abandonment_days: int = 90) -> Measure:
    """Leads given up within 90 days (a setting) of first contact; counted when the 90 days are over.

    lead abandonment = leads given up in time / leads whose time ran out in the period
    """
    due = add_days(leads.created_at, lead_abandonment_days)
    in_time = days_between(leads.created_at, leads.abandoned_at) <= lead_abandonment_days
    return Share(leads, at=due, hit=ibis.coalesce(in_time, False))
