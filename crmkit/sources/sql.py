"""DuckDB: open a database, quote names and texts for its SQL, shorten its error messages."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

import duckdb

PART = "__part"
"""Hidden column: number of the file within its set; with :data:`ROW` it fixes the order of the rows."""

ROW = "__row"
"""Hidden column: line of a CSV file, row of a Parquet file or frame; counted from 1."""

REASON = "__reason"
"""Hidden column of checked rows: why the row is set aside; null for a row to keep."""

MERGED = "__merged"
"""Hidden column of checked rows: whether the row was merged into an equal one."""

_LONGEST = 240
_OPEN: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()
_MEMORY_LIMIT = "1GB"  # of DuckDB's buffers; Python and its libraries come on top


def open_duckdb() -> duckdb.DuckDBPyConnection:
    """Return a new database in memory: UTC session, no progress bar, no frame of the caller read as a table."""
    con = duckdb.connect()
    _OPEN.add(con)
    # The default is the working directory. A folder left by a program that was killed is known by the process number.
    spill = os.path.join(tempfile.gettempdir(), f"crmkit-{os.getpid()}-{secrets.token_hex(4)}")
    con.execute(f"SET TimeZone = 'UTC'; SET python_enable_replacements = false; SET temp_directory = {literal(spill)}")
    # In Jupyter without widgets there is no bar that could be switched off.
    with suppress(duckdb.InvalidInputException):
        con.execute("SET enable_progress_bar = false")
    return con


def interrupt_queries(for_seconds: float) -> None:
    """End the queries that run on the databases opened so far, whichever thread waits for them.

    It is repeated for a time, as a query that is about to begin would not notice; databases opened meanwhile, such as
    those that clear up, are left alone.
    """
    opened = WeakSet(_OPEN)
    ends_at = time.monotonic() + for_seconds
    while opened:
        for con in list(opened):
            try:
                con.interrupt()
            except duckdb.Error:  # it is closed by now
                opened.discard(con)
        if time.monotonic() >= ends_at:
            return
        time.sleep(0.1)


@contextmanager
def working_duckdb() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a new database for a large piece of work; it takes little memory, and leaves no files behind."""
    con = open_duckdb()
    con.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
    folder = _scratch(con)  # asked now: an interrupted connection may answer nothing any more
    try:
        yield con
    finally:
        con.close()
        shutil.rmtree(folder, ignore_errors=True)


def scratch_folder(con: duckdb.DuckDBPyConnection) -> Path:
    """Return the folder for temporary files of a connection, made if missing; only its owner can read it."""
    folder = _scratch(con)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def remove_scratch(con: duckdb.DuckDBPyConnection) -> None:
    """Remove the temporary files of a connection."""
    shutil.rmtree(_scratch(con), ignore_errors=True)


def close_default_database() -> None:
    """Close the database that importing DuckDB opens, and end its threads; a later request opens another one."""
    duckdb.default_connection().close()


def identifier(name: str) -> str:
    """Return a column or table name quoted for SQL.

    Examples
    --------
    >>> print(identifier('the "real" price'))
    "the ""real"" price"
    """
    return '"' + name.replace('"', '""') + '"'


def present(column: str) -> str:
    """Return the hidden column that says whether a cell of a column has content."""
    return identifier(f"__present {column}")


def fault(column: str) -> str:
    """Return the hidden column with the number of the first rule that a cell of a column breaks."""
    return identifier(f"__fault {column}")


def literal(text: str) -> str:
    """Return a text quoted for SQL; a NUL, which would end the query, becomes its printable symbol.

    Examples
    --------
    >>> literal("Kaldi's")
    "'Kaldi''s'"
    """
    return "'" + text.replace("'", "''").replace("\0", "\N{SYMBOL FOR NULL}") + "'"


def short_message(error: Exception) -> str:
    """Return the essential part of a DuckDB error: one line, without the error class and the quoted SQL.

    Examples
    --------
    >>> short_message(ValueError("Binder Error: Referenced column x not found!  LINE 1: SELECT x"))
    'Referenced column x not found!'
    """
    message = re.split(r"\n\s*LINE \d+:|\s+LINE \d+:", str(error))[0]
    message = re.sub(r"^\w+( \w+)? Error: ", "", " ".join(message.split()))
    return message if len(message) <= _LONGEST else message[: _LONGEST - 3] + "..."


def parquet(file: Path | tuple[Path, ...], options: str = "") -> str:
    """Return the SQL of a Parquet file's rows, or of several; a folder named ``run=3`` adds no column ``run``."""
    if isinstance(file, tuple):
        listed = ", ".join(literal(str(each)) for each in file)
        return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false{options})"
    return f"read_parquet({literal(str(file))}, hive_partitioning = false{options})"


def columns_of(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the DuckDB type of each column of a relation, without the hidden ones."""
    described = con.execute(f"DESCRIBE {relation}").fetchall()
    return {name: kind for name, kind, *_ in described if name not in (PART, ROW)}


def _scratch(con: duckdb.DuckDBPyConnection) -> Path:
    (folder,) = con.execute("SELECT current_setting('temp_directory')").fetchone() or ("",)
    return Path(folder)
