"""crmkit: a CRM analytics workbook. ``import crmkit as ck``; frames in, frames out.

Names are loaded when they are first used, so that ``import crmkit`` and ``crmkit --help`` stay quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "crmkit.cleaning.connect": ["connect"],
    "crmkit.sources.sample": ["sample_company"],
    "crmkit.settings": ["Settings", "read_settings"],
    "crmkit.periods": ["Period", "parse_periods"],
    "crmkit.errors": ["CrmkitError"],
    "crmkit.cleaning.quality": ["quality_report", "table_report"],
    "crmkit.plots": ["plot_groups", "plot_history"],
    "crmkit.reporting": [
        "export",
        "figure",
        "glossary_section",
        "method",
        "opening",
        "provenance",
        "quality_notes",
        "revisions",
        "table",
        "tiles",
    ],
    "crmkit.reporting.segment_sections": [
        "segment_action_table",
        "segment_export",
        "segment_move_table",
        "segment_opening",
        "segment_table",
        "typical_table",
    ],
    "crmkit.predictions.migration": ["migration", "movement"],
    "crmkit.predictions.segment_profiles": ["segment_profiles", "typical_customers"],
    "crmkit.reporting.charts": ["finding_charts", "group_chart", "history_chart"],
    "crmkit.reporting.sections": ["budget_table", "goals_table", "group_table", "precedents_table"],
    "crmkit.reporting.coverage": ["covered_period"],
    "crmkit.insights.data_quality": ["quality_findings", "quality_headline", "quality_sentences"],
    "crmkit.insights.conventions": ["convention_sentences"],
    "crmkit.metrics": [
        "about",
        "cards",
        "conventions",
        "evaluate",
        "glossary",
        "headlines",
        "metric",
        "scorecard",
        "budget_report",
        "events_before_win",
        "goals",
    ],
    "crmkit.predictions.register": ["prediction"],
    "crmkit.predictions.run": ["predict", "with_predictions"],
    "crmkit.metrics.measures": [
        "Count",
        "IncidenceMedian",
        "KaplanMeierMedian",
        "LossRate",
        "Mean",
        "MeanCount",
        "MeanPerCustomer",
        "Median",
        "NetShare",
        "Quotient",
        "Ratio",
        "Share",
        "ShareOfCounts",
        "Stock",
        "Tally",
        "Total",
    ],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]  # names that __getattr__ serves


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'crmkit' has no attribute '{name}'")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
