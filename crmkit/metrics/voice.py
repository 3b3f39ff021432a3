"""What customers say."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import Measure, NetShare, Share


@metric(
    label="Net Promoter Score",
    unit="points",
    better="higher",
    counted="answers",
    source="Reichheld (2003), Harvard Business Review 81(12)",
)
def nps(survey_responses: ir.Table) -> Measure:
    """Promoters (scores 9 and 10) less detractors (0 to 6), per 100 answers to the NPS question.

    NPS = 100 (promoters - detractors) / answers
    """
    r = survey_responses
    return NetShare(r, at=r.responded_at, where=r.survey == "nps", plus=r.score >= 9, minus=r.score <= 6, scale=100)


@metric(
    label="Satisfied customers (CSAT)",
    unit="share",
    better="higher",
    counted="answers",
    source="ISO 10004:2018, annex on top-box measures",
)
def csat(survey_responses: ir.Table) -> Measure:
    """Share of answers in the top two boxes, 4 and 5, of the five-point satisfaction question.

    CSAT = answers of 4 or 5 / answers
    """
    r = survey_responses
    return Share(r, at=r.responded_at, where=r.survey == "csat", hit=r.score >= 4)
