"""A catalog of data that is in no store: frames, or a folder of export files, checked as a load checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from crmkit.cleaning.checked import Checked
from crmkit.cleaning.load import checked_exports, checked_frames
from crmkit.cleaning.manifest import manifest
from crmkit.cleaning.report import LoadReport
from crmkit.settings import Settings
from crmkit.sources.keys import forget_key
from crmkit.sources.sql import identifier, open_duckdb
from crmkit.sources.store import provenance
from crmkit.tables.catalog import Catalog
from crmkit.tables.in_turn import backend_of
from crmkit.tables.memory import Memory


def catalog_of_exports(exports: Path, settings: Settings, personal: bool = False) -> Catalog:
    """Read and check a folder of export files in memory; see :func:`crmkit.cleaning.load.load`."""
    con = open_duckdb()
    return _catalog(con, *checked_exports(con, settings, exports), settings, personal)


def catalog_of_frames(frames: Mapping[str, pd.DataFrame], settings: Settings, personal: bool = False) -> Catalog:
    """Check frames in memory; see :func:`crmkit.cleaning.load.checked_frames`.

    Examples
    --------
    >>> orders = pd.DataFrame({"order_id": [1, 2], "ordered_at": ["2026-10-01", "2026-10-02"], "revenue": [12.5, 40]})
    >>> catalog_of_frames({"orders": orders}, Settings()).frame("orders")
      order_id ordered_at  revenue
    0        1 2026-10-01     12.5
    1        2 2026-10-02     40.0
    """
    con = open_duckdb()
    return _catalog(con, *checked_frames(con, settings, frames), settings, personal)


def _catalog(
    con: duckdb.DuckDBPyConnection, checked: Sequence[Checked], report: LoadReport, settings: Settings, personal: bool
) -> Catalog:
    con.execute("CREATE SCHEMA crmkit")
    opened = [table for table in checked if personal or not table.taken.staged.schema.personal]
    for table in opened:
        con.execute(f"CREATE TABLE crmkit.{table.table} AS {table.kept}")
    _forget_raw_rows(con)
    backend = backend_of(con)
    tables = {table.table: backend.table(table.table, database="crmkit") for table in opened}
    return Catalog(tables, settings, provenance(manifest(report, settings)), memory=Memory())


def _forget_raw_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what the checks worked on, files and frames included: a catalog holds the checked rows once."""
    forget_key(con)
    con.execute("DROP SCHEMA canonical CASCADE")
    views = con.execute("SELECT view_name, temporary FROM duckdb_views() WHERE NOT internal").fetchall()
    for name, registered in views:
        if registered:
            con.unregister(name)
        else:
            con.execute(f"DROP VIEW {identifier(name)}")
    for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall():
        con.execute(f"DROP TABLE {identifier(name)}")
