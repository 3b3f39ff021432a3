"""What subscribers pay month by month, and what made it grow or shrink."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import Measure, RecurringChange

_SOURCE = "Skok (2012), SaaS Metrics 2.0 (net new recurring revenue)"


@metric(
    label="Net new recurring revenue",
    unit="money",
    better="higher",
    counted="customers whose payment changed",
    topic="revenue",
    additive=True,
    source=_SOURCE,
    headline=False,
)
def net_new_revenue(mrr_movements: ir.Table) -> Measure:
    """Change of recurring revenue a month over the period, added up customer by customer.

    net new revenue = new + reactivation + expansion - contraction - churn
    """
    return _part(mrr_movements, "net")


@metric(
    label="Recurring revenue from new subscribers",
    unit="money",
    better="higher",
    counted="new subscribers",
    topic="revenue",
    additive=True,
    headline=False,
    source=_SOURCE,
)
def new_mrr(mrr_movements: ir.Table) -> Measure:
    """Recurring revenue a month, at the end of the period, of customers who never paid before.

    new = sum of recurring revenue at end, over customers without any before
    """
    return _part(mrr_movements, "new")


@metric(
    label="Recurring revenue from subscribers who came back",
    unit="money",
    better="higher",
    counted="subscribers who came back",
    topic="revenue",
    additive=True,
    headline=False,
    source=_SOURCE,
)
def reactivation_mrr(mrr_movements: ir.Table) -> Measure:
    """Recurring revenue a month, at the end of the period, of former customers who paid nothing at its start.

    reactivation = sum of recurring revenue at end, over customers with none at start and some earlier
    """
    return _part(mrr_movements, "reactivation")


@metric(
    label="Recurring revenue from larger subscriptions",
    unit="money",
    better="higher",
    counted="subscribers paying more",
    topic="revenue",
    additive=True,
    headline=False,
    source=_SOURCE,
)
def expansion_mrr(mrr_movements: ir.Table) -> Measure:
    """What customers who paid at the start of the period pay more a month at its end.

    expansion = sum of (recurring revenue at end - at start), over customers at start who pay more
    """
    return _part(mrr_movements, "expansion")


@metric(
    label="Recurring revenue lost to smaller subscriptions",
    unit="money",
    better="lower",
    counted="subscribers paying less",
    topic="revenue",
    additive=True,
    headline=False,
    source=_SOURCE,
)
def contraction_mrr(mrr_movements: ir.Table) -> Measure:
    """What customers who paid at the start of the period and still do pay less a month at its end.

    contraction = sum of (recurring revenue at start - at end), over customers at start who pay less
    """
    return _part(mrr_movements, "contraction")


@metric(
    label="Recurring revenue lost with those who left",
    unit="money",
    better="lower",
    counted="subscribers who left",
    topic="revenue",
    additive=True,
    headline=False,
    source=_SOURCE,
)
def churned_mrr(mrr_movements: ir.Table) -> Measure:
    """What customers who paid at the start of the period and no longer at its end paid a month.

    churn = sum of recurring revenue at start, over customers at start without any at end
    """
    return _part(mrr_movements, "churn")


def _part(mrr_movements: ir.Table, part: str) -> Measure:
    return RecurringChange(mrr_movements, at=mrr_movements.moved_on, part=part)
