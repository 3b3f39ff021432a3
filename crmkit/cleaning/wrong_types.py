"""Columns that are not what they should be: most of their cells cannot be read, so the mapping is wrong, not the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from crmkit.cleaning.findings import Finding
from crmkit.cleaning.intake import Taken
from crmkit.sources.kinds import in_words, is_text
from crmkit.sources.sql import PART, ROW, fault, identifier, present
from crmkit.tables.schema import Column

_FEWEST = 3  # unreadable cells of an optional column that are more than a slip
_DATE_SHAPES = {
    r"\d{1,2}/\d{1,2}/\d{4}": "%d/%m/%Y",
    r"\d{1,2}\.\d{1,2}\.\d{4}": "%d.%m.%Y",
    r"\d{1,2}-\d{1,2}-\d{4}": "%d-%m-%Y",
    r"\d{4}/\d{1,2}/\d{1,2}": "%Y/%m/%d",
}


@dataclass(frozen=True)
class _Lost:
    """A column most of whose cells cannot be read: how many of how many, and the first of them with its line."""

    column: Column
    n_unreadable: int
    n_present: int
    example: str
    line: int


def wrong_types(con: duckdb.DuckDBPyConnection, taken: Taken) -> list[str]:
    """Return a sentence, without full stop, for each required column more than half of whose cells cannot be read."""
    return [_sentence(taken, lost) + _hint(taken, lost) for lost in _lost(con, taken, required=True)]


def unreadable_columns(con: duckdb.DuckDBPyConnection, taken: Taken) -> dict[str, Finding]:
    """Return a warning for each optional column more than half of whose cells cannot be read, by the rule it breaks.

    The rows stay, so it must be said aloud: what reads the column sees hardly anything of it. A page will show it, and
    the wrong column may hold names: only the shape of a cell is told.
    """
    found = {}
    for lost in _lost(con, taken, required=False):
        if lost.n_unreadable < _FEWEST:
            continue
        column, example = lost.column, f"'{_shape(lost.example)}' in line {lost.line}"
        rule = f"{column.name} cannot be read as {in_words(column.kind)}"
        found[rule] = Finding(
            taken.staged.table, f"{rule} in most of its {lost.n_present:,} filled cells, shaped like {example}",
            lost.n_unreadable, 0.0, "warning",
            f"What is measured from {column.name} leaves these rows out; the rows themselves count.",
            f"See whether the right column is taken for {column.name}{_hint(taken, lost)}.",
        )  # fmt: skip
    return found


def _shape(cell: str) -> str:
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", cell))[:30]


def _lost(con: duckdb.DuckDBPyConnection, taken: Taken, required: bool) -> list[_Lost]:
    asked = [column for column in taken.columns if column.required == required and column.kind not in ("id", "text")]
    if not asked:
        return []
    counts = ", ".join(f"coalesce(count_if({present(column.name)}), 0), "
                       f"coalesce(count_if({fault(column.name)} = 1), 0)" for column in asked)  # fmt: skip
    answers = iter(con.execute(f"SELECT {counts} FROM {taken.relation}").fetchone() or ())
    found = []
    for column in asked:
        n_present, n_unreadable = next(answers), next(answers)
        if n_unreadable * 2 > n_present:
            found.append(_Lost(column, n_unreadable, n_present, *_example(con, taken, column)))
    return found


def _example(con: duckdb.DuckDBPyConnection, taken: Taken, column: Column) -> tuple[str, int]:
    staged, name = taken.staged, identifier(column.name)
    return con.execute(
        f"SELECT CAST(raw.{name} AS VARCHAR), {ROW} FROM {staged.relation} raw JOIN {taken.relation} USING ({PART}, {ROW}) "
        f"WHERE {fault(column.name)} = 1 ORDER BY {PART}, {ROW} LIMIT 1"
    ).fetchone() or ("", 0)


def _sentence(taken: Taken, lost: _Lost) -> str:
    staged, wanted = taken.staged, in_words(lost.column.kind)
    if staged.files is None:
        kind = in_words(staged.types[lost.column.name])
        return f"{lost.column.name} is {kind}, must be {wanted} (met: '{lost.example[:60]}')"
    return (f"{lost.column.name} cannot be read as {wanted} in {lost.n_unreadable:,} of {lost.n_present:,} rows, such as "
            f"'{lost.example[:60]}' in line {lost.line}")  # fmt: skip


def _hint(taken: Taken, lost: _Lost) -> str:
    files, column, example = taken.staged.files, lost.column, lost.example
    if files is None or column.kind not in ("timestamp", "date") or not is_text(taken.staged.types[column.name]):
        return ""
    shape = next((form for pattern, form in _DATE_SHAPES.items() if re.match(pattern, example)), "%d/%m/%Y")
    swapped = shape.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")
    other = "" if shape.startswith("%Y") else f' (or "{swapped}" if the month stands first)'
    setting = f'date_format = "{shape}"{other}'
    return f". {files.hint(setting)}"
