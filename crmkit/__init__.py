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
    "crmkit.plots": [
        "plot_calibration",
        "plot_call_profit",
        "plot_expected_losses",
        "plot_groups",
        "plot_history",
        "plot_segment_flow",
        "plot_segment_map",
        "plot_life",
        "plot_survival",
        "plot_tenure",
        "plot_waterfall",
    ],
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
    "crmkit.reporting.segment_judgement": ["segment_fit_table"],
    "crmkit.reporting.segment_traits": ["segment_trait_export", "segment_trait_table"],
    "crmkit.predictions.next_order": ["next_order_backtest", "next_orders"],
    "crmkit.predictions.preferences": ["preference_backtest", "preferences"],
    "crmkit.reporting.next_order_sections": ["next_order_export", "next_order_table", "preference_table"],
    "crmkit.predictions.loyalty": ["anniversaries", "loyalty"],
    "crmkit.reporting.loyalty_sections": ["anniversary_table", "loyalty_export", "loyalty_table"],
    "crmkit.reporting.segment_groups": ["group_search_table", "natural_group_table"],
    "crmkit.predictions.segment_portraits": ["segment_portraits"],
    "crmkit.reporting.segment_pictures": ["move_total_table", "segment_flow_chart", "segment_map"],
    "crmkit.predictions.migration": ["migration", "movement"],
    "crmkit.predictions.segment_moves": ["customer_moves", "move_totals"],
    "crmkit.predictions.segment_review": ["segment_review"],
    "crmkit.predictions.segment_profiles": ["segment_profiles", "typical_customers"],
    "crmkit.reporting.charts": ["finding_charts", "group_chart", "history_chart"],
    "crmkit.reporting.sections": ["budget_table", "goals_table", "group_table", "precedents_table"],
    "crmkit.reporting.glossary_page": ["glossary_headline", "glossary_terms", "nomenclature"],
    "crmkit.metrics.glossary_text": ["glossary_markdown"],
    "crmkit.reporting.retention_sections": ["cohort_table", "survival_chart"],
    "crmkit.reporting.recurring_sections": ["retention_worth", "waterfall_chart"],
    "crmkit.reporting.social_sections": ["posting_hours"],
    "crmkit.reporting.sales_sections": ["sales_table"],
    "crmkit.reporting.engagement_sections": ["channel_table", "engagement_table"],
    "crmkit.reporting.voice_sections": ["follow_up", "follow_up_export"],
    "crmkit.reporting.coverage": ["covered_period"],
    "crmkit.insights.data_quality": ["quality_findings", "quality_headline", "quality_sentences"],
    "crmkit.insights.follow_up": ["follow_up_list"],
    "crmkit.metrics.assortment": ["what_sells"],
    "crmkit.metrics.cohorts": ["cohort_retention"],
    "crmkit.metrics.survival_curves": ["at_risk_table", "survival_curve"],
    "crmkit.metrics.contact": ["channel_responses", "preferred_channels"],
    "crmkit.metrics.engagement_score": ["engagement_check", "engagement_scores"],
    "crmkit.metrics.posting": ["posting_times"],
    "crmkit.predictions.days": ["last_day"],
    "crmkit.predictions.tenure": ["tenure_curves"],
    "crmkit.predictions.value": ["customer_values"],
    "crmkit.predictions.value_backtest": ["value_backtest"],
    "crmkit.predictions.value_groups": ["new_customer_values", "value_over_life"],
    "crmkit.predictions.churn": ["churn_outlook"],
    "crmkit.predictions.churn_money": ["value_at_risk"],
    "crmkit.insights.churn": ["churn_method"],
    "crmkit.insights.churn_summary": ["churn_summary"],
    "crmkit.reporting.churn_sections": ["call_chart", "churn_opening", "leaving_customers", "leaving_export"],
    "crmkit.reporting.churn_judgement": [
        "cancel_reason_table",
        "churn_groups",
        "churn_methods",
        "earlier_scores",
        "expected_losses_chart",
    ],
    "crmkit.predictions.value_summary": ["value_summary"],
    "crmkit.reporting.value_sections": [
        "valuable_customers",
        "value_by",
        "value_concentration",
        "value_horizons",
        "value_life",
        "value_opening",
    ],
    "crmkit.reporting.value_judgement": [
        "calibration_chart",
        "tenure_chart",
        "value_conventions",
        "value_judged",
        "value_models",
    ],
    "crmkit.predictions.register": ["prediction"],
    "crmkit.predictions.run": ["predict", "with_predictions"],
    "crmkit.insights.conventions": ["convention_sentences"],
    "crmkit.insights.value_trust": ["value_method"],
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
