"""The canonical tables of a company whose data are in a database: found by name, types checked, nothing loaded.

A column is converted by an expression that the database computes itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.errors import CrmkitError, Problems, did_you_mean
from crmkit.settings import Database, Settings
from crmkit.settings.permissions import CODE, require
from crmkit.sources.databases.columns import canonical_column, own_column, wrong_type
from crmkit.sources.databases.engines import open_database
from crmkit.sources.databases.loaded import preset_of, queries_of
from crmkit.sources.databases.relations import (
    Described,
    GivenTables,
    IbisSource,
    Relation,
    Source,
    backends_of,
    is_query,
    same_name,
)
from crmkit.sources.files.mapping import Matched, matched_columns
from crmkit.sources.parsing.own_columns import is_personal_header
from crmkit.tables.schema import SCHEMAS, TableSchema


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
    source = open_database(database, settings)
    try:
        return _tables_of(source, database, settings, personal), source.place
    except CrmkitError:
        source.backend.disconnect()  # a DuckDB file that stays open is not opened with other permissions
        raise


def _tables_of(source: Source, database: Database, settings: Settings, personal: bool) -> list[LinkedTable]:
    queries = queries_of_settings(database, settings.folder, source, source.backend.dialect)
    named = {name: each for name, each in database.tables.items() if name not in queries}
    wanted, problems = _relations_by_table(named, source)
    wanted |= {name: source.queried(name, query) for name, query in queries.items()}
    linked = _linked_tables(source, wanted, problems, f"The database {database.address}", settings, personal)
    if not wanted:
        existing = ", ".join(source.names(source.home)) or "no table that may be read"
        raise CrmkitError(
            f"The database {database.address} has none of crmkit's tables in schema {source.home}: there is {existing}. "
            'Make views of their names, or name them: [database.tables] with orders = "shop_orders".'
        )
    return linked


def queries_of_settings(database: Database, folder: Path, source: Described, dialect: Any) -> dict[str, str]:
    """Return the queries that make canonical tables: those of the settings, and those of their preset for the others.

    Raises
    ------
    CrmkitError
        If the settings may not run SQL of their own, there is no preset of that name, or none of its tables.
    """
    own = {name: text for name, text in database.tables.items() if name in SCHEMAS and is_query(text)}
    if own:
        require(folder, CODE, f"The settings run SQL of their own in the database, for {', '.join(own)}")
    if database.preset is None:
        return own
    preset = preset_of(database.preset)
    schema = (database.namespace or preset.schema) if source.home else ""
    found = queries_of(preset, source, schema, dialect)
    if not found:
        raise CrmkitError(
            f"[database] preset: schema {schema} has none of the tables of {preset.label}. Name the schema they are in: "
            f'schema = "..." under [database].'
        )
    return {name: query for name, query in found.items() if name not in database.tables} | own


def tables_of_backend(
    backend: ibis.BaseBackend, settings: Settings, personal: bool = False
) -> tuple[list[LinkedTable], str]:
    """Return the canonical tables of a connection that the analyst has opened with Ibis, and its name.

    Raises
    ------
    Problems
        With every column that is missing or of a wrong type.
    CrmkitError
        If it has no canonical table.
    """
    home = str(getattr(backend, "current_database", None) or "")
    source = IbisSource(backend, home, f"a connection to {backend.name}")
    wanted, problems = _relations_by_table({}, source)
    if not wanted:
        raise CrmkitError(
            f"The connection to {backend.name} has none of crmkit's tables: there is "
            f"{', '.join(source.names(home)) or 'no table'}. Give them by name: "
            'ck.connect({"orders": con.table("shop_orders")}).'
        )
    return _linked_tables(
        source, wanted, problems, f"The connection to {backend.name}", settings, personal
    ), source.place


def tables_given(
    tables: Mapping[str, ir.Table], settings: Settings, personal: bool = False
) -> tuple[list[LinkedTable], str]:
    """Return tables that the analyst has made with Ibis as canonical ones, and a description of where they are.

    Raises
    ------
    Problems
        With every name that is no table's, and every column that is missing or of a wrong type.
    CrmkitError
        If they are on several engines, or on none.
    """
    engines = backends_of(tables.values())
    if len(engines) != 1:
        where = (
            ", ".join(sorted(each.name for each in engines)) or "none: a table of ibis.memtable is given as its frame"
        )
        raise CrmkitError(f"The tables must be on one connection. They are on {len(engines)}: {where}.")
    source = GivenTables(tables, f"tables of {engines[0].name}")
    unknown = [f"there is no table '{name}'. {did_you_mean(name, SCHEMAS)}" for name in tables if name not in SCHEMAS]
    wanted = {name: source.relation("", name) for name in SCHEMAS if name in tables}
    return _linked_tables(source, wanted, unknown, "The dictionary of tables", settings, personal), source.place


def _linked_tables(
    source: Source,
    wanted: Mapping[str, Relation],
    problems: list[str],
    subject: str,
    settings: Settings,
    personal: bool,
) -> list[LinkedTable]:
    matches = {name: matched_columns(SCHEMAS[name], relation.columns) for name, relation in wanted.items()}
    found = [_column_problems(SCHEMAS[name], wanted[name], matches[name]) for name in wanted]
    if problems := [*problems, *filter(None, found)]:
        raise Problems(subject, problems)
    return [
        _linked(source, SCHEMAS[name], wanted[name], matches[name], settings.company.time_zone)
        for name in SCHEMAS
        if name in wanted and (personal or not SCHEMAS[name].personal)
    ]


def _relations_by_table(tables: Mapping[str, str], source: Source) -> tuple[dict[str, Relation], list[str]]:
    """Return the relation of each canonical table that has one, and the problems of ``[database.tables]``.

    Names are compared without regard to case, as most engines do.
    """
    unknown = [
        f"[database.tables] {name}: there is no such table of crmkit. {did_you_mean(name, SCHEMAS)}"
        for name in tables
        if name not in SCHEMAS
    ]
    wanted, missing = {}, []
    listed: dict[str, list[str]] = {}
    for name in SCHEMAS:
        schema, _, relation = tables.get(name, name).rpartition(".")
        schema = schema or source.home
        if schema not in listed:
            listed[schema] = source.names(schema)
        if (met := same_name(relation, listed[schema])) is not None:
            wanted[name] = source.relation(schema, met)
        elif name in tables:
            hint = did_you_mean(relation, listed[schema])
            missing.append(f"[database.tables] {name}: schema {schema} has no table or view '{relation}'. {hint}")
    return wanted, unknown + missing


def _column_problems(schema: TableSchema, relation: Relation, matched: Matched) -> str | None:
    """Return one sentence on the problems of a table's columns, or None."""
    subject = f"Table '{schema.name}'"
    if relation.name != schema.name:
        subject += f" ({relation.name})"
    if not relation.columns:
        return f"{subject} may not be read. GRANT SELECT ON {relation.shown} to the user of the url."
    problems = list(matched.problems)
    for name, source in matched.sources.items():
        if name in schema.names:
            wrong = wrong_type(schema.column(name), relation.columns[source])
            problems += [wrong] if wrong else []
    return f"{subject}: {'; '.join(problems)}." if problems else None


