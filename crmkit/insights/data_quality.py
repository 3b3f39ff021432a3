"""How far the data can be trusted, in sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.cleaning.loading.reports import quality_report, table_report
from crmkit.insights.findings import Finding
from crmkit.insights.metric_losses import at_most, metric_losses
from crmkit.insights.phrases import finding_in_words
from crmkit.metrics.formatting import counted, joined, number_word
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import PREDICTED

_STALE_DAYS = 31  # a table whose rows end so long before the others was probably not exported again
_MOST_NAMED = 3
_NOW_AND_THEN = {
    "treatments",
    "customer_scores",
    "segment_assignments",
    "text_sentiments",
}  # written when there is an occasion


def quality_headline(catalog: Catalog) -> str:
    """Return the headline of the data quality page.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["a", "b"], "ordered_at": ["2026-10-01", None], "revenue": [12.5, 2.5]})
    >>> quality_headline(ck.connect({"orders": orders}))
    'All but 1 of 2 rows can be used'
    """
    tables = table_report(catalog)
    tables = tables[~tables["table"].isin(PREDICTED)]  # made by crmkit, and nothing that came in
    aside, rows = int(tables["n_aside"].sum()), int(tables["n_in"].sum())
    if not aside:
        return f"All {counted(rows, 'rows')} can be used"
    return f"All but {aside:,} of {counted(rows, 'rows')} can be used"


def quality_findings(catalog: Catalog) -> list[Finding]:
    """Return what an owner should know of the data: rows left out, rows that came twice, files that end early."""
    tables, report = table_report(catalog), quality_report(catalog)
    told = [
        _to_look_into(report),
        _left_out(tables, report),
        _most_missing(catalog),
        _twice(tables),
        _early(tables, report),
    ]
    return [finding for finding in told if finding] or [Finding("Nothing was wrong.", " Every row passed every check.")]


def quality_sentences(catalog: Catalog) -> list[str]:
    """Return one sentence per table that lost rows or ends early, for the foot of other pages."""
    tables, report = table_report(catalog), quality_report(catalog)
    sentences = []
    for table in tables[tables["n_aside"] > 0].to_dict("records"):
        reasons = report[(report["table"] == table["table"]) & (report["severity"] == "rejected")]
        why = joined([f"{_told(row)} ({row.n_rows:,})" for row in reasons.itertuples()])
        of_rows = f"{table['n_aside']:,} of {counted(table['n_in'], 'rows')}"
        sentences.append(f"{table['table']}: {of_rows} left out. Why: {why}.")
    warned = report[report["severity"] == "warning"]
    sentences += [f"{row.table}: {_told(row)}. {row.consequence}" for row in warned.itertuples()]
    early = _early(tables, report)
    return [*sentences, early.text] if early else sentences


def _to_look_into(report: pd.DataFrame) -> Finding | None:
    warned = report[report["severity"] == "warning"]
    if warned.empty:
        return None
    named = [f"{_told(row)} ({row.table})" for row in warned.head(_MOST_NAMED).itertuples()]
    others = len(warned) - len(named)
    more = f"; and {counted(others, 'other things')}" if others > 0 else ""
    things = "thing" if len(warned) == 1 else "things"
    return Finding(
        f"{number_word(len(warned)).capitalize()} {things} should be looked into", f": {'; '.join(named)}{more}."
    )


def _most_missing(catalog: Catalog) -> Finding | None:
    losses = metric_losses(catalog)
    worst = losses[losses["n_left_out"] > 0].head(1).to_dict("records")
    if not worst:
        return None
    row = worst[0]
    share = f"{100 * row['share']:.1f} %" if row["share"] >= 0.0005 else "less than 0.1 %"
    of = f"{row['n_left_out']:,} of {counted(row['n_rows'], 'rows')} ({share})"
    return Finding(
        f"No number of the scorecard does without more than {at_most(row['share'])} of its rows",
        f": {row['metrics']} leaves out {of}, because {row['why']}.",
    )


def _left_out(tables: pd.DataFrame, report: pd.DataFrame) -> Finding | None:
    aside = int(tables["n_aside"].sum())
    if not aside:
        return None
    reasons = report[report["severity"] == "rejected"].sort_values("n_rows", ascending=False)
    named = [f"{_told(row)} ({row.table}, {row.n_rows:,})" for row in reasons.head(_MOST_NAMED).itertuples()]
    others = len(reasons) - len(named)
    more = f"; and {counted(others, 'other reasons')}" if others > 0 else ""
    are, count = ("are", "count") if aside > 1 else ("is", "counts")
    mend = "Mend what matters in the tool it comes from and load again."
    return Finding(
        f"{counted(aside, 'rows')} {are} kept aside", f" and {count} nowhere: {'; '.join(named)}{more}. {mend}"
    )


def _twice(tables: pd.DataFrame) -> Finding | None:
    merged = int(tables["n_merged"].sum())
    if not merged:
        return None
    names = joined(tables.loc[tables["n_merged"] > 0, "table"].tolist())
    noun, verb = ("rows", "count") if merged > 1 else ("row", "counts")
    return Finding(f"{merged:,} {noun} came twice", f" and {verb} once: in {names}.")


def _early(tables: pd.DataFrame, report: pd.DataFrame) -> Finding | None:
    """Return the tables that end long before the others and have too few rows for a rhythm of their own."""
    warned = report.loc[report["finding"].str.startswith("the rows end"), "table"]
    expected = ~tables["table"].isin({*_NOW_AND_THEN, *warned})
    stale = tables[expected & (tables["days_behind"].fillna(0) > _STALE_DAYS)]
    if stale.empty:
        return None
    named = joined([f"{row.table} (last row {row.last_day:%-d %B %Y})" for row in stale.itertuples()])
    return Finding(
        f"{'One table ends' if len(stale) == 1 else f'{len(stale)} tables end'} early",
        f": {named}. If there should be newer rows, export again.",
    )


def _told(row: Any) -> str:
    return finding_in_words(str(row.table), str(row.finding))
