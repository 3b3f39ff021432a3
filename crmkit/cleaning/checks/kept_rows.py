"""Where the parsed rows of a table are kept while they are checked, and how a few of them are changed.

Few rows are a table of DuckDB. Many are a temporary Parquet file and a view of it, since a table in memory is not
compressed; a change is then a join of the view with the few rows that changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from crmkit.sources.sql import identifier, literal, parquet, scratch_folder

MANY = 300_000
"""Rows from which they are kept in a file."""


def keep_rows(con: duckdb.DuckDBPyConnection, relation: str, query: str, n_rows: int) -> None:
    """Run a query and keep its rows, with their numbers as ``rowid``, under the name of a relation.

    Parameters
    ----------
    con : duckdb connection
    relation, query : str
    n_rows : int
        About how many rows the query has [rows].
    """
    if n_rows < MANY:
        con.execute(f"CREATE TABLE {relation} AS {query}")
        return
    file = scratch_folder(con) / f"{relation}.parquet"
    con.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION lz4_raw)")
    rows = parquet(file, ", file_row_number = true")
    con.execute(f"CREATE VIEW {relation} AS SELECT * RENAME (file_row_number AS rowid) FROM {rows}")


def change_rows(con: duckdb.DuckDBPyConnection, relation: str, changes: str, columns: Sequence[str]) -> int:
    """Give rows other values in some columns; return how many [rows].

    Parameters
    ----------
    con : duckdb connection
    relation : str
        As :func:`keep_rows` made it.
    changes : str
        SQL of one row for each row to change: ``id``, its rowid, and the columns with their values.
    columns : sequence of str
    """
    listed = f"changes_{len(_changes(con))}"
    con.execute(f"CREATE TABLE {listed} AS {changes}")
    (n_rows,) = con.execute(f"SELECT count(*) FROM {listed}").fetchone() or (0,)
    if n_rows and is_view(con, relation):
        values = {name: f"CASE WHEN c.id IS NULL THEN r.{name} ELSE c.{name} END" for name in map(identifier, columns)}
        look_up(con, relation, f"{listed} c ON c.id = r.rowid", values)
    elif n_rows:
        values = {name: f"c.{name}" for name in map(identifier, columns)}
        assigned = ", ".join(f"{name} = {value}" for name, value in values.items())
        con.execute(f"UPDATE {relation} SET {assigned} FROM {listed} c WHERE c.id = {relation}.rowid")
    return int(n_rows)


def look_up(con: duckdb.DuckDBPyConnection, relation: str, joined: str, values: Mapping[str, str]) -> None:
    """Give all rows of a view other values, looked up in another relation.

    Parameters
    ----------
    con : duckdb connection
    relation : str
    joined : str
        SQL of the other relation and its condition; the view's rows are called ``r``.
    values : mapping of str to str
        SQL of the value by quoted column.
    """
    (n_before,) = con.execute(
        f"SELECT count(*) FROM duckdb_views() WHERE starts_with(view_name, '{relation}_before_')"
    ).fetchone() or (0,)
    before = f"{relation}_before_{n_before}"
    replaced = ", ".join(f"{value} AS {name}" for name, value in values.items())
    con.execute(f"ALTER VIEW {relation} RENAME TO {before}")
    con.execute(f"CREATE VIEW {relation} AS SELECT r.* REPLACE ({replaced}) FROM {before} r LEFT JOIN {joined}")


def is_view(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Return whether the rows of a relation are those of a view."""
    return con.execute("SELECT 1 FROM duckdb_views() WHERE view_name = $1", [relation]).fetchone() is not None


def make_table(con: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Make a table of a view, for changes that are not a few rows."""
    if is_view(con, relation):
        con.execute(f"CREATE TABLE {relation}_rows AS SELECT * EXCLUDE (rowid) FROM {relation} ORDER BY rowid")
        con.execute(f"DROP VIEW {relation}; ALTER TABLE {relation}_rows RENAME TO {relation}")


def _changes(con: duckdb.DuckDBPyConnection) -> list[tuple[str]]:
    return con.execute("SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'changes_')").fetchall()
