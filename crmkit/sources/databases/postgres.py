"""Open a PostgreSQL database for reading, and list the tables that may be read.

The password is taken from the environment and given only to the server: no message contains it, and the connection is
opened here and not by Ibis, which would keep the password among its own settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from crmkit.errors import CrmkitError
from crmkit.settings import Database
from crmkit.sources.databases.columns import ColumnType, Family
from crmkit.sources.databases.relations import FIRST_ROWS, Relation
from crmkit.sources.databases.secrets import ask_for_host, password_of
from crmkit.sources.parsing.own_columns import EMAIL, PHONE

if TYPE_CHECKING:
    import psycopg

_CONNECT_TIMEOUT = 10  # s
# A domain is read as its base type. A column that the role may not read is left out.
_COLUMNS = """
    SELECT c.relname, a.attname, t.typtype = 'e',
           format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL),
           has_column_privilege(c.oid, a.attnum, 'SELECT')
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND has_schema_privilege(n.oid, 'USAGE')
    ORDER BY c.relname, a.attnum"""


_FAMILIES: dict[str, tuple[Family, str]] = {
    "text": ("text", "string"),
    "character varying": ("text", "string"),
    **dict.fromkeys(("character", "citext", "name", "enum", "uuid"), ("as text", "unknown")),
    "smallint": ("whole", "int16"),
    "integer": ("whole", "int32"),
    "bigint": ("whole", "int64"),
    "numeric": ("decimal", "decimal"),
    "real": ("float", "float32"),
    "double precision": ("float", "float64"),
    "timestamp without time zone": ("time", "timestamp(6)"),
    "timestamp with time zone": ("time with zone", "timestamp('UTC', 6)"),
    "date": ("date", "date"),
    "boolean": ("flag", "boolean"),
}


class PostgresSource:
    """An open PostgreSQL database, described by its own catalogue.

    Ibis' inspection would read an enumeration as text, fail on domains, and not see which columns may be read.
    """

    def __init__(self, database: Database, folder: Path = Path()) -> None:
        self.con = open_postgres(database, folder)
        self.backend = ibis.postgres.from_connection(self.con)
        self.home = database.namespace or _default_schema(self.con)
        version = self.con.info.parameter_status("server_version") or ""
        self.place = f"{database.address}, schema {self.home}, PostgreSQL {version.split()[0]}"
        self._found: dict[str, dict[str, Relation]] = {}

    def names(self, schema: str) -> list[str]:
        """Return the tables and views of a schema, materialized views included."""
        if schema not in self._found:
            self._found[schema] = _relations(self.con, schema)
        return list(self._found[schema])

    def relation(self, schema: str, name: str) -> Relation:
        """Return a table or view."""
        return self._found[schema][name]

    def queried(self, name: str, query: str) -> Relation:
        """Return the result of a query as a relation."""
        types = self.con.adapters.types
        found = self.con.execute(f"SELECT * FROM ({query}) AS queried LIMIT 0".encode()).description or []
        kinds = {each.name: info.regtype if (info := types.get(each.type_code)) else "unknown" for each in found}
        return Relation("", name, {column: postgres_type(kind) for column, kind in kinds.items()}, query)

    def rows(self, relation: Relation, names: Iterable[str]) -> ir.Table:
        """Return columns of a relation as an expression."""
        schema = ibis.schema({name: relation.columns[name].dtype for name in names})
        if relation.query:
            every = ibis.schema({name: met.dtype for name, met in relation.columns.items()})
            return ops.SQLQueryResult(relation.query, every, self.backend).to_expr().select(*names)
        namespace = ops.Namespace(database=relation.schema)
        return ops.DatabaseTable(relation.name, schema=schema, source=self.backend, namespace=namespace).to_expr()

    def personal_columns(self, relation: Relation, names: Iterable[str]) -> set[str]:
        """Return the text columns whose first rows look like e-mail addresses or telephone numbers."""
        from psycopg import sql

        texts = list(names)
        cells = sql.SQL(", ").join(
            sql.SQL("coalesce(bool_or({cell} ~* %s), false), coalesce(avg(({cell} ~ %s)::int), 0)").format(
                cell=sql.Identifier(name)
            )
            for name in texts
        )
        columns = sql.SQL(", ").join(map(sql.Identifier, texts))
        queried = sql.SQL(f"({relation.query.replace('%', '%%')}) AS queried")  # type: ignore[arg-type]
        table = queried if relation.query else sql.Identifier(relation.schema, relation.name)
        query = sql.SQL("SELECT {} FROM (SELECT {} FROM {} LIMIT {}) AS first_rows").format(
            cells, columns, table, sql.Literal(FIRST_ROWS)
        )
        answers = self.con.execute(query, [EMAIL, f"^({PHONE})$"] * len(texts)).fetchone() or ()
        return {name for place, name in enumerate(texts) if answers[2 * place] or answers[2 * place + 1] * 2 > 1}


def open_postgres(database: Database, folder: Path = Path(), writes: bool = False) -> psycopg.Connection[Any]:
    """Open a connection that can only read; its time zone is UTC.

    Parameters
    ----------
    database : Database
    folder : Path
        Of the settings: whether they may go to another machine is remembered for it.
    writes : bool
        Whether it can write, too: predictions, where the settings say so.

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
    ask_for_host(database, folder)
    password = password_of(database)
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
    if not writes:
        con.execute("SET default_transaction_read_only = on")
    con.execute("SET TIME ZONE 'UTC'")
    con.execute("SET jit = off")  # compiling a long sum takes longer than computing it for a small company
    con.execute(
        "SET enable_nestloop = off"
    )  # every join is on equality and over whole tables, where hash joins are faster
    return con


def _default_schema(con: psycopg.Connection[Any]) -> str:
    """Return the schema in which names without a schema are looked up."""
    (name,) = con.execute("SELECT current_schema()").fetchone() or (None,)
    return str(name or "public")


def _relations(con: psycopg.Connection[Any], schema: str) -> dict[str, Relation]:
    found: dict[str, Relation] = {}
    for name, column, is_enum, kind, readable in con.execute(_COLUMNS, [schema]):
        relation = found.setdefault(name, Relation(schema, name, {}))
        if readable:
            relation.columns[column] = postgres_type("enum" if is_enum else kind)
    return found


def postgres_type(name: str) -> ColumnType:
    """Return the type of a column by the name that PostgreSQL gives it.

    Examples
    --------
    >>> postgres_type("jsonb").family, postgres_type("real").family
    ('other', 'float')
    """
    family, dtype = _FAMILIES.get(name, ("other", "unknown"))
    return ColumnType(name, family, dt.unknown if dtype == "unknown" else dt.dtype(dtype))


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


def _reason(error: Exception, password: str | None) -> str:
    """Return the last clause of the message of the server or the library, with the password masked."""
    message = " ".join(str(error).split("\n")[0].split())
    message = message.replace(password, "***") if password else message
    return message.rpartition("FATAL: ")[2].rpartition(" failed: ")[2].strip().rstrip(".")


def _advice(refused: str, database: Database) -> str:
    if "password" in refused:
        return f"The password is taken from the environment variable {database.password_variable}."
    return "See url under [database] in the settings, and whether the server runs."
