"""The tables and views of a database, by schema and name, and the types of their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from crmkit.errors import CrmkitError
from crmkit.settings.permissions import OUTSIDE, VARIABLE, option
from crmkit.sources.databases.columns import ColumnType, column_type
from crmkit.sources.parsing.own_columns import EMAIL, PHONE

FIRST_ROWS = 1_000
"""Rows in which contacts of people are looked for."""


@dataclass(frozen=True)
class Relation:
    """A table or view of the database.

    Attributes
    ----------
    schema, name : str
        The schema is empty where the engine has none.
    columns : dict of str to ColumnType
        Each column that may be read.
    query : str
        Where it is no table but a query of the settings or of a preset: its SQL.
    """

    schema: str
    name: str
    columns: dict[str, ColumnType]
    query: str = ""

    @property
    def shown(self) -> str:
        """The schema and the name."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


class Described(Protocol):
    """What there is in an open database; ``home`` is the schema in which tables are looked for, empty without schemas."""

    home: str

    def names(self, schema: str) -> list[str]:
        """Return the tables and views of a schema."""

    def relation(self, schema: str, name: str) -> Relation:
        """Return a table or view that :meth:`names` lists."""


class Source(Described, Protocol):
    """What may be read of an open database."""

    place: str

    @property
    def backend(self) -> ibis.BaseBackend:
        """The engine."""

    def queried(self, name: str, query: str) -> Relation:
        """Return the result of a query as a relation."""

    def rows(self, relation: Relation, names: Iterable[str]) -> ir.Table:
        """Return columns of a relation as an expression."""

    def personal_columns(self, relation: Relation, names: Iterable[str]) -> set[str]:
        """Return the text columns whose first rows look like e-mail addresses or telephone numbers."""


@dataclass
class IbisSource:
    """An open database that Ibis describes.

    Attributes
    ----------
    backend : ibis backend
    home : str
        The schema in which tables are looked for; "catalog.schema" or empty too.
    place : str
        The database in words.
    """

    backend: ibis.BaseBackend
    home: str
    place: str
    _found: dict[tuple[str, str], Relation] = field(default_factory=dict)
    _queried: dict[str, ir.Table] = field(default_factory=dict)

    def names(self, schema: str) -> list[str]:
        """Return the tables and views of a schema."""
        return sorted(self.backend.list_tables(**_within(schema)))

    def relation(self, schema: str, name: str) -> Relation:
        """Return a table or view with the types of its columns."""
        if (schema, name) not in self._found:
            refused = None
            try:
                types = self._table(schema, name).schema()
            except Exception as error:  # each driver has errors of its own
                refused = _refusal(f"{schema}.{name}" if schema else name, error)
            if refused:
                raise refused
            columns = {column: column_type(dtype) for column, dtype in types.items()}
            for column in self._instants(schema, name):
                columns[column] = ColumnType("timestamp", "time with zone", columns[column].dtype)
            self._found[schema, name] = Relation(schema, name, columns)
        return self._found[schema, name]

    def queried(self, name: str, query: str) -> Relation:
        """Return the result of a query as a relation."""
        refused = None
        try:
            rows = self.backend.sql(query)
        except Exception as error:  # each driver has errors of its own
            refused = _refusal(name, error)
        if refused:
            raise refused
        self._queried[name] = rows
        return Relation("", name, {column: column_type(dtype) for column, dtype in rows.schema().items()}, query)

    def rows(self, relation: Relation, names: Iterable[str]) -> ir.Table:
        """Return columns of a relation as an expression."""
        rows = self._queried[relation.name] if relation.query else self._table(relation.schema, relation.name)
        return rows.select(*names)

    def personal_columns(self, relation: Relation, names: Iterable[str]) -> set[str]:
        """Return the text columns whose first rows look like e-mail addresses or telephone numbers."""
        return personal_columns(self.rows(relation, names))

    def _table(self, schema: str, name: str) -> ir.Table:
        return self.backend.table(name, **_within(schema))

    def _instants(self, schema: str, name: str) -> list[str]:
        """Return the columns of Spark that are instants: Ibis describes them like those that are not."""
        if self.backend.name != "pyspark":
            return []
        where = ".".join(f"`{part}`" for part in (*schema.split("."), name) if part)
        return [column for column, kind in self.backend._session.table(where).dtypes if kind == "timestamp"]


