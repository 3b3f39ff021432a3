"""Surveys: recommendation, satisfaction, effort, and the response rate.

Every score is first converted to its position on its scale, from 0 for the worst to 1 for the best possible answer, so
that the same rule counts scales of any length and direction.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.measures import Mean, Measure, NetShare, Share

# Thousandths of the scale, between two neighbouring answers of every usual scale: 9 of 0-10 is 900, of 1-10 it is 889.
_PROMOTER, _DETRACTOR, _SATISFIED, _DISSATISFIED, _EASY = 845, 645, 745, 495, 665


@metric(
    label="Net Promoter Score",
    unit="points",
    better="higher",
    counted="answers",
    source="Reichheld (2003), Harvard Business Review 81(12)",
    conventions={
        "last_answer": "100 (promoters - detractors) / answers",
        "every_answer": "the same over every answer, also several of one person in a month",
        "weighted": "the same, each answer counted by its survey weight",
    },
)
def nps(survey_answers: ir.Table, *, convention: str = "last_answer") -> Measure:
    """Promoters (9 and 10 of 0 to 10) less detractors (0 to 6), per 100 answers; of each person the last in a month.

    NPS = 100 (promoters - detractors) / answers
    """
    plus, minus = _at_least(survey_answers, _PROMOTER), _below(survey_answers, _DETRACTOR)
    counted = _counted(survey_answers, "nps", convention)
    return NetShare(survey_answers, at=survey_answers.responded_at, plus=plus, minus=minus, scale=100, **counted)


@metric(
    label="Satisfied customers (CSAT)",
    unit="share",
    better="higher",
    counted="answers",
    source="ISO 10004:2018, annex on top-box measures",
    conventions={
        "top_boxes": "answers in the top two boxes / answers",
        "good_or_bad": "answers in the top two boxes / answers that are not in the middle",
        "mean": "mean answer, 0 % for the worst possible and 100 % for the best",
        "every_answer": "answers in the top two boxes / all answers, also several of one person in a month",
        "weighted": "weight of answers in the top two boxes / weight of answers",
    },
)
def csat(survey_answers: ir.Table, *, convention: str = "top_boxes") -> Measure:
    """Answers in the top two boxes, 4 and 5 of 1 to 5, as a share of all; of each person and subject the last in a month.

    CSAT = answers in the top two boxes / answers
    """
    r = survey_answers
    counted = _counted(r, "csat", convention)
    if convention == "good_or_bad":
        counted["where"] = counted["where"] & (_at_least(r, _SATISFIED) | _below(r, _DISSATISFIED))
    return _top(r, _SATISFIED, convention, counted)


@metric(
    label="Found it easy (customer effort)",
    unit="share",
    better="higher",
    counted="answers",
    source="Dixon, Freeman and Toman (2010), Harvard Business Review 88(7); version 2.0 of the question",
    conventions={
        "top_boxes": "answers in the top three of seven boxes / answers",
        "mean": "mean answer, 0 % for the hardest possible and 100 % for the easiest",
        "every_answer": "answers in the top three of seven boxes / all answers, also several of one person in a month",
        "weighted": "weight of answers in the top three of seven boxes / weight of answers",
    },
)
def ces(survey_answers: ir.Table, *, convention: str = "top_boxes") -> Measure:
    """Answers that it was easy, 5 to 7 of 1 to 7, as a share of all; of each person and subject the last in a month.

    CES = answers in the top three of seven boxes / answers
    """
    return _top(survey_answers, _EASY, convention, _counted(survey_answers, "ces", convention))


@metric(
    label="Answered when asked (response rate)",
    unit="share",
    better="higher",
    counted="people asked",
    source="AAPOR (2023), Standard Definitions, 10th edition, response rate 1",
    headline=False,
)
def response_rate(survey_requests: ir.Table) -> Measure:
    """Invitations answered within 30 days, as a share of all; counted when the 30 days are over.

    response rate = invitations answered in time / invitations whose time ran out in the period
    """
    return Share(survey_requests, at=survey_requests.due_on, hit=survey_requests.answered)


def _at_least(answers: ir.Table, thousandths: int) -> Any:
    return answers.position * 1000 >= thousandths


def _below(answers: ir.Table, thousandths: int) -> Any:
    return answers.position * 1000 < thousandths


def _counted(answers: ir.Table, survey: str, convention: str) -> dict[str, Any]:
    asked = answers.survey == survey
    weight = {"weight": answers.weight} if convention == "weighted" else {}
    return {"where": asked if convention == "every_answer" else asked & answers.is_last, **weight}


def _top(answers: ir.Table, lowest: int, convention: str, counted: dict[str, Any]) -> Measure:
    if convention == "mean":
        return Mean(answers, at=answers.responded_at, value=answers.position, **counted)
    return Share(answers, at=answers.responded_at, hit=_at_least(answers, lowest), **counted)
