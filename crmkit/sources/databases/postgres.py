"""Open a PostgreSQL database for reading, and look up what may be read there.

The password comes from the environment and goes to the server and nowhere else: it is in no message, and the
connection is made here and not by Ibis, which would keep it among its own settings.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crmkit.errors import CrmkitError
from crmkit.settings import Database

if TYPE_CHECKING:
    import psycopg

_PATIENCE = 10  # seconds to wait for a server to answer
# A domain is read as the type it stands on; what the role may not read is not there, so a column can be kept from it.
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
        PostgreSQL type by column, of those that may be read.
    """

    schema: str
    name: str
    columns: dict[str, str]


def open_postgres(database: Database) -> psycopg.Connection[Any]:
    """Open a connection on which nothing can be written; its time zone is UTC.

    Raises
    ------
    CrmkitError
        If the server cannot be reached or does not let the user in.
    """
    try:
        import psycopg
    except ImportError:
        raise CrmkitError(
            "Reading a PostgreSQL database needs psycopg. Install crmkit with it: "
            "python -m pip install -c constraints.txt -e '.[postgres]'"
        ) from None
    address, password = database.address, _password(database)
    given = {"host": address.host, "port": address.port, "user": address.user, "password": password}
    refused = ""
    try:
        place = psycopg.conninfo.make_conninfo(
            dbname=address.name,
            connect_timeout=_PATIENCE,
            application_name="crmkit",
            **{key: str(value) for key, value in given.items() if value},
            **dict(address.options),
        )
        con = _connection(str(address)).connect(place, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        refused = _why(error, password) or "it does not answer"
    if refused:  # raised out here, so that the error carries nothing of what was tried
        raise CrmkitError(f"The database {address} cannot be opened: {refused}. {_advice(refused, database)}")
    con.execute("SET default_transaction_read_only = on")
    con.execute("SET TIME ZONE 'UTC'")
    con.execute("SET jit = off")  # compiling a long sum takes longer than adding up a small company
    con.execute("SET enable_nestloop = off")  # every join is on equality and over whole tables: hash them
    return con


def default_schema(con: psycopg.Connection[Any]) -> str:
    """Return the schema that names without one are looked up in."""
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


def _connection(place: str) -> Any:
    """Return the kind of connection that says in words what the database did not do.

    Everything passes through ``wait``: the queries, and the beginning and the end of the transactions around them.
    """
    import psycopg

    class Connection(psycopg.Connection[Any]):
        def wait(self, *arguments: Any, **options: Any) -> Any:
            try:
                return super().wait(*arguments, **options)
            except psycopg.Error as error:
                told = error.diag.message_primary or _why(error, None)
            raise CrmkitError(f"The database {place} does not answer: {told.rstrip('.')}.")

    return Connection


def _password(database: Database) -> str | None:
    """Return the password; without one PostgreSQL's own library looks for it, in ~/.pgpass for example."""
    password = os.environ.get(database.password_variable)
    if password is None and "password_variable" in database.model_fields_set:
        raise CrmkitError("The environment variable that [database] password_variable names is not set.")
    return password


def _why(error: Exception, password: str | None) -> str:
    """Return the last clause of what the server or the library says, without the password should it be in there."""
    said = " ".join(str(error).split("\n")[0].split())
    said = said.replace(password, "***") if password else said
    return said.rpartition("FATAL: ")[2].rpartition(" failed: ")[2].strip().rstrip(".")


def _advice(refused: str, database: Database) -> str:
    if "password" in refused:
        return f"The password is taken from the environment variable {database.password_variable}."
    return "See url under [database] in the settings, and whether the server runs."
