"""What the values of an unknown file say about its columns: times, numbers, ids, addresses."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from crmkit.settings import FileMapping
from crmkit.sources.evidence import Evidence, evidence_of
from crmkit.sources.sql import columns_of, identifier, literal
from crmkit.sources.types import trimmed
from crmkit.tables.schema import Kind

_TIME = (r"(\d{4}-?\d{2}-?\d{2}([T ].*)?|\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})([ ,].*)?|"
         r"\w{3,9},? \d{1,2},? .*\d{4}.*|\d{1,2} \w{3,9} \d{4}.*)")  # fmt: skip
_NUMBER = r"[(+-]?\s*(?:[€$£¥₹]|[A-Z]{3})?\s*[+-]?[\d][\d.,'’ \x{a0}]*\s*(?:[€$£¥₹%]|[A-Z]{3})?\)?"
_MOSTLY = 0.8


@dataclass(frozen=True)
class ColumnProfile:
    """One column of an unknown file.

    Attributes
    ----------
    name : str
    n_filled, n_distinct : int
        Cells that hold something, and how many different ones [cells].
    times, numbers, whole, emails : bool
        What most of its cells can be read as.
    """

    name: str
    n_filled: int
    n_distinct: int
    times: bool
    numbers: bool
    whole: bool
    emails: bool

    @property
    def unique(self) -> bool:
        """Whether no value comes twice."""
        return self.n_filled > 0 and self.n_filled == self.n_distinct

    def fits(self, kind: Kind) -> bool:
        """Whether most of its cells can be values of a kind."""
        if kind in ("timestamp", "date"):
            return self.times
        if kind in ("money", "number"):
            return self.numbers and not self.times
        if kind == "integer":
            return self.whole and not self.times
        if kind == "id":
            return self.numbers or not self.times
        return kind == "text" or (kind == "flag" and self.n_distinct <= 2)


def profiles(con: duckdb.DuckDBPyConnection, relation: str) -> list[ColumnProfile]:
    """Return the profile of each column of a relation."""
    found = []
    for name, kind in columns_of(con, relation).items():
        text = trimmed(identifier(name))
        shapes = [_TIME, _NUMBER, r"[+-]?\d{1,3}([.,]?\d{3})*|[+-]?\d+", r"[^\s@]+@[^\s@]+\.[^\s@]+"]
        counted = ", ".join(f"coalesce(count_if(regexp_full_match(cell, {literal(shape)})), 0)" for shape in shapes)
        n_filled, n_distinct, *n_shaped = (
            con.execute(
                f"SELECT count(cell), count(DISTINCT cell), {counted} FROM (SELECT {text} AS cell FROM {relation})"
            ).fetchone()
            or (0,) * 6
        )
        times, numbers, whole, emails = (n >= _MOSTLY * n_filled > 0 for n in n_shaped)
        native = kind.startswith(("TIMESTAMP", "DATE"))
        found.append(ColumnProfile(name, n_filled, n_distinct, times or native, numbers and not native, whole, emails))
    return found


def evidence_of_profiles(
    con: duckdb.DuckDBPyConnection, relation: str, columns: list[ColumnProfile], dialect: FileMapping
) -> Evidence:
    """Return what the cells of the columns that look like numbers or times prove of the file."""
    kinds: dict[str, tuple[str, Kind]] = {}
    for column in columns:
        if column.times or column.numbers:
            kinds[column.name] = (column.name, "timestamp" if column.times else "money")
    return evidence_of(con, relation, kinds, dialect)


def format_of(con: duckdb.DuckDBPyConnection, relation: str, column: str, formats: tuple[str, ...]) -> str | None:
    """Return the format that reads most cells of a column, None if none does."""
    cell = trimmed(identifier(column))
    counted = ", ".join(f"count(try_strptime({cell}, {literal(form)}))" for form in formats)
    read = con.execute(f"SELECT {counted} FROM {relation}").fetchone() or ()
    best = max(zip(read, formats, strict=False), default=(0, ""), key=lambda each: each[0])
    return best[1] if best[0] else None
