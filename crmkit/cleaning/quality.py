"""How good the data is: what was found in it, and how far and how densely each table reaches."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from crmkit.cleaning.database import DatabaseCatalog
from crmkit.errors import CrmkitError
from crmkit.sources.store import found_store
from crmkit.tables.cache import remember
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import day
from crmkit.tables.schema import SCHEMAS

_LONG = 5  # times the usual gap
_FEWEST_DAYS = 5  # with fewer there is no usual gap


def quality_report(catalog: Catalog) -> pd.DataFrame:
    """Return what the load found in each table.

    Parameters
    ----------
    catalog : Catalog

    Returns
    -------
    DataFrame
        One row per table and finding: table, finding (a sentence), n_rows [rows], share (of the table's rows, 0..1),
        severity ("rejected" or "note"), consequence (a sentence).

    Examples
    --------
    >>> from crmkit.cleaning.connect import connect
    >>> refunds = {"order_id": ["a", "b"], "ordered_at": ["2026-10-01", None], "revenue": [12.5, -2.5]}
    >>> quality_report(connect({"orders": pd.DataFrame(refunds)}))[["table", "finding", "n_rows", "severity"]]
        table                finding  n_rows  severity
    0  orders  ordered_at is missing       1  rejected
    """
    columns = ["table", "finding", "n_rows", "share", "severity", "consequence"]
    told = catalog.report.findings if isinstance(catalog, DatabaseCatalog) else catalog.provenance.get("findings", [])
    return pd.DataFrame(told, columns=columns)


def table_report(catalog: Catalog) -> pd.DataFrame:
    """Return how far and how densely each table reaches.

    Parameters
    ----------
    catalog : Catalog

    Returns
    -------
    DataFrame
        One row per table: table, n_in, n_kept, n_merged, n_aside [rows]; first_day, last_day of its time column (empty
        where it has none); gaps (stretches without rows longer than five times the usual gap, in words);
        days_behind (days from its last day to the last day of all data [days], empty where it has no time column).

    Examples
    --------
    >>> from crmkit.cleaning.connect import connect
    >>> days = ["2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04", "2026-10-15"]
    >>> orders = pd.DataFrame({"order_id": range(5), "ordered_at": days, "revenue": 12.5})
    >>> table_report(connect({"orders": orders}))[["table", "n_kept", "last_day", "gaps", "days_behind"]]
        table  n_kept    last_day                                gaps  days_behind
    0  orders       5  2026-10-15  2026-10-05 to 2026-10-14 (10 days)            0
    """
    return remember(catalog, _table_report)


def _table_report(catalog: Catalog) -> pd.DataFrame:
    rows = [{"table": name, **_counts(catalog, name), **_reach(catalog, name)} for name in catalog.names]
    columns = ["table", "n_in", "n_kept", "n_merged", "n_aside", "first_day", "last_day", "gaps", "days_behind"]
    return pd.DataFrame(rows, columns=columns).astype({"days_behind": "Int64"})


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
    return {"n_in": n_rows, "n_kept": n_rows, "n_merged": 0, "n_aside": 0}


def _reach(catalog: Catalog, name: str) -> dict[str, Any]:
    clock = SCHEMAS[name].clock
    table = catalog.table(name)
    if clock is None:
        return {"first_day": None, "last_day": None, "gaps": ""}
    days = table.select(day=day(table[clock])).distinct().order_by("day").execute()["day"]
    if days.empty:
        return {"first_day": None, "last_day": None, "gaps": ""}
    on = [pd.Timestamp(value).date() for value in days]
    behind = max((catalog.data_through - on[-1]).days, 0) if catalog.data_through else None
    return {"first_day": on[0], "last_day": on[-1], "gaps": "; ".join(_gaps(on)), "days_behind": behind}


def _gaps(days: list[date]) -> list[str]:
    steps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(days) < _FEWEST_DAYS:
        return []
    usual = sorted(steps)[len(steps) // 2]
    return [f"{earlier + timedelta(days=1)} to {later - timedelta(days=1)} ({step - 1} days)"
            for (earlier, later), step in zip(pairwise(days), steps, strict=True) if step - 1 > _LONG * usual]  # fmt: skip
