"""One person's rows made one: every table's customer_id becomes the surviving one, and the rows of before are kept.

The oldest account survives, so that an id never changes because of a new order. A person's row takes each value from the
account used last that has one; how she was won is that of the oldest account, and she allows mailings if no account
forbids them. Messages and trials that reached two of her accounts become one row: first times, summed money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pandas as pd

from crmkit.sources.sql import identifier
from crmkit.tables.schema import SCHEMAS, Column

_WON = ("channel", "campaign", "referred_by")


def ranked_accounts(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, str], people: Sequence[Sequence[str]]
) -> pd.DataFrame:
    """Say which account of each person survives, and which were used last.

    Parameters
    ----------
    con : duckdb connection
    tables : mapping of str to str
        SQL of the rows of each canonical table.
    people : sequence of sequence of str
        The accounts of each person.

    Returns
    -------
    DataFrame
        One row per account: customer_id, person_id (the surviving account), oldest and newest (its rank, from 1).
    """
    accounts = pd.DataFrame([(account, number) for number, members in enumerate(people) for account in members],
                            columns=["customer_id", "person"])  # fmt: skip
    con.register("accounts", accounts.astype({"customer_id": "string", "person": "int64"}))
    seen = [f"SELECT customer_id, CAST({identifier(clock)} AS TIMESTAMP) AS used_at FROM ({rows})"
            for name, rows in tables.items() if (clock := _clock(con, name, rows))]  # fmt: skip
    seen.append("SELECT NULL::VARCHAR AS customer_id, NULL::TIMESTAMP AS used_at")
    ranked = con.execute(f"""
        WITH used AS (SELECT customer_id, min(used_at) AS first_use, max(used_at) AS last_use FROM ({" UNION ALL ".join(seen)})
                      WHERE customer_id IN (SELECT customer_id FROM accounts) GROUP BY customer_id)
        SELECT customer_id, first_value(customer_id) OVER oldest AS person_id, row_number() OVER oldest AS oldest,
               row_number() OVER (PARTITION BY person ORDER BY last_use DESC NULLS LAST, first_use DESC NULLS LAST, customer_id)
               AS newest
        FROM accounts LEFT JOIN used USING (customer_id)
        WINDOW oldest AS (PARTITION BY person ORDER BY first_use NULLS LAST, customer_id) ORDER BY person_id, oldest""").df()
    con.unregister("accounts")
    return ranked


def merge_rows(con: duckdb.DuckDBPyConnection, tables: Mapping[str, str], accounts: pd.DataFrame) -> dict[str, int]:
    """Make the rows of each person's accounts hers.

    Makes, for each table that changes, ``merged_<table>`` (position and all columns) and ``before_<table>`` (the rows of
    before that changed: position, merged_position of the row that stands for it now, if any, and all columns).

    Parameters
    ----------
    con : duckdb connection
    tables : mapping of str to str
        SQL of the rows of each canonical table, in order.
    accounts : DataFrame
        As :func:`ranked_accounts` returns them.

    Returns
    -------
    dict of str to int
        Rows that were merged into another one, by table that changed [rows].
    """
    con.register("account_rows", accounts)
    con.execute("CREATE OR REPLACE TABLE person_accounts AS FROM account_rows")
    con.unregister("account_rows")
    dropped = {}
    for name, rows in tables.items():
        columns = [column for column, *_ in con.execute(f"DESCRIBE {rows}").fetchall()]
        ids = [column for column in ("customer_id", "referred_by") if column in columns]
        if ids and _touches(con, rows, ids):
            dropped[name] = _merge_table(con, name, rows, columns)
    return dropped


def _merge_table(con: duckdb.DuckDBPyConnection, name: str, rows: str, columns: list[str]) -> int:
    con.execute(f"CREATE OR REPLACE TABLE base_{name} AS {rows}")
    base = f"SELECT rowid + 1 AS position, * FROM base_{name}"
    kept = ", ".join(identifier(column) for column in columns)
    together = "customer_id" in SCHEMAS[name].key
    own = ", ".join(f"{_own_id(column)} AS {identifier(column)}" for column in columns)
    mapped = f"""SELECT position, {own}, a.person_id, a.oldest, a.newest FROM ({base}) b
                 LEFT JOIN person_accounts a ON a.customer_id = b.customer_id"""
    if "referred_by" in columns:
        by = "coalesce(r.person_id, m.referred_by)"  # who was recommended by herself was recommended by nobody
        mapped = f"""SELECT m.* REPLACE (CASE WHEN m.person_id = {by} THEN NULL ELSE {by} END AS referred_by)
                     FROM ({mapped}) m LEFT JOIN person_accounts r ON r.customer_id = m.referred_by"""
    single = f"SELECT position, {kept} FROM ({mapped})"
    if together:
        single = f"{single} WHERE person_id IS NULL UNION ALL ({_one_row_each(name, columns, mapped)})"
    con.execute(f"""CREATE OR REPLACE TABLE merged_{name} AS SELECT row_number() OVER (ORDER BY position) AS position,
                    position AS base_position, {kept} FROM ({single}) ORDER BY position""")
    changed = " OR ".join(f"b.{column} IN (SELECT customer_id FROM person_accounts {'' if together else _GONE})"
                          for column in ("customer_id", "referred_by") if column in columns)  # fmt: skip
    con.execute(f"""CREATE OR REPLACE TABLE before_{name} AS SELECT b.position, m.position AS merged_position, {_of("b", columns)}
                    FROM ({base}) b LEFT JOIN merged_{name} m ON m.base_position = b.position WHERE {changed}""")
    con.execute(f"ALTER TABLE merged_{name} DROP COLUMN base_position")
    con.execute(f"DROP TABLE base_{name}")
    (n_dropped,) = con.execute(f"SELECT count(*) FROM before_{name} WHERE merged_position IS NULL").fetchone() or (0,)
    return int(n_dropped)


_GONE = "WHERE customer_id <> person_id"


def _one_row_each(name: str, columns: list[str], mapped: str) -> str:
    """Return the SQL of one row per person and the rest of the table's key."""
    key = [column for column in SCHEMAS[name].key if column in columns]
    known = {column.name: column for column in SCHEMAS[name].columns}
    cells = [identifier(column) if column in key else
             f"{_together(name, column, known.get(column), columns)} AS {identifier(column)}" for column in columns]  # fmt: skip
    groups = ", ".join(identifier(column) for column in key)
    return f"SELECT min(position) AS position, {', '.join(cells)} FROM ({mapped}) WHERE person_id IS NOT NULL GROUP BY {groups}"


