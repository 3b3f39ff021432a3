"""The sections of the page on who is about to leave."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.insights.churn import churn_findings, churn_headline, reasons
from crmkit.insights.churn_summary import ChurnSummary
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words
from crmkit.reporting.exports import export
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.openings import opening
from crmkit.reporting.tables import table
from crmkit.sources.masking import masked_id
from crmkit.tables.catalog import Catalog

_SHOWN = 15
_NOTHING = Fragment("", "no section")


def churn_opening(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return the top of the page: headline and three to five sentences.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    return opening(
        title=churn_headline(summary),
        findings=churn_findings(summary, catalog.settings.company.currency),
        data_through=catalog.data_through,
    )


def leaving_customers(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return those with whom most is at risk, their ids masked, with reasons; nothing where no list should be acted upon.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    outlook = summary.outlook
    if outlook is None or outlook.warning or not len(summary.at_risk):
        return _NOTHING
    top = _listed(catalog, summary).head(_SHOWN)
    top = top.assign(customer_id=[masked_id(str(who)) for who in top["customer_id"]], place=range(1, len(top) + 1))
    top = top[["place", "customer_id", "chance", "worth", "at_risk", "low", "high", "reasons"]]
    n_notice = int((outlook.known["kind"] == "notice given").sum())
    told = f"{counted(n_notice, 'customers')} who have given notice are not listed. " if n_notice else ""
    return table(
        top,
        f"With {counted(len(top), 'customers')} most money is at risk" if len(top) > 1 else "One customer may leave",
        subtitle=f"Each one's chance of leaving within {counted(outlook.horizon, 'days')}, with 95 % interval, and what "
        "raises it most above that of the average customer. At risk: the chance times what she is worth.",
        caption=f"{told}The reasons are what leavers had in common in the past, which need not be why they left. Only the "
        "end of an id is shown; the place is that in the exported list.",
        units={"chance": "share", "low": "share", "high": "share", "worth": "money", "at_risk": "money"},
        labels={"customer_id": "Customer", "low": "Chance, 95 % interval", "reasons": "Why"},
        settings=catalog.settings,
    )


def leaving_export(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return the whole list, which the run writes; nothing where no list should be acted upon.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    outlook = summary.outlook
    if outlook is None or outlook.warning or not len(summary.at_risk):
        return _NOTHING
    return export(
        _listed(catalog, summary), "about_to_leave", "Everybody who may leave, those with most money at risk first"
    )


def call_chart(catalog: Catalog, summary: ChurnSummary) -> Fragment:
    """Return what it brings to contact more and more customers.

    Parameters
    ----------
    catalog : Catalog
    summary : ChurnSummary
    """
    from crmkit.plots import plot_call_profit

    if not summary.n_calls:
        return _NOTHING
    settings, currency = catalog.settings.retention, catalog.settings.company.currency
    gain = in_words(summary.profit, "money", currency=currency)
    brings = "brings" if summary.save.measured else "would bring"
    title = f"Contacting {counted(summary.n_calls, 'customers')} {brings} most: about {gain}"
    cost = in_words(settings.contact_cost, "money", currency=currency)
    shown = summary.plan.head(max(3 * summary.n_calls, 20))  # beyond, it is known to fall
    steps = shown.iloc[np.unique(np.linspace(0, len(shown) - 1, 12).astype(int))]
    return figure(
        plot_call_profit(shown, currency=currency),
        title,
        f"Expected profit by number of customers contacted; a contact costs {cost} and keeps "
        f"{in_words(summary.save.value, 'share')} of those who would leave.",
        alt=f"Expected profit rises up to {counted(summary.n_calls, 'customers')} and falls after. {title}.",
        caption=f"The share that a contact keeps is {summary.save.words}.",
        data=steps[["n", "profit"]].reset_index(drop=True),
        units={"n": "count", "profit": "money"},
        labels={"n": "Customers contacted"},
        settings=catalog.settings,
    )


def _listed(catalog: Catalog, summary: ChurnSummary) -> pd.DataFrame:
    assert summary.outlook is not None
    rows = summary.at_risk.join(summary.outlook.scores[["low", "high"]])
    why = reasons(summary.outlook, catalog.settings.company.currency)
    rows = rows.assign(reasons=why.reindex(rows.index))
    return rows.reset_index()[["customer_id", "chance", "low", "high", "worth", "at_risk", "reasons"]]
