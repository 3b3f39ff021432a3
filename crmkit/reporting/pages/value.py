"""The sections of the page on customer value: what customers are worth, how long they stay, and how far to trust it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, UnknownName
from crmkit.insights.value import (
    backtest_message,
    concentration_message,
    group_value_message,
    odds_message,
    survival_message,
    value_findings,
    value_headline,
)
from crmkit.insights.value import value_method as value_method
from crmkit.metrics.formatting import counted, in_words, scale_for
from crmkit.models.subscriptions.present_value import present_value
from crmkit.predictions.value.backtest import value_backtest, value_tenths
from crmkit.predictions.value.summary import TOO_FEW, ValueSummary, new_customer_values, value_over_life
from crmkit.predictions.value.tenure import renewal_odds, tenure_curves
from crmkit.reporting.display.figures import figure
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.opening import opening, table_names
from crmkit.reporting.display.tables import in_three_digits, table
from crmkit.reporting.pages.section import section
from crmkit.sources.masking import shown_ids
from crmkit.tables.catalog import Catalog

_SHOWN = 15
_CONVENTIONS = {
    "start": "the first payment is received now",
    "end": "payments come at the end of each period",
    "renewal": "the next payment comes at the next renewal",
}


@section()
def value_opening(catalog: Catalog, summary: ValueSummary | Any) -> Fragment:
    """Return the top of the page: headline and three to five sentences."""
    currency = catalog.settings.company.currency
    backtest = value_backtest(catalog, summary.as_of) if summary.n else pd.DataFrame({"method": []})
    return opening(
        settings=catalog.settings,
        title=value_headline(summary, currency),
        findings=value_findings(summary, backtest, currency),
        data_through=catalog.data_through,
        needs=" or ".join(table_names(summary.reason.removeprefix("not measured: needs "))) if summary.reason else "",
    )


@section()
def valuable_customers(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return the most valuable customers."""
    if not summary.n:
        return None
    top = summary.customers.nlargest(_SHOWN, "value")
    top = top.assign(customer_id=shown_ids(top["customer_id"], catalog.settings))
    currency = catalog.settings.company.currency
    rows = [_customer_row(place, row, currency) for place, row in enumerate(top.itertuples(index=False), start=1)]
    return table(
        pd.DataFrame(rows, columns=["Place", "Customer", "Value", "95 % interval", "Brought so far", "Since"]),
        f"The {counted(len(rows), 'customers')} from whom most is to come",
        subtitle=f"Expected within {counted(summary.horizon, 'months')}, in {summary.basis}, discounted. "
        "The interval is for what this one customer will really bring: she may leave tomorrow.",
        caption="The whole list is in the export below.",
    )


