"""Where the parsed rows of a table are kept while they are checked, and how a few of them are changed.

Few rows are a table of DuckDB. Many are a temporary Parquet file and a view of it, since a table in memory is not
compressed; a change is then a join of the view with the few rows that changed. Where no rule is broken in any row, the
file has the columns of the store alone, and becomes the store's if nothing changes the rows later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from crmkit.sources.sql import MERGED, PART, REASON, ROW, identifier, literal, parquet, scratch_folder
from crmkit.sources.store.store import write_table

MANY = 300_000
"""Rows from which they are kept in a file."""


def keep_rows(
    con: duckdb.DuckDBPyConnection, relation: str, query: str, n_rows: int, values: Sequence[str], faults: Sequence[str]
) -> None:
    """Run a query and keep its rows, with their numbers as ``rowid``, under the name of a relation.

    Parameters
    ----------
    con : duckdb connection
    relation, query : str
    n_rows : int
        About how many rows the query has [rows].
    values, faults : sequence of str
        Its quoted columns: those of the store, and those with the rules that their cells break. The others are
        :data:`PART`, :data:`ROW`, :data:`REASON` and :data:`MERGED`.
    """
    if n_rows < MANY:
        con.execute(f"CREATE TABLE {relation} AS {query}")
        return
    file = _file_of(con, relation)
    hidden = _of_sound_rows(con, query, faults)
    if hidden:
        write_table(con, f"SELECT {', '.join(values)} FROM ({query})", file)
    else:
        con.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION lz4_raw)")
    columns = ", ".join([*values, *(hidden or [*faults, PART, ROW, REASON, MERGED]), "file_row_number AS rowid"])
    con.execute(f"CREATE VIEW {relation} AS SELECT {columns} FROM {parquet(file, ', file_row_number = true')}")


def file_of_rows(con: duckdb.DuckDBPyConnection, relation: str) -> Path | None:
    """Return the Parquet file that holds the rows of a relation as the store has them; None if there is none."""
    file = _file_of(con, relation)
    (found,) = con.execute(
        f"SELECT count(*) FROM duckdb_views() WHERE view_name = $1 AND contains(sql, {literal(str(file))}) "
        f"AND contains(sql, 'AS {REASON}')",  # it is no column of the file, and no rows were changed
        [relation],
    ).fetchone() or (0,)
    return file if found else None


def _file_of(con: duckdb.DuckDBPyConnection, relation: str) -> Path:
    return scratch_folder(con) / f"{relation}.parquet"


def _of_sound_rows(con: duckdb.DuckDBPyConnection, query: str, faults: Sequence[str]) -> list[str]:
    """Return the SQL of the hidden columns of rows that break no rule, by their numbers; empty if one does.

    So it is where the lines of a file leave out lines between the rows.
    """
    n_faults = " + ".join(f"count({name})" for name in [*faults, REASON])
    counted = con.execute(
        f"SELECT {PART}, min({ROW}), max({ROW}), count(*), {n_faults} FROM ({query}) GROUP BY {PART} ORDER BY {PART}"
    ).fetchall()
    if not counted or any(n_broken or last - first + 1 != n for _, first, last, n, n_broken in counted):
        return []
    parts, lines, before = "", "", 0
    for part, first, _, n, _ in counted:
        parts += f" WHEN file_row_number < {before + n} THEN {part}"
        lines += f" WHEN file_row_number < {before + n} THEN file_row_number + {first - before}"
        before += n
    return [
        *(f"NULL::UTINYINT AS {name}" for name in faults),
        f"CAST(CASE{parts} END AS INTEGER) AS {PART}",
        f"CASE{lines} END AS {ROW}",
        f"NULL::VARCHAR AS {REASON}",
        f"false AS {MERGED}",
    ]


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
