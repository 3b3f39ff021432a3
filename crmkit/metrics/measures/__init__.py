"""Estimators: what the database adds up, and how value and interval follow from it."""

from crmkit.metrics.measures.attrition import LossRate
from crmkit.metrics.measures.base import Measure, OwnQuery, Sums
from crmkit.metrics.measures.calendar import BudgetUse, MonthlyTotal
from crmkit.metrics.measures.composition import Composition
from crmkit.metrics.measures.customers import ActiveAtStart, ShareOfCustomers
from crmkit.metrics.measures.daily import DailyLossRate
from crmkit.metrics.measures.incidence import IncidenceMedian
from crmkit.metrics.measures.linear import Count, Mean, MeanPerCustomer, PredictedMean, Ratio, Total
from crmkit.metrics.measures.median import Median
from crmkit.metrics.measures.quotient import Quotient
from crmkit.metrics.measures.recurring import RecurringChange, RecurringKept
from crmkit.metrics.measures.shares import NetShare, Share
from crmkit.metrics.measures.stock import Stock
from crmkit.metrics.measures.survival import KaplanMeierMedian, kaplan_meier
from crmkit.metrics.measures.tallies import MeanCount, ShareOfCounts, Tally
from crmkit.metrics.measures.turnover import RevenueChange
from crmkit.metrics.measures.uplift import Uplift
from crmkit.metrics.measures.users import ActiveUnits, PerUserWeek

__all__ = [
    "ActiveAtStart",
    "ActiveUnits",
    "BudgetUse",
    "Composition",
    "Count",
    "DailyLossRate",
    "IncidenceMedian",
    "KaplanMeierMedian",
    "LossRate",
    "Mean",
    "MeanCount",
    "MeanPerCustomer",
    "Measure",
    "Median",
    "MonthlyTotal",
    "NetShare",
    "OwnQuery",
    "PerUserWeek",
    "PredictedMean",
    "Quotient",
    "Ratio",
    "RecurringChange",
    "RecurringKept",
    "RevenueChange",
    "Share",
    "ShareOfCounts",
    "ShareOfCustomers",
    "Stock",
    "Sums",
    "Tally",
    "Total",
    "Uplift",
    "kaplan_meier",
]
