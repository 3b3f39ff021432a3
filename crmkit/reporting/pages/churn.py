"""The sections of the page on churn: who is about to leave, why, when, and how far such forecasts held in the past."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmkit.insights.churn import (
    ChurnSummary,
    churn_findings,
    churn_headline,
    driver_message,
    driver_rows,
    groups_by_difference,
    methods_message,
    pair_message,
    pair_rows,
    reasons,
    reasons_message,
    remaining_message,
    risk_message,
)
from crmkit.insights.churn import churn_method as churn_method
from crmkit.insights.phrases import feature_label, sentence_case
from crmkit.metrics.formatting import counted, in_words, joined
from crmkit.periods import day_in_words
from crmkit.predictions.churn.backtest import drift, reliability
from crmkit.predictions.churn.learning import NAMES
from crmkit.predictions.churn.outlook import ChurnOutlook
from crmkit.predictions.churn.survival import relative_risks, remaining
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.figures import figure
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.opening import opening, table_names
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages.section import section
from crmkit.sources.masking import shown_ids
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_SHOWN = 15
_NOT_AT_RISK = {"notice given": "who gave notice", "": "whose term runs on beyond that"}
_DOUBTFUL = 0.01  # of the check of proportional hazards


@section()
def churn_opening(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment:
    """Return the top of the page: headline and three to five sentences."""
    return opening(
        title=churn_headline(summary),
        findings=churn_findings(summary, catalog.settings.company.currency),
        data_through=catalog.data_through,
        needs=" or ".join(table_names(summary.reason)) if summary.outlook is None else "",
    )


@section()
def leaving_customers(catalog: Catalog, summary: ChurnSummary | Any, *, limit: int = _SHOWN) -> Fragment | None:
    """Return the customers with most value at risk, with reasons; nothing where the chances are doubtful.

    Parameters
    ----------
    limit : int
        Most customers to show; the export has all.
    """
    outlook = summary.outlook
    if outlook is None or outlook.warning or not len(summary.at_risk):
        return None
    top = _call_list(catalog, summary).head(limit)
    top = top.assign(customer_id=shown_ids(top["customer_id"], catalog.settings), place=range(1, len(top) + 1))
    top = top[["place", "customer_id", "chance", "worth", "at_risk", "low", "high", "reasons"]]
    n_notice = int((outlook.customers["kind"] == "notice given").sum())
    on_notice = f"{counted(n_notice, 'customers')} who have given notice are not listed. " if n_notice else ""
    return table(
        top,
        f"With {counted(len(top), 'customers')} most money is at risk" if len(top) > 1 else "One customer may leave",
        subtitle=f"Each one's chance of leaving within {counted(outlook.horizon, 'days')}, with 95 % interval, and what "
        "raises it most above that of the average customer. At risk: the chance times the worth.",
        caption=f"{on_notice}The reasons are what leavers had in common in the past, which need not be why they left.",
        units={"chance": "share", "low": "share", "high": "share", "worth": "money", "at_risk": "money"},
        labels={"customer_id": "Customer", "low": "Chance, 95 % interval", "reasons": "Why"},
        settings=catalog.settings,
        id="leaving",
    )


@section()
def leaving_export(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return the whole list, which the run writes; nothing where the chances are doubtful."""
    outlook = summary.outlook
    if outlook is None or outlook.warning or not len(summary.at_risk):
        return None
    return export(
        _call_list(catalog, summary), "about_to_leave", "Everybody who may leave, those with most money at risk first"
    )


