"""How often each reason was given, period by period: topics of tickets, reasons for leaving, for losing a deal, for a refund.

A reason is a column of words on rows that are bad news: cases, cancellations, deals lost, refunds, low answers. Columns that
an export has beyond crmkit's own are read too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.engine.evaluate import fetch
from crmkit.periods import Period
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day, day_of_period, indicator, period_ordinal
from crmkit.tables.schema import schema

_DISSATISFIED = 495  # thousandths of the scale, as the card of dissatisfied answers counts them
_MOST_REASONS = 200  # a column with more is a text and no list of reasons


@dataclass(frozen=True, eq=False)
class ReasonSource:
    """Rows that are bad news, and the column that says why or where.

    Attributes
    ----------
    table, column : str
        Where the reason stands.
    what : str
        What is counted, in the plural: "tickets".
    rows : ibis table
        With that column and the columns of :attr:`at` and customer_id.
    at : str
        Time column.
    out_of : ibis table or None
        The rows of which these are a part, such as all answers; None where only the time that passes counts.
    """

    table: str
    column: str
    what: str
    rows: ir.Table
    at: str
    out_of: ir.Table | None = None


def reason_sources(catalog: Catalog) -> list[ReasonSource]:
    """Return every list of reasons that the data have."""
    return [source for found in (_tickets, _terms, _deals, _refunds, _answers) for source in found(catalog)]


def reason_counts(catalog: Catalog, source: ReasonSource, first: Period, last: Period) -> pd.DataFrame:
    """Count the rows of each reason in each period from ``first`` to ``last``.

    Of a last period that is still running only the days so far are known, and as many days of the others count.

    Returns
    -------
    DataFrame
        One row per period and reason: period (ordinal), reason, n [rows], people [customers; rows where there are
        none], out_of [rows of which these are a part; NaN where only time counts].
    """
    counts = _counted(catalog, source.rows, source, first, last)
    if source.out_of is None or counts.empty:
        return counts.assign(out_of=float("nan"))
    whole = _counted(catalog, source.out_of, source, first, last).rename(columns={"people": "out_of"})
    return (
        whole[["period", "reason", "out_of"]]
        .merge(counts, on=["period", "reason"], how="left")
        .fillna({"n": 0, "people": 0})
    )


def _counted(catalog: Catalog, rows: ir.Table, source: ReasonSource, first: Period, last: Period) -> pd.DataFrame:
    at = rows[source.at]
    inside = (day(at) >= constant_day(first.start)) & (day(at) < constant_day(last.end)) & rows[source.column].notnull()
    if (so_far := catalog.days_so_far(last)) is not None:
        inside = inside & (day_of_period(at, last.grain) < so_far)
    rows = rows.filter(inside)
    keys = {"period": period_ordinal(rows[source.at], last.grain), "reason": rows[source.column].cast("string").strip()}
    known = {"customer_id": rows["customer_id"]} if "customer_id" in rows.columns else {}
    rows = rows.select(**keys, **known)
    sums: dict[str, Any] = {"n": rows.count().cast("float64")}
    if known:
        sums["people"] = rows.customer_id.nunique().cast("float64") + indicator(rows.customer_id.isnull()).sum()
    counts = fetch(rows.group_by("period", "reason").aggregate(**sums))
    counts = counts[counts["reason"] != ""]
    if counts["reason"].nunique() > _MOST_REASONS:
        return counts.iloc[:0].assign(people=0.0)
    return counts.assign(people=counts["people"].fillna(0.0) if "people" in counts else counts["n"])


def _tickets(catalog: Catalog) -> Iterator[ReasonSource]:
    for table in _table(catalog, "tickets"):
        for column in ["topic", "channel", *_own_words(table, "tickets")]:
            if column in table.columns:
                yield ReasonSource("tickets", column, "tickets", table, "opened_at")


def _terms(catalog: Catalog) -> Iterator[ReasonSource]:
    for table in _table(catalog, "subscription_terms"):
        at = "cancelled_at" if "cancelled_at" in table.columns else "ends_at"
        cancelled = table.filter(table[at].notnull())
        for column in ["cancel_reason", *(_own_words(table, "subscription_terms") if at == "cancelled_at" else [])]:
            if column in table.columns:
                yield ReasonSource("subscription_terms", column, "cancellations", cancelled, at)


def _deals(catalog: Catalog) -> Iterator[ReasonSource]:
    for table in _table(catalog, "deals"):
        if {"won", "closed_at"} <= set(table.columns):
            lost = table.filter(~table.won & table.closed_at.notnull())
            for column in _own_words(table, "deals"):
                yield ReasonSource("deals", column, "deals lost", lost, "closed_at")


def _refunds(catalog: Catalog) -> Iterator[ReasonSource]:
    for table in _table(catalog, "orders"):
        refunds = table.filter(table.revenue < 0)
        for column in _own_words(table, "orders"):
            yield ReasonSource("orders", column, "refunds", refunds, "ordered_at")


def _answers(catalog: Catalog) -> Iterator[ReasonSource]:
    for table in _table(catalog, "survey_answers"):
        answers = table.filter(table.is_last)
        low = answers.filter(answers.position * 1000 < _DISSATISFIED)
        for column in ["touchpoint", *_own_words(table, "survey_responses", "position", "is_last")]:
            if column in table.columns:
                yield ReasonSource("survey_responses", column, "dissatisfied answers", low, "responded_at", answers)


def _table(catalog: Catalog, name: str) -> Iterator[ir.Table]:
    try:
        yield catalog.table(name)
    except NotMeasured:
        return


def _own_words(table: ir.Table, name: str, *derived: str) -> list[str]:
    own = schema(name).own_columns(table.columns, taken=derived)
    return [column for column in own if table[column].type().is_string()]
