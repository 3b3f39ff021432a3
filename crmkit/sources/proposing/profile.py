"""The profile of each column of an unknown file: what its cells look like."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from crmkit.sources.parsing.types import trimmed
from crmkit.sources.proposing.vocabulary import likeness
from crmkit.sources.sql import columns_of, identifier, literal
from crmkit.tables.schema import Kind

_TIME = (
    r"(\d{4}[-/.]?\d{2}[-/.]?\d{2}([T ].*)?|\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})([ ,].*)?|"
    r"\p{L}{3,10}\.?,? \d{1,2},? .*\d{4}.*|(\p{L}{2,10}\.?,? )?\d{1,2}\.?[ -]\p{L}{3,10}\.?,?[ -]\d{2,4}.*)"
)
_NUMBER = (
    r"[(+-]?\s*(?:[€$£¥₹₴]|[A-Z]{2,3}|Rp|[Kk]r|zł)?\.?\s*[+-]?\d[\d.,'’ \x{a0}\x{202f}]*-?\s*"
    r"(?:[€$£¥₹₴%円]|[A-Z]{3}|[Kk]r|zł|грн)?\.?\)?"
)
_WHOLE = r"[+-]?\d{1,3}([.,]?\d{3})*|[+-]?\d+"
_COUNTED_DAYS = r"[2-6]\d{4}([.,]\d+)?|1\d{9}(\d{3})?"
"""Days since 1899-12-30, as spreadsheets count them, or seconds since 1970; only under a header that speaks of a date."""
_EMAIL = r"[^\s@]+@[^\s@]+\.[^\s@]+"
_MOSTLY = 0.8
_SURELY_A_DATE = 0.9  # likeness to the names of a date


@dataclass(frozen=True)
class ColumnProfile:
    """One column of an unknown file.

    Attributes
    ----------
    name : str
    n_filled, n_distinct : int
        Cells with content among those looked at, and the number of different ones [cells].
    times, numbers, whole, emails : bool
        Whether most of its cells can be read as such.
    longest : int
        Length of the longest cell [letters].
    """

    name: str
    n_filled: int
    n_distinct: int
    times: bool
    numbers: bool
    whole: bool
    emails: bool
    longest: int = 0

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
    types = columns_of(con, relation)
    if not types:
        return []
    counted = []
    for name in types:
        cell = trimmed(identifier(name))
        shapes = [
            f"count(*) FILTER (regexp_full_match({cell}, {literal(shape)}))"
            for shape in (_TIME, _NUMBER, _WHOLE, _EMAIL, _COUNTED_DAYS)
        ]
        counted += [f"count({cell})", f"count(DISTINCT {cell})", f"max(length({cell}))", *shapes]
    values = iter(con.execute(f"SELECT {', '.join(counted)} FROM {relation}").fetchone() or ())
    return [_profile(name, kind, [next(values) or 0 for _ in range(8)]) for name, kind in types.items()]


def _profile(name: str, kind: str, counted: list[int]) -> ColumnProfile:
    n_filled, n_distinct, longest, *shaped = counted
    times, numbers, whole, emails, counted_days = (n >= _MOSTLY * n_filled > 0 for n in shaped)
    native = kind.startswith(("TIMESTAMP", "DATE"))
    times = times or (counted_days and likeness("orders", "ordered_at", name) >= _SURELY_A_DATE)
    return ColumnProfile(
        name, n_filled, n_distinct, times or native, numbers and not native, whole, emails, longest=longest
    )
