"""Open a database that Ibis speaks to, for reading; the drivers come with the extras of crmkit.

PostgreSQL has a module of its own. SQLite and MySQL are fetched and not queried: see
:mod:`crmkit.sources.databases.fetched`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import duckdb
import ibis

from crmkit.errors import CrmkitError
from crmkit.settings import Database, Settings
from crmkit.settings.address import ENGINES
from crmkit.settings.permissions import OUTSIDE, is_allowed
from crmkit.sources.databases.postgres import PostgresSource
from crmkit.sources.databases.relations import IbisSource, Source
from crmkit.sources.databases.secrets import ask_for_host, password_of, refusal
from crmkit.sources.sql import literal
from crmkit.tables.connection_lock import locked_backend

DRIVERS = {  # engine to the extra of crmkit that brings its driver, and the module by which it is known
    "postgresql": ("postgres", "psycopg"),
    "mysql": ("mysql", "pymysql"),
    "spark": ("spark", "pyspark"),
    "databricks": ("databricks", "databricks.sql"),
    "bigquery": ("bigquery", "google.cloud.bigquery"),
    "snowflake": ("snowflake", "snowflake.connector"),
    "trino": ("trino", "trino"),
    "clickhouse": ("clickhouse", "clickhouse_connect"),
}
_TIMEOUT = 10  # s


def open_database(database: Database, settings: Settings) -> Source:
    """Open the database of the settings for reading.

    Parameters
    ----------
    database : Database
    settings : Settings
        Whether they may go to another machine is remembered for their folder.

    Raises
    ------
    CrmkitError
        If its driver is missing, the server cannot be reached, or it refuses the user.
    """
    address = database.address
    require_driver(address.engine)
    if address.engine == "postgresql":
        return PostgresSource(database, settings.folder)
    ask_for_host(database, settings.folder)
    password, failed, backend = password_of(database), None, None
    try:
        backend = _OPENERS[address.engine](database, password, settings)
        home = database.namespace or address.namespace or str(backend.current_database or "")
    except CrmkitError:
        raise
    except Exception as error:  # each driver has errors of its own
        failed = refusal(database, error, password)
    if failed or backend is None:
        raise failed or CrmkitError(f"The database {address} cannot be opened.")
    _answer_in_words(backend, str(address))
    return IbisSource(backend, home, f"{address}, schema {home}, {address.label}")


def _answer_in_words(backend: ibis.BaseBackend, address: str) -> None:
    """Make a query that the driver or the server refuses end with one plain sentence."""
    original = backend.execute

    def execute(expression: Any, /, **options: Any) -> Any:
        try:
            return original(expression, **options)
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("builtins", "crmkit", "ibis"):
                raise
            said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise CrmkitError(f"The database {address} does not answer: {said[:300].rstrip('.')}.")

    backend.execute = execute


def require_driver(engine: str) -> None:
    """Raise an error with the line to type where the driver of an engine is not installed.

    Examples
    --------
    >>> require_driver("duckdb")
    """
    extra, module = DRIVERS.get(engine, ("", ""))
    if module and not _is_installed(module):
        raise CrmkitError(
            f"Reading a {ENGINES[engine].label} database needs {module}. Install crmkit with it: {_to_install(extra)}"
        )


def _to_install(extra: str) -> str:
    """Return the line that installs an extra; drivers that the tests do not run have versions of their own to agree on."""
    pinned = "-c constraints.txt " if extra in ("postgres", "mysql", "spark") else ""
    return f"python -m pip install {pinned}-e '.[{extra}]'"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _duckdb(database: Database, password: str | None, settings: Settings) -> ibis.BaseBackend:
    """Open a file; what its views read elsewhere needs the permission that paths of the settings need."""
    folder, file = settings.folder, database.address.file(settings.folder)
    if not file.is_file():
        raise CrmkitError(f"There is no DuckDB file {file}. See url under [database] in the settings.")
    con = duckdb.connect(file, read_only=True, config={"autoinstall_known_extensions": False})
    con.execute("SET TimeZone = 'UTC'; SET python_enable_replacements = false")
    (is_open,) = con.execute("SELECT current_setting('enable_external_access')").fetchone() or (True,)
    if is_open and folder.is_absolute() and not is_allowed(folder, OUTSIDE):  # one file has one setting in a program
        con.execute(
            f"SET allowed_directories = [{literal(str(settings.path('store')))}]"
        )  # with the predictions that were made from it
        con.execute("SET enable_external_access = false")
    return locked_backend(con)


def _motherduck(database: Database, password: str | None, settings: Settings) -> ibis.BaseBackend:
    config: dict[str, Any] = {"motherduck_token": password} if password else {}
    con = duckdb.connect(f"md:{database.address.name}", config=config)
    con.execute("SET TimeZone = 'UTC'; SET python_enable_replacements = false")
    return locked_backend(con)


def _spark(database: Database, password: str | None, settings: Settings) -> ibis.BaseBackend:
    """Connect to a Spark Connect server, or begin a session of this machine's own (``spark://local``)."""
    address = database.address
    if address.host is None:
        from pyspark.sql import SparkSession

        return ibis.pyspark.connect(SparkSession.builder.appName("crmkit").getOrCreate())
    if not _is_installed("grpc"):
        raise CrmkitError(f"Reading from Spark Connect needs grpcio. Install crmkit with it: {_to_install('spark')}")
    given = dict(address.options) | ({"token": password} if password else {})
    host = f"[{address.host}]" if ":" in address.host else address.host
    tail = "".join(f";{key}={value}" for key, value in given.items())
    url = f"sc://{host}:{address.port or 15002}/{tail}"
    from pyspark.sql.connect.session import SparkSession as RemoteSession

    # Spark's own client asks a server that is not there again for ten minutes.
    socket.create_connection((address.host, address.port or 15002), timeout=_TIMEOUT).close()
    return ibis.pyspark.connect(RemoteSession.builder.remote(url).create())  # whatever other session this program has


