"""The canonical tables of a company whose data are in PostgreSQL: found by name, types checked, nothing loaded.

A column is converted by an expression that the database computes itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from crmkit.errors import CrmkitError, Problems, did_you_mean
from crmkit.settings import Database, Settings
from crmkit.sources.databases.postgres import Relation, default_schema, open_postgres, relations
from crmkit.sources.files.mapping import Matched, matched_columns
from crmkit.sources.parsing.own_columns import EMAIL, PHONE, is_personal_header
from crmkit.sources.parsing.types import in_words
from crmkit.tables.schema import SCHEMAS, Column, Kind, TableSchema

_TEXT = {"text", "character varying"}
_CAST_TO_TEXT = {"character", "citext", "name", "enum", "uuid"}
_WHOLE = {"smallint": "int16", "integer": "int32", "bigint": "int64"}
_NUMBER = {"numeric": "decimal", "real": "float32", "double precision": "float64"}
_FIRST_ROWS = 1_000  # rows in which contacts of people are looked for
_LOCAL, _ZONED = "timestamp without time zone", "timestamp with time zone"
_TIMES = {_LOCAL, _ZONED, "date"}
_ACCEPTED: dict[Kind, set[str]] = {
    "id": {*_TEXT, *_CAST_TO_TEXT, *_WHOLE, "numeric"},
    "text": {*_TEXT, *_CAST_TO_TEXT, *_WHOLE},
    "timestamp": _TIMES,
    "date": _TIMES,
    "money": {*_WHOLE, *_NUMBER},
    "number": {*_WHOLE, *_NUMBER},
    "integer": {*_WHOLE, "numeric"},
    "flag": {"boolean"},
}


@dataclass(frozen=True)
class LinkedTable:
    """A canonical table in the database: an expression with canonical names and types, and the name of its relation."""

    schema: TableSchema
    rows: ir.Table
    origin: str


def linked_tables(settings: Settings, personal: bool = False) -> tuple[list[LinkedTable], str]:
    """Return the canonical tables found in the database of the settings, and a description of the database.

    Parameters
    ----------
    settings : Settings
        With ``[database]``.
    personal : bool
        Whether to include personal data.

    Raises
    ------
    Problems
        With every missing table and every column that is missing or of a wrong type.
    CrmkitError
        If the database cannot be opened, or has no canonical table at all.
    """
    database = settings.database
    if database is None:
        raise CrmkitError("The settings have no section [database].")
    con = open_postgres(database, settings.folder)
    home = database.namespace or default_schema(con)
    found = relations(con, {home, *(name.rpartition(".")[0] for name in database.tables.values() if "." in name)})
    wanted, problems = _relations_by_table(database, home, found)
    matches = {name: matched_columns(SCHEMAS[name], relation.columns) for name, relation in wanted.items()}
    problems += [
        problem for name in wanted if (problem := _column_problems(SCHEMAS[name], wanted[name], matches[name]))
    ]
    if problems:
        raise Problems(f"The database {database.address}", problems)
    if not wanted:
        existing = ", ".join(name for _, name in found) or "no table that may be read"
        raise CrmkitError(
            f"The database {database.address} has none of crmkit's tables in schema {home}: there is {existing}. "
            'Make views of their names, or name them: [database.tables] with orders = "shop_orders".'
        )
    backend = ibis.postgres.from_connection(con)
    linked = [
        _linked(
            backend,
            SCHEMAS[name],
            wanted[name],
            _without_personal(con, SCHEMAS[name], wanted[name], matches[name]),
            settings.company.time_zone,
        )
        for name in SCHEMAS
        if name in wanted and (personal or not SCHEMAS[name].personal)
    ]
    version = con.info.parameter_status("server_version") or ""
    return linked, f"{database.address}, schema {home}, PostgreSQL {version.split()[0]}"


def wrong_type(column: Column, postgres_type: str) -> str | None:
    """Return the problem of a column's type, without full stop, or None.

    Examples
    --------
    >>> from crmkit.tables.schema import schema
    >>> wrong_type(schema("orders").column("revenue"), "text")
    'revenue is text, must be a number'
    """
    if postgres_type in _ACCEPTED[column.kind]:
        return None
    called = in_words(column.kind) if column.kind not in ("id", "text") else "text or a whole number"
    return f"{column.name} is {postgres_type}, must be {called}"


def canonical_column(value: Any, column: Column, postgres_type: str, zone: str) -> Any:
    """Return a column in its canonical type; empty text is null, as when a file is read.

    A column of the right type is not cast, so that the database can use its indexes and statistics.

    Parameters
    ----------
    value : ibis column
    column : Column
        The canonical column.
    postgres_type : str
        PostgreSQL type, one that :func:`wrong_type` accepts.
    zone : str
        The company's time zone; a time with a zone is converted to it.
    """
    if column.kind in ("id", "text"):
        text = (value if postgres_type in _TEXT else value.cast("string")).nullif("")
        return text.lower() if column.choices else text
    if column.kind in ("timestamp", "date"):
        return _time(value, column, postgres_type, zone)
    if column.kind == "flag":
        return value
    if column.kind == "integer":
        return value.cast("int64")
    return value.cast("float64")


def own_column(value: Any, postgres_type: str, zone: str) -> Any | None:
    """Return a column beyond the canonical ones; None if its type is of no use in a split or a condition.

    Whole numbers, decimals, days, times and flags stay what the database says they are; all else that is kept is text.
    """
    if postgres_type in _TEXT or postgres_type in _CAST_TO_TEXT:
        return value.cast("string").nullif("")
    if postgres_type in _WHOLE:
        return value.cast("int64")
    if postgres_type in _NUMBER:
        return value.cast("float64")
    if postgres_type == _ZONED:
        return _local_time(zone, value).cast("timestamp(6)")
    if postgres_type == _LOCAL:
        return value.cast("timestamp(6)")
    return value if postgres_type in ("boolean", "date") else None


def ibis_type(postgres_type: str) -> dt.DataType:
    """Return the Ibis type of a PostgreSQL type; unknown where values are only used after a cast."""
    names = {
        **_WHOLE,
        **_NUMBER,
        **dict.fromkeys(_TEXT, "string"),
        "date": "date",
        "boolean": "boolean",
        _LOCAL: "timestamp(6)",
        _ZONED: "timestamp('UTC', 6)",
    }
    return dt.dtype(names[postgres_type]) if postgres_type in names else dt.unknown


def _relations_by_table(
    database: Database, home: str, found: Mapping[tuple[str, str], Relation]
) -> tuple[dict[str, Relation], list[str]]:
    """Return the relation of each canonical table that has one, and the problems of ``[database.tables]``."""
    unknown = [
        f"[database.tables] {name}: there is no such table of crmkit. {did_you_mean(name, SCHEMAS)}"
        for name in database.tables
        if name not in SCHEMAS
    ]
    wanted, missing = {}, []
    for name in SCHEMAS:
        schema, _, relation = database.tables.get(name, name).rpartition(".")
        key = (schema or home, relation)
        if key in found:
            wanted[name] = found[key]
        elif name in database.tables:
            hint = did_you_mean(relation, _names(found, key[0]))
            missing.append(f"[database.tables] {name}: schema {key[0]} has no table or view '{relation}'. {hint}")
    return wanted, unknown + missing


def _names(found: Iterable[tuple[str, str]], schema: str) -> list[str]:
    return [name for each, name in found if each == schema]


def _column_problems(schema: TableSchema, relation: Relation, matched: Matched) -> str | None:
    """Return one sentence on the problems of a table's columns, or None."""
    subject = f"Table '{schema.name}'"
    if relation.name != schema.name:
        subject += f" ({relation.name})"
    if not relation.columns:
        return f"{subject} may not be read. GRANT SELECT ON {relation.schema}.{relation.name} to the user of the url."
    problems = list(matched.problems)
    for name, source in matched.sources.items():
        if name in schema.names:
            wrong = wrong_type(schema.column(name), relation.columns[source])
            problems += [wrong] if wrong else []
    return f"{subject}: {'; '.join(problems)}." if problems else None


