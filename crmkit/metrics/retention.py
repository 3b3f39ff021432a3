"""Who stays and who leaves."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import DailyLossRate, LossRate, Measure

_LOST_OF = {
    "start_cohort": "start",
    "all_lost_by_start": "all at start",
    "all_lost_by_average": "average",
    "all_lost_by_start_and_new": "start and new",
}


@metric(
    label="Customers lost (churn)",
    unit="share",
    better="lower",
    counted="customers at start",
    smallest_change=0.01,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1 (customer retention)",
    conventions={
        "start_cohort": "customers at start who are gone by the end / customers at start",
        "all_lost_by_start": "all who are gone by the end, also those who joined within the period / customers at start",
        "all_lost_by_average": "all who are gone by the end / mean of customers at start and at end",
        "all_lost_by_start_and_new": "all who are gone by the end / (customers at start + joined)",
        "daily_rates": "sum over the days of customers lost / customers at the start of the day",
    },
)
def churn_rate(
    customer_movements: ir.Table,
    orders: ir.Table | None = None,
    *,
    churn_after_days: int,
    convention: str = "start_cohort",
) -> Measure:
    """Customers active at the start of the period and gone by its end, as a share of those active at its start.

    churn rate = customers at start who are gone by the end / customers at start
    """
    m = customer_movements
    unseen_days = 0 if orders is None else churn_after_days
    if convention == "daily_rates":
        return DailyLossRate(m, at=m.moved_on, change=m.change, unseen_days=unseen_days)
    return LossRate(
        m, at=m.moved_on, change=m.change, active_since=m.active_since, of=_LOST_OF[convention], unseen_days=unseen_days
    )
