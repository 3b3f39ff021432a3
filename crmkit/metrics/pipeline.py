"""How deals come about."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import KaplanMeierMedian, Measure, Share


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


@metric(
    label="Deals won (win rate)",
    unit="share",
    better="higher",
    counted="deals decided",
    smallest_change=0.05,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 6.4 (sales funnel)",
)
def win_rate(deals: ir.Table) -> Measure:
    """Deals won, as a share of all deals decided in the period; deals that are still open do not count.

    win rate = deals won / (deals won + deals lost), of those closed in the period
    """
    return Share(deals, at=deals.closed_at, hit=deals.won)
