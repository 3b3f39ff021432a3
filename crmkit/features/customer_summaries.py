"""What each customer did up to a day, added up where the data are: purchases, gaps between them, choices, last answer."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.tables.expressions import (
    add_days,
    constant_day,
    day,
    days_between,
    indicator,
    month_position,
    number,
    place,
    ratio,
    union,
    value_before,
    where,
)

DAYS_OF_THE_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_YEAR = 365  # days
_PROMOTER, _DETRACTOR = 845, 645  # of a thousand parts of the scale: 9 and 10, and up to 6, of 0 to 10


def purchase_summary(
    orders: ir.Table | None = None,
    subscription_terms: ir.Table | None = None,
    *,
    as_of: date,
    margin_rate: float | None = None,
) -> ir.Table:
    """Return recency, frequency and spending of each customer who has ordered or paid for a term.

    Frequency and spending are those of one year, so that they do not grow with the age of the customer. Each month paid
    for counts as one order, whatever the length of the term, and brings the price of a month, by days as in turnover.

    Parameters
    ----------
    orders : table, optional
        Guests and orders without revenue make no customer; refunds are taken off the spending.
    subscription_terms : table, optional
        Terms without a price make no customer.
    as_of : date
        Last day whose data are used.
    margin_rate : float, optional
        Margin of what subscribers pay, where the settings say it [share].

    Returns
    -------
    table
        customer_id, days_since_order [days; 0 where a paid term runs], n_orders [count, in the 365 days up to as_of],
        revenue [currency, the same, net of refunds], average_order_value [currency, over all time], tenure_days [days
        since the first order or term]; and margin [currency, of the same 365 days] where all of it is known.
    """
    parts = []
    if orders is not None and "customer_id" in orders.columns:
        parts.append(_bought(orders, as_of))
    if subscription_terms is not None:
        parts.append(_paid_for(subscription_terms, as_of, margin_rate))
    if not parts:
        raise NotMeasured("orders or subscription_terms" if orders is None else "orders.customer_id")
    columns = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
    both = union([part.select(*columns) for part in parts])
    sums = both.group_by("customer_id").aggregate(
        first_on=both.first_on.min(),
        last_on=both.last_on.max(),
        **{name: both[name].sum() for name in columns if name not in ("customer_id", "first_on", "last_on")},
    )
    sums, last = sums.filter(sums.n_ever > 0), constant_day(as_of)
    return sums.select(
        "customer_id",
        days_since_order=days_between(sums.last_on, last).cast("int64"),
        n_orders=sums.n_orders.cast("int64"),
        revenue=sums.revenue,
        average_order_value=ratio(sums.spent, sums.n_ever),
        tenure_days=days_between(sums.first_on, last).cast("int64"),
        **({"margin": sums.margin} if "margin" in sums.columns else {}),
    )


def _bought(orders: ir.Table, as_of: date) -> ir.Table:
    """Return what each customer ordered up to a day."""
    last = constant_day(as_of)
    on = day(orders.ordered_at)
    known = orders.mutate(on=on).filter(orders.customer_id.notnull() & (on <= last))
    bought, recent = known.revenue > 0, known.on > add_days(last, -_YEAR)
    return known.group_by("customer_id").aggregate(
        first_on=ibis.ifelse(bought, known.on, ibis.null("date")).min(),
        last_on=ibis.ifelse(bought, known.on, ibis.null("date")).max(),
        n_orders=indicator(bought & recent).sum(),
        revenue=where(recent, known.revenue).sum(),
        spent=where(bought, known.revenue).sum(),
        n_ever=indicator(bought).sum(),
        **({"margin": where(recent, known.margin).sum()} if "margin" in known.columns else {}),
    )


def _paid_for(terms: ir.Table, as_of: date, margin_rate: float | None) -> ir.Table:
    """Return what each customer has paid terms for up to a day: months as numbers of orders, and their money."""
    last = constant_day(as_of)
    t = terms.select("customer_id", "mrr", starts_on=day(terms.starts_at), ends_on=day(terms.ends_at))
    t = t.filter((t.mrr > 0) & (t.starts_on < t.ends_on) & (t.starts_on <= last))
    t = t.mutate(until=ibis.least(t.ends_on, add_days(last, 1)), of_year=add_days(last, 1 - _YEAR))
    ever = month_position(t.until) - month_position(t.starts_on)
    recent = month_position(t.until) - month_position(ibis.least(ibis.greatest(t.starts_on, t.of_year), t.until))
    t = t.mutate(ever=ever, recent=recent, price=t.mrr.cast("float64"))
    sums = t.group_by("customer_id").aggregate(
        first_on=t.starts_on.min(),
        last_on=add_days(t.until.max(), -1),
        n_orders=_whole(t.recent.sum()),
        revenue=(t.recent * t.price).sum(),
        spent=(t.ever * t.price).sum(),
        n_ever=ibis.greatest(_whole(t.ever.sum()), number(1)),
    )
    return sums if margin_rate is None else sums.mutate(margin=sums.revenue * ibis.literal(margin_rate).cast("float64"))


def _whole(months: Any) -> Any:
    """Return a number of months rounded to whole ones; a half, give or take the rounding of a sum, counts as one."""
    return ratio(months * number(1_000_000) + number(500_001), number(1_000_000)).floor().cast("float64")


def interpurchase_times(orders: ir.Table, *, as_of: date, horizon: int) -> ir.Table:
    """Return the gaps between the order days of each customer up to a day, and the days until the next order.

    Parameters
    ----------
    orders : table
        Guests and orders without revenue do not count.
    as_of : date
        Last day whose orders are used, except for days_until.
    horizon : int
        Days after ``as_of`` in which a next order is looked for [days]; only days_until, the outcome, depends on it.

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


