"""Engagement: how customers respond to messages, and their engagement score."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.measures import Mean, Measure, Share

_MAILINGS: dict[str, Any] = {
    "unit": "share",
    "headline": False,
    "source": "Chaffey and Ellis-Chadwick (2019), Digital Marketing, 7th edition, chapter 9 (e-mail marketing)",
}


@metric(label="Messages delivered", better="higher", counted="messages sent", smallest_change=0.01, **_MAILINGS)
def delivery_rate(mailings: ir.Table) -> Measure:
    """Messages to customers that arrived, as a share of those sent in the period.

    delivery rate = messages delivered / messages sent
    """
    return Share(mailings, at=mailings.sent_at, hit=mailings.delivered_at.notnull())


@metric(label="Messages clicked", better="higher", counted="messages delivered", smallest_change=0.01, **_MAILINGS)
def click_rate(mailings: ir.Table) -> Measure:
    """Messages with a click, as a share of those delivered; openings are not counted, as mail programs open by themselves.

    click rate = messages clicked / messages delivered
    """
    m = mailings
    return Share(m, at=m.sent_at, where=m.delivered_at.notnull(), hit=m.clicked_at.notnull())


@metric(
    label="Messages that led to an order",
    better="higher",
    counted="messages delivered",
    smallest_change=0.005,
    **_MAILINGS,
)
def email_conversion(mailings: ir.Table) -> Measure:
    """Messages after whose click the customer ordered, as a share of those delivered.

    e-mail conversion = messages followed by an order / messages delivered
    """
    m = mailings
    return Share(m, at=m.sent_at, where=m.delivered_at.notnull(), hit=m.converted_at.notnull())


@metric(
    label="Customers who unsubscribed", better="lower", counted="messages delivered", smallest_change=0.002, **_MAILINGS
)
def unsubscribe_rate(mailings: ir.Table) -> Measure:
    """Messages through which the customer unsubscribed, as a share of those delivered.

    unsubscribe rate = messages followed by an unsubscription / messages delivered
    """
    m = mailings
    return Share(m, at=m.sent_at, where=m.delivered_at.notnull(), hit=m.unsubscribed_at.notnull())


@metric(
    label="Customer engagement score",
    unit="points",
    better="higher",
    counted="customers active at the end",
    smallest_change=3.0,
    headline=False,
    source="van Doorn et al. (2010), Journal of Service Research 13(3), 253-266; weights of the house, checked out of time",
)
def engagement_score(customer_scores: ir.Table) -> Measure:
    """How much active customers take part, 0 to 100, on average at the end of the period; not the effort score (CES).

    engagement score = 40 recency + 30 frequency + 15 breadth + 15 responses, each 0 to 1, per customer; then the mean
    """
    s = customer_scores
    return Mean(s, at=s.as_of, where=s.model == "engagement", value=s.value)
