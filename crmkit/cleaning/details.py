"""What became of the rows of each file, and of each kind of row: as exact as the counts of whole tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import duckdb

from crmkit.cleaning.checked import Checked
from crmkit.cleaning.findings import Counts
from crmkit.sources.sql import MERGED, PART, REASON, identifier


def details_of(con: duckdb.DuckDBPyConnection, checked: Sequence[Checked]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all tables by file and by kind.

    Returns
    -------
    dict
        ``by_file``: one record per table and file that fills it: table, file (empty where SQL of the settings makes the
        rows), n_in = n_kept + n_merged + n_folded + n_ignored + n_aside, n_split [rows], first_day, last_day (of the rows
        kept). ``by_kind``: for each required column of few choices, such as the survey of an answer, one record per choice
        and reason: table, column, kind, reason (empty for the rows that are kept), n_rows [rows].
    """
    by_file = []
    for table in checked:
        days = _days_by_file(con, table)
        for file, counts in _by_file(con, table).items():
            first, last = days.get(file, [None, None])
            by_file.append({"table": table.table, "file": file, **asdict(counts), "first_day": first, "last_day": last})
    return {"by_file": by_file, "by_kind": [record for table in checked for record in _by_kind(con, table)]}


def _by_file(con: duckdb.DuckDBPyConnection, checked: Checked) -> dict[str, Counts]:
    staged = checked.taken.staged
    if not staged.parts:
        return {"": checked.counts}
    counted = con.execute(
        f"SELECT {PART}, count(*) FILTER ({REASON} IS NULL AND NOT {MERGED}), count(*) FILTER ({REASON} IS NULL AND {MERGED}), "
        f"count(*) FILTER ({REASON} IS NOT NULL) FROM {checked.taken.relation} GROUP BY ALL"
    ).fetchall()
    unread = Counter(line.file for line in staged.bad_lines)
    kept = {file: Counts(0, 0, 0, 0) for file in (*staged.parts, *unread)}
    for part, n_kept, n_merged, n_aside in counted:
        was = kept[staged.parts[part]]
        kept[staged.parts[part]] = replace(was, n_kept=was.n_kept + n_kept, n_merged=was.n_merged + n_merged,
                                           n_aside=was.n_aside + n_aside)  # fmt: skip
    for file, counts in kept.items():
        beside = staged.beside.get(file, (0, 0, 0))
        n_folded, n_ignored, n_split = beside
        n_aside = counts.n_aside + unread[file]
        n_in = counts.n_kept + counts.n_merged + n_aside + n_folded + n_ignored
        kept[file] = Counts(n_in, counts.n_kept, counts.n_merged, n_aside, n_folded, n_ignored, n_split)
    return kept


def _days_by_file(con: duckdb.DuckDBPyConnection, checked: Checked) -> dict[str, list[str | None]]:
    """Return the first and the last day of the rows that each file gave and that are kept."""
    staged = checked.taken.staged
    if staged.schema.clock not in checked.taken.rules:
        return {}
    at, part = identifier(staged.schema.clock), PART if staged.parts else "0"
    first, last = (f"CAST(CAST({end}({at}) AS DATE) AS VARCHAR)" for end in ("min", "max"))
    kept = f"FROM {checked.taken.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
    rows = con.execute(f"SELECT {part}, {first}, {last} {kept} GROUP BY 1").fetchall()
    return {staged.parts[number] if staged.parts else "": days for number, *days in rows}


def _by_kind(con: duckdb.DuckDBPyConnection, checked: Checked) -> list[dict[str, Any]]:
    records = []
    for column in checked.taken.columns:
        if column.required and column.choices:
            name = identifier(column.name)
            counted = con.execute(
                f"SELECT {name}, coalesce({REASON}, ''), count(*) FROM {checked.taken.relation} "
                f"WHERE {name} IS NOT NULL AND NOT {MERGED} GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            records += [{"table": checked.table, "column": column.name, "kind": kind, "reason": reason, "n_rows": n}
                        for kind, reason, n in counted]  # fmt: skip
    return records
