"""How often each customer ordered up to a day, as sums over the gaps between her order days, and when she ordered next."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from crmkit.tables.expressions import add_days, constant_day, day, days_between, value_before


def rhythm(orders: ir.Table, *, as_of: date, horizon: int) -> ir.Table:
    """Gaps between the order days of each customer up to a day, and the days from then to her next order.

    Parameters
    ----------
    orders : table
        Guests and orders without revenue do not count.
    as_of : date
        Last day that n_gaps, the sums and days_since see.
    horizon : int
        So many days after it are looked at for days_until alone, which is the outcome and no feature.

    Returns
    -------
    table
        customer_id; n_gaps [count], sum_log, sum_log_squared (of the gaps in log days); days_since (the last order)
        [days]; days_until (the next order within the horizon) [days], null where none came.
    """
    last = constant_day(as_of)
    o = orders.filter(orders.customer_id.notnull() & (orders.revenue > 0))
    days = o.select("customer_id", on=day(o.ordered_at)).distinct()
    later = days.filter((days.on > last) & (days.on <= add_days(last, horizon)))
    nearest = later.group_by("customer_id").aggregate(next_on=later.on.min()).rename(_customer="customer_id")
    known = days.filter(days.on <= last)
    known = known.mutate(before=value_before(known, "on", within="customer_id", order_by=["on"]))
    log_gap = days_between(known.before, known.on).cast("float64").ln()
    each = (
        known.mutate(log_gap=log_gap)
        .group_by("customer_id")
        .aggregate(
            n_gaps=ibis._.log_gap.count().cast("float64"),
            sum_log=ibis.coalesce(ibis._.log_gap.sum(), 0.0),
            sum_log_squared=ibis.coalesce((ibis._.log_gap * ibis._.log_gap).sum(), 0.0),
            last_on=ibis._.on.max(),
        )
    )
    joined = each.left_join(nearest, each["customer_id"] == nearest["_customer"])
    return joined.select(
        "customer_id",
        "n_gaps",
        "sum_log",
        "sum_log_squared",
        days_since=days_between(joined.last_on, last).cast("float64"),
        days_until=days_between(last, joined.next_on).cast("float64"),
    )


def rhythm_span(orders: ir.Table, *, as_of: date) -> ir.Table:
    """First to last order day of each customer up to a day.

    Returns
    -------
    table
        customer_id, n_gaps [count], span [days].
    """
    o = orders.filter(orders.customer_id.notnull() & (orders.revenue > 0))
    days = o.select("customer_id", on=day(o.ordered_at)).distinct()
    days = days.filter(days.on <= constant_day(as_of))
    each = days.group_by("customer_id").aggregate(first_on=days.on.min(), last_on=days.on.max(), n_days=days.count())
    return each.select(
        "customer_id",
        n_gaps=(each.n_days - 1).cast("float64"),
        span=days_between(each.first_on, each.last_on).cast("float64"),
    )
