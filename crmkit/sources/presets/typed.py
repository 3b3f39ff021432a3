"""The fields of a preset as a DuckDB table: each cell in its type, beside it the text for the checks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

from crmkit.sources.parsing.dates import Clock
from crmkit.sources.parsing.evidence import Evidence
from crmkit.sources.parsing.types import STEP, Reading, reading
from crmkit.sources.sql import PART, ROW, columns_of, identifier
from crmkit.tables.schema import Column, Kind

_SQL_TYPES = {
    "money": "DOUBLE",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "flag": "BOOLEAN",
    "id": "VARCHAR",
    "text": "VARCHAR",
}


@dataclass(frozen=True)
class Zones:
    """The company's zone, and the zone of times without an offset."""

    company: str
    file: str | None = None


def text_of(field: str) -> str:
    """Return the column that holds a field as text: the value read, else the cell as it is in the file."""
    return identifier(f"__text {field}")


def unreadable(field: str) -> str:
    """Return the SQL condition under which a cell holds something that could not be read."""
    return f"({text_of(field)} IS NOT NULL AND {identifier(field)} IS NULL)"


def typed_rows(relation: str, columns: Mapping[str, str], readings: Mapping[str, Reading]) -> str:
    """Return the SQL of a relation's rows with each field read, and its text beside it.

    Parameters
    ----------
    relation : str
    columns : mapping of str to str
        Column of the relation by field.
    readings : mapping of str to Reading
    """
    kept = [PART, ROW]
    cells = [f"{_step(read, 0, identifier(columns[name]))} AS {identifier(name)}" for name, read in readings.items()]
    query = f"(SELECT {', '.join([*kept, *cells])} FROM {relation})"
    for step in (1, 2, 3):
        cells = [f"{_step(read, step, identifier(name))} AS {identifier(name)}" for name, read in readings.items()]
        first = [f"CAST({identifier(name)} AS VARCHAR) AS {text_of(name)}" for name in readings]
        query = f"(SELECT {', '.join([*kept, *cells, *(first if step == 1 else map(text_of, readings))])} FROM {query})"
    cells = [
        f"{identifier(name)}, coalesce(CAST({identifier(name)} AS VARCHAR), {text_of(name)}) AS {text_of(name)}"
        for name in readings
    ]
    return f"(SELECT {', '.join([*kept, *cells])} FROM {query})"


def make_typed(
    con: duckdb.DuckDBPyConnection,
    table: str,
    relation: str,
    fields: Mapping[str, Kind],
    columns: Mapping[str, str],
    evidence: Evidence,
    zones: Zones,
    needed: Collection[str] = (),
) -> None:
    """Make the table of typed fields; a field that the file has no column for is null.

    Parameters
    ----------
    con : duckdb connection
    table, relation : str
        The table to make, and the raw rows.
    fields : mapping of str to str
        Kind of each field.
    columns : mapping of str to str
        Column of the file, of the fields that have one.
    evidence : Evidence
    zones : Zones
    needed : collection of str
        Fields whose words for nothing stay: rows are chosen by them, or cannot do without them.
    """
    types = columns_of(con, relation)
    clock = Clock(zones.company, zones.file, evidence.declared_format)
    readings = {
        name: reading(Column(name, kind, "", name in needed), types[columns[name]], evidence.facts[name], clock)
        for name, kind in fields.items()
        if name in columns
    }
    cells = [
        f"CAST({identifier(name)} AS {_SQL_TYPES[fields[name]]}) AS {identifier(name)}, {text_of(name)}"
        for name in readings
    ]
    absent = [
        f"NULL::{_SQL_TYPES[kind]} AS {identifier(name)}, NULL::VARCHAR AS {text_of(name)}"
        for name, kind in fields.items()
        if name not in readings
    ]
    con.execute(
        f"CREATE TABLE {table} AS SELECT {', '.join([PART, ROW, *cells, *absent])} "
        f"FROM {typed_rows(relation, columns, readings)}"
    )


def _step(read: Reading, step: int, cell: str) -> str:
    return read.steps[step].replace(STEP, cell)
