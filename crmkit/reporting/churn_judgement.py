"""The sections on how chances of leaving did before, and what leavers have in common."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.insights.churn_learned import groups_by_difference, methods_message, reasons_message
from crmkit.insights.churn_summary import ChurnSummary
from crmkit.metrics.nouns import counted
from crmkit.periods import day_in_words
from crmkit.predictions.churn_backtest import drift, reliability
from crmkit.predictions.churn_models import NAMES
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")


def expected_losses_chart(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return the losses expected at past days beside those that came.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    from crmkit.plots import plot_expected_losses

    days = _past(summary)
    if summary.outlook is None or not len(days):
        return _NOTHING
    horizon = summary.outlook.horizon
    inside = int(((days["lost"] >= days["low"]) & (days["lost"] <= days["high"])).sum())
    title = f"On {inside} of {counted(len(days), 'past days')} about as many left as expected"
    return figure(
        plot_expected_losses(days),
        title,
        f"Customers expected to leave within {counted(horizon, 'days')} of each day, from what was known by that day, "
        "and those who left.",
        alt=f"Expected and actual losses by day. {title}.",
        caption="About as many: the number lies within the 95 % interval.",
        data=days[["day", "n", "expected", "low", "high", "lost"]].assign(day=pd.to_datetime(days["day"])),
        units=dict.fromkeys(["n", "expected", "low", "high", "lost"], "count"),
        labels={"n": "Could leave", "lost": "Left"},
        settings=catalog.settings,
    )


def reliability_chart(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return whether as many left as the chances said.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    from crmkit.plots import plot_reliability

    outlook = summary.outlook
    if outlook is None or not len(outlook.tested) or outlook.method == "rate":  # all have the same chance
        return _NOTHING
    tenths = reliability(outlook.tenths, outlook.method, outlook.horizon)
    inside = int(((tenths["lost"] >= tenths["low"]) & (tenths["lost"] <= tenths["high"])).sum())
    title = f"In {inside} of {len(tenths)} groups about as many left as their chances said"
    return figure(
        plot_reliability(tenths),
        title,
        f"Customers of all past days in {len(tenths)} groups of one size, from the lowest chances to the highest: the mean "
        "chance, with its 95 % interval, and the share who left.",
        alt=f"Foretold and actual shares of customers who left, in {len(tenths)} groups. {title}.",
        caption="About as many: the share lies within the 95 % interval.",
        data=tenths,
        units={"n": "count", "chance": "share", "low": "share", "high": "share", "lost": "share"},
        labels={"tenth": "Group", "n": "Customers", "chance": "Mean chance", "lost": "Left"},
        settings=catalog.settings,
    )


def churn_methods(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return how each way of telling leavers would have done at past days.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    if summary.outlook is None or not len(summary.outlook.tested):
        return _NOTHING
    tested = summary.outlook.tested.groupby("method")
    each = tested[["log_loss", "auc", "lift", "slope"]].mean().round(3).assign(n=tested.size())
    each = each.sort_values("log_loss").reset_index()
    return table(
        each.assign(method=each["method"].map(NAMES)),
        methods_message(each, summary.outlook.method),
        subtitle="The closest first. The last columns are for the analyst, the means of all past days.",
        caption="Log-loss: how far the chances were from what came, less is better. AUC: of a leaver and a stayer, how often the "
        "leaver had the higher chance; 0.5 is drawing lots. Lift: how many times as often as the average customer the tenth "
        "with the highest chances left. Slope: 1 where the chances are as sure as they should be, below where too sure.",
        labels={"log_loss": "Log-loss", "auc": "AUC", "n": "Past days"},
    )


def churn_groups(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return who left more often than others on past days.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    if summary.outlook is None or not len(summary.groups):
        return _NOTHING
    rows, message = groups_by_difference(summary.groups)
    return table(
        rows[["what", "group", "lost", "low", "high", "others", "n"]],
        message,
        subtitle="Of the customers who could leave on past days, the share who left within "
        f"{counted(summary.outlook.horizon, 'days')}, with 95 % interval.",
        caption="This need not be why they left: customers of a plan or a channel differ in other ways too.",
        units={"n": "count", "lost": "share", "low": "share", "high": "share", "others": "share"},
        labels={"what": "Customers by", "n": "Customers", "lost": "Left", "others": "All others"},
        max_rows=12,
    )


def cancel_reason_table(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return the reasons that subscribers gave when they cancelled.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    if not len(summary.reasons_given):
        return _NOTHING
    return table(
        summary.reasons_given,
        reasons_message(summary.reasons_given),
        subtitle="Reasons given for cancelling in the last 12 months.",
        units={"n": "count", "share": "share"},
        labels={"n": "Cancellations"},
        max_rows=10,
    )


def earlier_scores(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return how the chances that earlier reports gave have turned out.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    if not len(summary.reviewed):
        return _NOTHING
    reviewed = summary.reviewed.assign(day=pd.to_datetime(summary.reviewed["day"]))
    last = reviewed.iloc[0]
    return table(
        reviewed[["day", "n", "expected", "lost", "auc", "lift"]].round(2),
        f"The report of {day_in_words(last['day'])} expected {last['expected']:,.0f} to leave, {last['lost']:,.0f} left",
        subtitle="What earlier reports expected, and who has left since.",
        caption="AUC: of a leaver and a stayer, how often the leaver had the higher chance; 0.5 is drawing lots. Lift: how many "
        "times as often as the average customer the tenth with the highest chances left.",
        units={"n": "count", "expected": "count", "lost": "count"},
        labels={"n": "Could leave", "lost": "Left", "auc": "AUC"},
    )


def _past(summary: ChurnSummary) -> pd.DataFrame:
    if summary.outlook is None:
        return pd.DataFrame()
    outlook = summary.outlook
    days = outlook.tested[outlook.tested["method"] == outlook.method].iloc[::-1].reset_index(drop=True)
    others = np.array([drift(days.drop(index=place), outlook.method) for place in days.index])
    spread = 1.96 * np.sqrt(days["variance"] + (others * days["expected"]) ** 2)
    return days.assign(low=(days["expected"] - spread).clip(lower=0), high=days["expected"] + spread)