@section()
def call_chart(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return the expected profit by number of customers contacted."""
    from crmkit.plots import plot_call_profit

    if not summary.n_paying or summary.call is None or summary.call.advice in ("stop", "none"):
        return None
    settings, currency = catalog.settings.retention, catalog.settings.company.currency
    cost, kept = in_words(settings.contact_cost, "money", currency=currency), in_words(summary.save.value, "share")
    title = say("actions-call-profit", n=summary.n_paying, kept=kept)
    shown = summary.plan.head(max(3 * summary.n_paying, 20))  # beyond, it is known to fall
    steps = shown.iloc[np.unique(np.linspace(0, len(shown) - 1, 12).astype(int))]
    return figure(
        plot_call_profit(shown, currency=currency),
        title,
        f"Expected profit by number of customers contacted; a contact costs {cost} and keeps "
        f"{kept} of those who would leave.",
        alt=f"Expected profit rises up to {counted(summary.n_paying, 'customers')} and falls after. {title}.",
        caption=say("actions-call-profit-origin", origin=summary.save.words),
        data=steps[["n", "profit"]].reset_index(drop=True),
        units={"n": "count", "profit": "money"},
        labels={"n": "Customers contacted"},
        settings=catalog.settings,
    )


@section()
def expected_losses_chart(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return the losses expected at past days beside the actual ones."""
    from crmkit.plots import plot_expected_losses

    days = _past_days(summary)
    if summary.outlook is None or not len(days):
        return None
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


@section()
def reliability_chart(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return the calibration of the chances: predicted chances beside the shares that left."""
    from crmkit.plots import plot_reliability

    outlook = summary.outlook
    if outlook is None or not len(outlook.tested) or outlook.method == "rate":  # all have the same chance
        return None
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


@section()
def churn_methods(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return how each method would have predicted who left on past days."""
    if summary.outlook is None or not len(summary.outlook.tested):
        return None
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


@section()
def churn_groups(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return the groups that left more often than others on past days."""
    if summary.outlook is None or not len(summary.groups):
        return None
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


@section()
def cancel_reason_table(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return the reasons that subscribers gave when they cancelled."""
    if not len(summary.reasons_given):
        return None
    return table(
        summary.reasons_given,
        reasons_message(summary.reasons_given),
        subtitle="Reasons given for cancelling in the last 12 months.",
        units={"n": "count", "share": "share"},
        labels={"n": "Cancellations"},
        max_rows=10,
    )


@section()
def earlier_scores(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return how accurate the chances of earlier reports were."""
    if not len(summary.reviewed):
        return None
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


@section()
def remaining_chart(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return how many of the customers of today will still be active in the months to come."""
    from crmkit.plots import plot_remaining

    if summary.outlook is None or not len(months := remaining(catalog, summary.as_of)):
        return None
    title = remaining_message(months)
    longest = int(months["longest"].iloc[0])
    return figure(
        plot_remaining(months),
        title,
        "How many of today's customers will still be active, with 95 % band; new ones are not counted.",
        alt=f"Customers still active, by month from today. {title}.",
        caption=f"Nobody has been watched for longer than {counted(longest, 'months')}: for customers beyond that age the curve "
        f"continues the pattern. Who comes back later counts as having left. {_difference_from_headline(summary.outlook)} "
        "For the analyst: discrete-time survival by age, "
        "plan, channel and country.",
        data=months.loc[months["month"] % 3 == 0, ["month", "value", "low", "high"]],
        units=dict.fromkeys(["month", "value", "low", "high"], "count"),
        labels={"month": "Months from today", "value": "Still active"},
        settings=catalog.settings,
    )


@section()
def churn_drivers(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return what leaving goes together with most, all else equal."""
    rows = driver_rows(summary, catalog.settings.company.currency)
    if not len(rows):
        return None
    return table(
        rows.drop(columns="significant").assign(feature=rows["feature"].map(sentence_case)),
        driver_message(rows),
        subtitle="Customers with much of something compared with those with little of it, alike in everything else: how many "
        "times as high their odds of leaving are, with 95 % interval.",
        caption="Where the interval holds 1 it may be chance. It need not be why they left. For the analyst: odds ratios "
        "between the ninetieth and the tenth percentile, of texts between the two groups that differ most, all else equal; "
        "features that overlap share their say, so orders are compared among customers who ordered last on the same day.",
        units={"odds_ratio": "ratio", "low": "ratio", "high": "ratio"},
        labels={"feature": "What differs", "odds_ratio": "Odds of leaving, times"},
    )


@section()
def churn_pairs(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return what leaving goes together with only where two things meet."""
    rows = pair_rows(summary)
    if not len(rows):
        return None
    return table(
        rows.assign(group=rows["group"].map(sentence_case)),
        pair_message(rows),
        subtitle="Groups in which two things together go with more losses, or fewer, than each by itself.",
        caption="Found and counted in the same customers of past days, after allowing for all groups looked at; the next ones "
        "will differ less. It need not be why they left.",
        units={"n": "count", "lost": "share", "expected": "share"},
        labels={"group": "Customers with", "n": "Customers", "lost": "Left", "expected": "Expected from each alone"},
    )


@section()
def relative_risk_table(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return how much sooner customers of one plan, channel or country leave than others."""
    if summary.outlook is None or not len(rows := relative_risks(catalog, summary.as_of)):
        return None
    doubtful = rows["p_constant"] < _DOUBTFUL
    shown = rows.assign(constant=["differs with age" if each else "" for each in doubtful])
    columns = ["what", "group", "hazard_ratio", "low", "high", "against", "n"]
    if doubtful.any():
        columns.append("constant")
    labels = {
        "what": "Customers by",
        "hazard_ratio": "Leave, times as often",
        "against": "Compared with",
        "n": "Customers",
        "constant": "Check",
    }
    return table(
        shown[columns],
        risk_message(rows),
        subtitle="How many times as often the customers of a group leave as those compared with, at the same age and alike in "
        "the rest, with 95 % interval.",
        caption=f"Where the interval holds 1 it may be chance. {_hazards_sentence(bool(doubtful.any()))} "
        "For the analyst: hazard ratios of a Cox model from the start of each stretch of activity; who left and came back "
        "counts again.",
        units={"n": "count", "hazard_ratio": "ratio", "low": "ratio", "high": "ratio"},
        labels={name: label for name, label in labels.items() if name in columns},
    )


@section()
def churn_shifts(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return whether the customers of today are still like those that the model was fitted to."""
    from crmkit.insights.churn import feature_value

    if summary.outlook is None or not len(rows := summary.outlook.shifts):
        return None
    off = rows[rows["shifted"].astype(bool)]
    currency = catalog.settings.company.currency
    shown = rows.head(8).assign(feature=rows["feature"].map(feature_label).map(sentence_case))
    for side in ("then", "now"):
        shown[side] = [
            feature_value(name, value, currency) for name, value in zip(rows["feature"], shown[side], strict=False)
        ]
    return table(
        shown[["feature", "then", "now", "index", "weight"]],
        f"In {len(off)} of {counted(len(rows), 'things')} today's customers are unlike those that the chances were learned from"
        if len(off)
        else "The customers of today are like those that the chances were learned from",
        subtitle="The middle customer then and now, how far all have moved (above 0.25 they are called different), and how "
        "much the chances rest on it.",
        caption=f"The chances rest by {100 * off['weight'].sum():.0f} % on what is different; above half, no list is given. For "
        "the analyst: moved is the population stability index.",
        units={"weight": "share"},
        labels={"feature": "What", "index": "Moved", "weight": "Share in the chances"},
    )


def _call_list(catalog: Catalog, summary: ChurnSummary) -> pd.DataFrame:
    assert summary.outlook is not None
    rows = summary.at_risk.join(summary.outlook.scores[["low", "high"]])
    why = reasons(summary.outlook, catalog.settings.company.currency)
    rows = rows.assign(reasons=why.reindex(rows.index))
    return rows.reset_index()[["customer_id", "chance", "low", "high", "worth", "at_risk", "reasons"]]


def _past_days(summary: ChurnSummary) -> pd.DataFrame:
    if summary.outlook is None:
        return pd.DataFrame()
    if len(summary.tried):
        return summary.tried.iloc[::-1].reset_index(drop=True)
    outlook = summary.outlook
    days = outlook.tested[outlook.tested["method"] == outlook.method].iloc[::-1].reset_index(drop=True)
    others = np.array([drift(days.drop(index=place), outlook.method) for place in days.index])
    spread = 1.96 * np.sqrt(days["variance"] + (others * days["expected"]) ** 2)
    return days.assign(low=(days["expected"] - spread).clip(lower=0), high=days["expected"] + spread)


def _difference_from_headline(outlook: ChurnOutlook) -> str:
    """Return how the curve and the number of the headline differ: in the customers counted and in the method."""
    n_of = outlook.customers["kind"].value_counts()
    left_out = [f"the {n:,} {who}" for kind, who in _NOT_AT_RISK.items() if (n := int(n_of.get(kind, 0)))]
    without = f", not {joined(left_out)}," if left_out else ""
    return (
        f"The curve counts every active customer and goes by how long each has stayed; the headline counts those who may leave "
        f"within {counted(outlook.horizon, 'days')}{without} and goes by each one's own chance, so the two need not agree."
    )


def _hazards_sentence(any_doubtful: bool) -> str:
    if any_doubtful:
        return (
            "“Differs with age”: the ratio is not the same for new and for old customers, and this is its mean (the check of "
            "proportional hazards fails)."
        )
    return "No ratio differs between new and old customers (the check of proportional hazards)."
