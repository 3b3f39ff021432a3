"""The rows of a store as they were before people were merged, exactly: each value, each row, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from crmkit.cleaning.people_state import BEFORE
from crmkit.errors import CrmkitError
from crmkit.sources.sql import columns_of, identifier, parquet
from crmkit.sources.store import table_files


def rows_before(con: duckdb.DuckDBPyConnection, store: Path, tables: Iterable[str]) -> dict[str, str]:
    """Return the SQL of the rows of each table as they were before people were merged, in order.

    Parameters
    ----------
    con : duckdb connection
    store : Path
    tables : iterable of str
        Canonical names of the tables that a load wrote.

    Raises
    ------
    CrmkitError
        If a table is not the one that the merge left.
    """
    files = {name: file for name, file in table_files(store, personal=True).items() if name in set(tables)}
    kept = files_before(store)
    return {name: _restored(con, name, file, kept[name]) if name in kept else f"FROM {parquet(file)}"
            for name, file in files.items()}  # fmt: skip


def files_before(store: Path) -> dict[str, Path]:
    """Return the file with the rows of before of each table that the merges changed."""
    return {file.stem: file for file in sorted((store / "personal" / BEFORE).glob("*.parquet"))}


def _restored(con: duckdb.DuckDBPyConnection, name: str, file: Path, before: Path) -> str:
    con.execute(f"CREATE OR REPLACE TABLE now_{name} AS FROM {parquet(file)}")
    con.execute(f"CREATE OR REPLACE TABLE old_{name} AS FROM {parquet(before)}")
    columns = ", ".join(identifier(column) for column in columns_of(con, f"now_{name}"))
    untouched = f"""SELECT row_number() OVER (ORDER BY rowid) AS nth, {columns} FROM now_{name}
                    WHERE rowid + 1 NOT IN (SELECT merged_position FROM old_{name} WHERE merged_position IS NOT NULL)"""
    n_rows = f"(SELECT count(*) FROM ({untouched})) + (SELECT count(*) FROM old_{name})"
    free = f"""SELECT row_number() OVER (ORDER BY position) AS nth, position FROM (
                   SELECT unnest(range(1, {n_rows} + 1)) AS position) WHERE position NOT IN (SELECT position FROM old_{name})"""
    con.execute(f"""CREATE OR REPLACE TABLE restored_{name} AS
                    SELECT position, {columns} FROM ({untouched}) JOIN ({free}) USING (nth)
                    UNION ALL SELECT position, {columns} FROM old_{name}""")
    _check(con, name)
    return f"SELECT {columns} FROM restored_{name} ORDER BY position"


def _check(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Stop where the table has fewer or more rows than the merge left."""
    counted = f"""SELECT count(*), max(position), (SELECT count(*) FROM now_{name}) + (SELECT count(*) FROM old_{name}
                  WHERE merged_position IS NULL) FROM restored_{name}"""
    n_rows, last, expected = con.execute(counted).fetchone() or (0, 0, 0)
    if n_rows != expected or (last or 0) != n_rows:
        raise CrmkitError(f"The table {name} has changed since the load. Run `crmkit load`, then try again.")
