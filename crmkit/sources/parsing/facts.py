"""Facts about whole columns, found in one pass over a table before its cells are read: how ids and numbers are written."""

from __future__ import annotations

import duckdb

from crmkit.sources.files.staging import Staged
from crmkit.sources.parsing.types import Facts, is_text, shows_decimal, trimmed
from crmkit.sources.sql import identifier

_NUMBERS = ("money", "number", "integer")


def column_facts(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[str, Facts]:
    """Return the facts on each canonical column of a table, from one pass over it."""
    wanted = {column.name: _fact_queries(staged, column.name, column.kind) for column in staged.schema.columns}
    selected = [query for queries in wanted.values() for query in queries]
    if not selected:
        return {name: Facts() for name in wanted}
    values = iter(con.execute(f"SELECT {', '.join(selected)} FROM {staged.relation}").fetchone() or ())
    return {name: _facts(staged, [next(values) for _ in queries]) for name, queries in wanted.items()}


def _fact_queries(staged: Staged, name: str, kind: str) -> list[str]:
    if name not in staged.types or not is_text(staged.types[name]):
        return []
    text = trimmed(identifier(name))
    if kind == "id":
        return [f"bool_and(regexp_full_match({text}, '[0-9]+[.]0+')) FILTER ({text} IS NOT NULL)"]
    if kind in _NUMBERS:
        other = "," if staged.dialect.decimal == "." else "."
        return [
            f"coalesce(bool_or({shows_decimal(text, staged.dialect.decimal)}), false)",
            f"min({text}) FILTER ({shows_decimal(text, other)})",
        ]
    return []


def _facts(staged: Staged, values: list[bool | str | None]) -> Facts:
    if not values:
        return Facts()
    if len(values) == 1:
        return Facts(whole_ids=bool(values[0]))
    seen, other = values
    declared = "decimal" in staged.dialect.model_fields_set
    return Facts(
        sure_groups=declared or bool(seen), other_decimal=None if declared or seen or other is None else str(other)
    )