@dataclass
class GivenTables:
    """Tables that the analyst has made with Ibis, by their canonical names.

    Attributes
    ----------
    tables : mapping of str to ibis table
    place : str
    """

    tables: Mapping[str, ir.Table]
    place: str
    home: str = ""

    @cached_property
    def backend(self) -> ibis.BaseBackend:
        """The engine of the tables."""
        return next(iter(self.tables.values())).get_backend()

    def names(self, schema: str) -> list[str]:
        """Return the names of the tables."""
        return list(self.tables)

    def relation(self, schema: str, name: str) -> Relation:
        """Return a table with the types of its columns."""
        types = {column: column_type(dtype) for column, dtype in self.tables[name].schema().items()}
        return Relation("", name, types)

    def queried(self, name: str, query: str) -> Relation:
        """Refuse a query: tables that are given are made with Ibis."""
        raise NotImplementedError

    def rows(self, relation: Relation, names: Iterable[str]) -> ir.Table:
        """Return columns of a table."""
        return self.tables[relation.name].select(*names)

    def personal_columns(self, relation: Relation, names: Iterable[str]) -> set[str]:
        """Return the text columns whose first rows look like e-mail addresses or telephone numbers."""
        return personal_columns(self.rows(relation, names))


def same_name(name: str, names: Iterable[str]) -> str | None:
    """Return the name among others that is the same but for case, the very same first; None if there is none."""
    names = list(names)
    return name if name in names else next((each for each in names if each.casefold() == name.casefold()), None)


def is_query(text: str) -> bool:
    """Return whether what stands for a table is a query, and no name.

    Examples
    --------
    >>> is_query("SELECT * FROM shop"), is_query("selected_orders")
    (True, False)
    """
    return re.match(r"\s*(select|with)\s", text, re.IGNORECASE) is not None


def backends_of(tables: Iterable[ir.Table]) -> list[ibis.BaseBackend]:
    """Return the connections that tables are on; none for those that are only described.

    To Ibis, two connections are the same if they were opened with the same words.
    """
    nodes = [node for table in tables for node in table.op().find((ops.DatabaseTable, ops.SQLQueryResult))]
    return list({id(node.source): node.source for node in nodes if node.source is not None}.values())


def personal_columns(rows: ir.Table) -> set[str]:
    """Return the text columns whose first thousand rows look like e-mail addresses or telephone numbers."""
    email, phone = re.compile(EMAIL, re.IGNORECASE), re.compile(f"(?:{PHONE})")
    personal = set()
    for name, cells in rows.limit(FIRST_ROWS).execute().items():
        texts = [str(cell) for cell in cells.dropna()]
        phones = sum(phone.fullmatch(text) is not None for text in texts)
        if any(email.search(text) for text in texts) or 2 * phones > len(texts):
            personal.add(str(name))
    return personal


def _refusal(name: str, error: Exception) -> CrmkitError:
    """Return the error of a table that cannot be read, with what to do; a view may read what its reader may not."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if "disabled by configuration" in said:
        return CrmkitError(
            f"{name} reads files or addresses outside of its own file. If it is your own, or you trust who made it, run "
            f"the command again with {option(OUTSIDE)}: that is remembered for this folder. (Without the command line: set "
            f"the environment variable {VARIABLE} to {OUTSIDE}.)"
        )
    return CrmkitError(
        f"{name} cannot be read: {said[:300].rstrip('.')}. GRANT SELECT ON {name} to the user of the url."
    )


def _within(schema: str) -> dict[str, Any]:
    return {"database": tuple(schema.split(".", 1)) if "." in schema else schema} if schema else {}
