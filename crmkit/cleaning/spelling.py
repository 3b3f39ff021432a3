"""One spelling for each category: case variants take the one that is most frequent over all tables.

The vote runs over all tables at once, so that a campaign goes by one name in costs, leads and orders.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from crmkit.cleaning.findings import Finding
from crmkit.cleaning.intake import Taken
from crmkit.sources.sql import REASON, identifier, literal
from crmkit.sources.types import SPELLED


def unify_spelling(con: duckdb.DuckDBPyConnection, taken: Sequence[Taken]) -> list[Finding]:
    """Give the case variants of each category one spelling, in place, and return what was changed.

    Only rows that are not kept aside vote. The most frequent spelling wins, the first of the alphabet in a tie.
    """
    voters = [(table, column.name) for table in taken for column in table.columns
              if column.name in SPELLED and not column.choices]  # fmt: skip
    if not voters:
        return []
    votes = " UNION ALL ".join(
        f"SELECT {literal(name)} AS category, {identifier(name)} AS spelling, count(*) AS n FROM {table.relation} "
        f"WHERE {REASON} IS NULL AND {identifier(name)} IS NOT NULL GROUP BY ALL" for table, name in voters)  # fmt: skip
    con.execute(f"""
        CREATE OR REPLACE TABLE spellings AS
        WITH counted AS (SELECT category, spelling, sum(n) AS n, lower(nfc_normalize(spelling)) AS same
                         FROM ({votes}) GROUP BY ALL),
        ranked AS (SELECT category, spelling,
                          first_value(spelling) OVER (PARTITION BY category, same ORDER BY n DESC, spelling) AS best
                   FROM counted)
        SELECT * FROM ranked WHERE spelling <> best""")
    changed = {category for (category,) in con.execute("SELECT DISTINCT category FROM spellings").fetchall()}
    findings = [_respell(con, table, name) for table, name in voters if name in changed]
    return [finding for finding in findings if finding is not None]


def _respell(con: duckdb.DuckDBPyConnection, table: Taken, name: str) -> Finding | None:
    column = identifier(name)
    same = f"s.category = {literal(name)} AND s.spelling = {table.relation}.{column}"
    joined = f"spellings s WHERE {same} AND {REASON} IS NULL"
    example = con.execute(f"SELECT s.spelling, s.best FROM {table.relation}, {joined} ORDER BY ALL LIMIT 1").fetchone()
    if example is None:
        return None
    (n_rows,) = con.execute(f"UPDATE {table.relation} SET {column} = s.best FROM {joined}").fetchone() or (0,)
    return Finding(
        table.staged.table,
        f"{name} is spelled in several ways, such as '{example[0]}' and '{example[1]}'",
        n_rows,
        0.0,
        "note",
        "Counted under the most frequent spelling.",
    )
