"""Tables as loaders leave them, by the name of the loader and the system: SQL for each canonical table.

The SQL is DuckDB's; sqlglot writes it in the dialect of the database, with the names of tables and columns as they are
there. A column that the database does not have is null, and a part whose tables it does not have is left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import sqlglot
from sqlglot import expressions as exp

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.sources.databases.relations import Described, same_name
from crmkit.tables.schema import SCHEMAS, Kind, TableSchema

_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "money": "DOUBLE",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "flag": "BOOLEAN",
}


@dataclass(frozen=True)
class LoadedTables:
    """A preset: how the tables of a loader become canonical ones.

    Attributes
    ----------
    name, label : str
    schema : str
        Where the loader puts them unless told otherwise.
    tables : mapping of str to tuple of str
        For each canonical table queries whose rows belong to it; the first one is needed.
    """

    name: str
    label: str
    schema: str
    tables: Mapping[str, tuple[str, ...]]


@cache
def loaded_tables() -> dict[str, LoadedTables]:
    """Return every preset by name.

    Examples
    --------
    >>> loaded_tables()["fivetran_shopify"].label
    'Shopify, loaded by Fivetran'
    """
    found = {}
    for file in sorted(files("crmkit.sources.databases").joinpath("loaders").iterdir(), key=lambda each: each.name):
        name, _, ending = file.name.rpartition(".")
        if ending == "toml":
            content = tomllib.loads(file.read_text(encoding="utf-8"))
            tables = {table: tuple(parts) for table, parts in content["tables"].items()}
            found[name] = LoadedTables(name, content["label"], content["schema"], tables)
    return found


def preset_of(name: str) -> LoadedTables:
    """Return a preset.

    Raises
    ------
    CrmkitError
        If there is none of that name.
    """
    if name not in loaded_tables():
        raise CrmkitError(f"[database] preset: there is no preset '{name}'. {did_you_mean(name, loaded_tables())}")
    return loaded_tables()[name]


def queries_of(preset: LoadedTables, source: Described, schema: str, dialect: Any) -> dict[str, str]:
    """Return a query for each canonical table whose tables are in a schema of the database.

    Parameters
    ----------
    preset : LoadedTables
    source : Described
    schema : str
    dialect : str or sqlglot dialect
    """
    found = {}
    for table, parts in preset.tables.items():
        first, *others = (_in_database(part, SCHEMAS[table], source, schema) for part in parts)
        if first is not None:
            query: exp.Expression = first
            for other in others:
                query = query if other is None else exp.union(query, other, distinct=False)
            found[table] = query.sql(dialect=dialect)
    return found


def _in_database(query: str, wanted: TableSchema, source: Described, schema: str) -> Any | None:
    """Return a parsed query with the names as they are in the database; None if one of its tables is not there."""
    tree = sqlglot.parse_one(query, dialect="duckdb")
    columns: dict[str, dict[str, Any]] = {}
    for table in list(tree.find_all(exp.Table)):
        met = same_name(table.name, source.names(schema))
        if met is None:
            return None
        columns[table.alias_or_name] = source.relation(schema, met).columns
        table.set("this", exp.to_identifier(met, quoted=True))
        for part, name in zip(("db", "catalog"), reversed(schema.split(".")), strict=False):
            table.set(part, exp.to_identifier(name, quoted=True) if name else None)
    for column in list(tree.find_all(exp.Column)):
        if column.table in columns:
            met = same_name(column.name, columns[column.table])
            column.replace(exp.column(exp.to_identifier(met, quoted=True), column.table) if met else exp.null())
    for cell in list(tree.find_all(exp.JSONExtractScalar)):
        cell.set("only_json_types", True)  # PostgreSQL: by an operator of both of its types of JSON
        if isinstance(cell.this, exp.Null):
            cell.replace(exp.null())
    kinds = {column.name: column.kind for column in wanted.columns}
    for projection in tree.expressions:
        kind, value = kinds.get(projection.alias, "text"), projection.unalias()
        # Parts of a table go together: an empty column would be a whole number, and an id is one in some of them alone.
        if isinstance(value, exp.Null) or kind in ("id", "text"):
            value.replace(exp.cast(value.copy(), _TYPES[kind], dialect="duckdb"))
    return tree
