"""Parquet files as Ibis tables, each a view in one DuckDB database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
from ibis.backends.sql.datatypes import DuckDBType

from crmkit.sources.sql import identifier, open_duckdb, parquet
from crmkit.tables.connection_lock import locked_backend

_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()
    WHERE database_name = 'memory' AND schema_name = 'main' AND NOT internal ORDER BY column_index
"""


def view_files(files: Mapping[str, Path | tuple[Path, ...]]) -> dict[str, ir.Table]:
    """Return each file as a table.

    Ibis queries the columns of one table after another, which takes as long as everything else that a page does to open
    a store; here one query reads them all.

    Parameters
    ----------
    files : mapping of str to Path or tuple of Path
        By the names of their tables.
    """
    con = open_duckdb()
    for name, file in files.items():
        con.execute(f"CREATE VIEW {identifier(name)} AS FROM {parquet(file)}")
    columns: dict[str, dict[str, dt.DataType]] = {name: {} for name in files}
    for table, column, kind, is_nullable in con.execute(_COLUMNS).fetchall():
        columns[table][column] = _type_of(kind, is_nullable)
    backend = locked_backend(con)
    namespace = ops.Namespace()
    return {
        name: ops.DatabaseTable(name, schema=sch.Schema(own), source=backend, namespace=namespace).to_expr()
        for name, own in columns.items()
    }


@cache
def _type_of(kind: str, is_nullable: bool) -> dt.DataType:
    return DuckDBType.from_string(kind, nullable=is_nullable)
