"""The sections of the page on what customers are worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.value import concentration_message, group_value_message, value_findings, value_headline
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import scale_for
from crmkit.predictions.value_backtest import value_backtest
from crmkit.predictions.value_groups import new_customer_values, value_over_life
from crmkit.predictions.value_summary import ValueSummary
from crmkit.reporting.cell_words import in_three_digits
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.openings import opening
from crmkit.reporting.tables import table
from crmkit.sources.masking import masked_id
from crmkit.tables.catalog import Catalog

_SHOWN = 15
_NOTHING = Fragment("", "no section")


def value_opening(catalog: Catalog, summary: ValueSummary) -> Fragment:
    """Return the top of the page: headline and three to five sentences.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    """
    currency = catalog.settings.company.currency
    backtest = value_backtest(catalog, summary.as_of) if summary.n else pd.DataFrame({"method": []})
    return opening(
        settings=catalog.settings,
        title=value_headline(summary, currency),
        findings=value_findings(summary, backtest, currency),
        data_through=catalog.data_through,
    )


def valuable_customers(catalog: Catalog, summary: ValueSummary) -> Fragment:
    """Return the most valuable customers, their ids masked.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    """
    if not summary.n:
        return _NOTHING
    top = summary.customers.nlargest(_SHOWN, "value")
    currency = catalog.settings.company.currency
    rows = [_customer(place, row, currency) for place, row in enumerate(top.itertuples(index=False), start=1)]
    return table(
        pd.DataFrame(rows, columns=["Place", "Customer", "Value", "95 % interval", "Brought so far", "Since"]),
        f"The {counted(len(rows), 'customers')} from whom most is to come",
        subtitle=f"Expected within {counted(summary.horizon, 'months')}, in {summary.basis}, discounted. "
        "The interval is for what this one customer will really bring: she may leave tomorrow.",
        caption="Only the end of an id is shown; the whole list is in the export below.",
    )


def value_concentration(catalog: Catalog, summary: ValueSummary) -> Fragment:
    """Return how much of the value the most valuable customers hold.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    """
    if not summary.n:
        return _NOTHING
    rows = summary.concentration
    shown = pd.DataFrame({
        "The top": [f"{top * 100:.0f} %" for top in rows["top"]],
        "customers": rows["n"],
        "value": in_three_digits(rows["value"]),
        "share": rows["share"],
    })  # fmt: skip
    return table(
        shown,
        concentration_message(rows),
        subtitle=f"Customers ranked by what is to come within {counted(summary.horizon, 'months')}",
        units={"customers": "count", "value": "money", "share": "share"},
        labels={"value": "Expected of them", "share": "Share of all"},
        settings=catalog.settings,
    )


def value_horizons(catalog: Catalog, summary: ValueSummary) -> Fragment:
    """Return how much of the value comes within a year, two, three, and later.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    """
    if not summary.n:
        return _NOTHING
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


def value_by(catalog: Catalog, summary: ValueSummary, by: str) -> Fragment:
    """Return the value of a new customer by channel, cohort or another column; empty where there are no two groups.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    by : str
        "cohort", or a column of customers.
    """
    from crmkit.plots import plot_groups

    if not summary.n:
        return _NOTHING
    currency = catalog.settings.company.currency
    try:
        groups = new_customer_values(catalog, summary.as_of, by)
    except CrmkitError:
        return _NOTHING
    if len(groups) < 2:
        return _NOTHING
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


def value_life(catalog: Catalog, summary: ValueSummary) -> Fragment:
    """Return what a customer brings over her life.

    Parameters
    ----------
    catalog : Catalog
    summary : ValueSummary
    """
    from crmkit.plots import plot_life

    if not summary.n:
        return _NOTHING
    life, currency = value_over_life(catalog, summary.as_of), catalog.settings.company.currency
    if life["value"].max() <= 0:
        return _NOTHING
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


def _customer(place: int, row: object, currency: str | None) -> tuple[object, ...]:
    value, low, high, so_far = (float(getattr(row, name)) for name in ("value", "low", "high", "so_far"))
    scale = scale_for("money", value, low=low, high=high, currency=currency)
    return (
        place,
        masked_id(str(row.customer_id)),  # type: ignore[attr-defined]
        scale.words(value),
        scale.interval(low, high),
        scale_for("money", so_far, currency=currency).words(so_far),
        f"{pd.Timestamp(row.first_on):%b %Y}",  # type: ignore[attr-defined]
    )
