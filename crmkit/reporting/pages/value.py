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
from crmkit.metrics.engine.evaluate import fetch
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
from crmkit.words import say

_SHOWN = 15


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
    rows = [_customer_row(row, currency) for row in top.itertuples(index=False)]
    return table(
        pd.DataFrame(rows, columns=["Customer", "Value", "95 % interval", say("value-so-far"), "Since"]),
        say("value-most", customers=counted(len(rows), "customers")),
        subtitle=say("value-most-subtitle", months=counted(summary.horizon, "months"), basis=summary.basis),
        caption=say("value-most-caption"),
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
        subtitle=say("value-ranked", months=counted(summary.horizon, "months")),
        units={"customers": "count", "value": "money", "share": "share"},
        labels={"value": say("value-of-them"), "share": say("value-share-of-all")},
        settings=catalog.settings,
    )


@section()
def value_horizons(catalog: Catalog, summary: ValueSummary | Any) -> Fragment | None:
    """Return how much of the value comes within a year, two, three, and later."""
    if not summary.n:
        return None
    rows = summary.horizons
    labels = [say("value-within", months=int(months)) for months in rows["months"]]
    later = 1 - rows.loc[rows["months"] == 36, "share"].iloc[0] if rows["value"].iloc[-1] > 0 else 0.0
    return table(
        pd.DataFrame({"Within": labels, "value": in_three_digits(rows["value"]), "share": rows["share"]}),
        say("value-later", share=f"{later * 100:.0f}"),
        subtitle=say("value-later-subtitle"),
        units={"value": "money", "share": "share"},
        labels={"value": "Expected", "share": say("value-share-of-ten-years")},
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
    return figure(
        plot_groups(groups.drop(columns=["so_far"]), sort=by != "cohort", currency=currency),
        title,
        say("value-new-subtitle", months=counted(summary.horizon, "months"), by=by),
        alt=say("value-new-alt", by=by, title=title),
        caption=say("value-new-caption"),
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
    title = say("value-life", year=scale.words(year), three=scale.words(end))
    return figure(
        plot_life(life, currency=currency),
        title,
        say("value-life-subtitle"),
        alt=say("value-life-alt", title=title),
        data=life,
        settings=catalog.settings,
        units={"month": "count", "value": "money", "observed": "share"},
        labels={"value": "Brought", "observed": say("value-life-came")},
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
        plot_tenure(curves, known=_names_of(catalog, by)),
        title,
        say("value-tenure-subtitle", by=by),
        alt=say("value-tenure-alt", by=by, title=title),
        caption=say("value-tenure-caption"),
        data=shown[shown["month"] % 6 == 0].rename(columns={"group": by}),
        settings=catalog.settings,
        units={"value": "share", "low": "share", "high": "share", "at_risk": "count", "month": "count"},
        labels={"value": say("value-tenure-running"), "at_risk": say("value-tenure-due")},
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
        subtitle=say("value-odds-subtitle"),
        caption=say("value-odds-caption"),
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
        subtitle=say("value-judged-subtitle", months=ahead) if ahead else "",
        caption=say("value-judged-caption"),
        units={**money, "rank_correlation": "", "coverage": "share"},
        labels={
            "day": say("value-judged-day"),
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
    title = say("value-tenths", came=came, foreseen=foreseen)
    return figure(
        plot_calibration(tenths, currency=currency),
        title,
        say("value-tenths-subtitle"),
        alt=say("value-tenths-alt", title=title),
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
    uses = {"start": say("value-used-new"), "end": "", "renewal": say("value-used-running")}
    currency = catalog.settings.company.currency
    worth = {name: in_words(round(value), "money", currency=currency) for name, value in values.items()}
    now, later = (in_words(amount, "money", currency=currency) for amount in (100.0, 110.0))
    rows = [(say("value-pays", when=name), formulas[name], values[name], uses[name]) for name in values]
    return table(
        pd.DataFrame(rows, columns=[say("value-who-pays"), "Formula", "value", say("value-used-for")]),
        say("value-conventions", **worth),
        subtitle=say("value-conventions-subtitle", now=now, later=later),
        caption=say("value-conventions-caption"),
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
        say("value-models", chosen="all" if is_chosen.all() else "some" if is_chosen.any() else "none"),
        subtitle=say("value-models-subtitle"),
        caption=" ".join([*summary.few, *summary.notes]),
        labels={"what": "Of", "model": "Chosen", "held_out": "Held out"},
    )


def _names_of(catalog: Catalog, by: str) -> list[str]:
    """Return all groups of a column, those included that have too few subscriptions for a line."""
    holders = (name for name in ("customers", "subscription_terms") if name in catalog.names)
    own = next((table for name in holders if by in (table := catalog.table(name)).columns), None)
    return [] if own is None else sorted(fetch(own.select(by).distinct())[by].dropna().astype(str))


def _customer_row(row: object, currency: str | None) -> tuple[object, ...]:
    value, low, high, so_far = (float(getattr(row, name)) for name in ("value", "low", "high", "so_far"))
    scale = scale_for("money", value, low=low, high=high, currency=currency)
    return (
        str(row.customer_id),  # type: ignore[attr-defined]
        scale.words(value),
        scale.interval(low, high),
        scale_for("money", so_far, currency=currency).words(so_far),
        f"{pd.Timestamp(row.first_on):%b %Y}",  # type: ignore[attr-defined]
    )
