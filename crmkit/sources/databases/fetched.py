"""Fetch the canonical tables of a database that cannot compute what crmkit asks for: SQLite, MySQL and MariaDB.

Neither can repeat a row for each period of its span, on which everything about who is active rests. Their rows are
fetched, bounded by ``[database] most_rows``, and checked as frames are, so that all numbers are those of DuckDB.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.datatypes as dt
import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, Problems, did_you_mean
from crmkit.settings import Database, Settings
from crmkit.sources.databases.columns import column_type
from crmkit.sources.databases.database import queries_of_settings
from crmkit.sources.databases.engines import require_driver
from crmkit.sources.databases.relations import Relation, is_query
from crmkit.sources.databases.secrets import ask_for_host, password_of, refusal
from crmkit.sources.sql import identifier
from crmkit.tables.schema import SCHEMAS

FETCHED = ("sqlite", "mysql")
_NO_PERIODS = "cannot repeat a row for each period of its span, on which all numbers of active and lost customers rest"
UNSAID = {
    "sqlite": {
        "IntegerRange": _NO_PERIODS,
        "time shift": "cannot add days to a day, before version 3.46",
        "IsNan": "has no number that is none",
    },
    "mysql": {"IntegerRange": _NO_PERIODS},
}
"""What these engines have no word for, by the word with which Ibis' compiler refuses it, and what that means."""

_BATCH = 50_000  # rows
_TIMEOUT = 10  # s
_UTC_TYPE = "timestamp"  # MySQL keeps a TIMESTAMP as an instant and a DATETIME as it was written


def is_fetched(database: Database) -> bool:
    """Return whether the rows of a database are fetched, and not queried where they are."""
    return database.address.engine in FETCHED


def fetch_tables(settings: Settings, personal: bool = False) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the rows of every canonical table of the database, and what is known of where they are from.

    Parameters
    ----------
    settings : Settings
        With ``[database]``.
    personal : bool
        Whether to fetch personal data.

    Raises
    ------
    Problems
        With every table of ``[database.tables]`` that is not there.
    CrmkitError
        If the database cannot be opened, has no canonical table, or more rows than ``most_rows``.
    """
    database = settings.database
    if database is None:
        raise CrmkitError("The settings have no section [database].")
    with _opened(database, settings.folder) as reader:
        wanted = _wanted(database, reader, settings.folder)
        wanted = {name: table for name, table in wanted.items() if personal or not SCHEMAS[name].personal}
        counts = {name: reader.count(table) for name, table in wanted.items()}
        _check_number(database, counts)
        frames = {name: reader.rows(table) for name, table in wanted.items()}
        hint = f"{database.address.label} {_NO_PERIODS}: {sum(counts.values()):,} rows were fetched, and all is computed here"
        known = {
            "hints": [hint],
            "database": f"{database.address}, {reader.version}",
            "relations": wanted,
            "rows_fetched": counts,
        }
    return {name: _with_flags(frame, name) for name, frame in frames.items()}, known


def _wanted(database: Database, reader: _Reader, folder: Path) -> dict[str, str]:
    """Return the relation or the query of each canonical table that has one."""
    queries = queries_of_settings(database, folder, reader, database.address.engine)
    problems = [
        f"[database.tables] {name}: there is no such table of crmkit. {did_you_mean(name, SCHEMAS)}"
        for name in database.tables
        if name not in SCHEMAS
    ]
    there = {each.casefold(): each for each in reader.names()}
    wanted = {}
    for name in SCHEMAS:
        asked = queries.get(name) or database.tables.get(name, name)
        if name in queries:
            wanted[name] = asked
        elif asked.casefold() in there:
            wanted[name] = there[asked.casefold()]
        elif name in database.tables:
            hint = did_you_mean(asked, there.values())
            problems.append(f"[database.tables] {name}: there is no table or view '{asked}'. {hint}")
    if problems:
        raise Problems(f"The database {database.address}", problems)
    if not wanted:
        raise CrmkitError(
            f"The database {database.address} has none of crmkit's tables: there is "
            f"{', '.join(sorted(there.values())) or 'no table that may be read'}. Make views of their names, or name them: "
            '[database.tables] with orders = "shop_orders".'
        )
    return wanted


def _check_number(database: Database, counts: Mapping[str, int]) -> None:
    if (total := sum(counts.values())) > database.most_rows:
        largest = max(counts, key=lambda name: counts[name])
        raise CrmkitError(
            f"The database {database.address} has {total:,} rows for crmkit ({largest}: {counts[largest]:,}). Those of "
            f"{database.address.label} are fetched, and most_rows under [database] allows {database.most_rows:,}. Write "
            f"most_rows = {total:_} if the machine has the memory, or copy the tables into a DuckDB file and name that."
        )


def _with_flags(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return rows whose flags are flags: both engines keep them as 0 and 1."""
    flags = {column.name for column in SCHEMAS[table].columns if column.kind == "flag"}
    found = [name for name in rows if str(name).casefold() in flags and rows[name].dropna().isin([0, 1]).all()]
    return rows.astype(dict.fromkeys(found, "boolean")) if found else rows


