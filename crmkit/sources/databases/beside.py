"""Predictions that are kept beside the settings, as tables that queries of a database can join.

Nothing is made in the database, not for a moment either: whoever may only read may not make temporary tables. PostgreSQL
gets the columns as settings of its session, Spark as a view of its session; DuckDB reads the files themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from crmkit.tables.connection_lock import LockedBackend
from crmkit.tables.schema import SCHEMAS, Kind

MOST_ROWS = 2_000_000  # of a table; some 200 MB in the memory of a session
POSTGRES_TYPES: dict[Kind, tuple[str, str]] = {  # the type of a column there, and to Ibis
    "id": ("text", "string"),
    "text": ("text", "string"),
    "number": ("float8", "float64"),
    "date": ("date", "date"),
    "timestamp": ("timestamp", "timestamp(6)"),
}


def tables_beside(backend: ibis.BaseBackend, files: Mapping[str, Path]) -> tuple[dict[str, ir.Table], list[str]]:
    """Return the tables of files on this machine for queries of a database, and a sentence for each that they cannot join.

    Parameters
    ----------
    backend : ibis backend
        The open database.
    files : mapping of str to Path
        The Parquet file of each table of predictions.

    Examples
    --------
    >>> tables_beside(ibis.duckdb.connect(), {})
    ({}, [])
    """
    tables, hints = {}, []
    for name, file in files.items():
        shown = "DuckDB" if isinstance(backend, LockedBackend) else backend.name
        joined = _JOINED.get(shown)
        if joined is None:
            hints.append(
                f"{name}: predictions are kept beside the settings, and tables on {shown} cannot be joined with them"
            )
        elif shown != "DuckDB" and (n := pq.read_metadata(file).num_rows) > MOST_ROWS:
            hints.append(
                f"{name}: {n:,} predictions are kept beside the settings, and {MOST_ROWS:,} at most are joined on {shown}"
            )
        else:
            tables[name] = joined(backend, name, file)
    return tables, hints


def _on_duckdb(backend: Any, name: str, file: Path) -> ir.Table:
    view: ir.Table = backend.read_parquet(file, table_name=f"crmkit_{name}")
    return view


def _on_postgres(backend: Any, name: str, file: Path) -> ir.Table:
    """Give each column to the session as the text of an array, and return the query that makes rows of them again."""
    rows: pa.Table = pq.read_table(file)
    kinds = {column: POSTGRES_TYPES[SCHEMAS[name].column(column).kind] for column in rows.column_names}
    arrays = []
    for column, (kind, _) in kinds.items():
        given = f"crmkit.{name}_{column}"
        backend.con.execute(f"SELECT set_config('{given}', (%s::{kind}[])::text, false)", [rows[column].to_pylist()])
        arrays.append(f"CAST(current_setting('{given}') AS {kind}[])")
    query = f"SELECT * FROM unnest({', '.join(arrays)}) AS beside({', '.join(kinds)})"
    schema = ibis.schema({column: dtype for column, (_, dtype) in kinds.items()})
    return ops.SQLQueryResult(query, schema, backend).to_expr()


def _on_spark(backend: Any, name: str, file: Path) -> ir.Table:
    """Give the rows to the session as a view of its own."""
    backend._session.createDataFrame(pq.read_table(file)).createOrReplaceTempView(f"crmkit_{name}")
    view: ir.Table = backend.table(f"crmkit_{name}")
    return view


_JOINED: dict[str, Callable[[Any, str, Path], ir.Table]] = {
    "DuckDB": _on_duckdb,
    "postgres": _on_postgres,
    "pyspark": _on_spark,
}
