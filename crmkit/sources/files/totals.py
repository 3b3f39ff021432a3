"""Totals among the rows of a report: a row is one if it calls itself so and its numbers are the sum of others.

A customer called "Total Energies" or a product "Total" is a row like any other: it has what rows have, or its amount is
not the sum of others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from crmkit.sources.files.suspects import ColumnShape, Suspect, list_lines
from crmkit.sources.files.total_words import is_total_alone
from crmkit.sources.parsing.types import is_text
from crmkit.sources.sql import PART, ROW, identifier

_USUAL = 0.9  # share of the rows in which a column must be filled for a row without it to lack something
_NEIGHBOURS = 200  # totals before and after one, between which its rows are looked for
_ROUNDS = 5


@dataclass
class _Sums:
    """For each suspect its numbers, and the sums of the rows of data before it, by column and decimal mark."""

    own: dict[tuple[int, int], list[float | None]]
    between: dict[tuple[int, int], list[float]]
    decimals: dict[tuple[int, int], list[int]]


def judge_totals(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    types: Mapping[str, str],
    shapes: Sequence[ColumnShape],
    suspects: Sequence[Suspect],
    names: Sequence[Suspect],
) -> None:
    """Set the kind of the suspects that are totals, in place.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        All rows.
    types : mapping of str to str
        DuckDB type of each column.
    shapes : sequence of ColumnShape
        What the rows of data have in each column.
    suspects : sequence of Suspect
        Rows with the word for a total, or with numbers alone.
    names : sequence of Suspect
        Rows with a single text, such as the name of a group: what a total adds up may begin there.
    """
    numbers = [place for place, shape in enumerate(shapes) if shape.kind == "number"]
    asked = [row for row in suspects if not _is_identified(row, shapes)]
    if not asked:
        return
    sums = _sums(con, relation, {place: types[shapes[place].name] for place in numbers}, shapes, [*asked, *names])
    for part in {row.part for row in asked}:
        marks = sorted((row for row in (*asked, *names) if row.part == part), key=lambda row: row.line)
        _judge_part([row for row in asked if row.part == part], marks, numbers, shapes, sums)


def _judge_part(
    asked: Sequence[Suspect],
    marks: Sequence[Suspect],
    numbers: Sequence[int],
    shapes: Sequence[ColumnShape],
    sums: _Sums,
) -> None:
    """Judge the suspects of one file; those found to be rows of data count in the sums of the others, so it is repeated."""
    totals = list(asked)
    for _ in range(_ROUNDS):
        matched = _matches(marks, totals, len(numbers), sums)
        several = sum(all(matched[row.part, row.line]) for row in totals) > 1
        for row in totals:
            row.kind = _judged(row, numbers, shapes, matched[row.part, row.line], several)
        left = [row for row in totals if row.kind != "row"]
        if len(left) == len(totals):
            return
        totals = left


def _judged(
    row: Suspect, numbers: Sequence[int], shapes: Sequence[ColumnShape], matched: Sequence[bool], several: bool
) -> str:
    filled = set(row.filled)
    lacks = any(shape.filled >= _USUAL and place not in filled for place, shape in enumerate(shapes))
    others = filled - {row.label}
    is_bare = not any(shapes[place].kind == "text" for place in others)
    given = [place in filled for place in numbers]
    n_matched = sum(matched)
    if _has_number_of_its_own(row, numbers, shapes, matched):
        return "row"
    is_alone = row.label is not None and is_total_alone(row.cells[row.label] or "")
    if n_matched and (lacks or (is_bare and n_matched == sum(given) and (is_alone or several))):
        return "total"
    if not (is_alone and lacks and is_bare):
        return "row"
    return "unproven total" if any(given) else "note"


def _has_number_of_its_own(
    row: Suspect, numbers: Sequence[int], shapes: Sequence[ColumnShape], matched: Sequence[bool]
) -> bool:
    """Whether a row has a whole number that no other has, such as that of an order, and the word in no place for it."""
    if row.label == 0 or (row.label is not None and shapes[row.label].kind != "text"):
        return False
    unmatched = [place for place, hit in zip(numbers, matched, strict=True) if place in row.filled and not hit]
    return any(shapes[place].distinct > 0.95 and (row.cells[place] or "").strip().isdigit() for place in unmatched)


def _is_identified(row: Suspect, shapes: Sequence[ColumnShape]) -> bool:
    """Whether a row has a text of its own, such as the number of an order, beside the word for a total."""
    return any(
        shape.kind == "text" and shape.distinct > 0.95 and shape.filled >= _USUAL and place != row.label
        for place, shape in enumerate(shapes)
        if place in row.filled
    )


def _matches(
    rows: Sequence[Suspect], totals: Sequence[Suspect], n_numbers: int, sums: _Sums
) -> dict[tuple[int, int], list[bool]]:
    """Return for each possible total and each column of numbers whether its number is the sum of rows beside it."""
    open_rows = {(row.part, row.line) for row in totals}
    matched = {place: [False] * n_numbers for place in open_rows}
    for series in range(2 * n_numbers):
        running, marks, order = 0.0, [0.0], []
        for row in rows:
            place = (row.part, row.line)
            running += sums.between[place][series]
            if place in open_rows:
                order.append((place, len(marks)))
            else:
                running += sums.own[place][series] or 0.0
            marks.append(running)
        marks.append(running + sums.between[rows[0].part, -1][series])
        for place, at in order:
            value = sums.own[place][series]
            if value and _is_sum(value, sums.decimals[place][series // 2], marks, at):
                matched[place][series // 2] = True
    return matched


def _is_sum(value: float, decimals: int, marks: Sequence[float], at: int) -> bool:
    """Whether a number is the sum of the rows from some earlier total on, or until some later one."""
    allowed = max(0.501 * 10.0**-decimals, 1e-9 * max(map(abs, marks))) if decimals else 0.501
    before = [marks[0], *marks[max(at - _NEIGHBOURS, 0) : at]]
    after = [marks[-1], *marks[at + 1 : at + 1 + _NEIGHBOURS]]
    here = marks[at]
    return any(abs(here - mark - value) <= allowed for mark in before) or any(
        abs(mark - here - value) <= allowed for mark in after
    )


def _sums(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    numbers: Mapping[int, str],
    shapes: Sequence[ColumnShape],
    rows: Sequence[Suspect],
) -> _Sums:
    """Return the numbers of the suspects, and the sums of the rows between them."""
    listed = list_lines(con, "total_lines", ((row.part, row.line) for row in rows))
    read = [_number(shapes[place].name, kind, mark) for place, kind in numbers.items() for mark in ".,"]
    columns = ", ".join(f"{each} AS n{place}" for place, each in enumerate(read)) or "0 AS n0"
    names = [f"n{place}" for place in range(len(read))]
    selected = f"SELECT {PART}, {ROW}, {columns} FROM {relation}"
    own = {
        (part, line): list(values)
        for part, line, *values in con.execute(f"{selected} SEMI JOIN {listed} USING ({PART}, {ROW})").fetchall()
    }
    added = ", ".join(f"coalesce(sum(CASE WHEN isfinite({name}) THEN {name} END), 0)" for name in names) or "0"
    summed = con.execute(
        f"SELECT d.{PART}, t.{ROW}, {added} FROM ({selected} ANTI JOIN {listed} USING ({PART}, {ROW})) d "
        f"ASOF LEFT JOIN {listed} t ON d.{PART} = t.{PART} AND d.{ROW} < t.{ROW} GROUP BY ALL"
    ).fetchall()
    between = {(part, -1 if line is None else line): list(values) for part, line, *values in summed}
    nothing = [0.0] * len(read)
    places = [(row.part, row.line) for row in rows]
    between |= {place: nothing for place in [*places, *((part, -1) for part, _ in places)] if place not in between}
    decimals = {(row.part, row.line): [_n_decimals(row.cells[place] or "") for place in numbers] for row in rows}
    return _Sums(own, between, decimals)


def _number(name: str, kind: str, decimal: str) -> str:
    """Return the SQL of the number in a cell, if its decimal mark is that one; null where there is none."""
    column = identifier(name)
    if not is_text(kind):
        return f"TRY_CAST({column} AS DOUBLE)"
    digits = f"regexp_replace({column}, '[^0-9.,]', '', 'g')"
    plain = f"replace({digits}, ',', '')" if decimal == "." else f"replace(replace({digits}, '.', ''), ',', '.')"
    sign = f"CASE WHEN regexp_matches({column}, '^[^0-9]*[-(−]|-\\s*$') THEN -1 ELSE 1 END"
    return f"TRY_CAST({plain} AS DOUBLE) * {sign}"


def _n_decimals(cell: str) -> int:
    """Return how many digits stand behind the last mark of a number."""
    found = re.search(r"[.,](\d+)\D*$", cell)
    return len(found[1]) if found else 0
