"""What a customer said last when asked whether she would recommend the firm."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir

from crmkit.tables.expressions import constant_day, days_between, indicator, number, place

_YEAR = 365  # days
_PROMOTER, _DETRACTOR = 845, 645  # of a thousand parts of the scale: 9 and 10, and up to 6, of 0 to 10


def recommendation(survey_answers: ir.Table, *, as_of: date) -> ir.Table:
    """Last answer of each customer within 365 days to the recommendation question.

    Returns
    -------
    table
        customer_id, promotes (1 promoter, -1 detractor, 0 neither), on any scale.
    """
    a, today = survey_answers, constant_day(as_of)
    ago = days_between(a.responded_at, today)
    a = a.filter(a.customer_id.notnull() & (a.survey == "nps") & (ago >= 0) & (ago < _YEAR))
    a = a.mutate(turn=place(within="customer_id", order_by=["responded_at", "response_id"]))
    last = a.group_by("customer_id").aggregate(newest=a.turn.max()).rename(_customer="customer_id")
    a = a.join(last, [a["customer_id"] == last["_customer"], a["turn"] == last["newest"]])
    place_on_scale = a.position * number(1000)
    return a.select(
        "customer_id", promotes=indicator(place_on_scale >= _PROMOTER) - indicator(place_on_scale < _DETRACTOR)
    )
