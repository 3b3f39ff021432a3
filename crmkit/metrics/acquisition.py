"""How customers are won, and what that costs."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import Composition, Count, Measure, Quotient, Share, Sums, Total
from crmkit.tables import origins
from crmkit.tables.expressions import add_days, days_between


@metric(
    label="New customers",
    unit="count",
    better="higher",
    counted="new customers",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1",
)
def new_customers(customer_movements: ir.Table, *, churn_after_days: int) -> Sums:
    """Customers whose first order or first paid term began in the period.

    new customers = number of customers whose first activity is in the period
    """
    m = customer_movements
    # Whoever buys for the first time in the export may have bought before it: only time tells who is new.
    return Count(m, at=m.moved_on, where=m.kind == "joined", unseen_days=churn_after_days)


@metric(
    label="Cost of a new customer (CAC)",
    unit="money",
    better="lower",
    counted="new customers",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.4 (average acquisition cost)",
)
def customer_acquisition_cost(costs: ir.Table, customer_movements: ir.Table, *, churn_after_days: int) -> Measure:
    """All money spent on winning customers in the period (media, staff, training, software) per new customer.

    CAC = acquisition costs / new customers
    """
    spent = Total(costs, at=costs.spent_at, where=costs.purpose == "acquisition", value=costs.amount, exact=True)
    return Quotient(spent, new_customers(customer_movements, churn_after_days=churn_after_days))


@metric(
    label="Leads who become customers",
    unit="share",
    better="higher",
    counted="leads",
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 6.4 (sales funnel)",
)
def lead_conversion(leads: ir.Table, *, lead_conversion_days: int = 30) -> Measure:
    """Leads that became customers within 30 days (a setting) of first contact; counted when the 30 days are over.

    lead conversion = leads converted in time / leads whose time ran out in the period
    """
    due = add_days(leads.created_at, lead_conversion_days)
    in_time = days_between(leads.created_at, leads.converted_at) <= lead_conversion_days
    return Share(leads, at=due, hit=leads.converted_at.notnull() & in_time.fill_null(False))


@metric(
    label="New customers of known origin",
    unit="share",
    better="higher",
    counted="new customers",
    smallest_change=0.05,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1 (customers by channel of acquisition)",
)
def customer_origin(customer_origins: ir.Table) -> Measure:
    """New customers of whom the channel that won them is known; by channel, how all new customers divide among them.

    customer origin = new customers from a known channel / new customers; by channel, those from it / all new customers
    """
    o = customer_origins
    known = next(o[name] for name in origins.ORIGINS if name in o.columns)
    return Composition(o, at=o.won_on, known=known.notnull())
