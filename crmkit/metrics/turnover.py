"""What made the revenue of orders grow or shrink: who is new, who came back, who buys more or less, who left."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import Measure, RevenueChange

_CARD: dict[str, Any] = {
    "unit": "money",
    "topic": "revenue",
    "headline": False,
    "source": "Farris et al. (2016), Marketing Metrics, 3rd edition, section 5.1 (customers, recency and retention)",
}
_SHRINKS = _CARD | {"better": "lower"}
_GROWS = _CARD | {"better": "higher"}


@metric(label="Change of revenue", counted="customers and guest orders", **_GROWS)
def revenue_change(revenue_in_turn: ir.Table) -> Measure:
    """Revenue of the period less that of the one before, added up customer by customer; guests are a part of their own.

    change of revenue = new + came back + more + guests - less - left
    """
    return _part(revenue_in_turn, "net")


@metric(label="Revenue of first-time customers", counted="new customers", **_GROWS)
def revenue_from_new(revenue_in_turn: ir.Table, *, churn_after_days: int) -> Measure:
    """Revenue of the customers who ordered for the first time in the period.

    new = sum of revenue over customers whose first order is in the period
    """
    return _part(revenue_in_turn, "new", churn_after_days)


@metric(label="Revenue of customers who came back", counted="customers who came back", **_GROWS)
def revenue_from_returning(revenue_in_turn: ir.Table, *, churn_after_days: int) -> Measure:
    """Revenue of earlier customers who ordered in the period and not in the one before.

    came back = sum of revenue over customers with no order in the period before and one earlier
    """
    return _part(revenue_in_turn, "back", churn_after_days)


@metric(label="Revenue gained with customers who bought more", counted="customers who bought more", **_GROWS)
def revenue_from_more(revenue_in_turn: ir.Table) -> Measure:
    """How much more the customers brought who ordered in both periods, and for more in this one.

    more = sum of (revenue - revenue before), over customers of both periods with more
    """
    return _part(revenue_in_turn, "more")


@metric(label="Revenue lost with customers who bought less", counted="customers who bought less", **_SHRINKS)
def revenue_lost_to_less(revenue_in_turn: ir.Table) -> Measure:
    """How much less the customers brought who ordered in both periods, and for less in this one.

    less = sum of (revenue before - revenue), over customers of both periods with less
    """
    return _part(revenue_in_turn, "less")


@metric(label="Revenue lost with customers who did not order again", counted="customers who did not order", **_SHRINKS)
def revenue_lost_to_gone(revenue_in_turn: ir.Table) -> Measure:
    """What the customers brought in the period before who did not order in this one; some of them will come back.

    left = sum of revenue before, over customers without an order in the period
    """
    return _part(revenue_in_turn, "lost")


@metric(label="Change of the revenue of guests", counted="guest orders", **_GROWS)
def revenue_change_of_guests(revenue_in_turn: ir.Table) -> Measure:
    """Revenue of orders without a customer, less that of the period before: who is new among them nobody knows.

    guests = revenue of orders without a customer - the same in the period before
    """
    return _part(revenue_in_turn, "guests")


def _part(revenue_in_turn: ir.Table, part: str, unseen_days: int = 0) -> Measure:
    t = revenue_in_turn
    return RevenueChange(t, at=t.ordered_at, part=part, unseen_days=unseen_days)
