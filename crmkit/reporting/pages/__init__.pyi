"""The sections of the pages, by business question, and the pieces of display they are made of."""

# The pieces that every page is put together from.
from .pieces import export as export
from .pieces import figure as figure
from .pieces import glossary_section as glossary_section
from .pieces import key_numbers as key_numbers
from .pieces import method as method
from .pieces import opening as opening
from .pieces import provenance as provenance
from .pieces import quality_notes as quality_notes
from .pieces import table as table
from .pieces import tiles as tiles
from .metrics import finding_charts as finding_charts
from .metrics import group_chart as group_chart
from .metrics import group_table as group_table
from .metrics import history_chart as history_chart
from .revisions import revisions as revisions
from .pieces import convention_sentences as convention_sentences

# Data quality.
from .data_quality import file_table as file_table
from .data_quality import finding_table as finding_table
from .data_quality import join_table as join_table
from .data_quality import load_trend as load_trend
from .data_quality import loss_table as loss_table
from .data_quality import warning_table as warning_table
from .pieces import quality_findings as quality_findings
from .pieces import quality_headline as quality_headline
from .pieces import quality_sentences as quality_sentences

# Scorecard, goals and budgets; pipeline; experiments.
from .scorecard import budget_table as budget_table
from .scorecard import goals_table as goals_table
from .scorecard import precedents_table as precedents_table
from .experiments import action_table as action_table

# Why it moved.
from .why import risen_reasons as risen_reasons
from .why import why_it_moved as why_it_moved

# Retention and revenue.
from .retention import anniversary_table as anniversary_table
from .retention import cohort_table as cohort_table
from .retention import loyalty_export as loyalty_export
from .retention import loyalty_table as loyalty_table
from .retention import survival_chart as survival_chart
from .retention import revenue_change_chart as revenue_change_chart
from .retention import revenue_change_table as revenue_change_table
from .revenue import next_order_export as next_order_export
from .revenue import next_order_table as next_order_table
from .revenue import preference_table as preference_table
from .revenue import retention_worth as retention_worth
from .revenue import sales_table as sales_table
from .revenue import waterfall_chart as waterfall_chart

# The customers' voice and contact.
from .voice import channel_table as channel_table
from .voice import engagement_table as engagement_table
from .voice import follow_up as follow_up
from .voice import touchpoint_table as touchpoint_table
from .voice import follow_up_export as follow_up_export
from .voice import mood_remarks as mood_remarks
from .voice import posting_hours as posting_hours
from .voice import sentiment_table as sentiment_table
from .voice import topic_table as topic_table

# Churn.
from .churn import call_chart as call_chart
from .churn import cancel_reason_change as cancel_reason_change
from .churn import cancel_reason_table as cancel_reason_table
from .churn import churn_drivers as churn_drivers
from .churn import churn_pairs as churn_pairs
from .churn import churn_groups as churn_groups
from .churn import churn_methods as churn_methods
from .churn import churn_opening as churn_opening
from .churn import churn_shifts as churn_shifts
from .churn import earlier_scores as earlier_scores
from .churn import expected_losses_chart as expected_losses_chart
from .churn import leaving_customers as leaving_customers
from .churn import leaving_export as leaving_export
from .churn import relative_risk_table as relative_risk_table
from .churn import reliability_chart as reliability_chart
from .churn import remaining_chart as remaining_chart
from .churn import churn_method as churn_method

# Customer value.
from .value import calibration_chart as calibration_chart
from .value import renewal_odds_table as renewal_odds_table
from .value import tenure_chart as tenure_chart
from .value import valuable_customers as valuable_customers
from .value import value_by as value_by
from .value import value_concentration as value_concentration
from .value import value_conventions as value_conventions
from .value import value_horizons as value_horizons
from .value import value_judged as value_judged
from .value import value_life as value_life
from .value import value_models as value_models
from .value import value_opening as value_opening
from .value import value_method as value_method

# Segments.
from .segments import group_search_table as group_search_table
from .segments import move_total_table as move_total_table
from .segments import natural_group_table as natural_group_table
from .segments import segment_action_table as segment_action_table
from .segments import segment_export as segment_export
from .segments import segment_fit_table as segment_fit_table
from .segments import segment_flow_chart as segment_flow_chart
from .segments import segment_map as segment_map
from .segments import segment_move_table as segment_move_table
from .segments import segment_opening as segment_opening
from .segments import segment_table as segment_table
from .segments import segment_trait_export as segment_trait_export
from .segments import segment_trait_table as segment_trait_table
from .segments import typical_table as typical_table

# What lies ahead.
from .ahead import ahead_backtest_table as ahead_backtest_table
from .ahead import ahead_chart as ahead_chart
from .ahead import ahead_method as ahead_method
from .ahead import ahead_months as ahead_months
from .ahead import ahead_opening as ahead_opening
from .ahead import ahead_year as ahead_year

# What to do, and whether it worked.
from .actions import action_method as action_method
from .actions import action_opening as action_opening
from .actions import action_result_table as action_result_table
from .actions import people_export as people_export
from .actions import people_to_do as people_to_do
from .actions import proposal_table as proposal_table
from .actions import responder_table as responder_table
from .actions import response_table as response_table
from .actions import stop_table as stop_table
from .actions import trial_table as trial_table

# How what was said has held.
from .track_record import record_list as record_list
from .track_record import record_method as record_method
from .track_record import record_opening as record_opening
from .track_record import record_table as record_table
from .track_record import record_verdicts as record_verdicts

# Glossary.
from .glossary import glossary_headline as glossary_headline
from .glossary import glossary_terms as glossary_terms
from .glossary import nomenclature as nomenclature
from .glossary import glossary_markdown as glossary_markdown