def _linked(
    backend: ibis.BaseBackend, schema: TableSchema, relation: Relation, matched: Matched, zone: str
) -> LinkedTable:
    kinds = {source: ibis_type(relation.columns[source]) for source in matched.sources.values()}
    # Ibis' own inspection would read an enumeration as text and fail on domains.
    table = ops.DatabaseTable(
        relation.name, schema=ibis.schema(kinds), source=backend, namespace=ops.Namespace(database=relation.schema)
    ).to_expr()
    columns = {}
    for name, source in matched.sources.items():
        met = relation.columns[source]
        if name in schema.names:
            columns[name] = canonical_column(table[source], schema.column(name), met, zone)
        elif (own := own_column(table[source], met, zone)) is not None:
            columns[name] = own
    return LinkedTable(schema, table.select(**columns), f"{relation.schema}.{relation.name}")


def _time(value: Any, column: Column, met: str, zone: str) -> Any:
    local = _local_time(zone, value) if met == _ZONED else value
    return local.cast("date" if column.kind == "date" else "timestamp(6)")


@ibis.udf.scalar.builtin(name="timezone")
def _local_time(zone: str, at: dt.Timestamp("UTC")) -> dt.Timestamp(scale=6):  # type: ignore[valid-type, empty-body]
    """Return the wall clock time of an instant in a zone."""


def _without_personal(con: Any, schema: TableSchema, relation: Relation, matched: Matched) -> Matched:
    """Return the matched columns without own ones that look like personal data, by their headers or their first rows."""
    own = {name: source for name, source in matched.sources.items() if name not in schema.names}
    personal = {
        name for name, source in own.items() if is_personal_header(source) and relation.columns[source] != "boolean"
    }
    texts = [name for name, source in own.items() if name not in personal and relation.columns[source] in _TEXT]
    if texts:
        from psycopg import sql

        cells = sql.SQL(", ").join(
            sql.SQL("coalesce(bool_or({cell} ~* %s), false), coalesce(avg(({cell} ~ %s)::int), 0)").format(
                cell=sql.Identifier(own[name])
            )
            for name in texts
        )
        columns = sql.SQL(", ").join(sql.Identifier(own[name]) for name in texts)
        table = sql.Identifier(relation.schema, relation.name)
        query = sql.SQL("SELECT {} FROM (SELECT {} FROM {} LIMIT {}) AS first_rows").format(
            cells, columns, table, sql.Literal(_FIRST_ROWS)
        )
        answers = con.execute(query, [EMAIL, f"^({PHONE})$"] * len(texts)).fetchone()
        for position, name in enumerate(texts):
            if answers[2 * position] or answers[2 * position + 1] * 2 > 1:
                personal.add(name)
    kept = {name: source for name, source in matched.sources.items() if name not in personal}
    return Matched(kept, (*matched.unused, *(own[name] for name in own if name in personal)), matched.problems)
