"""What we watch: metrics with intervals and verdicts."""

from crmkit.metrics import acquisition, engagement, pipeline, recurring, retention, revenue, social, voice  # noqa: F401  each registers its cards
from crmkit.metrics.cards import CARDS, Card, cards, metric
from crmkit.metrics.conventions import conventions
from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.glossary import glossary
from crmkit.metrics.scorecard import scorecard
from crmkit.metrics.selection import about, headlines

__all__ = ["CARDS", "Card", "about", "cards", "conventions", "evaluate", "glossary", "headlines", "metric", "scorecard"]
