"""Survey answers on one scale, which is the last of each person and wave, and who was asked."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived.register import derived
from crmkit.tables.expressions import add_days, day, number, period_ordinal, ratio, value_after

#: Highest scale of a survey whose answers do not say theirs; the lowest is 0 for NPS and 1 for the others.
USUAL_SCALE = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


@derived
def survey_answers(survey_responses: ir.Table) -> ir.Table:
    """One row per answer, set on its scale; the last of a person, survey, touchpoint and month is marked.

    An answer without a person stands for itself. Where an answer does not say its scale, the usual one of its survey
    holds: NPS 0 to 10, satisfaction 1 to 5, effort 1 to 7, high scores good. Answers outside their scale are left out.

    Returns
    -------
    table
        The columns of survey_responses, and: position (0 the worst to 1 the best possible answer [share of the scale]),
        is_last [flag].
    """
    r = survey_responses.filter(survey_responses.score.notnull())
    low = _scale(r, "scale_min", 0)
    high = _scale(r, "scale_max", 1)
    r = r.mutate(_low=low, _high=high)
    r = r.filter((r.score >= r._low) & (r.score <= r._high) & (r._low < r._high))
    up = ratio(r.score - r._low, r._high - r._low)
    turned = ibis.coalesce(r.low_is_good, False) if "low_is_good" in r.columns else ibis.literal(False)
    r = r.mutate(position=ibis.ifelse(turned, number(1) - up, up)).drop("_low", "_high")
    if "customer_id" not in r.columns:
        return r.mutate(is_last=ibis.literal(True))
    about = ibis.coalesce(r.touchpoint, ibis.literal("")) if "touchpoint" in r.columns else ibis.literal("")
    own = ibis.literal("answer ") + r.response_id
    person = ibis.ifelse(r.customer_id.isnull(), own, ibis.literal("customer ") + r.customer_id)
    wave = period_ordinal(r.responded_at, "month").cast("string")
    bar = ibis.literal("|")
    r = r.mutate(_wave=person + bar + r.survey + bar + about + bar + wave)
    after = value_after(r, "response_id", within="_wave", order_by=["responded_at", "response_id"])
    return r.mutate(is_last=after.isnull()).drop("_wave")


@derived
def survey_requests(survey_invitations: ir.Table, survey_responses: ir.Table) -> ir.Table:
    """One row per invitation, with whether the person answered that survey from then to 30 days later.

    Returns
    -------
    table
        invitation_id, survey, sent_at, due_on (day on which the 30 days are over), customer_id and channel (if known),
        answered [flag].
    """
    i, r = survey_invitations, survey_responses
    ids = [name for name in ("customer_id", "channel") if name in i.columns]
    asked = i.filter(i.customer_id.notnull()).select("invitation_id", "survey", "sent_at", *ids)
    asked = asked.mutate(sent_on=day(asked.sent_at), due_on=add_days(asked.sent_at, 30))
    told = r.select(_customer="customer_id", _survey="survey", _on=day(r.responded_at))
    met = asked.join(told, [asked["customer_id"] == told["_customer"], asked["survey"] == told["_survey"]])
    met = met.filter((met._on >= met.sent_on) & (met._on <= met.due_on)).select(_met="invitation_id").distinct()
    joined = asked.left_join(met, asked["invitation_id"] == met["_met"])
    return joined.mutate(answered=joined._met.notnull()).drop("_met", "sent_on")


def _scale(responses: ir.Table, column: str, side: int) -> ir.FloatingValue:
    usual = responses.survey.cases(*((name, scale[side]) for name, scale in USUAL_SCALE.items()), else_=side * 10)
    usual = usual.cast("float64")
    return ibis.coalesce(responses[column].cast("float64"), usual) if column in responses.columns else usual


# Posts with what they brought and when they went out.


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REACTIONS = ("likes", "comments", "shares")


@derived
def posts(social_posts: ir.Table) -> ir.Table:
    """One row per post, with its interactions and its time of day.

    Returns
    -------
    table
        The columns of social_posts, and: interactions (likes, comments and shares, as far as known [count]), weekday,
        hours ("09 to 12": three hours of local time).
    """
    p = social_posts
    known = [name for name in _REACTIONS if name in p.columns]
    added: dict[str, ir.Value] = {}
    if known:
        interactions = number(0)
        for name in known:
            interactions = interactions + ibis.coalesce(p[name].cast("float64"), number(0))
        added["interactions"] = interactions
    labels = [(hour, f"{hour - hour % 3:02d} to {hour - hour % 3 + 3:02d}") for hour in range(24)]
    weekday = p.posted_at.day_of_week.index().cast("int64").cases(*enumerate(_WEEKDAYS))
    return p.mutate(**added, weekday=weekday, hours=p.posted_at.hour().cast("int64").cases(*labels))
