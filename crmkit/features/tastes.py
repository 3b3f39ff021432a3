"""How many orders of each customer were of a category, by a channel, on a day of the week, up to a day."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir

from crmkit.tables.expressions import constant_day, day

DAYS_OF_THE_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def category_counts(sold_products: ir.Table, *, since: date, as_of: date) -> ir.Table:
    """Orders of each customer by category, or by product where there are no categories: customer_id, level, n [count]."""
    s = _between(sold_products, since, as_of)
    s = s.filter(s.revenue > 0).mutate(level=s.category if "category" in s.columns else s["product"])
    return (
        s.filter(s.level.notnull()).group_by("customer_id", "level").aggregate(n=s.order_id.nunique().cast("float64"))
    )


def channel_counts(orders: ir.Table, *, since: date, as_of: date) -> ir.Table:
    """Orders of each customer by sales channel: customer_id, level, n [count]."""
    o = _between(orders, since, as_of)
    o = o.filter((o.revenue > 0) & o.channel.notnull())
    return o.group_by("customer_id", level=o.channel).aggregate(n=o.count().cast("float64"))


def weekday_counts(orders: ir.Table, *, since: date, as_of: date) -> ir.Table:
    """Orders of each customer by day of the week: customer_id, level ("0" for Monday to "6"), n [count]."""
    o = _between(orders, since, as_of)
    o = o.filter(o.revenue > 0)
    weekday = day(o.ordered_at).day_of_week.index().cast("string")
    return o.group_by("customer_id", level=weekday).aggregate(n=o.count().cast("float64"))


def _between(rows: ir.Table, since: date, as_of: date) -> ir.Table:
    """Return the rows of known customers after a day, up to another."""
    on = day(rows.ordered_at)
    return rows.filter(rows.customer_id.notnull() & (on > constant_day(since)) & (on <= constant_day(as_of)))
