"""What the cells of one file prove about its notation: the decimal mark, and the formats of its times.

Decided once per file from all its cells: whether 03/04/2026 is in March follows, for all columns, from a cell whose day
is above 12. What the cells do not prove is asked for, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import duckdb

from crmkit.settings import FileMapping
from crmkit.sources.parsing.dates import Clock, time_from_parts, time_parts
from crmkit.sources.parsing.types import is_text, shows_decimal, trimmed
from crmkit.sources.sql import ROW, identifier, literal
from crmkit.tables.schema import Kind

DAY_FIRST: Literal["day"] = "day"
MONTH_FIRST: Literal["month"] = "month"
EXCEL = ("excel",)
"""Instead of formats: days since 1899-12-30, as spreadsheets count them."""

_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %I:%M%p")
_OTHER_DAYS = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y-%m-%d",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d %Y",
    "%a, %b %d, %Y",
    "%A, %B %d, %Y",
    "%a, %d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
)
_ISO = Clock("UTC")


def _with_clocks(days: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"{day}{between}{clock}" for day in days for clock in _CLOCKS for between in ("", ",") if clock or not between
    )


_FORMATS_BY_ORDER = {
    DAY_FIRST: _with_clocks([f"%d{mark}%m{mark}%{year}" for mark in "/.-" for year in "yY"]),
    MONTH_FIRST: _with_clocks([f"%m{mark}%d{mark}%{year}" for mark in "/.-" for year in "yY"]),
}
_OTHER_FORMATS = _with_clocks(_OTHER_DAYS)
_GROUPING = "[ \u00a0\u202f\u2009'’]"
_AMBIGUOUS = r"[+-]?[1-9]\d{0,2}[.,]\d{3}"
_ORDER_WORDS = {DAY_FIRST: "the day first", MONTH_FIRST: "the month first"}
_YEAR_LAST = r"\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})([ ,].*)?"
_SERIAL = r"[2-6]\d{4}(\.\d+)?"


@dataclass
class Evidence:
    """The notation of a file.

    Attributes
    ----------
    decimal : str
    formats : dict of str to tuple of str
        Formats of each time column that does not follow ISO 8601, by the column's given name.
    date_format : str or None
        The format that the settings declare.
    notes : list of str
        What was found out, for the reader.
    questions : list of str
        What remains open, each with line and column and what to write, without full stop.
    """

    decimal: str = "."
    formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    date_format: str | None = None
    notes: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def evidence_of(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, tuple[str, Kind]],
    dialect: FileMapping,
    day_first: bool | None = None,
) -> Evidence:
    """Return the evidence of all number and time columns of a file that are text.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Its raw rows.
    columns : mapping of str to (str, str)
        Column of the file and kind of its values, by the column's given name.
    dialect : FileMapping
        Declarations in the settings override the evidence.
    day_first : bool, optional
        The order in which the system always writes days and months; None where it depends on the user's locale.
    """
    described = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {relation}").fetchall()}
    texts = {name: met for name, met in columns.items() if is_text(described[met[0]])}
    evidence = Evidence(date_format=dialect.date_format)
    _find_decimal(con, relation, texts, dialect, evidence)
    if dialect.date_format is None:
        times = [_TimeColumn(name, column) for name, (column, kind) in texts.items() if kind in ("timestamp", "date")]
        order, evidence.formats, problems = _time_formats(con, relation, times, day_first)
        evidence.notes += [f"dates with {_ORDER_WORDS[order]}"] if order else []
        evidence.questions += problems
    return evidence


def serial_time(text: str) -> str:
    """Return the SQL that reads days since 1899-12-30 from a text, to the second."""
    return (
        f"CASE WHEN regexp_full_match({text}, '{_SERIAL}') THEN TIMESTAMP '1899-12-30' "
        f"+ to_seconds(CAST(round(CAST({text} AS DOUBLE) * 86400) AS BIGINT)) END"
    )


def _find_decimal(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    texts: Mapping[str, tuple[str, Kind]],
    dialect: FileMapping,
    evidence: Evidence,
) -> None:
    if "decimal" in dialect.model_fields_set:
        evidence.decimal = dialect.decimal
        return
    shown = {}
    for mark in (".", ","):
        conditions = [
            (column, _shows(column, kind, mark))
            for column, kind in texts.values()
            if kind in ("money", "number", "integer")
        ]
        shown[mark] = _example(con, relation, conditions)
    if shown["."] and shown[","]:
        evidence.questions.append(
            f"numbers are written in two ways, {shown['.']} and {shown[',']}. Mend the file, or write "
            'decimal = "." (or ",") so that the others are kept aside'
        )
    elif shown["."] or shown[","]:
        evidence.decimal = "." if shown["."] else ","
        evidence.notes += [] if shown["."] else ["a decimal comma"]
    else:
        doubtful = [
            (column, f"regexp_full_match({_bare(column)}, '{_AMBIGUOUS}')")
            for column, kind in texts.values()
            if kind in ("money", "number")
        ]
        if met := _example(con, relation, doubtful):
            evidence.questions.append(
                f"it cannot be told whether the mark in {met} is a decimal mark or groups thousands. "
                'Write decimal = "." or decimal = ","'
            )


def _bare(column: str) -> str:
    """Return the SQL of a cell without the spaces and apostrophes that can only group thousands."""
    return f"regexp_replace({trimmed(identifier(column))}, {literal(_GROUPING)}, '', 'g')"


def _shows(column: str, kind: Kind, mark: str) -> str:
    text = _bare(column)
    escaped, other = ("[.]", ",") if mark == "." else (",", "[.]")
    if kind == "integer":  # a count has no decimals, so a mark in it groups and the other one is the decimal mark
        return f"regexp_full_match({text}, '[+-]?\\d{{1,3}}({other}\\d{{3}})+')"
    return f"({shows_decimal(text, mark)} OR regexp_full_match({text}, '[+-]?0?{escaped}\\d+'))"


def _example(con: duckdb.DuckDBPyConnection, relation: str, conditions: list[tuple[str, str]]) -> str | None:
    """Return the first cell that meets the condition of its column, with line and column; None if none does."""
    for column, condition in conditions:
        met = con.execute(
            f"SELECT CAST({identifier(column)} AS VARCHAR), {ROW} FROM {relation} WHERE {condition} ORDER BY {ROW} LIMIT 1"
        ).fetchone()
        if met:
            return f"'{met[0].strip()[:40]}' (line {met[1]}, column '{column}')"
    return None


@dataclass(frozen=True)
class _TimeColumn:
    """A column of times: its given name, and its name in the file."""

    name: str
    column: str


def _time_formats(
    con: duckdb.DuckDBPyConnection, relation: str, times: Sequence[_TimeColumn], day_first: bool | None
) -> tuple[str | None, dict[str, tuple[str, ...]], list[str]]:
    """Return the order of day and month if the file has one, the formats of each column, and open questions."""
    formats: dict[str, tuple[str, ...]] = {}
    ordered = []
    for time in times:
        n_year_last, n_serial, n_other = _shapes(con, relation, time.column)
        if n_year_last:
            ordered.append(time)
        elif n_serial and not n_other:
            formats[time.name] = EXCEL
        elif n_other:
            formats[time.name] = _OTHER_FORMATS
    if not ordered:
        return None, formats, []
    only = {order: _only_as(con, relation, ordered, order) for order in (DAY_FIRST, MONTH_FIRST)}
    if only[DAY_FIRST] and only[MONTH_FIRST]:
        return (
            None,
            formats,
            [
                f"dates are written in two ways, {only[DAY_FIRST]} and {only[MONTH_FIRST]}. Mend the file, or "
                'write date_format = "%d/%m/%Y" (or another) so that the others are kept aside'
            ],
        )
    order = next((order for order, met in only.items() if met), None)
    if order is None and day_first is not None:
        order = DAY_FIRST if day_first else MONTH_FIRST
    if order is None and (doubtful := _doubtful(con, relation, ordered)):
        return (
            None,
            formats,
            [
                f"it cannot be told whether {doubtful} begins with the day or with the month. "
                'Write date_format = "%d/%m/%Y" or date_format = "%m/%d/%Y", with its marks'
            ],
        )
    for time in ordered:
        formats[time.name] = (*_FORMATS_BY_ORDER[order or DAY_FIRST], *_OTHER_FORMATS)
    return order, formats, []


def _shapes(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> tuple[int, int, int]:
    """Return how many cells end with the year, are serial numbers, or are neither of these nor ISO 8601 [cells]."""
    text = trimmed(identifier(column))
    iso = f"{time_from_parts(time_parts('cell', _ISO), _ISO)} IS NOT NULL"
    year_last, serial = (f"regexp_full_match(cell, '{shape}')" for shape in (_YEAR_LAST, _SERIAL))
    shapes = (year_last, serial, f"NOT ({iso}) AND NOT {year_last} AND NOT {serial}")
    counted = con.execute(
        f"SELECT {', '.join(f'coalesce(count_if({shape}), 0)' for shape in shapes)} "
        f"FROM (SELECT {text} AS cell FROM {relation})"
    ).fetchone() or (0, 0, 0)
    return counted[0], counted[1], counted[2]


def _only_as(con: duckdb.DuckDBPyConnection, relation: str, times: Sequence[_TimeColumn], order: str) -> str | None:
    other = MONTH_FIRST if order == DAY_FIRST else DAY_FIRST
    return _first(con, relation, times, f"{_read_as(order)} IS NOT NULL AND {_read_as(other)} IS NULL")


def _doubtful(con: duckdb.DuckDBPyConnection, relation: str, times: Sequence[_TimeColumn]) -> str | None:
    return _first(con, relation, times, f"{_read_as(DAY_FIRST)} <> {_read_as(MONTH_FIRST)}")


def _read_as(order: str, text: str = "cell") -> str:
    return f"try_strptime({text}, [{', '.join(map(literal, _FORMATS_BY_ORDER[order]))}])"


def _first(con: duckdb.DuckDBPyConnection, relation: str, times: Sequence[_TimeColumn], condition: str) -> str | None:
    for time in times:
        cell = trimmed(identifier(time.column))
        cells = f"(SELECT {cell} AS cell, {ROW} FROM {relation})"
        wanted = f"regexp_full_match(cell, '{_YEAR_LAST}') AND {condition}"
        met = con.execute(f"SELECT cell, {ROW} FROM {cells} WHERE {wanted} ORDER BY {ROW} LIMIT 1").fetchone()
        if met:
            return f"'{met[0][:40]}' (line {met[1]}, column '{time.column}')"
    return None
