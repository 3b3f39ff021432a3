"""Ids of customers that differ only in capitals or blanks: perhaps one customer, who counts as several."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from crmkit.cleaning.checks.findings import Finding
from crmkit.cleaning.checks.parse_rows import ParsedTable
from crmkit.sources.sql import MERGED, REASON

_FOLDED = "lower(regexp_replace(customer_id, '\\s+', '', 'g'))"


def alike_ids(con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable]) -> list[Finding]:
    """Count the customer ids that differ from another one only in capitals or blanks, over all tables; nothing is merged.

    Parameters
    ----------
    con : duckdb connection
    parsed : sequence of ParsedTable

    Returns
    -------
    list of Finding
        One, at the table of customers or the first that names them; none if all ids are distinct.
    """
    tables = [table for table in parsed if "customer_id" in table.rules]
    if not tables:
        return []
    named = " UNION ALL ".join(
        f"SELECT customer_id FROM {table.relation} WHERE {REASON} IS NULL AND NOT {MERGED}" for table in tables
    )
    # Most ids are numbers or in one notation: only those that folding changes can be like another.
    (n_ids,) = con.execute(
        f"WITH ids AS MATERIALIZED (SELECT DISTINCT customer_id FROM ({named}) WHERE customer_id IS NOT NULL), "
        f"changed AS MATERIALIZED (SELECT {_FOLDED} AS folded FROM ids WHERE customer_id <> {_FOLDED}) "
        f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM ids SEMI JOIN changed ON folded = {_FOLDED} "
        f"GROUP BY {_FOLDED} HAVING n > 1)"
    ).fetchone() or (0,)
    if not n_ids:
        return []
    first = next((table for table in tables if table.staged.table == "customers"), tables[0])
    return [
        Finding(
            first.staged.table,
            f"{int(n_ids):,} customer ids differ from another only in capitals or blanks",
            int(n_ids),
            0.0,
            "warning",
            "Each counts as a customer of its own, so that customers are too many and each buys too little.",
            "If they are the same people, write the ids alike in the system that exports them, or fold them by sql: "
            "lower(trim(customer_id)).",
        )
    ]
