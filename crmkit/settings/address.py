"""The address of a database, as ``[database] url`` gives it: read strictly, and never with a password in it.

No message here repeats any of the address: what looks like a host may be half a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

PASSWORD_VARIABLE = "CRMKIT_DATABASE_PASSWORD"
_URL = re.compile(
    r"(?P<scheme>[a-z]+)://(?:(?P<user>[^:@/?#\s]+)@)?(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\])?(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<path>[^:@?#\s]*))?(?:\?(?P<options>[^@#\s]*))?"
)
_SECRET = re.compile(r"[?&;](pass|pwd|token|secret|key|auth|credential)|motherduck_token", re.IGNORECASE)


@dataclass(frozen=True)
class Engine:
    """What can be read in place of files, and how its address is written.

    Attributes
    ----------
    name : str
        One word, such as "mysql".
    label : str
        As people write it.
    shape : str
        An address, with words in place of names.
    schemes : tuple of str
        What may stand before ``://``.
    parts : tuple of str
        What the parts of the path name, in order; the last may be left out if it is a schema.
    options : tuple of str
        What may follow a question mark.
    machine : str
        Where the data are if the address does not say; ``*`` in it is the host of the address.
    is_file : bool
        Whether the address is that of a file.
    """

    name: str
    label: str
    shape: str
    schemes: tuple[str, ...]
    parts: tuple[str, ...] = ("database",)
    options: tuple[str, ...] = ()
    machine: str = "*"
    is_file: bool = False


_TLS = ("host", "sslmode", "sslrootcert")
ENGINES = {
    engine.name: engine
    for engine in (
        Engine(
            "postgresql",
            "PostgreSQL",
            "postgresql://user@host:5432/database",
            ("postgresql", "postgres"),
            options=_TLS,
        ),
        Engine("duckdb", "DuckDB", "duckdb:///warehouse.duckdb", ("duckdb",), is_file=True),
        Engine("motherduck", "MotherDuck", "md:database", ("md", "motherduck"), machine="motherduck.com"),
        Engine("mysql", "MySQL or MariaDB", "mysql://user@host:3306/database", ("mysql", "mariadb"), options=_TLS),
        Engine("sqlite", "SQLite", "sqlite:///shop.sqlite", ("sqlite",), is_file=True),
        Engine("spark", "Spark", "sc://host:15002", ("sc", "spark"), ("schema",), ("use_ssl", "user_id")),
        Engine(
            "databricks",
            "Databricks",
            "databricks://host/sql/1.0/warehouses/id?catalog=main",
            ("databricks",),
            ("http_path",),
            ("catalog",),
        ),
        Engine(
            "bigquery",
            "BigQuery",
            "bigquery://project/dataset",
            ("bigquery",),
            ("schema",),
            ("location",),
            "bigquery.googleapis.com",
        ),
        Engine(
            "snowflake",
            "Snowflake",
            "snowflake://user@account/database/schema?warehouse=name",
            ("snowflake",),
            ("database", "schema"),
            ("warehouse", "role"),
            "*.snowflakecomputing.com",
        ),
        Engine(
            "trino",
            "Trino",
            "trino://user@host:8080/catalog/schema",
            ("trino",),
            ("database", "schema"),
            ("http_scheme",),
        ),
        Engine(
            "clickhouse",
            "ClickHouse",
            "clickhouse://user@host:8123/database",
            ("clickhouse",),
            options=("secure",),
        ),
    )
}
"""By name, PostgreSQL first."""

_BY_SCHEME = {scheme: engine for engine in ENGINES.values() for scheme in engine.schemes}


@dataclass(frozen=True)
class Address:
    """A database: where it is and who reads it.

    Attributes
    ----------
    name : str
        Of the database; the path of a file; the project of BigQuery; the HTTP path of Databricks.
    user, host : str or None
        None for what the driver takes by itself, such as the socket of this machine.
    port : int or None
    options : tuple of (str, str)
        Of those that its engine has.
    engine : str
        Its name in :data:`ENGINES`.
    namespace : str or None
        The schema, where the address names one.
    """

    name: str
    user: str | None = None
    host: str | None = None
    port: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    engine: str = "postgresql"
    namespace: str | None = None

    @property
    def label(self) -> str:
        """The engine as people write it."""
        return ENGINES[self.engine].label

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and no server."""
        return ENGINES[self.engine].is_file

    @property
    def machine(self) -> str | None:
        """The machine that holds the data; None for this one."""
        pattern = ENGINES[self.engine].machine
        return pattern.replace("*", self.host) if self.host else None if "*" in pattern else pattern

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is on another machine than this one."""
        machine = self.machine
        return not (machine is None or machine.startswith("/") or machine in ("localhost", "127.0.0.1", "::1"))

    def file(self, folder: Path) -> Path:
        """Return the path of a database that is a file; a relative one starts at the folder of the settings.

        ``sqlite:///shop.sqlite`` means a relative path to some programs and ``/shop.sqlite`` to others: it is the
        relative one if there is such a file.
        """
        beside = folder / self.name.lstrip("/")
        return beside if beside.exists() or not self.name.startswith("/") else Path(self.name)

    def __str__(self) -> str:
        """Return the database and its host, without the user."""
        if self.is_file:
            return Path(self.name).name
        machine = self.machine
        on_this_machine = machine is None or machine.startswith("/")
        return f"{self.name} on this machine" if on_this_machine else f"{self.name} at {machine}"


def read_address(url: str) -> Address:
    """Read the address of a database.

    Raises
    ------
    ValueError
        If it is none, or holds a password.

    Examples
    --------
    >>> print(read_address("postgresql://analyst@db.example.com:5432/crm?sslmode=require"))
    crm at db.example.com
    >>> read_address("sqlite:///shop.sqlite").file(Path("kaldi")).as_posix()
    '/shop.sqlite'
    >>> read_address("postgresql://analyst:hunter2@db.example.com/crm")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: must not hold a password. Write postgresql://user@host:5432/database, and put ... CRMKIT_DATABASE_PASSWORD
    """
    url = re.sub(r"^(duckdb://)?md:(//)?(?=\w)", "md:///", url)
    scheme, _, rest = url.partition("://")
    engine = _BY_SCHEME.get(scheme)
    if ":" in rest.rpartition("@")[0] or _SECRET.search(rest):
        shape = (engine or ENGINES["postgresql"]).shape
        raise ValueError(
            f"must not hold a password. Write {shape}, and put the password into the environment "
            f"variable {PASSWORD_VARIABLE}"
        )
    if engine is None:
        others = "; ".join(f"{each.label}: {each.shape}" for each in list(ENGINES.values())[1:])
        raise ValueError(f"must read {ENGINES['postgresql'].shape}, or be the address of another database. {others}")
    return _file_address(rest, engine) if engine.is_file else _server_address(url, engine)


def _file_address(path: str, engine: Engine) -> Address:
    if not re.fullmatch(r"[^?#:@\s]*[^?#:@\s/]", path.removeprefix("/")):
        raise ValueError(f"must read {engine.shape}, the path of a file")
    # Four slashes are an absolute path to every program; three are one to some: see Address.file.
    return Address(unquote(path.replace("//", "/", 1) if path.startswith("//") else path), engine=engine.name)


def _server_address(url: str, engine: Engine) -> Address:
    parts = _URL.fullmatch(url.replace("/;", "?", 1).replace(";", "&") if engine.name == "spark" else url)
    path = [unquote(part) for part in (parts["path"] or "").split("/") if part] if parts else []
    if engine.name == "databricks":
        path = ["/" + "/".join(path)] if path else []
    if parts is None or not len(engine.parts) >= len(path) >= len([p for p in engine.parts if p != "schema"]):
        raise ValueError(f"must read {engine.shape}")
    options = [(key, unquote(value)) for key, _, value in _pairs(parts["options"])]
    if any(key not in engine.options for key, _ in options):
        known = [f"{key}=..." for key in engine.options if key != "host"]
        ending = " or ".join([", ".join(known), "host=..."] if "host" in engine.options else [", ".join(known)])
        raise ValueError(f"may end in ?{ending}, and in no other option" if known else "may end in no option")
    host = dict(options).get("host", parts["host"])
    named = dict(zip(engine.parts, path, strict=False))
    if host is None and engine.name in ("spark", "databricks", "bigquery", "snowflake", "trino", "clickhouse"):
        raise ValueError(f"must read {engine.shape}")
    return Address(
        "Spark" if engine.name == "spark" else named.get("database") or named.get("http_path") or str(host),
        user=parts["user"] and unquote(parts["user"]),
        host=None if "*" not in engine.machine or _is_local_spark(parts) else host and host.strip("[]"),
        port=int(parts["port"]) if parts["port"] else None,
        options=tuple((key, value) for key, value in options if key != "host"),
        engine=engine.name,
        namespace=named.get("schema"),
    )


def _is_local_spark(parts: re.Match[str]) -> bool:
    return parts["scheme"] == "spark" and parts["host"] == "local"


def _pairs(options: str | None) -> list[tuple[str, str, str]]:
    return [option.partition("=") for option in (options or "").split("&") if option]
