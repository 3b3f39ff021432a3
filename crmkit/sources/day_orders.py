"""In which format the times of a file are written, where they are not written as ISO 8601 says.

Whether 03/04/2026 is in March is settled once for all columns of a file, from a cell whose day is above 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from crmkit.sources.sql import ROW, identifier, literal
from crmkit.sources.times import Clock, time_from_parts, time_parts
from crmkit.sources.types import trimmed

DAY_FIRST: Literal["day"] = "day"
MONTH_FIRST: Literal["month"] = "month"
EXCEL = ("excel",)
"""In place of formats: days since 1899-12-30, as a spreadsheet counts them."""

_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %I:%M%p")
_WRITTEN = (
    "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%a, %b %d, %Y",
    "%A, %B %d, %Y", "%a, %d %b %Y", "%d-%b-%Y", "%d-%b-%y",
)  # fmt: skip
_ISO = Clock("UTC")


def _with_clocks(days: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"{day}{between}{clock}" for day in days for clock in _CLOCKS for between in ("", ",") if clock or not between
    )


_ORDERED = {
    DAY_FIRST: _with_clocks([f"%d{mark}%m{mark}%{year}" for mark in "/.-" for year in "yY"]),
    MONTH_FIRST: _with_clocks([f"%m{mark}%d{mark}%{year}" for mark in "/.-" for year in "yY"]),
}
_OTHERS = _with_clocks(_WRITTEN)
_YEAR_LAST = r"\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})([ ,].*)?"
_SERIAL = r"[2-6]\d{4}(\.\d+)?"


@dataclass(frozen=True)
class TimeColumn:
    """A column of times: the name given to it, and its name in the file."""

    name: str
    column: str


def settled_times(
    con: duckdb.DuckDBPyConnection, relation: str, times: Sequence[TimeColumn], day_first: bool | None
) -> tuple[str | None, dict[str, tuple[str, ...]], list[str]]:
    """Return the order of day and month if the file has one, the formats of each column, and what must be asked."""
    formats: dict[str, tuple[str, ...]] = {}
    ordered = []
    for time in times:
        n_year_last, n_serial, n_other = _shapes(con, relation, time.column)
        if n_year_last:
            ordered.append(time)
        elif n_serial and not n_other:
            formats[time.name] = EXCEL
        elif n_other:
            formats[time.name] = _OTHERS
    if not ordered:
        return None, formats, []
    only = {order: _only_as(con, relation, ordered, order) for order in (DAY_FIRST, MONTH_FIRST)}
    if only[DAY_FIRST] and only[MONTH_FIRST]:
        return None, formats, [f"dates are written in two ways, {only[DAY_FIRST]} and {only[MONTH_FIRST]}. Mend the file, or "
                               'write date_format = "%d/%m/%Y" (or another) so that the others are kept aside']  # fmt: skip
    order = next((order for order, met in only.items() if met), None)
    if order is None and day_first is not None:
        order = DAY_FIRST if day_first else MONTH_FIRST
    if order is None and (doubtful := _doubtful(con, relation, ordered)):
        return None, formats, [f"it cannot be told whether {doubtful} begins with the day or with the month. "
                               'Write date_format = "%d/%m/%Y" or date_format = "%m/%d/%Y", with its marks']  # fmt: skip
    for time in ordered:
        formats[time.name] = (*_ORDERED[order or DAY_FIRST], *_OTHERS)
    return order, formats, []


def serial_time(text: str) -> str:
    """Return the SQL that reads days since 1899-12-30 from a text, to the second."""
    return (f"CASE WHEN regexp_full_match({text}, '{_SERIAL}') THEN TIMESTAMP '1899-12-30' "
            f"+ to_seconds(CAST(round(CAST({text} AS DOUBLE) * 86400) AS BIGINT)) END")  # fmt: skip


def _shapes(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> tuple[int, int, int]:
    """Return how many cells end with the year, are serial numbers, or are neither these nor ISO 8601 [cells]."""
    text = trimmed(identifier(column))
    iso = f"{time_from_parts(time_parts('cell', _ISO), _ISO)} IS NOT NULL"
    year_last, serial = (f"regexp_full_match(cell, '{shape}')" for shape in (_YEAR_LAST, _SERIAL))
    shapes = (year_last, serial, f"NOT ({iso}) AND NOT {year_last} AND NOT {serial}")
    counted = con.execute(
        f"SELECT {', '.join(f'coalesce(count_if({shape}), 0)' for shape in shapes)} "
        f"FROM (SELECT {text} AS cell FROM {relation})"
    ).fetchone() or (0, 0, 0)
    return counted[0], counted[1], counted[2]


def _read_as(order: str, text: str = "cell") -> str:
    return f"try_strptime({text}, [{', '.join(map(literal, _ORDERED[order]))}])"


def _only_as(con: duckdb.DuckDBPyConnection, relation: str, times: Sequence[TimeColumn], order: str) -> str | None:
    other = MONTH_FIRST if order == DAY_FIRST else DAY_FIRST
    return _first(con, relation, times, f"{_read_as(order)} IS NOT NULL AND {_read_as(other)} IS NULL")


def _doubtful(con: duckdb.DuckDBPyConnection, relation: str, times: Sequence[TimeColumn]) -> str | None:
    return _first(con, relation, times, f"{_read_as(DAY_FIRST)} <> {_read_as(MONTH_FIRST)}")


def _first(con: duckdb.DuckDBPyConnection, relation: str, times: Sequence[TimeColumn], condition: str) -> str | None:
    for time in times:
        cell = trimmed(identifier(time.column))
        cells = f"(SELECT {cell} AS cell, {ROW} FROM {relation})"
        wanted = f"regexp_full_match(cell, '{_YEAR_LAST}') AND {condition}"
        met = con.execute(f"SELECT cell, {ROW} FROM {cells} WHERE {wanted} ORDER BY {ROW} LIMIT 1").fetchone()
        if met:
            return f"'{met[0][:40]}' (line {met[1]}, column '{time.column}')"
    return None
