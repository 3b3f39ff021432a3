"""Rows finer than one row of their table: counts by hour, device or variant are added up, and not thrown away.

A report of visits by hour has several rows for a day, origin and landing page, and a mailing with variants several rows.
Their counts add up to the row of the table. A file in which all rows of a key are equal in every column holds rows twice
instead, and these are merged.
"""

from __future__ import annotations

import duckdb

from crmkit.cleaning.checks.findings import Finding
from crmkit.cleaning.checks.kept_rows import change_rows
from crmkit.cleaning.checks.parse_rows import ParsedTable
from crmkit.sources.sql import MERGED, PART, REASON, ROW, identifier

ADDED_UP = "rows are finer than a row of the table"
SUMS = {
    "web_traffic": ("visitors", "clicks", "converted_clicks", "sign_ups", "leads"),
    "mailing_totals": (
        *("recipients", "delivered", "bounced", "opened", "clicked", "unsubscribed", "complaints", "orders", "revenue"),
    ),
    "subscription_terms": ("mrr",),
}
"""The columns of a table that add up."""

_ITEMS = {"subscription_terms": "plan"}
"""Tables whose rows are added up only if they differ in this column: a changed row of the same plan is no further item."""


def add_up_finer_rows(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> list[Finding]:
    """Add up the rows of a key into the first of them, in place, where a file has several that are not all equal.

    Returns
    -------
    list of Finding
        How many rows were added to another.
    """
    table = parsed.staged.table
    key = [name for name in parsed.staged.schema.key if name in parsed.rules]
    sums = [name for name in SUMS.get(table, ()) if name in parsed.rules]
    if not key or not sums:
        return []
    keys = ", ".join(identifier(name) for name in key)
    within = f"{keys}, {PART}" if not any(parsed.staged.sources) else keys
    kept = f"(SELECT rowid AS id, * FROM {parsed.relation} WHERE {REASON} IS NULL AND NOT {MERGED})"
    repeated = con.execute(f"SELECT 1 FROM {kept} GROUP BY {within} HAVING count(*) > 1 LIMIT 1").fetchone()
    if repeated is None:
        return []
    added = ", ".join(f"sum({identifier(name)}) AS {identifier(name)}" for name in sums)
    groups = (
        f"SELECT min({PART}) AS a_part, arg_min(id, ({PART}, {ROW})) AS first_id, {added}, list(id) AS ids, "
        f"{_is_finer(parsed, table)} AS is_finer FROM {kept} GROUP BY {within} HAVING count(*) > 1"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE repeated_rows AS {groups}")
    # Once a file of visits is finer than the table, equal rows in it are finer rows too.
    more = "OR a_part IN (SELECT a_part FROM repeated_rows WHERE is_finer)" if table == "web_traffic" else ""
    finer = f"FROM repeated_rows WHERE is_finer {more}"
    change_rows(con, parsed.relation, f"SELECT first_id AS id, {', '.join(map(identifier, sums))} {finer}", sums)
    others = f"SELECT unnest(ids) AS id, first_id {finer}"
    n_rows = change_rows(
        con, parsed.relation, f"SELECT id, true AS {MERGED} FROM ({others}) WHERE id <> first_id", [MERGED]
    )
    con.execute("DROP TABLE repeated_rows")
    one = f"one for each {', '.join(key[:-1])} and {key[-1]}" if len(key) > 1 else f"one for each {key[0]}"
    return [Finding(table, ADDED_UP, n_rows, 0.0, "note", f"Added up: {one}.")] if n_rows else []


def _is_finer(parsed: ParsedTable, table: str) -> str:
    """Return the SQL condition under which the rows of a key are parts of one row."""
    if item := _ITEMS.get(table):
        same = " AND ".join(f"count(DISTINCT {name}) = 1" for name in ("customer_id", "ends_at"))
        return f"count(DISTINCT {identifier(item)}) = count(*) AND {same}" if item in parsed.rules else "false"
    return f"count(DISTINCT row({parsed.selected})) > 1"
