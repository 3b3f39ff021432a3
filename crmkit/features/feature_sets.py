"""The features of a customer: each feature set is a function whose parameter names are the tables that it reads.

To add a feature, add a column to one of these functions and a phrase for it to its decorator; to add a feature set,
write another function with the decorator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.types as ir

from crmkit.tables.expressions import Day, constant_day, days_between, indicator, months_of, place, ratio, value_before

FeatureFunction = Callable[..., ir.Table]
#: The feature sets by the name of their function.
FEATURE_SETS: dict[str, FeatureFunction] = {}
#: Per feature the phrase that explains it, with ``{value}`` and, where it helps, other features of the customer.
FEATURE_WORDS: dict[str, str] = {}
#: The same for features that count the days until an event, once the event is past: the value then has no sign.
PAST_WORDS = {"days_to_end": "the paid term ended {value} days ago"}
_RECENT, _LONGER = 90, 180  # days


def feature_set(words: Mapping[str, str]) -> Callable[[FeatureFunction], FeatureFunction]:
    """Register a function ``(tables..., *, as_of) -> table`` with one row per customer.

    Parameters
    ----------
    words : mapping of str to str
        Per feature the phrase that says it of one customer, such as "no order for {value} days".
    """

    def registered(function: FeatureFunction) -> FeatureFunction:
        FEATURE_SETS[function.__name__] = function
        FEATURE_WORDS.update(words)
        return function

    return registered


@feature_set(
    {
        "days_since_order": "no order for {value} days",
        "order_gap_days": "usually orders every {value} days",
        "overdue": "no order for {days_since_order} days, usually every {order_gap_days}",
        "n_orders": "{value} orders so far",
        "n_orders_90_days": "{value} orders in the last 90 days",
        "orders_trend": "{n_orders_90_days} orders in the last 90 days, {n_orders_before} in the 90 before",
        "order_value": "spends {value} an order",
        "refund_share": "{value} of the money of her orders was refunded",
        "days_since_first_order": "first ordered {value} days ago",
    }
)
def order_features(orders: ir.Table, *, as_of: Day) -> ir.Table:
    """Orders of each customer up to a day: their number, the gaps between them, trend and size.

    Returns
    -------
    table
        customer_id; days_since_order, days_since_first_order, order_gap_days (mean, from two order days on) [days];
        overdue (days since the last order over the usual gap) [ratio]; n_orders, n_orders_90_days, n_orders_before (in
        the 90 days before those) [count]; orders_trend (their ratio, shrunk towards 1) [ratio]; order_value [money];
        refund_share (money refunded over money of orders, at most 1) [share].
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
            ordered=orders.revenue.sum(where=bought).cast("float64"),
            refunded=-orders.revenue.sum(where=orders.revenue < 0).cast("float64"),
        )
    )
    span = each.days_since_first_order - each.days_since_order
    gap = ratio(span, (each.n_order_days - 1).nullif(0))
    each = each.mutate(order_gap_days=gap)
    return each.mutate(
        overdue=ratio(each.days_since_order, each.order_gap_days),
        orders_trend=ratio(each.n_orders_90_days + 1, each.n_orders_before + 1),
        refund_share=ibis.least(ratio(each.refunded.fill_null(0.0), each.ordered), 1.0),
    ).drop("ordered", "refunded", "n_order_days")


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
    """Paid terms of each customer: the newest one, its change of price, and the time since the subscription began.

    Returns
    -------
    table
        customer_id; plan (of the newest term); mrr [money a month]; price_change (against the term before) [share];
        n_terms [count]; days_to_end, subscribed_days [days];
        term_months (rounded to quarters of a month, since months differ in length) [months].
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


@feature_set(
    {
        "n_tickets_90_days": "{value} support cases in the last 90 days",
        "n_open_tickets": "{value} support cases still open",
        "days_since_ticket": "last support case {value} days ago",
    }
)
def ticket_features(tickets: ir.Table, *, as_of: Day) -> ir.Table:
    """Support cases: n_tickets_90_days, n_open_tickets [count], days_since_ticket [days] per customer_id."""
    ago = days_between(tickets.opened_at, constant_day(as_of))
    # Without resolved_at nothing is known to be open; a column, as a constant cannot be added up over rows.
    is_open = tickets.resolved_at.isnull() if "resolved_at" in tickets.columns else tickets.opened_at.isnull()
    return tickets.group_by("customer_id").aggregate(
        n_tickets_90_days=indicator(ago < _RECENT).sum(),
        n_open_tickets=indicator(is_open).sum(),
        days_since_ticket=ago.min().cast("float64"),
    )


@feature_set({"n_contacts_90_days": "{value} calls, mails or visits in the last 90 days"})
def interaction_features(interactions: ir.Table, *, as_of: Day) -> ir.Table:
    """Calls, mails and visits: n_contacts_90_days [count] per customer_id."""
    known = interactions.filter(interactions.customer_id.notnull())
    ago = days_between(known.occurred_at, constant_day(as_of))
    return known.group_by("customer_id").aggregate(n_contacts_90_days=indicator(ago < _RECENT).sum())


@feature_set(
    {
        "click_share": "clicked in {value} of the mailings of the last 180 days",
        "has_unsubscribed": "has unsubscribed from mailings",
    }
)
def mailing_features(mailings: ir.Table, *, as_of: Day) -> ir.Table:
    """Mailings of the last 180 days: click_share [share]; has_unsubscribed (0 or 1, at any time) per customer_id."""
    recent = days_between(mailings.sent_at, constant_day(as_of)) < _LONGER
    sums = {"n_sent": indicator(recent).sum()}
    if "clicked_at" in mailings.columns:
        sums["n_clicked"] = indicator(recent & mailings.clicked_at.notnull()).sum()
    if "unsubscribed_at" in mailings.columns:
        sums["has_unsubscribed"] = indicator(mailings.unsubscribed_at.notnull()).max()
    each = mailings.group_by("customer_id").aggregate(**sums)
    if "n_clicked" in sums:
        each = each.mutate(click_share=ratio(each.n_clicked, each.n_sent)).drop("n_clicked")
    return each.drop("n_sent")


@feature_set(
    {
        "last_nps": "answered {value} to the recommendation question",
        "last_csat": "answered {value} to the satisfaction question",
    }
)
def answer_features(survey_responses: ir.Table, *, as_of: Day) -> ir.Table:
    """Last answer within a year to each question: last_nps, last_csat [scale points] per customer_id."""
    r = survey_responses.filter(survey_responses.customer_id.notnull())
    r = r.filter(days_between(r.responded_at, constant_day(as_of)) < 365)
    r = r.mutate(question=r.customer_id + ibis.literal(" ") + r.survey)
    r = r.mutate(number=place(within="question", order_by=["responded_at", "response_id"]))
    last = r.group_by("question").aggregate(newest=r.number.max()).join(r, "question")
    last = last.filter(last.number == last.newest)
    return last.group_by("customer_id").aggregate(
        last_nps=last.score.max(where=last.survey == "nps").cast("float64"),
        last_csat=last.score.max(where=last.survey == "csat").cast("float64"),
    )


@feature_set(
    {
        "channel": "came by {value}",
        "country": "lives in {value}",
        "gender": "{value}",
        "industry": "is in {value}",
        "company_size": "a company of {value}",
        "age": "is about {value} years old",
        "days_as_customer": "a customer for {value} days",
    }
)
def person_features(customers: ir.Table, *, as_of: Day) -> ir.Table:
    """Who the customer is: channel, country, gender, industry, company_size; age [years], days_as_customer [days]."""
    c = customers
    columns = {
        name: c[name].cast("string")
        for name in ("channel", "country", "gender", "industry", "company_size")
        if name in c.columns
    }
    if "birth_year" in c.columns:
        columns["age"] = (constant_day(as_of).year() - c.birth_year).cast("float64")
    if "acquired_at" in c.columns:
        columns["days_as_customer"] = days_between(c.acquired_at, constant_day(as_of)).cast("float64")
    return c.select("customer_id", **columns)
