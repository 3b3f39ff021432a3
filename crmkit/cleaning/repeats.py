"""Rows that come twice: equal ones are merged, other ones of the same key are kept aside after the first."""

from __future__ import annotations

import duckdb

from crmkit.cleaning.findings import Finding
from crmkit.cleaning.intake import Taken
from crmkit.sources.sql import MERGED, PART, REASON, ROW, identifier, literal


def settle_repeats(con: duckdb.DuckDBPyConnection, taken: Taken) -> list[Finding]:
    """Merge equal rows of a key and keep its other ones aside, in place; the first row of a key stays.

    A table without a key (order_lines, costs) keeps equal rows: an order may well hold two equal lines.
    """
    key = [name for name in taken.staged.schema.key if name in taken.rules]
    if not key:
        return _equal_rows(con, taken)
    keys = ", ".join(identifier(name) for name in key)
    if not _n_more(con, taken, keys):
        return []
    reason = f"{' and '.join(key)} came before with other content"
    con.execute(f"""
        UPDATE {taken.relation}
        SET {MERGED} = again.equal, {REASON} = CASE WHEN again.equal THEN NULL ELSE {literal(reason)} END
        FROM (
            SELECT id, content IS NOT DISTINCT FROM first_value(content) OVER key_rows AS equal,
                   row_number() OVER key_rows AS nth
            FROM (SELECT rowid AS id, {keys}, {PART}, {ROW}, row({taken.selected}) AS content,
                         count(*) OVER (PARTITION BY {keys}) AS n
                  FROM {taken.relation} WHERE {REASON} IS NULL AND NOT {MERGED})
            WHERE n > 1
            WINDOW key_rows AS (PARTITION BY {keys} ORDER BY {PART}, {ROW})
        ) again
        WHERE again.id = {taken.relation}.rowid AND again.nth > 1""")
    return []


def shared_contacts(con: duckdb.DuckDBPyConnection, taken: Taken) -> list[Finding]:
    """Count the customers who share an e-mail address or a telephone number with another; nothing is merged."""
    normal = {"email": "lower(email)", "phone": "ltrim(regexp_replace(phone, '[^0-9]', '', 'g'), '0')"}
    findings = []
    for name, contact in normal.items():
        if name not in taken.rules:
            continue
        (n_rows,) = con.execute(f"""
            SELECT coalesce(sum(n), 0) FROM (
                SELECT count(DISTINCT customer_id) AS n FROM {taken.relation}
                WHERE {REASON} IS NULL AND NOT {MERGED} AND length({contact}) >= 5 GROUP BY {contact} HAVING n > 1)
        """).fetchone() or (0,)
        if n_rows:
            what = "e-mail address" if name == "email" else "telephone number"
            findings.append(Finding(taken.staged.table, f"customers share their {what} with another customer", int(n_rows),
                                    0.0, "note", "They may be one person under several ids; each id counts."))  # fmt: skip
    return findings


def _equal_rows(con: duckdb.DuckDBPyConnection, taken: Taken) -> list[Finding]:
    n_rows = _n_more(con, taken, taken.selected)
    if not n_rows:
        return []
    return [Finding(taken.staged.table, "rows equal another row in every column", n_rows, 0.0, "note",
                    "They count: without a key it cannot be told whether one of them is a mistake.")]  # fmt: skip


def _n_more(con: duckdb.DuckDBPyConnection, taken: Taken, columns: str) -> int:
    """Return how many rows there are beyond one for each combination of the columns [rows]."""
    kept = f"FROM {taken.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
    counted = f"SELECT (SELECT count(*) {kept}) - (SELECT count(*) FROM (SELECT DISTINCT {columns} {kept}))"
    (n_rows,) = con.execute(counted).fetchone() or (0,)
    return int(n_rows)
