"""The sections on how far the value of customers can be trusted: who stays, what was foreseen before, which method."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.insights.value_trust import backtest_message, odds_message, survival_message
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words, scale_for
from crmkit.models.value import present_value
from crmkit.predictions.renewal_odds import renewal_odds
from crmkit.predictions.tenure import tenure_curves
from crmkit.predictions.value_backtest import value_backtest, value_tenths
from crmkit.predictions.value_summary import TOO_FEW, ValueSummary
from crmkit.reporting.cell_words import in_three_digits
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")
_CONVENTIONS = {
    "start": "the first payment is received now",
    "end": "payments come at the end of each period",
    "renewal": "the next payment comes at the next renewal",
}


def tenure_chart(catalog: Catalog, summary: ValueSummary, by: str) -> Fragment:
    """Return how long subscribers stay, by plan, channel or another column; empty where nobody subscribes.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    by : str
        "plan", or a column of customers.
    """
    from crmkit.plots import plot_tenure

    if not summary.n:
        return _NOTHING
    curves = tenure_curves(catalog, summary.as_of, by)
    if curves.empty:
        return _NOTHING
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


def renewal_odds_table(catalog: Catalog, summary: ValueSummary) -> Fragment:
    """Return how plan and channel go with leaving sooner, each with the other held fixed; empty where nobody subscribes.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    """
    odds = renewal_odds(catalog, summary.as_of) if summary.n else pd.DataFrame()
    if odds.empty:
        return _NOTHING
    return table(
        odds,
        odds_message(odds),
        subtitle="How many times as high the odds are that a subscription ends at a renewal, compared with another plan or "
        "channel after as many months, all else equal",
        caption="Where the interval holds 1 it may be chance. It need not be why they left. For the analyst: a discrete-time "
        "hazard with delayed entry, of plan and channel together.",
        units={"odds_ratio": "ratio", "low": "ratio", "high": "ratio", "n": "count"},
        labels={"covariate": "Subscriptions by", "level": "Group", "compared_with": "Compared with", "odds_ratio": "Odds, times",
                "n": "Subscriptions"},
        settings=catalog.settings,
    )  # fmt: skip


def value_judged(catalog: Catalog, summary: ValueSummary) -> Fragment:
    """Return what the forecast was worth on past days, beside two simpler ways.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    """
    if not summary.n:
        return _NOTHING
    rows = value_backtest(catalog, summary.as_of)
    columns = ["day", "method", "predicted", "low", "high", "actual", "mae", "rank_correlation", "coverage"]
    money = dict.fromkeys(("predicted", "low", "high", "actual", "mae"), "money")
    ahead = counted(int(rows["months"].iloc[0]), "months") if len(rows) else ""
    return table(
        rows[columns].assign(day=pd.to_datetime(rows["day"]), **{name: in_three_digits(rows[name]) for name in list(money)[:-1]}),
        backtest_message(rows),
        subtitle=f"Learned from what was known on each past day, compared with what came in the {ahead} after" if ahead else "",
        caption="Mean error is per customer. Rank correlation: 1 where customers came in the order foreseen, 0 where by lot. "
        "Inside: customers whose own amount lay in their own 95 % interval. Money is not discounted here.",
        units={**money, "rank_correlation": "", "coverage": "share"},
        labels={"day": "Learned up to", "predicted": "Foreseen", "actual": "Came", "mae": "Mean error",
                "rank_correlation": "Rank correlation", "coverage": "Inside"},
        settings=catalog.settings,
    )  # fmt: skip


def calibration_chart(catalog: Catalog, summary: ValueSummary) -> Fragment:
    """Return predicted and actual money by tenths of the customers; empty where there are too few.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    """
    from crmkit.plots import plot_calibration

    if not summary.n:
        return _NOTHING
    tenths, currency = value_tenths(catalog, summary.as_of), catalog.settings.company.currency
    if tenths.empty or tenths["actual"].sum() <= 0:
        return _NOTHING
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


def value_conventions(catalog: Catalog) -> Fragment:
    """Return what three textbooks' formulas give for the same customer, and which one this page uses.

    Parameters
    ----------
    catalog : Catalog
    """
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


def value_models(summary: ValueSummary) -> Fragment:
    """Return which models were chosen, and by what.

    Parameters
    ----------
    summary : ValueSummary
    """
    if summary.models.empty:
        return _NOTHING
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
