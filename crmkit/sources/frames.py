"""Take pandas frames for canonical tables, by the same rules as files."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pandas as pd
import pyarrow as pa

from crmkit.sources.columns import matched_columns
from crmkit.sources.sql import PART, ROW
from crmkit.sources.staging import Staged, staged_rows
from crmkit.tables.given import check_names, fault_of, plain_rows
from crmkit.tables.schema import SCHEMAS, schema


def stage_frames(con: duckdb.DuckDBPyConnection, frames: Mapping[str, pd.DataFrame]) -> list[Staged]:
    """Return the raw rows of each frame.

    Parameters
    ----------
    con : duckdb connection
    frames : mapping of str to DataFrame
        Canonical table name to its rows; a named index counts as a column.

    Raises
    ------
    UnknownName
        If there is no such table.
    Problems
        If there are several such names. What else is wrong with a frame is noted with it.
    """
    check_names(frames)
    return [_staged(con, table, frames[table]) for table in SCHEMAS if table in frames]


def _staged(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> Staged:
    if fault := fault_of(frame):
        return Staged(table, f"Table '{table}'", relation="", types={}, problems=(fault,))
    rows = plain_rows(frame)
    arrays = [_array(rows[name]) for name in rows.columns]
    numbers, part = pa.array(range(1, len(rows) + 1), pa.int64()), pa.repeat(pa.scalar(0, pa.int32()), len(rows))
    con.register(f"frame_{table}", pa.table([*arrays, numbers, part], names=[*rows.columns, ROW, PART]))
    matched = matched_columns(schema(table), rows.columns, keep_extra=True)
    return staged_rows(con, f"frame_{table}", matched, table=table, origin=f"Table '{table}'")


def _array(values: pd.Series) -> pa.Array:
    """Return a column for DuckDB; values of mixed types, or too long for it, become text, each read by what it says."""
    try:
        converted = pa.array(values, from_pandas=True)
        too_long = pa.types.is_decimal256(converted.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError):
        too_long = True
    if too_long:
        texts = [None if pd.api.types.is_scalar(value) and pd.isna(value) else str(value) for value in values]
        converted = pa.array([text and text.encode("utf-8", "replace").decode() for text in texts], pa.string())
    return converted.cast(pa.string()) if pa.types.is_null(converted.type) else converted
