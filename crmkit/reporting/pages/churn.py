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
from crmkit.insights.explain.reasons import reasons_that_rose
from crmkit.insights.phrases import feature_label, sentence_case
from crmkit.metrics.formatting import counted, in_words
from crmkit.periods import PeriodLike, day_in_words
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
_NOT_AT_RISK = ("notice given", "")
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
    top = top.assign(customer_id=shown_ids(top["customer_id"], catalog.settings))
    top = top[["customer_id", "chance", "low", "high", "worth", "at_risk", "reasons"]]
    n_notice = int((outlook.customers["kind"] == "notice given").sum())
    on_notice = say("churn-notice", n=n_notice) if n_notice else ""
    return table(
        top,
        say("churn-leaving", n=len(top), of=len(summary.at_risk)),
        subtitle=say("churn-leaving-subtitle", days=counted(outlook.horizon, "days")),
        caption=f"{on_notice} {say('churn-leaving-caption')}".strip(),
        units={"chance": "share", "low": "share", "high": "share", "worth": "money", "at_risk": "money"},
        labels={"customer_id": "Customer", "reasons": "Why"},
        settings=catalog.settings,
        id="leaving",
    )


@section()
def leaving_export(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return the whole list, which the run writes; nothing where the chances are doubtful."""
    outlook = summary.outlook
    if outlook is None or outlook.warning or not len(summary.at_risk):
        return None
    return export(_call_list(catalog, summary), "about_to_leave", say("churn-list"))


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
        say("churn-calls-subtitle", cost=cost, share=kept),
        alt=say("churn-calls-alt", who=counted(summary.n_paying, "customers"), title=title),
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
    title = say("churn-past", n=inside, days=counted(len(days), "past days"))
    return figure(
        plot_expected_losses(days),
        title,
        say("churn-past-subtitle", days=counted(horizon, "days")),
        alt=say("churn-past-alt", title=title),
        caption=say("churn-past-caption"),
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
    title = say("churn-tenths", n=inside, groups=len(tenths))
    return figure(
        plot_reliability(tenths),
        title,
        say("churn-tenths-subtitle", groups=len(tenths)),
        alt=say("churn-tenths-alt", groups=len(tenths), title=title),
        caption=say("churn-tenths-caption"),
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
        subtitle=say("churn-methods-subtitle"),
        caption=say("churn-methods-caption"),
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
        subtitle=say("churn-groups-subtitle", days=counted(summary.outlook.horizon, "days")),
        caption=say("churn-groups-caption"),
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
        subtitle=say("churn-reasons-of-year"),
        units={"n": "count", "share": "share"},
        labels={"n": "Cancellations"},
        max_rows=10,
    )


@section("no reasons given")
def cancel_reason_change(catalog: Catalog, period: PeriodLike, *, max_rows: int = 3) -> Fragment | None:
    """Return the reasons given for cancelling in the period against earlier ones; empty where too few are known.

    Parameters
    ----------
    max_rows : int
        Rows shown.
    """
    reasons = reasons_that_rose(catalog, period)
    reasons = reasons[
        (reasons["source"] == "subscription_terms.cancel_reason") & (reasons["n"] + reasons["before"] > 0)
    ]
    if reasons.empty:
        return None
    rose = reasons[reasons["rose"]]
    first = (rose if len(rose) else reasons).iloc[0]
    told = {"reason": first["reason"], "now": f"{first['n']:,.0f}", "before": f"{first['n_before']:,.0f}"}
    before, usual = period.previous.label_beside(period), say("churn-reasons-usual", period=period.noun)
    names = {"reason": "Reason", "n": period.label, "n_before": before, "before": usual}
    shown = reasons.sort_values("n", ascending=False, kind="stable")[list(names)].rename(columns=names)
    return table(
        shown,
        say("churn-reason-rose", **told, period=period.label) if len(rose) else say("churn-reasons-alike"),
        units=dict.fromkeys((period.label, before, usual), "count"),
        max_rows=max_rows,
        id="cancel-reasons",
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
        say(
            "churn-earlier",
            day=day_in_words(last["day"]),
            expected=f"{last['expected']:,.0f}",
            lost=f"{last['lost']:,.0f}",
        ),
        subtitle=say("churn-earlier-subtitle"),
        caption=say("churn-earlier-caption"),
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
        say("churn-remaining-subtitle"),
        alt=say("churn-remaining-alt", title=title),
        caption=" ".join(
            [
                say("churn-remaining-caption", months=counted(longest, "months")),
                _difference_from_headline(summary.outlook),
                say("churn-remaining-analyst"),
            ]
        ),
        data=months.loc[months["month"] % 3 == 0, ["month", "value", "low", "high"]],
        units=dict.fromkeys(["month", "value", "low", "high"], "count"),
        labels={"month": say("churn-remaining-month"), "value": say("churn-remaining-value")},
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
        subtitle=say("churn-drivers-subtitle"),
        caption=say("churn-drivers-caption"),
        units={"odds_ratio": "ratio", "low": "ratio", "high": "ratio"},
        labels={"feature": "What differs", "odds_ratio": say("churn-drivers-odds")},
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
        subtitle=say("churn-pairs-subtitle"),
        caption=say("churn-pairs-caption"),
        units={"n": "count", "lost": "share", "expected": "share"},
        labels={"group": "Customers with", "n": "Customers", "lost": "Left", "expected": say("churn-pairs-expected")},
    )


@section()
def relative_risk_table(catalog: Catalog, summary: ChurnSummary | Any) -> Fragment | None:
    """Return how much sooner customers of one plan, channel or country leave than others."""
    if summary.outlook is None or not len(rows := relative_risks(catalog, summary.as_of)):
        return None
    doubtful = rows["p_constant"] < _DOUBTFUL
    shown = rows.assign(constant=[say("churn-risks-doubtful") if each else "" for each in doubtful])
    columns = ["what", "group", "hazard_ratio", "low", "high", "against", "n"]
    if doubtful.any():
        columns.append("constant")
    labels = {
        "what": "Customers by",
        "hazard_ratio": say("churn-risks-ratio"),
        "against": "Compared with",
        "n": "Customers",
        "constant": "Check",
    }
    return table(
        shown[columns],
        risk_message(rows),
        subtitle=say("churn-risks-subtitle"),
        caption=say("churn-risks-caption", doubtful="some" if doubtful.any() else "none"),
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
        say("churn-shifts", n=len(off), of=counted(len(rows), "things")),
        subtitle=say("churn-shifts-subtitle"),
        caption=say("churn-shifts-caption", share=f"{100 * off['weight'].sum():.0f}"),
        units={"weight": "share"},
        labels={"feature": "What", "index": "Moved", "weight": say("churn-shifts-weight")},
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
    notice, beyond = (int(n_of.get(kind, 0)) for kind in _NOT_AT_RISK)
    left_out = "both" if notice and beyond else "notice" if notice else "beyond" if beyond else "none"
    told = {"notice": f"{notice:,}", "beyond": f"{beyond:,}"}
    return say("churn-remaining-differs", days=counted(outlook.horizon, "days"), left_out=left_out, **told)
