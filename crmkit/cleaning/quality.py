"""How good the data is: what was found in it, and how far and how densely each table reaches."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from crmkit.cleaning.database import DatabaseCatalog
from crmkit.cleaning.findings import Counts, Finding
from crmkit.cleaning.report import LoadReport
from crmkit.cleaning.timeline import improbable_stretches, rows_by_day
from crmkit.cleaning.whole_tables import looked_at_whole
from crmkit.errors import CrmkitError
from crmkit.periods import days_in_words
from crmkit.sources.store import found_store
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember
from crmkit.tables.schema import SCHEMAS


def quality_report(catalog: Catalog) -> pd.DataFrame:
    """Return what the load found in each table.

    Parameters
    ----------
    catalog : Catalog

    Returns
    -------
    DataFrame
        One row per table and finding: table, finding (a sentence), n_rows [rows], share (of the table's rows, 0..1),
        severity ("rejected", "warning" or "note"), consequence (what follows for the numbers, a sentence), advice
        (what to do, a sentence).

    Examples
    --------
    >>> from crmkit.cleaning.connect import connect
    >>> refunds = {"order_id": ["a", "b"], "ordered_at": ["2026-10-01", None], "revenue": [12.5, -2.5]}
    >>> quality_report(connect({"orders": pd.DataFrame(refunds)}))[["table", "finding", "n_rows", "severity"]]
        table                finding  n_rows  severity
    0  orders  ordered_at is missing       1  rejected
    """
    return remember(catalog, _quality_report, in_turn=False)


def _quality_report(catalog: Catalog) -> pd.DataFrame:
    if isinstance(catalog, DatabaseCatalog):
        report = catalog.report
    else:
        found = [Finding(**finding) for finding in catalog.provenance.get("findings", [])]
        report = LoadReport({name: Counts(**_counts(catalog, name)) for name in catalog.names}, tuple(found))
    told = [asdict(finding) for finding in looked_at_whole(report, catalog).findings]
    return pd.DataFrame(told, columns=[field.name for field in fields(Finding)])


def table_report(catalog: Catalog) -> pd.DataFrame:
    """Return how far and how densely each table reaches.

    Parameters
    ----------
    catalog : Catalog

    Returns
    -------
    DataFrame
        One row per table: table, n_in, n_kept, n_merged, n_folded, n_ignored, n_aside [rows]; first_day, last_day of its
        time column (empty where it has none); gaps (stretches without rows that chance does not explain, in words: see
        :func:`crmkit.cleaning.timeline.improbable_stretches`); days_behind (days from its last day to the last day of
        all data [days], empty where it has no time column).

    Examples
    --------
    >>> from crmkit.cleaning.connect import connect
    >>> days = pd.date_range("2026-09-01", "2026-11-30").delete(range(34, 44))
    >>> orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": 12.5})
    >>> table_report(connect({"orders": orders}))[["table", "n_kept", "last_day", "gaps", "days_behind"]]
        table  n_kept    last_day                            gaps  days_behind
    0  orders      81  2026-11-30  5 to 14 October 2026 (10 days)            0
    """
    return remember(catalog, _table_report)


def _table_report(catalog: Catalog) -> pd.DataFrame:
    rows = [{"table": name, **_counts(catalog, name), **_reach(catalog, name)} for name in catalog.names]
    counts = ["n_in", "n_kept", "n_merged", "n_folded", "n_ignored", "n_aside"]
    columns = ["table", *counts, "first_day", "last_day", "gaps", "days_behind"]
    return (
        pd.DataFrame(rows, columns=columns)
        .fillna(dict.fromkeys(counts, 0))
        .astype(dict.fromkeys(counts, "int64") | {"days_behind": "Int64"})
    )


def rows_aside(store: str | Path, table: str) -> pd.DataFrame:
    """Return the rows of a table that the load kept aside.

    Parameters
    ----------
    store : path
    table : str
        Canonical name.

    Returns
    -------
    DataFrame
        One row per row kept aside: file and line (empty where it was made by SQL), reason, row (its raw cells as JSON;
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


def _counts(catalog: Catalog, name: str) -> dict[str, int]:
    if isinstance(catalog, DatabaseCatalog):
        return asdict(catalog.report.counts[name])
    known = catalog.provenance.get("counts", {}).get(name)
    if known is not None:
        return dict(known)
    n_rows = int(catalog.table(name).count().execute())  # a table that no load wrote
    return asdict(Counts(n_rows, n_rows, 0, 0))


def _reach(catalog: Catalog, name: str) -> dict[str, Any]:
    clock = SCHEMAS[name].clock
    table = catalog.table(name)
    if clock is None:
        return {"first_day": None, "last_day": None, "gaps": ""}
    rows_on = rows_by_day(table, clock)
    if rows_on.empty:
        return {"first_day": None, "last_day": None, "gaps": ""}
    behind = max((catalog.data_through - rows_on.index[-1]).days, 0) if catalog.data_through else None
    gaps = [f"{days_in_words(gap.first, gap.last)} ({gap.n_days} days)" for gap in improbable_stretches(rows_on)]
    return {
        "first_day": rows_on.index[0],
        "last_day": rows_on.index[-1],
        "gaps": "; ".join(gaps) if name != "subscription_terms" else "",
        "days_behind": behind,
    }
