"""Open a PostgreSQL database for reading, and list the tables that may be read.

The password is taken from the environment and given only to the server: no message contains it, and the connection is
opened here and not by Ibis, which would keep the password among its own settings.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.errors import CrmkitError
from crmkit.settings import Database
from crmkit.settings.permissions import host, require

if TYPE_CHECKING:
    import psycopg

_CONNECT_TIMEOUT = 10  # s
# A domain is read as its base type. A column that the role may not read is left out.
_COLUMNS = """
    SELECT n.nspname, c.relname, a.attname, t.typtype = 'e',
           format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL),
           has_column_privilege(c.oid, a.attnum, 'SELECT')
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND has_schema_privilege(n.oid, 'USAGE')
    ORDER BY n.nspname, c.relname, a.attnum"""


@dataclass(frozen=True)
class Relation:
    """A table or view of the database.

    Attributes
    ----------
    schema, name : str
    columns : dict of str to str
        PostgreSQL type of each column that may be read.
    """

    schema: str
    name: str
    columns: dict[str, str]


def open_postgres(database: Database, folder: Path = Path()) -> psycopg.Connection[Any]:
    """Open a read-only connection; its time zone is UTC.

    Parameters
    ----------
    database : Database
    folder : Path
        Of the settings: whether they may go to another machine is remembered for it.

    Raises
    ------
    CrmkitError
        If the server cannot be reached or refuses the user.
    """
    try:
        import psycopg
    except ImportError:
        raise CrmkitError(
            "Reading a PostgreSQL database needs psycopg. Install crmkit with it: "
            "python -m pip install -c constraints.txt -e '.[postgres]'"
        ) from None
    address = database.address
    if address.is_elsewhere:
        need = f"The settings send your password for the database {address.name} to {address.host}"
        require(folder, host(str(address.host)), need)
    password = _password(database)
    parameters = {"host": address.host, "port": address.port, "user": address.user, "password": password}
    refused = ""
    try:
        conninfo = psycopg.conninfo.make_conninfo(
            dbname=address.name,
            connect_timeout=_CONNECT_TIMEOUT,
            application_name="crmkit",
            **{key: str(value) for key, value in parameters.items() if value},
            **dict(address.options),
        )
        con = _connection_class(str(address)).connect(conninfo, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        refused = _reason(error, password) or "it does not answer"
    if refused:  # raised outside of the handler, so that the error does not carry the connection parameters
        raise CrmkitError(f"The database {address} cannot be opened: {refused}. {_advice(refused, database)}")
    con.execute("SET default_transaction_read_only = on")
    con.execute("SET TIME ZONE 'UTC'")
    con.execute("SET jit = off")  # compiling a long sum takes longer than computing it for a small company
    con.execute(
        "SET enable_nestloop = off"
    )  # every join is on equality and over whole tables, where hash joins are faster
    return con


def default_schema(con: psycopg.Connection[Any]) -> str:
    """Return the schema in which names without a schema are looked up."""
    (name,) = con.execute("SELECT current_schema()").fetchone() or (None,)
    return str(name or "public")


def relations(con: psycopg.Connection[Any], schemas: Iterable[str]) -> dict[tuple[str, str], Relation]:
    """Return the tables and views of some schemas, materialized views included, by schema and name."""
    found: dict[tuple[str, str], Relation] = {}
    for schema, name, column, is_enum, kind, readable in con.execute(_COLUMNS, [list(schemas)]):
        relation = found.setdefault((schema, name), Relation(schema, name, {}))
        if readable:
            relation.columns[column] = "enum" if is_enum else kind
    return found


def _connection_class(address: str) -> Any:
    """Return a class of connection that raises its errors as one plain sentence.

    Everything passes through ``wait``: queries, and the beginning and the end of transactions.
    """
    import psycopg

    class Connection(psycopg.Connection[Any]):
        def wait(self, *arguments: Any, **options: Any) -> Any:
            try:
                return super().wait(*arguments, **options)
            except psycopg.Error as error:
                message = error.diag.message_primary or _reason(error, None)
            raise CrmkitError(f"The database {address} does not answer: {message.rstrip('.')}.")

    return Connection


def _password(database: Database) -> str | None:
    """Return the password; None lets PostgreSQL's own library look for it, in ~/.pgpass for example."""
    password = os.environ.get(database.password_variable)
    if password is None and "password_variable" in database.model_fields_set:
        raise CrmkitError("The environment variable that [database] password_variable names is not set.")
    return password


def _reason(error: Exception, password: str | None) -> str:
    """Return the last clause of the message of the server or the library, with the password masked."""
    message = " ".join(str(error).split("\n")[0].split())
    message = message.replace(password, "***") if password else message
    return message.rpartition("FATAL: ")[2].rpartition(" failed: ")[2].strip().rstrip(".")


def _advice(refused: str, database: Database) -> str:
    if "password" in refused:
        return f"The password is taken from the environment variable {database.password_variable}."
    return "See url under [database] in the settings, and whether the server runs."
