"""Who stays and who leaves."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import LossRate, Measure


@metric(
    label="Customers lost (churn)",
    unit="share",
    better="lower",
    counted="customers at start",
    smallest_change=0.01,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1 (customer retention)",
)
def churn_rate(customer_movements: ir.Table, orders: ir.Table | None = None, *, churn_after_days: int) -> Measure:
    """Customers active at the start of the period and gone by its end, as a share of those active at its start.

    churn rate = customers at start who are gone by the end / customers at start
    """
    m = customer_movements
    unseen_days = 0 if orders is None else churn_after_days
    return LossRate(m, at=m.moved_on, change=m.change, active_since=m.active_since, unseen_days=unseen_days)
