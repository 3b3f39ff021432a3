"""Rows of a report that may be no rows of data: totals, names of groups, notes; fetched to be looked at one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from crmkit.sources.files.head import is_value
from crmkit.sources.files.total_words import may_be_total, may_hold_total
from crmkit.sources.parsing.types import is_text
from crmkit.sources.sql import PART, ROW, identifier

MOST_SUSPECTS = 50_000
"""Rows; where more look like totals or names of groups, they are rows of data."""

_SAMPLE = 20_000  # rows from which the kinds of columns are found out
_NUMBER_SHAPE = r"[-+(]?\s*[^\d\s]{0,4}\s*[-+(]?\d[\d.,'' \x{a0}\x{202f}]*\s*[^\d\s]{0,4}[-)]?"
_DATE_SHAPE = (
    r"\d{4}-\d{1,2}.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*|"
    r".*\d{1,2}\D{1,3}[[:alpha:]]{3,}.*\d{2,4}.*|[[:alpha:]]{3,}\.? \d{1,2},? \d{4}.*"
)


@dataclass
class Suspect:
    """One row that may be no row of data.

    Attributes
    ----------
    part, line : int
    cells : tuple of (str or None)
        As text; None for an empty one.
    short : str
        Why the line does not fit the header, if it does not.
    kind : str
        What it turns out to be: "total", "unproven total", "group", "note"; "row" for a row of data.
    """

    part: int
    line: int
    cells: tuple[str | None, ...]
    short: str = ""
    kind: str = "row"

    @property
    def filled(self) -> list[int]:
        """Positions of the cells with content."""
        return [place for place, cell in enumerate(self.cells) if cell is not None]

    @property
    def label(self) -> int | None:
        """Position of the cell that may call the row a total."""
        return next((place for place in self.filled if may_be_total(self.cells[place] or "")), None)

    @property
    def only_text(self) -> int | None:
        """Position of its only cell, if that is a text and neither a number nor a date."""
        filled = self.filled
        return filled[0] if len(filled) == 1 and not is_value(self.cells[filled[0]] or "") else None


@dataclass(frozen=True)
class ColumnShape:
    """What the rows of data have in a column.

    Attributes
    ----------
    name, kind : str
        ``kind`` is "number", "date" or "text".
    filled, distinct : float
        Share of cells with content, and of different ones among them (0..1).
    """

    name: str
    kind: str
    filled: float
    distinct: float


def suspects_of(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], short: Mapping[tuple[int, int], str]
) -> list[Suspect]:
    """Return the rows that may be totals, names of groups or notes, in their order; none where they are too many.

    Parameters
    ----------
    con : duckdb connection
    relation : str
    columns : mapping of str to str
        DuckDB type by column.
    short : mapping of (int, int) to str
        Why a line does not fit the header, by part and line; such lines are always among the rows returned.
    """
    words = [may_hold_total(identifier(name)) for name, kind in columns.items() if is_text(kind)]
    filled = [f"({identifier(name)} IS NOT NULL)::INT" for name in columns]
    first, second, *_ = map(identifier, columns)  # one of them is empty where a single cell is filled
    single = f"(({first} IS NULL OR {second} IS NULL) AND {' + '.join(filled)} = 1)"
    cells = ", ".join(f"nullif(trim(CAST({identifier(name)} AS VARCHAR)), '')" for name in columns)
    last = con.execute(f"SELECT {PART}, unnest(max({ROW}, 2)) FROM {relation} GROUP BY {PART}").fetchall()
    named = list_lines(con, "named_lines", [*short, *last])
    found = con.execute(
        f"SELECT {PART}, {ROW} FROM {relation} WHERE {' OR '.join([*words, single])} UNION FROM {named} "
        f"LIMIT {MOST_SUSPECTS + 1}"
    ).fetchall()
    if len(found) > MOST_SUSPECTS:
        return []
    named = list_lines(con, "named_lines", found)  # apart, as DuckDB would read the cells of all rows
    rows = con.execute(
        f"SELECT {PART}, {ROW}, {cells} FROM {relation} SEMI JOIN {named} USING ({PART}, {ROW}) ORDER BY 1, 2"
    ).fetchall()
    return [Suspect(part, line, tuple(row), short.get((part, line), "")) for part, line, *row in rows]


def shapes_of(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], left_out: str
) -> list[ColumnShape]:
    """Return what the rows of data have in each column, from the first ones.

    Parameters
    ----------
    con : duckdb connection
    relation : str
    columns : mapping of str to str
    left_out : str
        Relation with the parts and lines of the rows that may be none.
    """
    counted = ", ".join(
        f"count({name}), count(DISTINCT {name}), count_if(regexp_full_match({name}, '{_NUMBER_SHAPE}')), "
        f"count_if(regexp_full_match({name}, '{_DATE_SHAPE}'))"
        for name in (f"c{place}" for place in range(len(columns)))
    )
    cells = ", ".join(f"CAST({identifier(name)} AS VARCHAR) AS c{place}" for place, name in enumerate(columns))
    n_rows, *counts = con.execute(
        f"SELECT count(*), {counted} FROM "
        f"(SELECT {cells} FROM {relation} ANTI JOIN {left_out} USING ({PART}, {ROW}) LIMIT {_SAMPLE})"
    ).fetchone() or (0,)
    shapes = []
    for place, name in enumerate(columns):
        n_filled, n_distinct, n_numbers, n_dates = counts[4 * place : 4 * place + 4]
        shares = (n_filled / max(n_rows, 1), n_distinct / max(n_filled, 1))
        shapes.append(ColumnShape(name, _kind(n_filled, n_numbers, n_dates), *shares))
    return shapes


def list_lines(con: duckdb.DuckDBPyConnection, name: str, lines: Iterable[tuple[int, int]]) -> str:
    """Make a table of parts and lines, and return its name."""
    rows = sorted(set(lines))
    parts, numbers = pa.array([part for part, _ in rows], pa.int32()), pa.array([line for _, line in rows], pa.int64())
    con.register(name, pa.table({PART: parts, ROW: numbers}))
    return name


def _kind(n_filled: int, n_numbers: int, n_dates: int) -> str:
    if n_filled and n_dates >= 0.9 * n_filled:
        return "date"
    return "number" if n_filled and n_numbers >= 0.9 * n_filled else "text"
