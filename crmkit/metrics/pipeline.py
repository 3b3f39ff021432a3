"""How deals come about."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import KaplanMeierMedian, Measure


@metric(
    label="Sales cycle",
    unit="days",
    better="lower",
    counted="deals won",
    source="Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481",
)
def sales_cycle(deals: ir.Table) -> Measure:
    """Median days from opening a deal to winning it, by Kaplan-Meier; open and lost deals count while they were open.

    sales cycle = age at which half of the deals would be won, from the deals open in the period
    """
    return KaplanMeierMedian(deals, at=deals.created_at, ends=deals.closed_at, event=deals.won)
