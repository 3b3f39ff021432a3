"""Sections on what subscribers pay, and what keeping customers costs."""

from __future__ import annotations

import pandas as pd

from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.wording import scale_of
from crmkit.periods import Period
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.reporting.waterfalls import parts_of, waterfall
from crmkit.tables.catalog import Catalog

_PARTS = {
    "new_mrr": "New",
    "reactivation_mrr": "Came back",
    "expansion_mrr": "Pay more",
    "contraction_mrr": "Pay less",
    "churned_mrr": "Left",
    "net_new_revenue": "Net",
}


def waterfall_chart(catalog: Catalog, period: Period) -> Fragment:
    """Return what made recurring revenue grow or shrink in a period; empty without paid terms.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : Period
        From :func:`crmkit.covered_period`.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> waterfall_chart(book, ck.covered_period(book, "2026-10"))
    <crmkit no paid terms>
    """
    rows = evaluate(catalog, list(_PARTS), periods=period, first_days=catalog.days_so_far(period))
    if (rows["status"] == "not measured").any() or rows["value"].isna().all():
        return Fragment("", "no paid terms")
    parts = parts_of(rows.fillna({"value": 0.0}), _PARTS, losses=("contraction_mrr", "churned_mrr"))
    value = parts["value"].to_dict()
    lost = value["contraction_mrr"] + value["churned_mrr"]
    won = value["new_mrr"] + value["reactivation_mrr"] + value["expansion_mrr"]
    scale = scale_of(parts.loc["net_new_revenue"], catalog.settings.company.currency)
    moved = "grew" if won + lost > 0 else "shrank" if won + lost < 0 else "stayed as it was"
    by = f" by {scale.words(abs(won + lost))} a month" if won + lost else ""
    title = f"Recurring revenue {moved}{by}: {scale.words(won)} won, {scale.words(-lost)} lost"
    span = f"Recurring revenue a month: each customer at the end of {period.label} less at its start."
    return waterfall(parts, title, span, catalog.settings)


def retention_worth(catalog: Catalog, period: Period) -> Fragment:
    """Return whether what is spent on keeping customers can pay: cost, repeat margin, and the share it must have earned.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : Period
        From :func:`crmkit.covered_period`.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> retention_worth(book, ck.covered_period(book, "2026-10"))
    <crmkit no retention costs>
    """
    names = ["customer_retention_cost", "retention_break_even"]
    rows = evaluate(catalog, names, periods=period.run_up(6), first_days=catalog.days_so_far(period))
    own = rows[rows["period"] == str(period)].set_index("metric")
    share = own.loc["retention_break_even"]
    if pd.isna(share["value"]):
        return Fragment("", "no retention costs")
    currency = catalog.settings.company.currency
    scale = scale_of(share, currency)
    title = f"Keeping customers pays if it brought about at least {scale.words(share['value'])} of the margin on repeat orders"
    if share["value"] > 1:
        title = f"Keeping customers cost more than repeat orders earned: {scale.words(share['value'])} of their margin"
    if share["status"] == "too few":
        title = f"Too few repeat orders ({share['n']:,}) to tell whether keeping customers pays"
    return table(
        pd.DataFrame(
            {
                "period": _periods(rows),
                "Cost per active customer": _words(rows, names[0], currency),
                "Share of the margin it must have earned": _words(rows, names[1], currency),
            }
        ),
        title,
        subtitle="Retention costs per active customer, and as a share of the margin of orders that are not the first.",
        caption="Most of these orders would have come without any spending. Only a holdout shows what it brought about.",
    )


def _periods(rows: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(rows["period"]))[::-1]


def _words(rows: pd.DataFrame, metric: str, currency: str) -> list[str]:
    own = rows[rows["metric"] == metric].iloc[::-1]
    said = []
    for _, row in own.iterrows():
        scale = scale_of(row, currency)
        interval, value = scale.interval(row["low"], row["high"]), scale.words(row["value"])
        said.append(f"{value} ({interval})" if interval else value)
    return said
