"""What the features that models look at are called on a page."""

from __future__ import annotations

_LABELS = {
    "overdue": "days since the last order over the usual gap",
    "days_since_order": "days since the last order",
    "order_gap_days": "usual days between orders",
    "n_orders": "orders so far",
    "n_orders_90_days": "orders in the last 90 days",
    "n_orders_before": "orders in the 90 days before",
    "orders_trend": "orders in the last 90 days over those before",
    "order_value": "mean amount of an order",
    "refund_share": "share of orders refunded",
    "days_since_first_order": "days since the first order",
    "subscribed_days": "days subscribed so far",
    "price_change": "last change of the price",
    "days_as_customer": "days as a customer",
    "days_since_ticket": "days since the last support case",
    "days_to_end": "days to the end of the paid term",
    "n_terms": "paid terms so far",
    "mrr": "price per month",
    "term_months": "length of the paid term in months",
    "n_contacts_90_days": "contacts in the last 90 days",
    "n_tickets_90_days": "support cases in the last 90 days",
    "n_open_tickets": "open support cases",
    "last_nps": "last recommendation score",
    "last_csat": "last satisfaction score",
    "click_share": "share of mailings clicked",
    "has_unsubscribed": "unsubscribed from mailings",
}


def feature_label(name: str) -> str:
    """Return the name of a feature in words.

    Examples
    --------
    >>> feature_label("n_orders_90_days"), feature_label("last_nps"), feature_label("company_size")
    ('orders in the last 90 days', 'last recommendation score', 'company size')
    """
    return _LABELS.get(name, name.removeprefix("n_").replace("_", " "))
