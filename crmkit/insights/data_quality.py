"""How far the data can be trusted: findings on rows left out, and which rows the metrics of the scorecard do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import pandas as pd

from crmkit.cleaning.loading.reports import quality_report, table_report
from crmkit.insights.findings import Finding
from crmkit.insights.phrases import finding_in_words
from crmkit.metrics.card import Card, apply_definitions, cards, load_own_cards
from crmkit.metrics.engine.lineage import Reads, reads_of
from crmkit.metrics.formatting import joined
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import PREDICTED
from crmkit.words import say

COLUMNS = ["metrics", "n_left_out", "n_rows", "share", "why"]
_STALE_DAYS = 31  # a table whose rows end so long before the others was probably not exported again
_MOST_NAMED = 3
_NOW_AND_THEN = {
    "treatments",
    "customer_scores",
    "segment_assignments",
    "text_sentiments",
}  # tables without regular rows


@checked
def quality_headline(catalog: Catalog) -> str:
    """Return the headline of the data quality page.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["a", "b"], "ordered_at": ["2026-10-01", None], "revenue": [12.5, 2.5]})
    >>> quality_headline(ck.connect({"orders": orders}))
    'All but 1 of 2 rows can be used'
    """
    tables = table_report(catalog)
    tables = tables[~tables["table"].isin(PREDICTED)]  # predictions are made by crmkit, not loaded
    aside, rows = int(tables["n_aside"].sum()), int(tables["n_in"].sum())
    if not aside:
        return say("quality-all", n=rows)
    return say("quality-all-but", aside=aside, n=rows)


@checked
def quality_findings(catalog: Catalog) -> list[Finding]:
    """Return what an owner should know about the data: rows left out, duplicated rows, files that end early.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    """
    tables, report = table_report(catalog), quality_report(catalog)
    found = [
        _to_look_into(report),
        _left_out(tables, report),
        _most_missing(catalog),
        _twice(tables),
        _early(tables, report),
    ]
    return [finding for finding in found if finding] or [
        Finding(say("quality-nothing.what"), say("quality-nothing.more"))
    ]


@checked
def quality_sentences(catalog: Catalog) -> list[str]:
    """Return one sentence per table that lost rows or ends early, for the foot of other pages.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    """
    tables, report = table_report(catalog), quality_report(catalog)
    sentences = []
    for table in tables[tables["n_aside"] > 0].to_dict("records"):
        reasons = report[(report["table"] == table["table"]) & (report["severity"] == "rejected")]
        why = joined([say("quality-reason", finding=_in_words(row), count=row.n_rows) for row in reasons.itertuples()])
        lost = {"aside": int(table["n_aside"]), "n": int(table["n_in"])}
        sentences.append(say("quality-table-lost", table=table["table"], why=why, **lost))
    warned = report[report["severity"] == "warning"]
    sentences += [
        say("quality-table-warned", table=str(row.table), finding=_in_words(row), consequence=str(row.consequence))
        for row in warned.itertuples()
    ]
    early = _early(tables, report)
    return [*sentences, early.text] if early else sentences


@checked
def metric_losses(catalog: Catalog) -> pd.DataFrame:
    """Return which rows the metrics of the scorecard do without, and why.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.

    Returns
    -------
    DataFrame
        One row per group of metrics that lose the same rows, the largest share first: metrics (their labels), n_left_out,
        n_rows (of all rows loaded) [count], share [share], why (the reasons with their numbers, in words). Metrics that
        lose no rows are absent.

    Examples
    --------
    >>> import crmkit as ck
    >>> answers = {"response_id": list("abc"), "responded_at": ["2026-10-01", None, None], "survey": ["nps", "nps", "csat"],
    ...            "score": [9, 8, 4]}
    >>> lost = metric_losses(ck.connect({"survey_responses": pd.DataFrame(answers)}))
    >>> lost[["metrics", "n_left_out", "n_rows"]]
                         metrics  n_left_out  n_rows
    0  Satisfied customers (CSAT)           1       1
    1          Net Promoter Score           1       2
    >>> lost["why"][1]
    'the time of the answer (responded_at) is missing (1)'
    """
    load_own_cards(catalog.settings)
    return memoize(catalog, _metric_losses, apply_definitions(cards(), catalog.settings.definitions))


def at_most(share: float) -> str:
    """Return a share rounded up to one decimal, as an upper bound.

    Examples
    --------
    >>> at_most(3 / 561), at_most(0.4), at_most(0.00002)
    ('0.6 %', '40.0 %', '0.1 %')
    """
    return f"{ceil(round(1000 * share, 6)) / 10:.1f} %"


def _to_look_into(report: pd.DataFrame) -> Finding | None:
    warned = report[report["severity"] == "warning"]
    if warned.empty:
        return None
    shown: list[Any] = list(warned.head(_MOST_NAMED).itertuples())
    named = [say("quality-warning", finding=_in_words(row), table=row.table) for row in shown]
    told = say("quality-look-into.named", named="; ".join(named), others=len(warned) - len(named))
    return Finding(say("quality-look-into.what", n=len(warned)), told)


def _left_out(tables: pd.DataFrame, report: pd.DataFrame) -> Finding | None:
    aside = int(tables["n_aside"].sum())
    if not aside:
        return None
    reasons = report[report["severity"] == "rejected"].sort_values("n_rows", ascending=False)
    shown: list[Any] = list(reasons.head(_MOST_NAMED).itertuples())
    named = [say("quality-reason-of-table", finding=_in_words(row), table=row.table, count=row.n_rows) for row in shown]
    told = say("quality-aside.named", n=aside, named="; ".join(named), others=len(reasons) - len(named))
    return Finding(say("quality-aside.what", n=aside), told)


def _most_missing(catalog: Catalog) -> Finding | None:
    losses = metric_losses(catalog)
    worst = losses[losses["n_left_out"] > 0].head(1).to_dict("records")
    if not worst:
        return None
    row = worst[0]
    least = 0.001
    is_small = row["share"] < least / 2
    share = say("quality-less-than", share=at_most(least)) if is_small else f"{100 * row['share']:.1f} %"
    told = say(
        "quality-missing.named",
        metrics=row["metrics"],
        left=int(row["n_left_out"]),
        n=int(row["n_rows"]),
        share=share,
        why=row["why"],
    )
    return Finding(say("quality-missing.what", most=at_most(row["share"])), told)


def _twice(tables: pd.DataFrame) -> Finding | None:
    merged = int(tables["n_merged"].sum())
    if not merged:
        return None
    names = joined(tables.loc[tables["n_merged"] > 0, "table"].tolist())
    return Finding(say("quality-twice.what", n=merged), say("quality-twice.named", n=merged, tables=names))


def _early(tables: pd.DataFrame, report: pd.DataFrame) -> Finding | None:
    """Return the tables that end long before the others and have too few rows to know how often rows are added."""
    warned = report.loc[report["finding"].str.startswith("the rows end"), "table"]
    expected = ~tables["table"].isin({*_NOW_AND_THEN, *warned})
    stale = tables[expected & (tables["days_behind"].fillna(0) > _STALE_DAYS)]
    if stale.empty:
        return None
    named = [
        say("quality-last-row", table=str(row.table), day=f"{row.last_day:%-d %B %Y}") for row in stale.itertuples()
    ]
    return Finding(say("quality-early.what", n=len(stale)), say("quality-early.named", named=joined(named)))


def _in_words(row: Any) -> str:
    return finding_in_words(str(row.table), str(row.finding))


@dataclass(frozen=True)
class _Loss:
    """Rows that a metric does without, and why; ``n_rows`` is 0 for missing days, whose rows cannot be counted."""

    table: str
    why: str
    n_rows: int


def _metric_losses(catalog: Catalog, asked: Sequence[Card]) -> pd.DataFrame:
    findings, tables = quality_report(catalog), table_report(catalog).set_index("table")["n_in"]
    groups: dict[tuple[str, int, int], list[str]] = {}
    for card in asked:
        reads = reads_of(catalog, card) if card.headline else None
        losses = list(_losses(catalog, findings, reads)) if reads else []
        if losses:
            of = {
                loss.table: _n_counted(catalog, reads, loss.table, int(tables[loss.table])) for loss in losses if reads
            }
            key = _reasons(losses), sum(loss.n_rows for loss in losses), sum(of.values())
            groups.setdefault(key, []).append(card.label)
    rows = [
        (", ".join(labels), n_left_out, n_rows, n_left_out / max(n_rows, 1), why)
        for (why, n_left_out, n_rows), labels in groups.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _losses(catalog: Catalog, findings: pd.DataFrame, reads: Reads) -> Iterator[_Loss]:
    for table, columns in reads.columns.items():
        of_table = findings[findings["table"] == table].to_dict("records")
        kinds = _kinds(catalog, reads, table)
        if kinds is None:
            yield from (
                _Loss(table, row["finding"], row["n_rows"]) for row in of_table if row["severity"] == "rejected"
            )
        else:
            lost = kinds[kinds["reason"] != ""].groupby("reason", sort=False)["n_rows"].sum()
            yield from (_Loss(table, str(reason), int(n_rows)) for reason, n_rows in lost.items())
        for row in of_table:
            finding = str(row["finding"])
            if row["severity"] != "rejected" and finding.split(" ")[0] in columns and _is_emptied(finding):
                yield _Loss(table, finding, row["n_rows"])
            elif finding.startswith(("no row from", "the rows end")):
                yield _Loss(table, f"{table}: {finding.split(', where')[0].split(';')[0]}", 0)


def _is_emptied(finding: str) -> bool:
    return any(
        words in finding for words in ("cannot be read as", " is below ", " is above ", " is none of ", " lies after ")
    )


def _kinds(catalog: Catalog, reads: Reads, table: str) -> pd.DataFrame | None:
    """Return the rows that a metric counts, by kind and reason; None if it counts all kinds, or kinds are not recorded."""
    known = pd.DataFrame(catalog.provenance.get("by_kind", []), columns=["table", "column", "kind", "reason", "n_rows"])
    for (of, column), kinds in reads.kinds.items():
        mine = known[(known["table"] == of) & (known["column"] == column)]
        if of == table and not mine.empty:
            return mine[mine["kind"].isin(kinds)]
    return None


def _n_counted(catalog: Catalog, reads: Reads | None, table: str, n_in: int) -> int:
    kinds = _kinds(catalog, reads, table) if reads else None
    return n_in if kinds is None else int(kinds["n_rows"].sum())


def _reasons(losses: Iterable[_Loss]) -> str:
    reasons = [(finding_in_words(loss.table, loss.why), loss.n_rows) for loss in losses]
    return ", ".join(f"{why} ({n_rows:,})" if n_rows else why for why, n_rows in reasons)
