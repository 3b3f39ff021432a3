"""Estimators: what the database adds up, and how value and interval follow from it."""

from crmkit.metrics.measures.base import Measure, OwnQuery, Sums
from crmkit.metrics.measures.durations import IncidenceMedian, KaplanMeierMedian, kaplan_meier
from crmkit.metrics.measures.means import Mean, MeanCount, MeanPerCustomer, PredictedMean, Ratio
from crmkit.metrics.measures.median import Median
from crmkit.metrics.measures.movements import ActiveAtStart, DailyLossRate, LossRate, Stock
from crmkit.metrics.measures.quotient import Combined, Quotient, SumOf
from crmkit.metrics.measures.recurring_revenue import (
    RecurringChange,
    RecurringEarned,
    RecurringKept,
    RecurringLevel,
)
from crmkit.metrics.measures.revenue_change import RevenueChange
from crmkit.metrics.measures.shares import Composition, NetShare, Share, ShareOfCounts, ShareOfCustomers
from crmkit.metrics.measures.totals import ActiveUnits, BudgetUse, Count, MonthlyTotal, PerUserWeek, Tally, Total
from crmkit.metrics.measures.uplift import Uplift

__all__ = [
    "ActiveAtStart",
    "ActiveUnits",
    "BudgetUse",
    "Combined",
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
    "RecurringEarned",
    "RecurringKept",
    "RecurringLevel",
    "RevenueChange",
    "Share",
    "ShareOfCounts",
    "ShareOfCustomers",
    "Stock",
    "SumOf",
    "Sums",
    "Tally",
    "Total",
    "Uplift",
    "kaplan_meier",
]