def _databricks(database: Database, password: str | None, settings: Settings) -> ibis.BaseBackend:
    address = database.address
    return ibis.databricks.connect(
        server_hostname=address.host,
        http_path=address.name,
        access_token=password,
        **_schema(database),
        **_rest(database),
    )


def _bigquery(database: Database, password: str | None, settings: Settings) -> ibis.BaseBackend:
    """Connect with the credentials that Google's library finds, such as those of ``gcloud auth application-default login``."""
    dataset = database.namespace or database.address.namespace or ""
    return ibis.bigquery.connect(
        project_id=database.address.name, dataset_id=dataset, auth_local_webserver=False, **_rest(database)
    )


def _snowflake(database: Database, password: str | None, settings: Settings) -> ibis.BaseBackend:
    address = database.address
    schema = database.namespace or address.namespace
    return ibis.snowflake.connect(
        user=address.user,
        account=address.host,
        password=password,
        database=f"{address.name}/{schema}" if schema else address.name,
        create_object_udfs=False,  # they would be written into the database
        login_timeout=_TIMEOUT,
        **_rest(database),
    )


def _trino(database: Database, password: str | None, settings: Settings) -> ibis.BaseBackend:
    address = database.address
    return ibis.trino.connect(
        user=address.user or "crmkit",
        auth=password,
        host=address.host,
        port=address.port or 8080,
        database=address.name,
        request_timeout=_TIMEOUT * 6,
        **_schema(database),
        **_rest(database),
    )


def _clickhouse(database: Database, password: str | None, settings: Settings) -> ibis.BaseBackend:
    address = database.address
    given = {"secure": dict(address.options)["secure"] == "true"} if address.options else {}
    return ibis.clickhouse.connect(
        host=address.host,
        port=address.port,
        user=address.user or "default",
        password=password or "",
        database=address.name,
        connect_timeout=_TIMEOUT,
        **given,
    )


def _schema(database: Database) -> dict[str, Any]:
    schema = database.namespace or database.address.namespace
    return {"schema": schema} if schema else {}


def _rest(database: Database) -> dict[str, Any]:
    return dict(database.address.options)


_OPENERS: dict[str, Callable[[Database, str | None, Settings], ibis.BaseBackend]] = {
    "duckdb": _duckdb,
    "motherduck": _motherduck,
    "spark": _spark,
    "databricks": _databricks,
    "bigquery": _bigquery,
    "snowflake": _snowflake,
    "trino": _trino,
    "clickhouse": _clickhouse,
}
