"""What `import crmkit as ck` offers: analysis here; ck.pages, ck.plots and ck.models hold the rest."""

__version__: str

from . import models as models
from . import plots as plots
from .reporting import pages as pages

# Connect a source, and say which days.
from .cleaning.loading.connect import connect as connect
from .settings import Settings as Settings
from .settings import read_settings as read_settings
from .periods import Period as Period
from .periods import parse_periods as parse_periods
from .reporting.reported_period import covered_period as covered_period
from .sources.sample import sample_company as sample_company
from .errors import CrmkitError as CrmkitError
from .reporting.runner.forget import forget as forget

# What was loaded, and how good it is.
from .cleaning.loading.reports import file_report as file_report
from .cleaning.loading.reports import join_report as join_report
from .cleaning.loading.reports import quality_report as quality_report
from .cleaning.loading.reports import table_report as table_report
from .cleaning.loading.history import load_history as load_history
from .insights.data_quality import metric_losses as metric_losses

# Numbers, with intervals and verdicts.
from .metrics.engine.evaluate import evaluate as evaluate
from .metrics.scorecard import scorecard as scorecard
from .metrics.scorecard import about as about
from .metrics.scorecard import headlines as headlines
from .metrics.glossary import glossary as glossary
from .metrics.analyses.conventions import conventions as conventions
from .metrics.analyses.goals import budget_report as budget_report
from .metrics.analyses.goals import goals as goals

# Analyses of what happened.
from .metrics.analyses.products import what_sells as what_sells
from .metrics.analyses.cohorts import cohort_retention as cohort_retention
from .metrics.analyses.lifetimes import at_risk_table as at_risk_table
from .metrics.analyses.lifetimes import lifetimes as lifetimes
from .metrics.analyses.lifetimes import logrank as logrank
from .metrics.analyses.lifetimes import survival_curve as survival_curve
from .metrics.analyses.contact import channel_responses as channel_responses
from .metrics.analyses.contact import posting_times as posting_times
from .metrics.analyses.contact import preferred_channels as preferred_channels
from .metrics.analyses.engagement_score import engagement_check as engagement_check
from .metrics.analyses.engagement_score import engagement_scores as engagement_scores
from .metrics.analyses.coincidences import coincidences as coincidences
from .metrics.analyses.events_before_win import events_before_win as events_before_win
from .insights.explain.explain import explain as explain
from .insights.explain.reasons import reasons_that_rose as reasons_that_rose
from .insights.follow_up import follow_up_list as follow_up_list

# What will happen.
from .predictions.ahead.months_ahead import ahead as ahead
from .predictions.ahead.back_test import ahead_backtest as ahead_backtest
from .predictions.ahead.back_test import level_shifts as level_shifts
from .predictions.track_record.record import track_record as track_record
from .predictions.runner.predict import predict as predict
from .predictions.runner.predict import with_predictions as with_predictions
from .predictions.runner.registry import prediction as prediction
from .insights.churn import churn_summary as churn_summary
from .predictions.value.summary import new_customer_values as new_customer_values
from .predictions.value.summary import value_over_life as value_over_life
from .predictions.value.summary import value_summary as value_summary
from .predictions.value.customer_values import customer_values as customer_values
from .predictions.value.backtest import value_backtest as value_backtest
from .predictions.renewals import renewal_outlook as renewal_outlook
from .predictions.value.tenure import tenure_curves as tenure_curves
from .predictions.futures.backtest import futures_backtest as futures_backtest
from .predictions.futures.possible import possible_futures as possible_futures
from .predictions.next_purchase import next_order_backtest as next_order_backtest
from .predictions.next_purchase import next_orders as next_orders
from .predictions.next_purchase import preference_backtest as preference_backtest
from .predictions.next_purchase import preferences as preferences
from .predictions.loyalty import anniversaries as anniversaries
from .predictions.loyalty import loyalty as loyalty
from .predictions.segments.profiles import segment_portraits as segment_portraits
from .predictions.segments.profiles import segment_profiles as segment_profiles
from .predictions.segments.profiles import typical_customers as typical_customers
from .predictions.segments.migration import customer_moves as customer_moves
from .predictions.segments.migration import migration as migration
from .predictions.segments.migration import move_totals as move_totals
from .predictions.segments.stability import segment_review as segment_review
from .predictions.sentiment import mood_shares as mood_shares
from .predictions.sentiment import sentiment_check as sentiment_check
from .predictions.topics import topics as topics

# What to do, and whether it worked.
from .insights.actions.draw import draw as draw
from .insights.actions.draw import trials as trials
from .insights.actions.draw import undo_draw as undo_draw
from .insights.actions.propose import propose as propose
from .insights.actions.todo import people_to_contact as people_to_contact
from .insights.actions.measure import action_results as action_results
from .insights.actions.measure import measure as measure
from .insights.actions.responders import response_by_group as response_by_group
from .insights.actions.responders import who_responds as who_responds

# Metrics of one's own: a card and what it adds up.
from .metrics.card import cards as cards
from .metrics.card import metric as metric
from .metrics.measures import Count as Count
from .metrics.measures import IncidenceMedian as IncidenceMedian
from .metrics.measures import KaplanMeierMedian as KaplanMeierMedian
from .metrics.measures import LossRate as LossRate
from .metrics.measures import Mean as Mean
from .metrics.measures import MeanCount as MeanCount
from .metrics.measures import MeanPerCustomer as MeanPerCustomer
from .metrics.measures import Median as Median
from .metrics.measures import NetShare as NetShare
from .metrics.measures import Quotient as Quotient
from .metrics.measures import Ratio as Ratio
from .metrics.measures import Share as Share
from .metrics.measures import ShareOfCounts as ShareOfCounts
from .metrics.measures import Stock as Stock
from .metrics.measures import Tally as Tally
from .metrics.measures import Total as Total