@section()
def value_concentration(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return how much of the value the most valuable customers hold."""
    if not summary.n:
        return None
    rows = summary.concentration
    shown = pd.DataFrame(
        {
            "The top": [f"{top * 100:.0f} %" for top in rows["top"]],
            "customers": rows["n"],
            "value": in_three_digits(rows["value"]),
            "share": rows["share"],
        }
    )
    return table(
        shown,
        concentration_message(rows),
        subtitle=f"Customers ranked by what is to come within {counted(summary.horizon, 'months')}",
        units={"customers": "count", "value": "money", "share": "share"},
        labels={"value": "Expected of them", "share": "Share of all"},
        settings=catalog.settings,
    )


@section()
def value_horizons(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return how much of the value comes within a year, two, three, and later."""
    if not summary.n:
        return None
    rows = summary.horizons
    labels = [f"{months} months" if months < 120 else "ten years" for months in rows["months"]]
    later = 1 - rows.loc[rows["months"] == 36, "share"].iloc[0] if rows["value"].iloc[-1] > 0 else 0.0
    return table(
        pd.DataFrame({"Within": labels, "value": in_three_digits(rows["value"]), "share": rows["share"]}),
        f"{later * 100:.0f} % of what the models expect lies more than three years ahead",
        subtitle="What all customers of today are expected to bring, discounted; the further ahead, the less sure",
        units={"value": "money", "share": "share"},
        labels={"value": "Expected", "share": "Share of ten years"},
        settings=catalog.settings,
    )


@section()
def value_by(catalog: Catalog, by: str, summary: ValueSummary | Any) -> Fragment | None:
    """Return the value of a new customer by channel, cohort or another column; empty where there are no two groups.

    Parameters
    ----------
    by : str
        "cohort", or a column of customers.
    """
    from crmkit.plots import plot_groups

    if not summary.n:
        return None
    currency = catalog.settings.company.currency
    try:
        groups = new_customer_values(catalog, by, summary.as_of)
    except UnknownName:
        raise
    except CrmkitError:
        return None
    if len(groups) < 2:
        return None
    names = groups[by].astype(str).str.replace(r"^(\d{4})-(Q\d)$", r"\2 \1", regex=True)  # as quarters read elsewhere
    groups = groups.assign(unit="money", status="ok", **{by: names})
    title = group_value_message(groups, by, currency)
    who = "by quarter of the first order or term" if by == "cohort" else f"won in the last 24 months, by {by}"
    return figure(
        plot_groups(groups.drop(columns=["so_far"]), sort=by != "cohort", currency=currency),
        title,
        f"Brought in the first {counted(summary.horizon, 'months')}, what came and what is to come of it, per customer "
        f"{who}, with 95 % intervals",
        alt=f"Value of a new customer by {by}. {title}.",
        caption="So far: the share of it that came already; the rest is a forecast.",
        data=groups[[by, "value", "low", "high", "n", "so_far"]],
        settings=catalog.settings,
        units={"value": "money", "low": "money", "high": "money", "n": "count", "so_far": "share"},
        labels={"n": "Customers"},
    )


@section()
def value_life(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return the cumulative value of a customer by months since the first order."""
    from crmkit.plots import plot_life

    if not summary.n:
        return None
    life, currency = value_over_life(catalog, summary.as_of), catalog.settings.company.currency
    if life["value"].max() <= 0:
        return None
    year, end = (float(np.interp(month, life["month"], life["value"])) for month in (12, 36))
    scale = scale_for("money", end, currency=currency)
    title = f"A customer brings {scale.words(year)} in her first year and {scale.words(end)} in three"
    return figure(
        plot_life(life, currency=currency),
        title,
        "What the average customer has brought by each month since her first order or term; in part a forecast",
        alt=f"Money per customer by months since the beginning. {title}.",
        data=life,
        settings=catalog.settings,
        units={"month": "count", "value": "money", "observed": "share"},
        labels={"value": "Brought", "observed": "Of it came already"},
    )


@section()
def tenure_chart(catalog: Catalog, by: str, summary: ValueSummary | Any) -> Fragment | None:
    """Return how long subscribers stay, by plan, channel or another column; empty without subscribers.

    Parameters
    ----------
    by : str
        "plan", or a column of customers.
    """
    from crmkit.plots import plot_tenure

    if not summary.n:
        return None
    curves = tenure_curves(catalog, by, summary.as_of)
    if curves.empty:
        return None
    title = survival_message(curves, by)
    shown = curves.drop_duplicates(["group", "month"])  # where the forecast begins both are there: what was seen counts
    shown = shown.rename(columns={"extrapolated": "forecast"})
    shown = shown[["group", "month", "value", "low", "high", "at_risk", "forecast"]]
    return figure(
        plot_tenure(curves),
        title,
        f"The share of subscriptions still running, by months since they began and by {by}, with 95 % bands",
        alt=f"Share of subscriptions still running by months since they began, by {by}. {title}.",
        caption="Dashed: fewer than 10 are up for renewal there, or nobody yet; the line is a forecast, not an observation. "
        "Only groups of at least 20 subscriptions have a line, and of them the five largest. For the analyst: Kaplan-Meier.",
        data=shown[shown["month"] % 6 == 0].rename(columns={"group": by}),
        settings=catalog.settings,
        units={"value": "share", "low": "share", "high": "share", "at_risk": "count", "month": "count"},
        labels={"value": "Still running", "at_risk": "Up for renewal"},
    )


@section()
def renewal_odds_table(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return the odds of not renewing by plan and channel, each with the other held fixed; empty without subscribers."""
    odds = renewal_odds(catalog, summary.as_of) if summary.n else pd.DataFrame()
    if odds.empty:
        return None
    return table(
        odds,
        odds_message(odds),
        subtitle="How many times as high the odds are that a subscription ends at a renewal, compared with another plan or "
        "channel after as many months, all else equal",
        caption="Where the interval holds 1 it may be chance. It need not be why they left. For the analyst: a discrete-time "
        "hazard with delayed entry, of plan and channel together.",
        units={"odds_ratio": "ratio", "low": "ratio", "high": "ratio", "n": "count"},
        labels={
            "covariate": "Subscriptions by",
            "level": "Group",
            "compared_with": "Compared with",
            "odds_ratio": "Odds, times",
            "n": "Subscriptions",
        },
        settings=catalog.settings,
    )


@section()
def value_judged(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return how accurate the forecast was on past days, beside two simpler methods."""
    if not summary.n:
        return None
    rows = value_backtest(catalog, summary.as_of)
    columns = ["day", "method", "predicted", "low", "high", "actual", "mae", "rank_correlation", "coverage"]
    money = dict.fromkeys(("predicted", "low", "high", "actual", "mae"), "money")
    ahead = counted(int(rows["months"].iloc[0]), "months") if len(rows) else ""
    return table(
        rows[columns].assign(
            day=pd.to_datetime(rows["day"]), **{name: in_three_digits(rows[name]) for name in list(money)[:-1]}
        ),
        backtest_message(rows),
        subtitle=f"Learned from what was known on each past day, compared with what came in the {ahead} after"
        if ahead
        else "",
        caption="Mean error is per customer. Rank correlation: 1 where customers came in the order foreseen, 0 where by lot. "
        "Inside: customers whose own amount lay in their own 95 % interval. Money is not discounted here.",
        units={**money, "rank_correlation": "", "coverage": "share"},
        labels={
            "day": "Learned up to",
            "predicted": "Foreseen",
            "actual": "Came",
            "mae": "Mean error",
            "rank_correlation": "Rank correlation",
            "coverage": "Inside",
        },
        settings=catalog.settings,
    )


@section()
def calibration_chart(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return predicted and actual money by tenths of the customers; empty where there are too few."""
    from crmkit.plots import plot_calibration

    if not summary.n:
        return None
    tenths, currency = value_tenths(catalog, summary.as_of), catalog.settings.company.currency
    if tenths.empty or tenths["actual"].sum() <= 0:
        return None
    first = tenths.iloc[0]
    scale = scale_for("money", first["actual"], currency=currency)
    came, foreseen = scale.words(first["actual"]), scale.words(first["predicted"])
    title = f"The tenth of whom most was foreseen brought {came} each; {foreseen} was foreseen"
    return figure(
        plot_calibration(tenths, currency=currency),
        title,
        "Customers in ten groups of one size, by what was foreseen of them on the last past day: foreseen and brought, each",
        alt=f"Foreseen and actual money by tenths of the customers. {title}.",
        data=tenths,
        settings=catalog.settings,
        units={"tenth": "count", "n": "count", "predicted": "money", "actual": "money"},
        labels={"n": "Customers", "predicted": "Foreseen", "actual": "Brought"},
    )


@section()
def value_conventions(catalog: Catalog) -> Fragment:
    """Return what three textbooks' formulas give for the same customer, and which one this page uses."""
    curve = 0.8 ** np.arange(400)
    values = {name: float(present_value(curve, 100.0, 0.1, pays=name)) for name in ("start", "end", "renewal")}  # type: ignore[arg-type]
    formulas = {"start": "m (1 + d) / (1 + d − r)", "end": "m / (1 + d − r)", "renewal": "m r / (1 + d − r)"}
    uses = {"start": "new customers", "end": "", "renewal": "customers whose term runs"}
    currency = catalog.settings.company.currency
    worth = {name: in_words(round(value), "money", currency=currency) for name, value in values.items()}
    now, later = (in_words(amount, "money", currency=currency) for amount in (100.0, 110.0))
    rows = [(_CONVENTIONS[name], formulas[name], values[name], uses[name]) for name in values]
    return table(
        pd.DataFrame(rows, columns=["Who pays when", "Formula", "value", "Used here for"]),
        f"The same customer is worth {worth['start']}, {worth['end']} or {worth['renewal']}, by convention",
        subtitle=f"She pays {now} a period (m) and renews each time with a chance of 80 % (r); {later} that come a period later "
        f"count as {now} now (d = 10 %)",
        caption="Formulas with a constant r understate customers who differ: who has stayed long stays longer. Here each "
        "renewal has its own chance.",
        units={"value": "money"},
        labels={"value": "Value"},
        settings=catalog.settings,
    )


@section()
def value_models(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return which models were chosen, and by what."""
    if summary.models.empty:
        return None
    is_chosen = summary.models["held_out"] != TOO_FEW
    return table(
        summary.models.assign(held_out=summary.models["held_out"].str.replace(r"-(?=\d)", "−", regex=True)),
        "Each forecast is by the model that did best for customers it had not seen"
        if is_chosen.all()
        else "Too few customers to try models on: the usual ones are taken"
        if not is_chosen.any()
        else "A forecast is by the model that did best for customers it had not seen, where there are enough to try it on",
        subtitle="For the analyst: log-likelihood per customer held out, the higher the better",
        caption=" ".join([*summary.few, *summary.notes]),
        labels={"what": "Of", "model": "Chosen", "held_out": "Held out"},
    )


def _customer_row(place: int, row: object, currency: str | None) -> tuple[object, ...]:
    value, low, high, so_far = (float(getattr(row, name)) for name in ("value", "low", "high", "so_far"))
    scale = scale_for("money", value, low=low, high=high, currency=currency)
    return (
        place,
        str(row.customer_id),  # type: ignore[attr-defined]
        scale.words(value),
        scale.interval(low, high),
        scale_for("money", so_far, currency=currency).words(so_far),
        f"{pd.Timestamp(row.first_on):%b %Y}",  # type: ignore[attr-defined]
    )
