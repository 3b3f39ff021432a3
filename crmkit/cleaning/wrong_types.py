"""Columns that are not what they should be: most of their cells cannot be read, so the mapping is wrong, not the rows."""

from __future__ import annotations

import re

import duckdb

from crmkit.cleaning.intake import Taken
from crmkit.sources.kinds import in_words, is_text
from crmkit.sources.sql import PART, ROW, fault, identifier, present
from crmkit.tables.schema import Column

_DATE_SHAPES = {
    r"\d{1,2}/\d{1,2}/\d{4}": "%d/%m/%Y",
    r"\d{1,2}\.\d{1,2}\.\d{4}": "%d.%m.%Y",
    r"\d{1,2}-\d{1,2}-\d{4}": "%d-%m-%Y",
    r"\d{4}/\d{1,2}/\d{1,2}": "%Y/%m/%d",
}


def wrong_types(con: duckdb.DuckDBPyConnection, taken: Taken) -> list[str]:
    """Return a sentence, without full stop, for each required column more than half of whose cells cannot be read."""
    asked = [column for column in taken.columns if column.required and column.kind not in ("id", "text")]
    if not asked:
        return []
    counts = ", ".join(f"coalesce(count_if({present(column.name)}), 0), "
                       f"coalesce(count_if({fault(column.name)} = 1), 0)" for column in asked)  # fmt: skip
    answers = iter(con.execute(f"SELECT {counts} FROM {taken.relation}").fetchone() or ())
    found = []
    for column in asked:
        n_present, n_unreadable = next(answers), next(answers)
        if n_unreadable * 2 > n_present:
            found.append(_sentence(con, taken, column, n_unreadable, n_present))
    return found


def _sentence(con: duckdb.DuckDBPyConnection, taken: Taken, column: Column, n_unreadable: int, n_present: int) -> str:
    staged, name = taken.staged, identifier(column.name)
    example, line = con.execute(
        f"SELECT CAST(raw.{name} AS VARCHAR), {ROW} FROM {staged.relation} raw JOIN {taken.relation} USING ({PART}, {ROW}) "
        f"WHERE {fault(column.name)} = 1 ORDER BY {PART}, {ROW} LIMIT 1"
    ).fetchone() or ("", 0)
    wanted = in_words(column.kind)
    if staged.files is None:
        return f"{column.name} is {in_words(staged.types[column.name])}, must be {wanted} (met: '{example[:60]}')"
    return (f"{column.name} cannot be read as {wanted} in {n_unreadable:,} of {n_present:,} rows, such as "
            f"'{example[:60]}' in line {line}{_hint(taken, column, example)}")  # fmt: skip


def _hint(taken: Taken, column: Column, example: str) -> str:
    files = taken.staged.files
    if files is None or column.kind not in ("timestamp", "date") or not is_text(taken.staged.types[column.name]):
        return ""
    shape = next((form for pattern, form in _DATE_SHAPES.items() if re.match(pattern, example)), "%d/%m/%Y")
    swapped = shape.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")
    other = "" if shape.startswith("%Y") else f' (or "{swapped}" if the month stands first)'
    setting = f'date_format = "{shape}"{other}'
    return f". {files.hint(setting)}"
