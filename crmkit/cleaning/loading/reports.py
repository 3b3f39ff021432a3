"""Reports on the quality of the data: findings, counts of rows by table and by file, how far each table reaches, joins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from crmkit.cleaning.checks.check_rows import CheckedTable
from crmkit.cleaning.checks.database import DatabaseCatalog
from crmkit.cleaning.checks.findings import Counts, Finding
from crmkit.cleaning.checks.timeline import rows_by_day, unexpected_gaps
from crmkit.cleaning.checks.whole_tables import join_counts, with_table_findings
from crmkit.cleaning.loading.load_report import LoadReport
from crmkit.errors import CrmkitError
from crmkit.periods import days_in_words
from crmkit.sources.databases.relations import is_query
from crmkit.sources.sql import MERGED, PART, REASON, identifier
from crmkit.sources.store.store import found_store
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import SCHEMAS

_ROWS = ["n_in", "n_kept", "n_merged", "n_folded", "n_ignored", "n_aside"]


@checked
def quality_report(catalog: Catalog) -> pd.DataFrame:
    """Return the findings on each table.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.

    Returns
    -------
    DataFrame
        One row per table and finding: table, finding (a sentence), n_rows [rows], share (of the table's rows, 0..1),
        severity ("rejected", "warning" or "note"), consequence (what follows for the numbers, a sentence), advice
        (what to do, a sentence).

    Examples
    --------
    >>> from crmkit.cleaning.loading.connect import connect
    >>> refunds = {"order_id": ["a", "b"], "ordered_at": ["2026-10-01", None], "revenue": [12.5, -2.5]}
    >>> quality_report(connect({"orders": pd.DataFrame(refunds)}))[["table", "finding", "n_rows", "severity"]]
        table                finding  n_rows  severity
    0  orders  ordered_at is missing       1  rejected
    """
    return memoize(catalog, _quality_report, wait=False)


@checked
def table_report(catalog: Catalog) -> pd.DataFrame:
    """Return the counts of rows, the range of days and the gaps of each table.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.

    Returns
    -------
    DataFrame
        One row per table: table, n_in, n_kept, n_merged, n_folded, n_ignored, n_aside [rows]; first_day, last_day of its
        time column (empty where it has none); gaps (stretches without rows that chance does not explain, in words: see
        :func:`crmkit.cleaning.checks.timeline.unexpected_gaps`); days_behind (days from its last day to the last day of
        all data [days], empty where it has no time column).

    Examples
    --------
    >>> from crmkit.cleaning.loading.connect import connect
    >>> days = pd.date_range("2026-09-01", "2026-11-30").delete(range(34, 44))
    >>> orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": 12.5})
    >>> table_report(connect({"orders": orders}))[["table", "n_kept", "last_day", "gaps", "days_behind"]]
        table  n_kept    last_day                            gaps  days_behind
    0  orders      81  2026-11-30  5 to 14 October 2026 (10 days)            0
    """
    return memoize(catalog, _table_report)


def quarantined_rows(store: str | Path, table: str) -> pd.DataFrame:
    """Return the rows of a table that the load set aside, with the reason.

    Parameters
    ----------
    store : path
    table : str
        Canonical name.

    Returns
    -------
    DataFrame
        One row per row set aside: file and line (empty where it was made by SQL), reason, row (its raw cells as JSON;
        empty for personal data and for lines that do not fit the header).
    """
    folder = found_store(Path(store))
    if folder is None:
        raise CrmkitError(f"There is no store {store} yet. Run `crmkit load` first.")
    file = folder / "aside" / f"{table}.parquet"
    return (
        pd.read_parquet(file, partitioning=None)
        if file.is_file()
        else pd.DataFrame(columns=["file", "line", "reason", "row"])
    )


@checked
def file_report(catalog: Catalog) -> pd.DataFrame:
    """Return what became of the rows of each file.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.

    Returns
    -------
    DataFrame
        One row per file and table that it fills: file (or the table of a database; "" where the settings' SQL or a frame
        makes the rows), table, n_in = n_kept + n_merged + n_folded + n_ignored + n_aside [rows]. A row that is two, such
        as an order and its refund, counts twice.

    Examples
    --------
    >>> from crmkit.cleaning.loading.connect import connect
    >>> orders = pd.DataFrame({"order_id": ["a", "b"], "ordered_at": ["2026-10-01", None], "revenue": 12.5})
    >>> file_report(connect({"orders": orders}))[["table", "n_in", "n_kept", "n_aside"]]
        table  n_in  n_kept  n_aside
    0  orders     2       1        1
    """
    known = [record for record in catalog.provenance.get("by_file", []) if record["table"] in catalog.names]
    rows = pd.DataFrame(known) if known else table_report(catalog).assign(file="")
    if (relations := catalog.provenance.get("relations")) is not None:  # a database: predictions are no rows of it
        rows = rows[rows["table"].isin(relations)].reset_index(drop=True)
        rows["file"] = ["a query" if is_query(relations[name]) else relations[name] for name in rows["table"]]
    return rows[["file", "table", *_ROWS]]


@checked
def join_report(catalog: Catalog) -> pd.DataFrame:
    """Return the number of rows of each table before and after joining the table that its ids refer to.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.

    Returns
    -------
    DataFrame
        One row per table and column of ids: table, column, target, n_before, n_after, n_without_id, n_not_found [rows];
        if n_after is more than n_before, a metric split by a column of the target counts rows twice.

    Examples
    --------
    >>> from crmkit.cleaning.loading.connect import connect
    >>> orders = {"order_id": ["a", "b"], "ordered_at": "2026-10-01", "revenue": 1.0, "customer_id": ["x", "z"]}
    >>> catalog = connect({"orders": pd.DataFrame(orders), "customers": pd.DataFrame({"customer_id": ["x"]})})
    >>> join_report(catalog)[["table", "target", "n_before", "n_after", "n_not_found"]]
        table     target  n_before  n_after  n_not_found
    0  orders  customers         2        2            1
    """
    found = [asdict(join) for join in join_counts(catalog)]
    columns = ["table", "column", "target", "n_before", "n_after", "n_without_id", "n_not_found"]
    return pd.DataFrame(found, columns=columns)


def counts_by_file_and_kind(
    con: duckdb.DuckDBPyConnection, checked: Sequence[CheckedTable]
) -> dict[str, list[dict[str, Any]]]:
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


def _quality_report(catalog: Catalog) -> pd.DataFrame:
    if isinstance(catalog, DatabaseCatalog):
        report = catalog.report
    else:
        found = [Finding(**finding) for finding in catalog.provenance.get("findings", [])]
        report = LoadReport({name: Counts(**_counts(catalog, name)) for name in catalog.names}, tuple(found))
    rows = [asdict(finding) for finding in with_table_findings(report, catalog).findings]
    return pd.DataFrame(rows, columns=[field.name for field in fields(Finding)])


def _counts(catalog: Catalog, name: str) -> dict[str, int]:
    if (
        isinstance(catalog, DatabaseCatalog) and name in catalog.report.counts
    ):  # predictions are no rows of the database
        return asdict(catalog.report.counts[name])
    known = catalog.provenance.get("counts", {}).get(name)
    if known is not None:
        return dict(known)
    n_rows = int(catalog.table(name).count().execute())  # a table that no load wrote
    return asdict(Counts(n_rows, n_rows, 0, 0))


def _table_report(catalog: Catalog) -> pd.DataFrame:
    rows = [{"table": name, **_counts(catalog, name), **_reach(catalog, name)} for name in catalog.names]
    counts = ["n_in", "n_kept", "n_merged", "n_folded", "n_ignored", "n_aside"]
    columns = ["table", *counts, "first_day", "last_day", "gaps", "days_behind"]
    return (
        pd.DataFrame(rows, columns=columns)
        .fillna(dict.fromkeys(counts, 0))
        .astype(dict.fromkeys(counts, "int64") | {"days_behind": "Int64"})
    )


def _reach(catalog: Catalog, name: str) -> dict[str, Any]:
    clock = SCHEMAS[name].clock
    table = catalog.table(name)
    if clock is None:
        return {"first_day": None, "last_day": None, "gaps": ""}
    rows_on = rows_by_day(table, clock)
    if rows_on.empty:
        return {"first_day": None, "last_day": None, "gaps": ""}
    behind = max((catalog.data_through - rows_on.index[-1]).days, 0) if catalog.data_through else None
    gaps = [f"{days_in_words(gap.first, gap.last)} ({gap.n_days} days)" for gap in unexpected_gaps(rows_on)]
    return {
        "first_day": rows_on.index[0],
        "last_day": rows_on.index[-1],
        "gaps": "; ".join(gaps) if name != "subscription_terms" else "",
        "days_behind": behind,
    }


def _days_by_file(con: duckdb.DuckDBPyConnection, checked: CheckedTable) -> dict[str, list[str | None]]:
    """Return the first and the last day of the rows that each file gave and that are kept."""
    staged = checked.parsed.staged
    if staged.schema.clock not in checked.parsed.rules:
        return {}
    at, part = identifier(staged.schema.clock), PART if staged.parts else "0"
    first, last = (f"CAST(CAST({end}({at}) AS DATE) AS VARCHAR)" for end in ("min", "max"))
    kept = f"FROM {checked.parsed.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
    rows = con.execute(f"SELECT {part}, {first}, {last} {kept} GROUP BY 1").fetchall()
    return {staged.parts[number] if staged.parts else "": days for number, *days in rows}


def _by_file(con: duckdb.DuckDBPyConnection, checked: CheckedTable) -> dict[str, Counts]:
    staged = checked.parsed.staged
    if not staged.parts:
        return {"": checked.counts}
    counted = con.execute(
        f"SELECT {PART}, count(*) FILTER ({REASON} IS NULL AND NOT {MERGED}), count(*) FILTER ({REASON} IS NULL AND {MERGED}), "
        f"count(*) FILTER ({REASON} IS NOT NULL) FROM {checked.parsed.relation} GROUP BY ALL"
    ).fetchall()
    unread = Counter(line.file for line in staged.bad_lines)
    kept = {file: Counts(0, 0, 0, 0) for file in (*staged.parts, *unread)}
    for part, n_kept, n_merged, n_aside in counted:
        was = kept[staged.parts[part]]
        kept[staged.parts[part]] = replace(
            was, n_kept=was.n_kept + n_kept, n_merged=was.n_merged + n_merged, n_aside=was.n_aside + n_aside
        )
    for file, counts in kept.items():
        beside = staged.beside.get(file, (0, 0, 0))
        n_folded, n_ignored, n_split = beside
        n_aside = counts.n_aside + unread[file]
        n_in = counts.n_kept + counts.n_merged + n_aside + n_folded + n_ignored
        kept[file] = Counts(n_in, counts.n_kept, counts.n_merged, n_aside, n_folded, n_ignored, n_split)
    return kept


def _by_kind(con: duckdb.DuckDBPyConnection, checked: CheckedTable) -> list[dict[str, Any]]:
    records = []
    for column in checked.parsed.columns:
        if column.required and column.choices:
            name = identifier(column.name)
            counted = con.execute(
                f"SELECT {name}, coalesce({REASON}, ''), count(*) FROM {checked.parsed.relation} "
                f"WHERE {name} IS NOT NULL AND NOT {MERGED} GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            records += [
                {"table": checked.table, "column": column.name, "kind": kind, "reason": reason, "n_rows": n}
                for kind, reason, n in counted
            ]
    return records
