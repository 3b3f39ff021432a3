"""Customers whom other customers recommended: how many, and what they buy."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import MeanPerCustomer, Measure, Share

_SOURCE = "Schmitt, Skiera and Van den Bulte (2011), Journal of Marketing 75(1), 46-59"


@metric(
    label="New customers who were recommended",
    unit="share",
    better="higher",
    counted="new customers",
    topic="acquisition",
    headline=False,
    source=_SOURCE,
)
def referred_customers(referrals: ir.Table, *, churn_after_days: int) -> Measure:
    """New customers whom another customer recommended, as a share of the new customers of whom the firm has a record.

    referred customers = new customers with a recommender on record / new customers on record
    """
    r = referrals
    return Share(r, at=r.won_on, hit=r.referred, unseen_days=churn_after_days)


@metric(
    label="Revenue of a recommended customer",
    unit="money",
    better="higher",
    counted="customers who ordered",
    topic="acquisition",
    headline=False,
    source=_SOURCE,
)
def revenue_per_referred_customer(orders_by_referral: ir.Table) -> Measure:
    """Revenue in the period of a customer whom another one recommended, of those who ordered in it.

    revenue of a recommended customer = revenue of orders by the recommended / recommended customers with an order
    """
    o = orders_by_referral
    return MeanPerCustomer(o, at=o.ordered_at, where=o.referred & (o.revenue > 0), value=o.revenue)


@metric(
    label="Revenue of any other customer",
    unit="money",
    better="higher",
    counted="customers who ordered",
    topic="acquisition",
    headline=False,
    source=_SOURCE,
)
def revenue_per_other_customer(orders_by_referral: ir.Table) -> Measure:
    """Revenue in the period of a customer whom no other recommended, of those who ordered in it.

    revenue of any other customer = revenue of orders by all not recommended / such customers with an order
    """
    o = orders_by_referral
    return MeanPerCustomer(o, at=o.ordered_at, where=~o.referred & (o.revenue > 0), value=o.revenue)
