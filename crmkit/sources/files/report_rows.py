"""Rows of a report that are no rows of data, taken out of what was read: totals, names of groups, notes below.

It works on rows in DuckDB, so it is the same for text files, workbooks and Parquet, however they were read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import duckdb
import pyarrow as pa

from crmkit.sources.files.groups import Groups, found_groups
from crmkit.sources.files.head import is_value
from crmkit.sources.files.layout import NOTE_LINES
from crmkit.sources.files.read import BadLine
from crmkit.sources.files.suspects import ColumnShape, Suspect, list_lines, shapes_of, suspects_of
from crmkit.sources.files.totals import judge_totals
from crmkit.sources.sql import PART, ROW, columns_of, identifier, literal

TOTALS = "totals: their amounts are the sums of other rows"
GROUP_NAMES = "lines that name a group: its name stands in each of its rows"
HEADERS = "lines that repeat the header"
_UNPROVEN = "it is called a total, and its amounts are not the sum of other rows"
_REASONS = {"header": HEADERS, "total": TOTALS, "group": GROUP_NAMES, "note": NOTE_LINES}


@dataclass
class Sifted:
    """The rows of data of a relation, and what became of the others.

    Attributes
    ----------
    relation : str
    ignored : list of Counter
        How many rows are none, by reason, for each part.
    bad_lines : list of BadLine
    notes : list of str
    """

    relation: str
    ignored: list[Counter[str]]
    bad_lines: list[BadLine] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sifted(
    con: duckdb.DuckDBPyConnection, relation: str, parts: Sequence[str], short: Mapping[tuple[int, int], str]
) -> Sifted:
    """Return the rows of data of a relation.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Columns of the files, with :data:`PART` and :data:`ROW`.
    parts : sequence of str
        File names by part.
    short : mapping of (int, int) to str
        Lines with fewer cells than the header, by part and line, and what to say if they are no part of a report.
    """
    columns = columns_of(con, relation)
    found = Sifted(relation, [Counter() for _ in parts])
    rows = suspects_of(con, relation, columns, short) if len(columns) > 1 else []
    groups = _judge(con, relation, columns, rows)
    kinds = {(row.part, row.line): row.kind for row in rows if row.kind != "row"}
    kinds |= dict.fromkeys(_headers_again(con, relation, list(columns)), "header")
    for (part, _), kind in kinds.items():
        if kind in _REASONS:
            found.ignored[part][_REASONS[kind]] += 1
    unread = dict(short) | {place: _UNPROVEN for place, kind in kinds.items() if kind == "unproven total"}
    left = {place: reason for place, reason in unread.items() if kinds.get(place, "row") not in _REASONS}
    found.bad_lines += [BadLine(parts[part], line, reason) for (part, line), reason in sorted(left.items())]
    if not kinds and not left:
        return found
    found.relation = f"rows_of_{relation}"
    out = list_lines(con, f"out_of_{relation}", [*kinds, *left])
    kept = f"(FROM {relation} ANTI JOIN {out} USING ({PART}, {ROW}))"
    if groups:
        found.notes.append(
            f"{' and '.join(parts)}: the names above its groups of rows are read as its column '{groups.name}'"
        )
        kept = _with_groups(con, relation, kept, groups)
    con.execute(f"CREATE VIEW {found.relation} AS FROM {kept}")
    return found


def _judge(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], rows: Sequence[Suspect]
) -> Groups | None:
    """Set the kinds of the suspects, in place, and return the groups that they name, if any."""
    totals = [row for row in rows if row.label is not None] + _last_values(rows)
    singles = [row for row in rows if row.only_text is not None and row.label is None]
    short = [row for row in rows if row.short]
    doubtful = [*totals, *singles, *short]
    if not doubtful:
        return None
    shapes = shapes_of(con, relation, columns, list_lines(con, "doubtful_lines", map(_place, doubtful)))
    totals = [row for row in totals if row.label is not None or _holds_numbers_alone(row, shapes)]
    judge_totals(con, relation, columns, shapes, totals, singles)
    proven = [row for row in totals if row.kind == "total"]
    none = [*(row for row in totals if row.kind != "row"), *singles, *short]
    within = _rows_within(con, relation, list_lines(con, "doubtful_lines", map(_place, none)))
    groups = found_groups(singles, proven, shapes, within)
    _judge_notes(rows, within, len(columns))
    return groups


def _headers_again(con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the part and line of rows that hold the names of their columns, as in exports pasted below each other.

    A quarter of the names may be damaged.
    """
    written = {name: re.sub(rf" \({place}\)$", "", name) for place, name in enumerate(names, start=1)}
    named = [name for place, name in enumerate(names, start=1) if written[name] != f"column {place}"]
    if len(named) < 2:
        return []
    n_least = max(2, ceil(0.75 * len(named)))
    cells = {name: f"CAST({identifier(name)} AS VARCHAR)" for name in named}
    same = [
        f"coalesce(trim(replace({cell}, chr(65279), '')) = {literal(written[name])}, false)::INT"
        for name, cell in cells.items()
    ]
    # One of the first names is there. Apart, as a search for them takes a fifth of the time.
    likely = [f"contains({cells[name]}, {literal(written[name])})" for name in named[: len(named) - n_least + 1]]
    return con.execute(
        f"WITH likely AS MATERIALIZED (FROM {relation} WHERE {' OR '.join(likely)}) "
        f"SELECT {PART}, {ROW} FROM likely WHERE {' + '.join(same)} >= {n_least}"
    ).fetchall()