def _together(name: str, column: str, known: Column | None, columns: list[str]) -> str:
    """Return the SQL that makes one value of those of a person's accounts."""
    cell = identifier(column)
    if name == "customers" and column in _WON:
        how = "channel" if column == "campaign" and "channel" in columns else column  # a campaign goes with its channel
        return f"arg_min_null({cell}, oldest) FILTER (WHERE {identifier(how)} IS NOT NULL)"
    if name == "customers" and column == "marketing_consent":
        return f"bool_and({cell})"
    if known is not None and known.kind == "timestamp":
        return f"min({cell})"
    if known is not None and known.kind == "money":
        return f"sum({cell})"
    if known is not None and known.kind == "flag":
        return f"bool_or({cell})"
    return f"arg_min({cell}, newest) FILTER (WHERE {cell} IS NOT NULL)"


def _own_id(column: str) -> str:
    return "coalesce(a.person_id, b.customer_id)" if column == "customer_id" else f"b.{identifier(column)}"


def _of(alias: str, columns: list[str]) -> str:
    return ", ".join(f"{alias}.{identifier(column)}" for column in columns)


def _touches(con: duckdb.DuckDBPyConnection, rows: str, ids: list[str]) -> bool:
    members = " OR ".join(f"{column} IN (SELECT customer_id FROM person_accounts)" for column in ids)
    (found,) = con.execute(f"SELECT EXISTS (FROM ({rows}) WHERE {members})").fetchone() or (False,)
    return bool(found)


def _clock(con: duckdb.DuckDBPyConnection, name: str, rows: str) -> str | None:
    """Return the column that says when an account was used, or opened."""
    columns = {column for column, *_ in con.execute(f"DESCRIBE {rows}").fetchall()}
    clock = "acquired_at" if name == "customers" else SCHEMAS[name].clock
    return clock if "customer_id" in columns and clock in columns else None