def _linked(source: Source, schema: TableSchema, relation: Relation, matched: Matched, zone: str) -> LinkedTable:
    matched = _without_personal(source, schema, relation, matched)
    table = source.rows(relation, dict.fromkeys(matched.sources.values()))
    columns, engine = {}, source.backend.name
    for name, met in matched.sources.items():
        kind = relation.columns[met]
        if name in schema.names:
            columns[name] = canonical_column(table[met], schema.column(name), kind, zone, engine)
        elif (own := own_column(table[met], kind, zone, engine)) is not None:
            columns[name] = own
    return LinkedTable(schema, table.select(**columns), "a query" if relation.query else relation.shown)


def _without_personal(source: Source, schema: TableSchema, relation: Relation, matched: Matched) -> Matched:
    """Return the matched columns without own ones that look like personal data, by their headers or their first rows."""
    own = {name: met for name, met in matched.sources.items() if name not in schema.names}
    kinds = {name: relation.columns[met].family for name, met in own.items()}
    personal = {name for name, met in own.items() if is_personal_header(met) and kinds[name] != "flag"}
    texts = {met: name for name, met in own.items() if name not in personal and kinds[name] == "text"}
    if texts:
        personal |= {texts[met] for met in source.personal_columns(relation, texts)}
    kept = {name: met for name, met in matched.sources.items() if name not in personal}
    return Matched(kept, (*matched.unused, *(own[name] for name in own if name in personal)), matched.problems)
