"""Retention: customers lost, terms renewed, recurring revenue kept, and what retention costs."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.cards.margins import with_margin
from crmkit.metrics.measures import (
    ActiveAtStart,
    DailyLossRate,
    LossRate,
    Measure,
    Quotient,
    RecurringKept,
    Share,
    Total,
)

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
    per_day=True,
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


@metric(
    label="Customers active at the start",
    unit="count",
    better="higher",
    counted="customers at start",
    additive=False,
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1 (customer counts)",
)
def active_customers(customer_movements: ir.Table) -> ActiveAtStart:
    """Customers active at the start of the period: with a paid term, or an order not longer ago than the settings say.

    active customers = customers who joined or returned before the period - customers who left before it
    """
    m = customer_movements
    return ActiveAtStart(m, at=m.moved_on, change=m.change, active_since=m.active_since)


@metric(
    label="Terms renewed",
    unit="share",
    better="higher",
    counted="terms due",
    source="Gupta and Lehmann (2005), Managing Customers as Investments, chapter 2 (retention rate)",
    conventions={
        "by_count": "terms renewed / terms due, of those whose days of grace ended in the period",
        "by_value": "recurring revenue of terms renewed / recurring revenue of terms due",
    },
    headline=False,
    by_season=True,
)
def renewal_rate(renewals: ir.Table, *, convention: str = "by_count") -> Measure:
    """Terms followed by another of the same subscription within the days of grace, as a share of all that ended.

    renewal rate = terms renewed / terms due, of those whose days of grace ended in the period
    """
    weight = renewals.mrr if convention == "by_value" else None
    return Share(renewals, at=renewals.decided_on, hit=renewals.renewed, weight=weight)


@metric(
    label="Recurring revenue lost (revenue churn)",
    unit="share",
    better="lower",
    counted="subscribers at start",
    smallest_change=0.01,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1; Skok (2012), SaaS Metrics 2.0",
    conventions={
        "with_contraction": "(recurring revenue of those who left + what others pay less) / recurring revenue at start",
        "leavers_only": "recurring revenue of those who left / recurring revenue at start",
    },
    headline=False,
    per_day=True,
)
def revenue_churn(mrr_movements: ir.Table, *, convention: str = "with_contraction") -> Measure:
    """Recurring revenue that the customers at the start of the period no longer pay at its end, as a share of it.

    revenue churn = (recurring revenue of those who left + what others pay less) / recurring revenue at start
    """
    m = mrr_movements
    return RecurringKept(m, at=m.moved_on, of="lost" if convention == "with_contraction" else "left")


@metric(
    label="Gross revenue retention",
    unit="share",
    better="higher",
    counted="subscribers at start",
    smallest_change=0.01,
    headline=False,
    source="Skok (2012), SaaS Metrics 2.0 (gross dollar retention); at most 100 %",
    restates="revenue_churn",
)
def gross_revenue_retention(mrr_movements: ir.Table) -> Measure:
    """Recurring revenue kept from the customers at the start, none counted for more than she paid then.

    GRR = sum of min(recurring revenue at end, at start) / recurring revenue at start, over customers at start
    """
    return RecurringKept(mrr_movements, at=mrr_movements.moved_on, of="gross")


@metric(
    label="Net revenue retention",
    unit="share",
    better="higher",
    counted="subscribers at start",
    source="Skok (2012), SaaS Metrics 2.0 (net dollar retention)",
    conventions={
        "start_cohort": "recurring revenue at end of the customers at start / their recurring revenue at start",
        "with_returners": "the same, with that of former customers who came back in the period added above the line",
    },
    headline=False,
)
def net_revenue_retention(mrr_movements: ir.Table, *, convention: str = "start_cohort") -> Measure:
    """Recurring revenue at the end of the period of the customers at its start, as a share of what they paid then.

    NRR = recurring revenue at end of the customers at start / their recurring revenue at start
    """
    m = mrr_movements
    return RecurringKept(m, at=m.moved_on, of="net" if convention == "start_cohort" else "net with reactivation")


@metric(
    label="Cost of keeping a customer",
    unit="money",
    better="neither",
    counted="customers at start",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.4 (average retention cost)",
    headline=False,
)
def customer_retention_cost(costs: ir.Table, customer_movements: ir.Table) -> Measure:
    """All money spent on keeping customers in the period, per customer active at its start.

    retention cost per customer = retention costs / customers active at start
    """
    return Quotient(_retention_costs(costs), active_customers(customer_movements))


@metric(
    label="Repeat margin that retention must earn",
    unit="share",
    better="neither",
    counted="repeat orders",
    headline=False,
    source="Blattberg, Getz and Thomas (2001), Customer Equity, chapter 4 (break-even of retention spending)",
)
def retention_break_even(costs: ir.Table, order_sequence: ir.Table, *, margin_rate: float | None = None) -> Measure:
    """The part of the margin on repeat orders that retention spending must have brought about to pay for itself.

    break-even share = retention costs / margin of orders that are not the customer's first
    """
    o, assumed = with_margin(order_sequence, margin_rate)
    margin = Total(o, at=o.ordered_at, where=o.order_number > 1, value=o.margin, assumes=assumed)
    return Quotient(_retention_costs(costs), margin)


def _retention_costs(costs: ir.Table) -> Total:
    return Total(costs, at=costs.spent_at, where=costs.purpose == "retention", value=costs.amount, exact=True)
