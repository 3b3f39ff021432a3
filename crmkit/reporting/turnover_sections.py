"""Sections on what made the revenue of orders grow or shrink."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from crmkit.insights.turnover import PARTS, turnover_message
from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.nouns import beside
from crmkit.metrics.wording import scale_of
from crmkit.periods import Period
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.reporting.waterfalls import parts_of, waterfall
from crmkit.tables.catalog import Catalog

_LONGER = ("month", "quarter", "year")


def turnover_chart(catalog: Catalog, period: Period) -> Fragment:
    """Return what made revenue differ from the period before, customer by customer; empty without orders of customers.

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
    >>> turnover_chart(book, ck.covered_period(book, "2026-10"))
    <crmkit no change of revenue>
    """
    rows = _signed(evaluate(catalog, list(PARTS), periods=period, first_days=catalog.days_so_far(period)))
    if pd.isna(rows.loc["revenue_change", "value"]) or rows["value"].isna().any():
        return Fragment("", "no change of revenue")
    currency, before = catalog.settings.company.currency, beside(str(period.previous), str(period))
    title = turnover_message({str(name): float(x) for name, x in rows["value"].items()}, before, currency)
    scale = scale_of(rows.loc["revenue_change"], currency)
    days = catalog.days_so_far(period)
    span = f"the first {days} days of {period.label} and of {before}" if days else f"{period.label} and {before}"
    return waterfall(
        rows,
        title,
        f"Revenue of each customer in {span}; the parts add up to the whole change.",
        catalog.settings,
        f"95 % interval of the whole change: {scale.interval(*_ends(rows))}. Who did not order may "
        "still come back; whoever has paid terms instead of orders is not here.",
    )


def turnover_table(catalog: Catalog, period: Period) -> Fragment:
    """Return the same change for the month, the quarter and the year up to the end of the period, side by side.

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
    >>> turnover_table(book, ck.covered_period(book, "2026-10"))
    <crmkit no change of revenue>
    """
    last = min(period.end - timedelta(days=1), catalog.data_through or period.end)
    columns = {}
    for grain in _LONGER:
        holding = Period.containing(last, grain)  # type: ignore[arg-type]
        days = (last - holding.start).days + 1
        so_far = days if days < holding.n_days else None
        rows = _signed(evaluate(catalog, list(PARTS), periods=holding, first_days=so_far))
        if rows["value"].notna().all():
            before = beside(str(holding.previous), str(holding))
            name = (
                f"{holding.label} so far, less {days} days of {before}" if so_far else f"{holding.label}, less {before}"
            )
            columns[name] = rows["value"]
    if not columns:
        return Fragment("", "no change of revenue")
    frame = pd.DataFrame(columns).assign(part=[label for label, _ in PARTS.values()]).set_index("part")
    return table(
        frame,
        "What made revenue grow or shrink, over a month, a quarter and a year",
        subtitle="Revenue by kind of customer less that of the period before, of one still running for as many days.",
        caption="A customer is of one kind in each column: who is new this year may have come back this month.",
        units=dict.fromkeys(columns, "money"),
        settings=catalog.settings,
    )


def _ends(rows: pd.DataFrame) -> tuple[float, float]:
    change: Any = rows.loc["revenue_change"]
    return float(change["low"]), float(change["high"])


def _signed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the parts in order with their names, what was lost below zero; a part without customers is 0."""
    losses = [name for name, (_, adds) in PARTS.items() if not adds]
    parts = parts_of(rows, {name: label for name, (label, _) in PARTS.items()}, losses)
    if pd.notna(parts.loc["revenue_change", "value"]):
        nobody = (parts["status"] == "no data") & parts["reason"].str.startswith("no ")
        parts.loc[nobody, ["value", "low", "high"]] = 0.0
    return parts
