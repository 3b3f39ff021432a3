"""How the cells of an unknown file are written, as its proposal says it: the decimal mark, the format of its dates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from crmkit.settings import FileMapping
from crmkit.sources.parsing.evidence import evidence_of
from crmkit.sources.proposing.profile import ColumnProfile
from crmkit.sources.proposing.propose import LEAST_LIKENESS
from crmkit.sources.proposing.vocabulary import likeness, role_likeness
from crmkit.sources.sql import ROW
from crmkit.tables.schema import Kind

_FOR_EVIDENCE = 1_500  # rows


@dataclass(frozen=True)
class Notation:
    """How the cells of a file are written.

    Attributes
    ----------
    decimal : str
    asks_decimal : bool
        Whether the cells leave the decimal mark open.
    date_format : str or None
        Format of all its times that do not follow ISO 8601; None if they follow several.
    by_evidence : frozenset of str
        Columns of times that SQL passes on as text, to be read when they are loaded.
    questions : tuple of str
        What remains open, without full stops.
    notes : tuple of str
        What was found out, for the reader.
    """

    decimal: str = "."
    asks_decimal: bool = False
    date_format: str | None = None
    by_evidence: frozenset[str] = frozenset()
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def notation_of(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[ColumnProfile],
    used: Collection[str],
    dialect: FileMapping,
) -> Notation:
    """Return what the cells of the columns that a proposal uses prove about the notation of their file.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        The rows looked at.
    columns : sequence of ColumnProfile
    used : collection of str
        Columns of the file that the proposal uses.
    dialect : FileMapping
        What the settings declare already.
    """
    kinds: dict[str, tuple[str, Kind]] = {
        met.name: (met.name, "timestamp" if met.times else "money")
        for met in columns
        if met.name in used and (met.times or (met.numbers and not _is_id(met.name)))
    }
    few = f"(SELECT * FROM {relation} USING SAMPLE reservoir({_FOR_EVIDENCE} ROWS) REPEATABLE (1))"
    con.execute(f"CREATE OR REPLACE TABLE evidence_rows AS SELECT * FROM {few} ORDER BY {ROW}")
    evidence = evidence_of(con, "evidence_rows", kinds, dialect)
    times = [name for name, (_, kind) in kinds.items() if kind == "timestamp"]
    written = {name: evidence.facts[name].times for name in times}
    formats = {name: each.written for name, each in written.items()}
    declared = {form for form in formats.values() if form}
    counted = any(each.serial or each.epoch for each in written.values())
    one = declared.pop() if len(declared) == 1 and not counted else None
    asked = tuple(str(question) for question in evidence.questions)
    return Notation(
        evidence.decimal,
        any("decimal" in question for question in asked),
        one,
        frozenset(name for name in times if written[name].forms and (formats[name] is None or formats[name] != one))
        | frozenset(name for name in times if written[name].serial or written[name].epoch)
        | frozenset(name for name in times if any("date_format" in question for question in asked)),
        asked,
        tuple(evidence.notes),
    )


def _is_id(header: str) -> bool:
    """Whether a header names ids and article numbers: these are no amounts, whatever their digits look like."""
    ids = (likeness("orders", name, header) for name in ("order_id", "customer_id"))
    return max(*ids, role_likeness("sku", header)) >= LEAST_LIKENESS
