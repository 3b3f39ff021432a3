"""What we watch: metrics with intervals and verdicts."""

from crmkit.metrics import (  # noqa: F401  each registers its cards
    acquisition,
    adoption,
    engagement,
    experiments,
    marketing,
    on_the_way,
    pipeline,
    recurring,
    referrals,
    retention,
    revenue,
    sentiment,
    social,
    traffic,
    turnover,
    value,
    voice,
)
from crmkit.metrics.cards import CARDS, Card, cards, metric
from crmkit.metrics.conventions import conventions
from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.glossary import glossary
from crmkit.metrics.goals import budget_report, goals
from crmkit.metrics.precedents import events_before_win
from crmkit.metrics.scorecard import scorecard
from crmkit.metrics.selection import about, headlines

__all__ = [
    "CARDS",
    "Card",
    "about",
    "budget_report",
    "cards",
    "conventions",
    "evaluate",
    "events_before_win",
    "glossary",
    "goals",
    "headlines",
    "metric",
    "scorecard",
]