def _judge_notes(rows: Sequence[Suspect], within: Mapping[int, tuple[int, int]], width: int) -> None:
    """Set the kind of notes, in place: short lines below the rows, after a blank line, a total or another note."""
    above: Suspect | None = None
    for row in rows:
        _, last = within.get(row.part, (0, row.line))
        if row.kind == "row" and row.line > last and 2 * len(row.filled) < max(width, 3) and _is_text(row):
            line_above = max(last, above.line if above and above.part == row.part else 0)
            follows = (
                above is not None and above.line == line_above and above.kind in ("total", "unproven total", "note")
            )
            row.kind = "note" if follows or row.line > line_above + 1 else "row"
        above = row


def _is_text(row: Suspect) -> bool:
    return any(re.search(r"[^\W\d]{2}", row.cells[place] or "") for place in row.filled)


def _last_values(rows: Sequence[Suspect]) -> list[Suspect]:
    """Return the last rows of files that hold values alone, and fewer than the row before: a total without a word."""
    found = []
    for before, row, after in zip(rows, rows[1:], [*rows[2:], None], strict=False):
        is_last = before.part == row.part and (after is None or after.part != row.part)
        if is_last and row.label is None and set(row.filled) < set(before.filled):
            found += [row] if all(is_value(row.cells[place] or "") for place in row.filled) else []
    return found


def _holds_numbers_alone(row: Suspect, shapes: Sequence[ColumnShape]) -> bool:
    """Whether a row has numbers only, where rows have texts or dates too."""
    others = [shape for shape in shapes if shape.kind != "number" and shape.filled >= 0.9]
    return bool(others) and all(shapes[place].kind == "number" for place in row.filled)


def _rows_within(con: duckdb.DuckDBPyConnection, relation: str, left_out: str) -> dict[int, tuple[int, int]]:
    """Return the first and the last line of the rows of data, by part."""
    found = con.execute(
        f"SELECT {PART}, min({ROW}), max({ROW}) FROM {relation} ANTI JOIN {left_out} USING ({PART}, {ROW}) GROUP BY ALL"
    ).fetchall()
    return {part: (first, last) for part, first, last in found}


def _with_groups(con: duckdb.DuckDBPyConnection, relation: str, kept: str, groups: Groups) -> str:
    """Return the SQL of the rows with the name of their group, in place of the column that named it if there is one."""
    parts, lines, names = zip(*groups.begins, strict=True)
    begins = pa.table(
        {PART: pa.array(parts, pa.int32()), "__begins": pa.array(lines, pa.int64()), "__name": list(names)}
    )
    con.register(f"groups_of_{relation}", begins)
    others = f"kept.* EXCLUDE ({identifier(groups.column)})" if groups.column else "kept.*"
    return (
        f"(SELECT g.__name AS {identifier(groups.name)}, {others} FROM {kept} kept ASOF LEFT JOIN groups_of_{relation} g "
        f"ON kept.{PART} = g.{PART} AND kept.{ROW} >= g.__begins)"
    )


def _place(row: Suspect) -> tuple[int, int]:
    return row.part, row.line
