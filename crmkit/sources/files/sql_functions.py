"""Functions for the SQL of the settings that read a cell as crmkit reads it: ``as_number("Betrag")``, ``as_time("Datum")``.

They follow the ``decimal`` and the ``date_format`` of the file's entry under ``[files]``; where the SQL reads files that are
written in several ways, it says so itself: ``as_number("Betrag", ',')``, ``as_time("Datum", '%d.%m.%Y')``.

An empty cell stays empty. A cell that is no number, or has the sign of another currency, becomes infinity, so that a sum with
it is set aside and not merely too small.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb

from crmkit.settings import FileMapping
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.parsing.dates import Clock
from crmkit.sources.parsing.types import STEP, Facts, Reading, reading
from crmkit.tables.schema import Column

_CELL = "CAST(cell AS VARCHAR)"
_AMOUNT = Column("cell", "money", "")


def create_sql_functions(
    con: duckdb.DuckDBPyConnection, dialect: FileMapping, time_zone: str = "UTC", signs: Collection[str] = ()
) -> None:
    """Create the functions in a connection, for cells written as a file's dialect says.

    Parameters
    ----------
    con : duckdb connection
    dialect : FileMapping
    time_zone : str
        The company's, to which times with an offset are converted.
    signs : collection of str
        Signs and codes of the company's currency in the files; an amount with another one is no number.

    Examples
    --------
    >>> con = duckdb.connect()
    >>> create_sql_functions(con, FileMapping(path="", decimal=",", date_format="%d.%m.%Y"), signs="€")
    >>> con.execute("SELECT as_number('1.234,50 €'), as_number(2.5), as_time('31.12.2026 08:15'), as_number('$5')").fetchone()
    (1234.5, 2.5, datetime.datetime(2026, 12, 31, 8, 15), inf)
    """
    clock = Clock(time_zone, None, dialect.date_format)
    numbers = {
        mark: _number(reading(_AMOUNT, "VARCHAR", Facts(decimal=mark, signs=tuple(sorted(signs))), clock))
        for mark in ".,"
    }
    time = _applied(reading(Column("cell", "timestamp", ""), "VARCHAR", Facts(), clock))
    con.execute(
        f"CREATE OR REPLACE MACRO as_number(cell) AS {numbers[dialect.decimal]}, "
        f"(cell, mark) AS CASE WHEN mark = ',' THEN {numbers[',']} ELSE {numbers['.']} END"
    )
    con.execute(
        f"CREATE OR REPLACE MACRO as_time(cell) AS CASE WHEN typeof(cell) <> 'VARCHAR' THEN try_cast({_CELL} AS TIMESTAMP) "
        f"ELSE {time} END, (cell, form) AS try_strptime(trim({_CELL}), form)"
    )


def shared_dialect(sets: Sequence[FileSet]) -> FileSet | None:
    """Return a set of files that says how the cells of all of them are written; None if they differ, or there are none."""
    written = {(files.dialect.decimal, files.dialect.date_format) for files in sets}
    return sets[0] if len(written) == 1 else None


def _number(read: Reading) -> str:
    """Return the SQL of a number: null for an empty cell, infinity for one that is no number."""
    filled = _applied(Reading(read.cell))
    return (
        f"CASE WHEN typeof(cell) <> 'VARCHAR' THEN try_cast(cell AS DOUBLE) "
        f"WHEN {filled} IS NOT NULL THEN coalesce({_applied(read)}, CAST('inf' AS DOUBLE)) END"
    )


def _applied(read: Reading) -> str:
    """Return the SQL of all steps of a reading; each result is named, so that it is computed once however often it is used."""
    sql = _CELL
    for number, step in enumerate(read.steps):
        if step != STEP:
            sql = f"list_transform([{sql}], lambda s{number}: {step.replace(STEP, f's{number}')})[1]"
    return sql
