"""Exports that overlap: where two files have the same row, the newer file's counts, and the lines of its order too.

A shop's exports of January to March and of March to April both hold the orders of March. Which file is newer is read from
the files: the one whose rows reach further; of two that reach equally far, the later by name ("orders (2)" after "orders").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

import duckdb

from crmkit.cleaning.findings import Finding
from crmkit.cleaning.intake import Taken
from crmkit.sources.sql import MERGED, PART, REASON, ROW, identifier, literal

REPLACED = "rows are in a newer file too"
_NEWER_COUNTS = "The newer file's rows count; those of the older one do not."
_FILE = "__file"  # rank of a row's file: the higher, the newer


def settle_overlaps(con: duckdb.DuckDBPyConnection, taken: Sequence[Taken]) -> list[Finding]:
    """Merge the rows of older files that a newer file has too, in place; equal ones are left to those that merge repeats.

    Parameters
    ----------
    con : duckdb connection
    taken : sequence of Taken
        All tables: the rows of one tell how far a file reaches that fills another too.

    Returns
    -------
    list of Finding
        How many rows of each table were merged so.
    """
    tables = {table.staged.table: table for table in taken}
    several = [table for table in taken if len(set(table.staged.parts)) > 1]
    ranks = _ranks(con, taken) if several else {}
    settled = {table.staged.table: _settle(con, table, tables, ranks) for table in several}
    return [Finding(name, REPLACED, n, 0.0, "note", _NEWER_COUNTS) for name, n in settled.items() if n]


def _ranks(con: duckdb.DuckDBPyConnection, taken: Sequence[Taken]) -> dict[str, int]:
    """Return the files in order, the newest with the highest rank."""
    reach: dict[str, datetime] = {}
    for table in taken:
        for part, last in con.execute(query).fetchall() if (query := _reach(table, taken)) else ():
            if last is not None and part < len(table.staged.parts):
                file = table.staged.parts[part]
                reach[file] = max(reach.get(file, datetime.min), last)
    files = {file for table in taken for file in table.staged.parts}
    return {
        file: rank for rank, file in enumerate(sorted(files, key=lambda f: (reach.get(f, datetime.min), *_natural(f))))
    }


def _reach(table: Taken, taken: Sequence[Taken]) -> str | None:
    clock = table.staged.schema.clock or "acquired_at"
    if clock in table.rules:
        return f"SELECT {PART}, CAST(max({identifier(clock)}) AS TIMESTAMP) FROM {table.relation} GROUP BY {PART}"
    orders = next((other for other in taken if other.staged.table == "orders"), None)
    if orders is None or table.staged.table != "order_lines" or not {"order_id"} <= table.rules.keys():
        return None
    return (f"SELECT line.{PART}, max(ordered_at) FROM {table.relation} line JOIN {orders.relation} USING (order_id) "
            f"GROUP BY line.{PART}")  # fmt: skip


def _natural(file: str) -> tuple[Any, ...]:
    """Return by what names are sorted as people sort them: 2 before 10, and a name before the same with an ending."""
    stem = re.sub(r"[^0-9a-z]+", " ", PurePath(file).stem.casefold()).strip()
    return tuple(
        (0, int(each), "") if each.isdigit() else (1, 0, each) for each in re.findall(r"\d+|[a-z]+", stem)
    ), file


def _settle(con: duckdb.DuckDBPyConnection, table: Taken, tables: Mapping[str, Taken], ranks: Mapping[str, int]) -> int:
    parts = " ".join(f"WHEN {number} THEN {ranks[file]}" for number, file in enumerate(table.staged.parts))
    rows = f"(SELECT rowid AS id, *, CASE {PART} {parts} END AS {_FILE} FROM {table.relation} WHERE {REASON} IS NULL)"
    older = _older(table, rows, tables, ranks)
    if older is None:
        return 0
    con.execute(f"CREATE OR REPLACE TEMP TABLE older_rows AS {older}")
    (n_rows,) = con.execute("SELECT count(*) FROM older_rows").fetchone() or (0,)
    if n_rows:
        con.execute(f"UPDATE {table.relation} SET {MERGED} = true WHERE rowid IN (SELECT id FROM older_rows)")
    con.execute("DROP TABLE older_rows")
    return int(n_rows)


def _older(table: Taken, rows: str, tables: Mapping[str, Taken], ranks: Mapping[str, int]) -> str | None:
    """Return the SQL of the rows that a newer file has too; None where a table's rows cannot be told from each other."""
    schema = table.staged.schema
    if schema.key and set(schema.key) <= table.rules.keys():
        keys = ", ".join(identifier(name) for name in schema.key)
        rows = _of_several_files(rows, schema.key)
        newest = f"first_value(row({table.selected})) OVER (PARTITION BY {keys} ORDER BY {_FILE} DESC, {PART}, {ROW})"
        return (f"SELECT id FROM {rows} QUALIFY {_FILE} < max({_FILE}) OVER (PARTITION BY {keys}) "
                f"AND row({table.selected}) IS DISTINCT FROM {newest}")  # fmt: skip
    if schema.name == "order_lines" and "orders" in tables and "order_id" in table.rules:
        return (f"SELECT id FROM {rows} SEMI JOIN ({_in_several_files(tables['orders'])}) USING (order_id) "
                f"QUALIFY {_FILE} < max({_FILE}) OVER (PARTITION BY order_id)")  # fmt: skip
    if (
        schema.name == "costs" and "campaign" in table.rules
    ):  # an advertiser's row of a day; other costs may well be equal
        return (f"SELECT id FROM {rows} WHERE campaign IS NOT NULL "
                f"QUALIFY {_FILE} < max({_FILE}) OVER (PARTITION BY {table.selected})")  # fmt: skip
    return None


def _of_several_files(rows: str, key: Sequence[str]) -> str:
    """Return the SQL of the rows whose key is in more than one file: few, as a rule, and only they are compared."""
    keys = ", ".join(map(identifier, key))
    same = " AND ".join(f"each.{identifier(name)} IS NOT DISTINCT FROM shared.{identifier(name)}" for name in key)
    shared = f"(SELECT {keys} FROM {rows} GROUP BY ALL HAVING min({_FILE}) < max({_FILE}))"
    return f"(SELECT each.* FROM {rows} each SEMI JOIN {shared} shared ON {same})"


def _in_several_files(orders: Taken) -> str:
    files = " ".join(f"WHEN {number} THEN {literal(name)}" for number, name in enumerate(orders.staged.parts))
    file = f"CASE {PART} {files} END" if files else "NULL"
    return f"SELECT order_id FROM {orders.relation} WHERE {REASON} IS NULL GROUP BY order_id HAVING count(DISTINCT {file}) > 1"
