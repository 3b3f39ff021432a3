"""What one look at a whole table settles before its cells are read: how its ids and numbers are written."""

from __future__ import annotations

import duckdb

from crmkit.sources.files.mapping import Staged
from crmkit.sources.parsing.types import Facts, is_text, shows_decimal, trimmed
from crmkit.sources.sql import identifier

_NUMBERS = ("money", "number", "integer")


def look(con: duckdb.DuckDBPyConnection, staged: Staged) -> dict[str, Facts]:
    """Return the facts on each canonical column of a table, from one pass over it."""
    asked = {column.name: _questions(staged, column.name, column.kind) for column in staged.schema.columns}
    selected = [question for questions in asked.values() for question in questions]
    if not selected:
        return {name: Facts() for name in asked}
    answers = iter(con.execute(f"SELECT {', '.join(selected)} FROM {staged.relation}").fetchone() or ())
    return {name: _facts(staged, [next(answers) for _ in questions]) for name, questions in asked.items()}


def _questions(staged: Staged, name: str, kind: str) -> list[str]:
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


def _facts(staged: Staged, answers: list[bool | str | None]) -> Facts:
    if not answers:
        return Facts()
    if len(answers) == 1:
        return Facts(whole_ids=bool(answers[0]))
    seen, other = answers
    declared = "decimal" in staged.dialect.model_fields_set
    return Facts(
        sure_groups=declared or bool(seen), other_decimal=None if declared or seen or other is None else str(other)
    )
