"""What each customer did up to a day: how long ago, how often, how much; over the year before, so that it does not grow."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from crmkit.tables.expressions import add_days, constant_day, day, days_between, indicator, ratio, where

WINDOW_DAYS = 365


def behaviour(orders: ir.Table, *, as_of: date) -> ir.Table:
    """One row per customer who has ordered: recency, frequency and spending.

    Parameters
    ----------
    orders : table
        Guests and orders without revenue make no customer; refunds are taken off the spending.
    as_of : date
        Last day whose orders are used.

    Returns
    -------
    table
        customer_id, days_since_order [days], n_orders [count, in the 365 days up to as_of], revenue [currency, the
        same, net of refunds], average_order_value [currency, all orders], tenure_days [days since the first order];
        and margin [currency, of the same 365 days] where orders have one.
    """
    last = constant_day(as_of)
    on = day(orders.ordered_at)
    known = orders.mutate(on=on).filter(orders.customer_id.notnull() & (on <= last))
    bought, recent = known.revenue > 0, known.on > add_days(last, -WINDOW_DAYS)
    sums = known.group_by("customer_id").aggregate(
        first_on=ibis.ifelse(bought, known.on, ibis.null("date")).min(),
        last_on=ibis.ifelse(bought, known.on, ibis.null("date")).max(),
        n_orders=indicator(bought & recent).sum(),
        revenue=where(recent, known.revenue).sum(),
        spent=where(bought, known.revenue).sum(),
        n_ever=indicator(bought).sum(),
        **({"margin": where(recent, known.margin).sum()} if "margin" in known.columns else {}),
    )
    sums = sums.filter(sums.n_ever > 0)
    return sums.select(
        "customer_id",
        days_since_order=days_between(sums.last_on, last).cast("int64"),
        n_orders=sums.n_orders.cast("int64"),
        revenue=sums.revenue,
        average_order_value=ratio(sums.spent, sums.n_ever),
        tenure_days=days_between(sums.first_on, last).cast("int64"),
        **({"margin": sums.margin} if "margin" in sums.columns else {}),
    )
