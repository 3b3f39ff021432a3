"""Metrics: cards that define them, measures that estimate them, and verdicts on their changes."""

from crmkit.metrics.analyses.conventions import conventions
from crmkit.metrics.analyses.events_before_win import events_before_win
from crmkit.metrics.analyses.goals import budget_report, goals
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
