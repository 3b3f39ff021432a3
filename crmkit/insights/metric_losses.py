"""What is wrong with the data, told by the numbers that do without it: NPS leaves out 37 answers that have no date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import pandas as pd

from crmkit.cleaning.loading.reports import quality_report, table_report
from crmkit.insights.phrases import finding_in_words
from crmkit.metrics.card import Card, apply_definitions, cards, load_own_cards
from crmkit.metrics.engine.lineage import Reads, reads_of
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

COLUMNS = ["metrics", "n_left_out", "n_rows", "share", "why"]


@dataclass(frozen=True)
class _Loss:
    """Rows that a metric does without, and why; none where days are missing and nobody knows how many rows they had."""

    table: str
    why: str
    n_rows: int


def at_most(share: float) -> str:
    """Return the least bound of one decimal that a share keeps to: rounded up, as a bound below it would be wrong.

    Examples
    --------
    >>> at_most(3 / 561), at_most(0.4), at_most(0.00002)
    ('0.6 %', '40.0 %', '0.1 %')
    """
    return f"{ceil(round(1000 * share, 6)) / 10:.1f} %"


def metric_losses(catalog: Catalog) -> pd.DataFrame:
    """Return which rows the numbers of the scorecard do without, and why.

    Parameters
    ----------
    catalog : Catalog

    Returns
    -------
    DataFrame
        One row per group of metrics that lose the same: metrics (labels, in words), n_left_out, n_rows (that came in)
        [rows], share (0..1), why (the reasons with their numbers, in words). What loses the largest share comes first;
        metrics that lose nothing are not there.

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
            key = _in_words(losses), sum(loss.n_rows for loss in losses), sum(of.values())
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
    """Return the rows of the kinds that a metric counts, by kind and reason; None where all kinds count, or it is not known."""
    known = pd.DataFrame(catalog.provenance.get("by_kind", []), columns=["table", "column", "kind", "reason", "n_rows"])
    for (of, column), kinds in reads.kinds.items():
        mine = known[(known["table"] == of) & (known["column"] == column)]
        if of == table and not mine.empty:
            return mine[mine["kind"].isin(kinds)]
    return None


def _n_counted(catalog: Catalog, reads: Reads | None, table: str, n_in: int) -> int:
    kinds = _kinds(catalog, reads, table) if reads else None
    return n_in if kinds is None else int(kinds["n_rows"].sum())


def _in_words(losses: Iterable[_Loss]) -> str:
    told = [(finding_in_words(loss.table, loss.why), loss.n_rows) for loss in losses]
    return ", ".join(f"{why} ({n_rows:,})" if n_rows else why for why, n_rows in told)
