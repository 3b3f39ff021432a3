"""What is odd about the rows that stay: cells that were emptied, times in the wrong order, columns not used."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from crmkit.cleaning.findings import Finding
from crmkit.cleaning.intake import Taken
from crmkit.cleaning.wrong_types import unreadable_columns
from crmkit.sources.sql import MERGED, REASON, fault, identifier
from crmkit.tables.schema import Column

# Notice may be given before the term that it ends, and a text is written before it is read.
_MAY_COME_BEFORE = ("cancelled_at", "written_at")


@dataclass(frozen=True)
class _Note:
    condition: str
    finding: str
    consequence: str


def notes(con: duckdb.DuckDBPyConnection, taken: Taken) -> list[Finding]:
    """Count what is odd about the kept rows of a table, in one query."""
    lost = unreadable_columns(con, taken)
    asked = [note for note in _emptied(taken) if note.finding not in lost] + _out_of_order(taken)
    table = taken.staged.table
    found = list(lost.values())
    if asked:
        counts = ", ".join(f"coalesce(count_if({note.condition}), 0)" for note in asked)
        kept = f"{taken.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
        answers = con.execute(f"SELECT {counts} FROM {kept}").fetchone() or ()
        found += [Finding(table, note.finding, n_rows, 0.0, "note", note.consequence)
                  for note, n_rows in zip(asked, answers, strict=True) if n_rows]  # fmt: skip
    if taken.staged.unused:
        found.append(Finding(table, f"columns of {taken.staged.origin} that are not used: {', '.join(taken.staged.unused)}",
                             0, 0.0, "note", "Nothing counts them; map them if they hold something that matters."))  # fmt: skip
    return found


def _emptied(taken: Taken) -> list[_Note]:
    return [_Note(f"{fault(column.name)} = {number}", rule.finding, f"{column.name} is left empty; the row counts.")
            for column in taken.columns if not column.required
            for number, rule in enumerate(taken.rules[column.name], start=1)]  # fmt: skip


def _out_of_order(taken: Taken) -> list[_Note]:
    """Return the notes on optional times that lie before the row's own time, by days: some exports give no hour."""
    clock = taken.staged.schema.clock
    if clock not in taken.rules:
        return []
    return [_Note(f"CAST({identifier(column.name)} AS DATE) < CAST({identifier(clock)} AS DATE)",
                  f"{column.name} lies before {clock}", "The row counts; a duration from it counts as 0 days.")
            for column in taken.columns if is_later_time(column)]  # fmt: skip


def is_later_time(column: Column) -> bool:
    """Whether a column holds a time that can only come after the row's own."""
    return column.kind == "timestamp" and not column.required and column.name not in _MAY_COME_BEFORE
