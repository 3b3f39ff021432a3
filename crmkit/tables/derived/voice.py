"""What customers say: survey answers on one scale, invitations and whether they were answered, and social posts."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived.register import derived
from crmkit.tables.expressions import add_days, day, number, period_ordinal, ratio, value_after
from crmkit.tables.schema import SCHEMAS

_USUAL_SCALE = {
    "nps": (0, 10),
    "csat": (1, 5),
    "ces": (1, 7),
}  # lowest and highest score, where answers do not state them
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REACTIONS = ("likes", "comments", "shares")


@derived
def survey_answers(survey_responses: ir.Table) -> ir.Table:
    """One row per answer, placed on its scale; the last of a person, survey, touchpoint and month is marked.

    An answer without a person counts as one of its own. Where an answer does not state its scale, the usual one of its
    survey is taken: NPS 0 to 10, satisfaction 1 to 5, effort 1 to 7, high scores good. Answers outside their scale are left out.

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
        answered [flag], and own columns of invitations.
    """
    i, r = survey_invitations, survey_responses
    ids = [name for name in ("customer_id", "channel") if name in i.columns]
    ids += SCHEMAS["survey_invitations"].own_columns(i.columns, taken=["sent_on", "due_on", "answered"])
    asked = i.filter(i.customer_id.notnull()).select("invitation_id", "survey", "sent_at", *ids)
    asked = asked.mutate(sent_on=day(asked.sent_at), due_on=add_days(asked.sent_at, 30))
    answers = r.select(_customer="customer_id", _survey="survey", _on=day(r.responded_at))
    same_survey = [asked["customer_id"] == answers["_customer"], asked["survey"] == answers["_survey"]]
    answered = asked.join(answers, same_survey)
    answered = answered.filter((answered._on >= answered.sent_on) & (answered._on <= answered.due_on))
    answered = answered.select(_answered="invitation_id").distinct()
    joined = asked.left_join(answered, asked["invitation_id"] == answered["_answered"])
    return joined.mutate(answered=joined._answered.notnull()).drop("_answered", "sent_on")


@derived
def posts(social_posts: ir.Table) -> ir.Table:
    """One row per social post, with its interactions, weekday and time of day.

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


def _scale(responses: ir.Table, column: str, side: int) -> ir.FloatingValue:
    usual = responses.survey.cases(*((name, scale[side]) for name, scale in _USUAL_SCALE.items()), else_=side * 10)
    usual = usual.cast("float64")
    return ibis.coalesce(responses[column].cast("float64"), usual) if column in responses.columns else usual
