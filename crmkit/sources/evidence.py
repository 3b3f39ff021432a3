"""What the cells of one file prove about how it is written: its decimal mark, and whether the day comes first.

Settled once per file from all its cells. What they do not prove is asked for, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from crmkit.settings import FileMapping
from crmkit.sources.day_orders import DAY_FIRST, MONTH_FIRST, TimeColumn, settled_times
from crmkit.sources.kinds import is_text
from crmkit.sources.numbers import shows_decimal
from crmkit.sources.sql import ROW, identifier, literal
from crmkit.sources.types import trimmed
from crmkit.tables.schema import Kind

_GROUPING = "[ \u00a0\u202f\u2009'’]"
_AMBIGUOUS = r"[+-]?[1-9]\d{0,2}[.,]\d{3}"
_ORDERS = {DAY_FIRST: "the day first", MONTH_FIRST: "the month first"}


@dataclass
class Evidence:
    """How a file is written.

    Attributes
    ----------
    decimal : str
    formats : dict of str to tuple of str
        Formats of each time column that is not written as ISO 8601 says, by the name given to it.
    date_format : str or None
        The one that the settings declare.
    said : list of str
        What was settled, for the reader.
    questions : list of str
        What could not be, each with line and column and what to write, without full stop.
    """

    decimal: str = "."
    formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    date_format: str | None = None
    said: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def evidence_of(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, tuple[str, Kind]],
    dialect: FileMapping,
    day_first: bool | None = None,
) -> Evidence:
    """Look at all number and time columns of a file that are text.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Its raw rows.
    columns : mapping of str to (str, str)
        Column of the file and kind of its values, by the name given to it.
    dialect : FileMapping
        What the settings declare overrules the evidence.
    day_first : bool, optional
        The order in which the system always writes days and months; None where it depends on the user's locale.
    """
    described = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {relation}").fetchall()}
    texts = {name: met for name, met in columns.items() if is_text(described[met[0]])}
    evidence = Evidence(date_format=dialect.date_format)
    _settle_decimal(con, relation, texts, dialect, evidence)
    if dialect.date_format is None:
        times = [TimeColumn(name, column) for name, (column, kind) in texts.items() if kind in ("timestamp", "date")]
        order, evidence.formats, problems = settled_times(con, relation, times, day_first)
        evidence.said += [f"dates with {_ORDERS[order]}"] if order else []
        evidence.questions += problems
    return evidence


def _settle_decimal(
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
        conditions = [(column, _shows(column, kind, mark)) for column, kind in texts.values()
                      if kind in ("money", "number", "integer")]  # fmt: skip
        shown[mark] = _example(con, relation, conditions)
    if shown["."] and shown[","]:
        evidence.questions.append(f"numbers are written in two ways, {shown['.']} and {shown[',']}. Mend the file, or write "
                                  'decimal = "." (or ",") so that the others are kept aside')  # fmt: skip
    elif shown["."] or shown[","]:
        evidence.decimal = "." if shown["."] else ","
        evidence.said += [] if shown["."] else ["a decimal comma"]
    else:
        doubtful = [(column, f"regexp_full_match({_bare(column)}, '{_AMBIGUOUS}')")
                    for column, kind in texts.values() if kind in ("money", "number")]  # fmt: skip
        if met := _example(con, relation, doubtful):
            evidence.questions.append(f"it cannot be told whether the mark in {met} is a decimal mark or groups thousands. "
                                      'Write decimal = "." or decimal = ","')  # fmt: skip


def _bare(column: str) -> str:
    """Return the SQL of a cell without the spaces and apostrophes that can only group thousands."""
    return f"regexp_replace({trimmed(identifier(column))}, {literal(_GROUPING)}, '', 'g')"


def _shows(column: str, kind: Kind, mark: str) -> str:
    text = _bare(column)
    escaped, other = ("[.]", ",") if mark == "." else (",", "[.]")
    if kind == "integer":  # a count has no decimals: a mark in it groups, so the other one is the decimal mark
        return f"regexp_full_match({text}, '[+-]?\\d{{1,3}}({other}\\d{{3}})+')"
    return f"({shows_decimal(text, mark)} OR regexp_full_match({text}, '[+-]?0?{escaped}\\d+'))"


def _example(con: duckdb.DuckDBPyConnection, relation: str, conditions: list[tuple[str, str]]) -> str | None:
    """Return the first cell that fulfils the condition of its column, with line and column; None if none does."""
    for column, condition in conditions:
        met = con.execute(
            f"SELECT CAST({identifier(column)} AS VARCHAR), {ROW} FROM {relation} WHERE {condition} ORDER BY {ROW} LIMIT 1"
        ).fetchone()
        if met:
            return f"'{met[0].strip()[:40]}' (line {met[1]}, column '{column}')"
    return None
