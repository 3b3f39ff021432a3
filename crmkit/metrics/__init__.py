"""What we watch: metrics with intervals and verdicts."""

from crmkit.metrics.analyses.conventions import conventions
from crmkit.metrics.analyses.goals import budget_report, goals
from crmkit.metrics.analyses.precedents import events_before_win
from crmkit.metrics.card import CARDS, Card, metric
from crmkit.metrics.cards import (  # noqa: F401  each registers its cards
    acquisition,
    adoption,
    engagement,
    experiments,
    marketing,
    pipeline,
    retention,
    revenue,
    sentiment,
    social,
    traffic,
    value,
    voice,
)
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.glossary import glossary
from crmkit.metrics.scorecard import about, headlines, scorecard

__all__ = [
    "CARDS",
    "Card",
    "about",
    "budget_report",
    "conventions",
    "evaluate",
    "events_before_win",
    "glossary",
    "goals",
    "headlines",
    "metric",
    "scorecard",
]
