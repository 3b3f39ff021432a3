"""Estimators: what the database adds up, and how value and interval follow from it."""

from crmkit.metrics.measures.attrition import LossRate
from crmkit.metrics.measures.base import Measure, Sums
from crmkit.metrics.measures.composition import Composition
from crmkit.metrics.measures.customers import ActiveAtStart, ShareOfCustomers
from crmkit.metrics.measures.daily import DailyLossRate
from crmkit.metrics.measures.linear import Count, Mean, MeanPerCustomer, Ratio, Total
from crmkit.metrics.measures.median import Median
from crmkit.metrics.measures.quotient import Quotient
from crmkit.metrics.measures.recurring import RecurringChange, RecurringKept
from crmkit.metrics.measures.shares import NetShare, Share
from crmkit.metrics.measures.survival import KaplanMeierMedian, kaplan_meier

__all__ = [
    "ActiveAtStart",
    "Composition",
    "Count",
    "DailyLossRate",
    "KaplanMeierMedian",
    "LossRate",
    "Mean",
    "MeanPerCustomer",
    "Measure",
    "Median",
    "NetShare",
    "Quotient",
    "Ratio",
    "RecurringChange",
    "RecurringKept",
    "Share",
    "ShareOfCustomers",
    "Sums",
    "Total",
    "kaplan_meier",
]
