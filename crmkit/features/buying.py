"""What a customer bought and pays: orders with their rhythm, and paid terms."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.features.register import feature_set
from crmkit.tables.expressions import Day, constant_day, days_between, indicator, months_of, place, ratio, value_before

_RECENT = 90  # days


@feature_set(
    {
        "days_since_order": "no order for {value} days",
        "order_gap_days": "usually orders every {value} days",
        "overdue": "no order for {days_since_order} days, usually every {order_gap_days}",
        "n_orders": "{value} orders so far",
        "n_orders_90_days": "{value} orders in the last 90 days",
        "orders_trend": "{n_orders_90_days} orders in the last 90 days, {n_orders_before} in the 90 before",
        "order_value": "spends {value} an order",
        "refund_share": "{value} of the orders were refunded",
        "days_since_first_order": "first ordered {value} days ago",
    }
)
def order_features(orders: ir.Table, *, as_of: Day) -> ir.Table:
    """Orders of each customer up to a day: number, rhythm, trend, size.

    Returns
    -------
    table
        customer_id; days_since_order, days_since_first_order, order_gap_days (mean, from two order days on) [days];
        overdue (days since the last order over the usual gap) [ratio]; n_orders, n_orders_90_days, n_orders_before (in
        the 90 days before those) [count]; orders_trend (their ratio, shrunk towards 1) [ratio]; order_value [money];
        refund_share (refunds over orders) [share].
    """
    today, bought, known = constant_day(as_of), orders.revenue > 0, orders.customer_id.notnull()
    ago = days_between(orders.ordered_at, today)
    each = (
        orders.filter(known)
        .group_by("customer_id")
        .aggregate(
            days_since_order=ago.min(where=bought).cast("float64"),
            days_since_first_order=ago.max(where=bought).cast("float64"),
            n_orders=indicator(bought).sum(),
            n_order_days=ago.nunique(where=bought).cast("float64"),
            n_orders_90_days=indicator(bought & (ago < _RECENT)).sum(),
            n_orders_before=indicator(bought & (ago >= _RECENT) & (ago < 2 * _RECENT)).sum(),
            order_value=orders.revenue.mean(where=bought).cast("float64"),
            n_refunds=indicator(orders.revenue < 0).sum(),
        )
    )
    span = each.days_since_first_order - each.days_since_order
    gap = ratio(span, (each.n_order_days - 1).nullif(0))
    each = each.mutate(order_gap_days=gap)
    return each.mutate(
        overdue=ratio(each.days_since_order, each.order_gap_days),
        orders_trend=ratio(each.n_orders_90_days + 1, each.n_orders_before + 1),
        refund_share=ratio(each.n_refunds, each.n_orders),
    ).drop("n_refunds", "n_order_days")


@feature_set(
    {
        "days_to_end": "the paid term ends in {value} days",
        "n_terms": "{value} paid terms so far",
        "subscribed_days": "subscribed for {value} days",
        "mrr": "pays {value} a month",
        "price_change": "the price changed by {value}",
        "plan": "is on the plan {value}",
        "term_months": "terms of {value} months",
    }
)
def term_features(subscription_terms: ir.Table, *, as_of: Day) -> ir.Table:
    """Paid terms of each customer: the newest one, how it differs from the one before, and how long it has gone on.

    Returns
    -------
    table
        customer_id; plan (of the newest term); mrr [money a month]; price_change (against the term before) [share];
        n_terms [count]; days_to_end, subscribed_days [days]; term_months (to a quarter, for months differ) [months].
    """
    t, today = subscription_terms, constant_day(as_of)
    t = t if "plan" in t.columns else t.mutate(plan=ibis.null("string"))
    order = ["starts_at", "subscription_id"]
    t = t.mutate(
        number=place(within="customer_id", order_by=order),
        mrr_before=value_before(t, "mrr", within="customer_id", order_by=order),
    )
    all_ = t.group_by("customer_id").aggregate(n_terms=t.number.max(), first=t.starts_at.min())
    newest = t.join(all_, "customer_id")
    newest = newest.filter(newest.number == newest.n_terms)
    return newest.select(
        "customer_id",
        plan=newest.plan,
        mrr=newest.mrr.cast("float64"),
        price_change=ratio(newest.mrr - newest.mrr_before, newest.mrr_before),
        n_terms=newest.n_terms.cast("float64"),
        days_to_end=days_between(today, newest.ends_at).cast("float64"),
        subscribed_days=days_between(newest["first"], today).cast("float64"),
        term_months=months_of(days_between(newest.starts_at, newest.ends_at)),
    )