def order_span(orders: ir.Table, *, as_of: date) -> ir.Table:
    """Return the days between the first and the last order day of each customer up to a day.

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


def category_counts(sold_products: ir.Table, *, since: date, as_of: date) -> ir.Table:
    """Count the orders of each customer by category, or by product without categories: customer_id, level, n [count]."""
    s = _between(sold_products, since, as_of)
    s = s.filter(s.revenue > 0).mutate(level=s.category if "category" in s.columns else s["product"])
    return (
        s.filter(s.level.notnull()).group_by("customer_id", "level").aggregate(n=s.order_id.nunique().cast("float64"))
    )


def channel_counts(orders: ir.Table, *, since: date, as_of: date) -> ir.Table:
    """Count the orders of each customer by sales channel: customer_id, level, n [count]."""
    o = _between(orders, since, as_of)
    o = o.filter((o.revenue > 0) & o.channel.notnull())
    return o.group_by("customer_id", level=o.channel).aggregate(n=o.count().cast("float64"))


def weekday_counts(orders: ir.Table, *, since: date, as_of: date) -> ir.Table:
    """Count the orders of each customer by day of the week: customer_id, level ("0" for Monday to "6"), n [count]."""
    o = _between(orders, since, as_of)
    o = o.filter(o.revenue > 0)
    weekday = day(o.ordered_at).day_of_week.index().cast("string")
    return o.group_by("customer_id", level=weekday).aggregate(n=o.count().cast("float64"))


def last_recommendation(survey_answers: ir.Table, *, as_of: date) -> ir.Table:
    """Return the last answer of each customer within 365 days to the recommendation question.

    Returns
    -------
    table
        customer_id, promotes (1 promoter, -1 detractor, 0 neither), on any scale.
    """
    a, today = survey_answers, constant_day(as_of)
    ago = days_between(a.responded_at, today)
    a = a.filter(a.customer_id.notnull() & (a.survey == "nps") & (ago >= 0) & (ago < _YEAR))
    a = a.mutate(number=place(within="customer_id", order_by=["responded_at", "response_id"]))
    last = a.group_by("customer_id").aggregate(newest=a.number.max()).rename(_customer="customer_id")
    a = a.join(last, [a["customer_id"] == last["_customer"], a["number"] == last["newest"]])
    place_on_scale = a.position * number(1000)
    return a.select(
        "customer_id", promotes=indicator(place_on_scale >= _PROMOTER) - indicator(place_on_scale < _DETRACTOR)
    )


def _between(rows: ir.Table, since: date, as_of: date) -> ir.Table:
    """Return the rows of known customers after a day, up to another."""
    on = day(rows.ordered_at)
    return rows.filter(rows.customer_id.notnull() & (on > constant_day(since)) & (on <= constant_day(as_of)))
