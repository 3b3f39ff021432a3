"""The sections on what leaving goes together with, and on when customers leave."""

from __future__ import annotations

from crmkit.insights.churn_learned import driver_message, driver_rows, remaining_message, risk_message
from crmkit.insights.churn_summary import ChurnSummary
from crmkit.insights.feature_names import feature_label
from crmkit.insights.phrases import sentence_case
from crmkit.metrics.nouns import counted
from crmkit.predictions.churn_durations import relative_risks, remaining
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")
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
        "Active customers without those who will be won: discrete-time survival by age, plan, channel and country, with "
        "95 % band.",
        alt=f"Customers still active, by month from today. {title}.",
        caption=f"Nobody has been watched for longer than {counted(longest, 'months')}: beyond that age the curve is the "
        "model's. Who comes back later counts as having left.",
        data=months.loc[months["month"] % 3 == 0, ["month", "value", "low", "high"]],
        units=dict.fromkeys(["month", "value", "low", "high"], "count"),
        settings=catalog.settings,
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
        subtitle="Odds of leaving of customers at one end of a feature over those at the other (its ninetieth and tenth "
        "percentile; of texts the groups that differ most), all else equal, with 95 % interval.",
        caption="Where an interval holds 1 the data do not tell. Features that overlap share their say: orders are compared "
        "among customers who ordered last on the same day. What goes together is not yet a cause.",
        labels={"odds_ratio": "Times the odds"},
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
    shown = rows.assign(constant=["changes with age" if each else "" for each in doubtful])
    return table(
        shown[["what", "group", "against", "n", "hazard_ratio", "low", "high", "constant"]],
        risk_message(rows),
        subtitle="Hazard ratios (Cox) from the start of each stretch of activity, all else equal, with 95 % interval.",
        caption="“Changes with age”: the check of proportional hazards fails, so the ratio is a mean over ages."
        if doubtful.any()
        else "The check of proportional hazards finds no ratio that changes with age.",
        units={"n": "count"},
        labels={"what": "Customers by", "n": "Stretches", "hazard_ratio": "Times the rate", "constant": "Check"},
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
        f"{counted(len(off), 'features')} of {len(rows)} lie elsewhere than when the chances were learned"
        if len(off)
        else "The customers of today are like those that the chances were learned from",
        subtitle="Medians then and now, and the population stability index: above 0.25 two groups are called different.",
        caption=f"What has shifted carries {100 * off['weight'].sum():.0f} % of the chances; above half, no list is given.",
        units={"weight": "share"},
        labels={"index": "Stability index", "weight": "Share in the chances"},
    )