class _Reader:
    """An open database: its tables, how many rows they have, and the rows."""

    home = ""
    quote = staticmethod(identifier)

    def __init__(self, con: Any, version: str) -> None:
        self.con = con
        self.version = version

    def names(self, schema: str = "") -> list[str]:
        """Return the names of tables and views."""
        raise NotImplementedError

    def relation(self, schema: str, name: str) -> Relation:
        """Return the columns of a table; what is in them shows when they are fetched."""
        cursor = self._execute(f"SELECT * FROM {self.source(name)} LIMIT 0")
        cursor.fetchall()
        return Relation("", name, {column[0]: column_type(dt.unknown) for column in cursor.description})

    def source(self, table: str) -> str:
        """Return what stands after FROM for a table or a query."""
        return f"({table}) AS queried" if is_query(table) else self.quote(table)

    def zoned(self, table: str) -> set[str]:
        """Return the columns that are instants and no wall clock times."""
        return set()

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        ((n,),) = self._execute(f"SELECT count(*) FROM {self.source(table)}").fetchall()
        return int(n)

    def rows(self, table: str) -> pd.DataFrame:
        """Return the rows of a table, fetched in batches."""
        zoned = self.zoned(table)
        cursor = self._execute(f"SELECT * FROM {self.source(table)}")
        names = [column[0] for column in cursor.description]
        parts = []
        while batch := cursor.fetchmany(_BATCH):
            parts.append(pd.DataFrame(batch, columns=names).apply(_plain))
        rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names, dtype=object)
        return rows.assign(**{name: pd.to_datetime(rows[name], utc=True) for name in zoned if name in rows})

    def _execute(self, query: str) -> Any:
        cursor = self.con.cursor()
        cursor.execute(query)
        return cursor


class _SqliteReader(_Reader):
    def names(self, schema: str = "") -> list[str]:
        listed = self._execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        return [name for (name,) in listed]


class _MysqlReader(_Reader):
    @staticmethod
    def quote(name: str) -> str:
        """Return a name quoted for MySQL."""
        return "`" + name.replace("`", "``") + "`"

    def names(self, schema: str = "") -> list[str]:
        return [name for (name,) in self._execute("SHOW TABLES").fetchall()]

    def zoned(self, table: str) -> set[str]:
        if is_query(table):
            return set()
        listed = self._execute(f"SHOW COLUMNS FROM {self.quote(table)}").fetchall()
        return {str(name) for name, kind, *_ in listed if str(kind).lower().startswith(_UTC_TYPE)}


@contextmanager
def _opened(database: Database, folder: Path) -> Iterator[_Reader]:
    reader, failed, password = None, None, None
    try:
        if database.address.engine == "sqlite":
            reader = _sqlite(database, folder)
        else:
            require_driver("mysql")
            ask_for_host(database, folder)
            password = password_of(database)
            reader = _mysql(database, password, folder)
        yield reader
    except CrmkitError:
        raise
    except Exception as error:  # the drivers' own; a fault of crmkit itself is none of them
        if not isinstance(error, _errors_of(database)):
            raise
        failed = refusal(database, error, password)
    finally:
        if reader is not None:
            reader.con.close()
    if failed:
        raise failed


def _errors_of(database: Database) -> tuple[type[Exception], ...]:
    if database.address.engine == "sqlite":
        return (sqlite3.Error, OSError)
    import pymysql

    return (pymysql.Error, OSError)


def _sqlite(database: Database, folder: Path) -> _Reader:
    file = database.address.file(folder).resolve()
    if not file.is_file():
        raise CrmkitError(f"There is no SQLite file {file}. See url under [database] in the settings.")
    con = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=_TIMEOUT)
    con.execute("PRAGMA trusted_schema = OFF")  # a view of a stranger's file calls no function with side effects
    con.execute("PRAGMA query_only = ON")
    con.execute("SELECT count(*) FROM sqlite_master")  # here it shows whether it is a database at all
    return _SqliteReader(con, f"SQLite {sqlite3.sqlite_version}")


def _mysql(database: Database, password: str | None, folder: Path) -> _Reader:
    import pymysql
    from pymysql.cursors import SSCursor

    address = database.address
    place = (
        {"unix_socket": address.host} if (address.host or "").startswith("/") else {"host": address.host or "localhost"}
    )
    con = pymysql.connect(
        **place,
        port=address.port or 3306,
        user=address.user,
        password=password or "",
        database=database.namespace or address.name,
        connect_timeout=_TIMEOUT,
        charset="utf8mb4",
        cursorclass=SSCursor,
        init_command="SET time_zone = '+00:00'",
        **_tls(database, folder),
    )
    con.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")  # all tables as they are at one moment
    version = con.server_version.removeprefix("5.5.5-")  # with which MariaDB begins, for old clients
    return _MysqlReader(con, f"{'MariaDB' if 'MariaDB' in version else 'MySQL'} {version.split('-')[0]}")


def _tls(database: Database, folder: Path) -> dict[str, Any]:
    """Return how the connection is encrypted; to another machine it always is, unless ``sslmode=disable`` says no."""
    given = dict(database.address.options)
    mode = given.get("sslmode", "prefer")
    if mode == "disable":
        return {"ssl_disabled": True}
    if mode in ("verify-ca", "verify-full"):
        root = given.get("sslrootcert")
        return {
            "ssl_ca": str(folder / root) if root else None,
            "ssl_verify_cert": True,
            "ssl_verify_identity": mode == "verify-full",
        }
    return {"ssl": {"check_hostname": False}} if mode == "require" else {}


def _plain(cells: pd.Series) -> pd.Series:
    """Return cells as frames have them: decimals as floats, bytes as text."""
    met = set(map(type, cells.dropna())) if cells.dtype == object else set()
    if Decimal in met:
        return pd.to_numeric(cells.map(lambda cell: np.nan if cell is None else float(cell)))
    if bytes in met:
        return cells.map(lambda cell: cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell)
    return cells
