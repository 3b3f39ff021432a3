"""The sections on what leaving goes together with, and on when customers leave."""

from __future__ import annotations

from crmkit.insights.churn_learned import driver_message, driver_rows, remaining_message, risk_message
from crmkit.insights.churn_summary import ChurnSummary
from crmkit.insights.feature_names import feature_label
from crmkit.insights.phrases import sentence_case
from crmkit.metrics.nouns import counted, joined
from crmkit.predictions.churn import ChurnOutlook
from crmkit.predictions.churn_durations import relative_risks, remaining
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")
_NOT_AT_RISK = {"notice given": "who gave notice", "": "whose term runs on beyond that"}
_DOUBTFUL = 0.01  # of the check of proportional hazards


def remaining_chart(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return how many of the customers of today will still be active in the months to come.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    from crmkit.plots import plot_remaining

    if summary.outlook is None or not len(months := remaining(catalog, summary.as_of)):
        return _NOTHING
    title = remaining_message(months)
    longest = int(months["longest"].iloc[0])
    return figure(
        plot_remaining(months),
        title,
        "How many of today's customers will still be active, with 95 % band; new ones are not counted.",
        alt=f"Customers still active, by month from today. {title}.",
        caption=f"Nobody has been watched for longer than {counted(longest, 'months')}: for customers beyond that age the curve "
        f"continues the pattern. Who comes back later counts as having left. {_beside_the_headline(summary.outlook)} "
        "For the analyst: discrete-time survival by age, "
        "plan, channel and country.",
        data=months.loc[months["month"] % 3 == 0, ["month", "value", "low", "high"]],
        units=dict.fromkeys(["month", "value", "low", "high"], "count"),
        labels={"month": "Months from today", "value": "Still active"},
        settings=catalog.settings,
    )


def _beside_the_headline(outlook: ChurnOutlook) -> str:
    """Say how the curve and the number of the headline differ: in whom they count, and in what they go by."""
    n_of = outlook.known["kind"].value_counts()
    left_out = [f"the {n:,} {who}" for kind, who in _NOT_AT_RISK.items() if (n := int(n_of.get(kind, 0)))]
    without = f", not {joined(left_out)}," if left_out else ""
    return (
        f"The curve counts every active customer and goes by how long each has stayed; the headline counts those who may leave "
        f"within {counted(outlook.horizon, 'days')}{without} and goes by each one's own chance, so the two need not agree."
    )


def churn_drivers(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return what leaving goes together with most, all else equal.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    rows = driver_rows(summary, catalog.settings.company.currency)
    if not len(rows):
        return _NOTHING
    return table(
        rows.drop(columns="sure").assign(feature=rows["feature"].map(sentence_case)),
        driver_message(rows),
        subtitle="Customers with much of something compared with those with little of it, alike in everything else: how many "
        "times as high their odds of leaving are, with 95 % interval.",
        caption="Where the interval holds 1 it may be chance. It need not be why they left. For the analyst: odds ratios "
        "between the ninetieth and the tenth percentile, of texts between the two groups that differ most, all else equal; "
        "features that overlap share their say, so orders are compared among customers who ordered last on the same day.",
        units={"odds_ratio": "ratio", "low": "ratio", "high": "ratio"},
        labels={"feature": "What differs", "odds_ratio": "Odds of leaving, times"},
    )


def relative_risk_table(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return how much sooner customers of one plan, channel or country leave than others.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    if summary.outlook is None or not len(rows := relative_risks(catalog, summary.as_of)):
        return _NOTHING
    doubtful = rows["p_constant"] < _DOUBTFUL
    shown = rows.assign(constant=["differs with age" if each else "" for each in doubtful])
    columns = ["what", "group", "hazard_ratio", "low", "high", "against", "n"]
    if doubtful.any():
        columns.append("constant")
    labels = {"what": "Customers by", "hazard_ratio": "Leave, times as often", "against": "Compared with", "n": "Customers",
              "constant": "Check"}  # fmt: skip
    return table(
        shown[columns],
        risk_message(rows),
        subtitle="How many times as often the customers of a group leave as those compared with, at the same age and alike in "
        "the rest, with 95 % interval.",
        caption=f"Where the interval holds 1 it may be chance. {_aged(bool(doubtful.any()))} For the analyst: hazard ratios "
        "of a Cox model from the start of each stretch of activity; who left and came back counts again.",
        units={"n": "count", "hazard_ratio": "ratio", "low": "ratio", "high": "ratio"},
        labels={name: label for name, label in labels.items() if name in columns},
    )


def churn_shifts(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return whether the customers of today are still those that were learned from.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    from crmkit.insights.churn import feature_value

    if summary.outlook is None or not len(rows := summary.outlook.shifts):
        return _NOTHING
    off = rows[rows["shifted"].astype(bool)]
    currency = catalog.settings.company.currency
    told = rows.head(8).assign(feature=rows["feature"].map(feature_label).map(sentence_case))
    for side in ("then", "now"):
        told[side] = [
            feature_value(name, value, currency) for name, value in zip(rows["feature"], told[side], strict=False)
        ]
    return table(
        told[["feature", "then", "now", "index", "weight"]],
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


def _aged(any_doubtful: bool) -> str:
    if any_doubtful:
        return (
            "“Differs with age”: the ratio is not the same for new and for old customers, and this is its mean (the check of "
            "proportional hazards fails)."
        )
    return "No ratio differs between new and old customers (the check of proportional hazards)."
