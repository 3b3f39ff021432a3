"""What passed between a customer and the firm: tickets, talks, mailings, answers."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.features.register import feature_set
from crmkit.tables.expressions import Day, constant_day, days_between, indicator, place, ratio

_RECENT, _LONGER = 90, 180  # days


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
    is_open = tickets.resolved_at.isnull() if "resolved_at" in tickets.columns else ibis.literal(False)
    return tickets.group_by("customer_id").aggregate(
        n_tickets_90_days=indicator(ago < _RECENT).sum(),
        n_open_tickets=indicator(is_open).sum(),
        days_since_ticket=ago.min().cast("float64"),
    )


@feature_set({"n_contacts_90_days": "{value} calls, mails or visits in the last 90 days"})
def interaction_features(interactions: ir.Table, *, as_of: Day) -> ir.Table:
    """Touches: n_contacts_90_days [count] per customer_id."""
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
    newest_last = ["responded_at", "response_id"]
    r = r.mutate(number=place(within="question", order_by=newest_last))
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
