"""Ids that point to a row that is not there; the rows stay, and the number of them is noted."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from crmkit.cleaning.findings import Finding
from crmkit.cleaning.intake import Taken
from crmkit.sources.sql import MERGED, REASON, identifier

_TARGETS = {
    "customer_id": "customers",
    "referred_by": "customers",
    "order_id": "orders",
    "lead_id": "leads",
    "deal_id": "deals",
}


def unknown_references(con: duckdb.DuckDBPyConnection, taken: Sequence[Taken]) -> list[Finding]:
    """Count, for each column that names a row of another table, the rows whose id is not there."""
    present = {table.staged.table: table for table in taken}
    findings = []
    for table in taken:
        for name in table.rules:
            target = present.get(_TARGETS.get(name, ""))
            if target is None or (target is table and name != "referred_by"):
                continue
            n_rows = _count(con, table, name, target)
            if n_rows:
                findings.append(Finding(
                    table.staged.table, f"{name} is not found in {target.staged.table}", n_rows, 0.0, "note",
                    f"They count in totals, and fall under no group when a metric is split by a column of {target.staged.table}.",
                ))  # fmt: skip
    return findings


def _count(con: duckdb.DuckDBPyConnection, table: Taken, name: str, target: Taken) -> int:
    known = f"SELECT {target.staged.schema.key[0]} AS id FROM {target.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
    (n_rows,) = con.execute(
        f"SELECT count(*) FROM {table.relation} t ANTI JOIN ({known}) k ON t.{identifier(name)} = k.id "
        f"WHERE t.{REASON} IS NULL AND NOT t.{MERGED} AND t.{identifier(name)} IS NOT NULL"
    ).fetchone() or (0,)
    return int(n_rows)
