"""Bring the rows of each table's origin under the canonical column names, values as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping
from crmkit.sources.columns import Matched, matched_columns
from crmkit.sources.csv_text import BadLine
from crmkit.sources.currencies import foreign_rows
from crmkit.sources.files import FileSet
from crmkit.sources.kinds import is_text
from crmkit.sources.mapping import Origin
from crmkit.sources.raw import Raw, RawFiles
from crmkit.sources.sql import PART, ROW, columns_of, identifier, short_message
from crmkit.tables.schema import SCHEMAS, TableSchema


@dataclass(frozen=True)
class Staged:
    """The raw rows of one canonical table.

    Attributes
    ----------
    table, origin : str
        Canonical name, and how a message names where it comes from.
    relation : str
        View with the hidden columns :data:`PART` and :data:`ROW` and the columns below.
    types : dict of str to str
        DuckDB type by column: canonical ones in the schema's order, then the extra ones that are kept.
    parts : tuple of str
        File by part; empty where the rows are not those of files.
    bad_lines : tuple of BadLine
        Lines of its files that were not read as rows.
    unused : tuple of str
        Columns that were met and left.
    problems : tuple of str
        Columns that are missing or not known, without full stops.
    files : FileSet or None
        The one set of files that it comes from.
    time_zone : str or None
        Zone of its times, if not the company's.
    n_folded : int
        Rows of the files that were folded into the one they belong to: the lines of an order [rows].
    n_split : int
        Rows made in addition, out of a row that is two: the refund in the row of its order [rows].
    ignored : tuple of (str, int)
        Rows of the files that count nowhere, by reason: totals, test payments.
    beside : mapping of str to (int, int, int)
        By file, of how many rows these three are made: folded, ignored, split [rows]; a file without any may be absent.
    """

    table: str
    origin: str
    relation: str
    types: dict[str, str]
    parts: tuple[str, ...] = ()
    bad_lines: tuple[BadLine, ...] = ()
    unused: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    files: FileSet | None = None
    time_zone: str | None = None
    n_folded: int = 0
    n_split: int = 0
    ignored: tuple[tuple[str, int], ...] = ()
    beside: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def schema(self) -> TableSchema:
        """The table's schema."""
        return SCHEMAS[self.table]

    @property
    def extras(self) -> tuple[str, ...]:
        """Columns beyond the canonical ones."""
        return tuple(name for name in self.types if name not in self.schema.names)

    @property
    def dialect(self) -> FileMapping:
        """The dialect of its files; the usual one where it has none."""
        return self.files.dialect if self.files else FileMapping(path="")


def stage(raw_files: RawFiles, origin: Origin, currency: str) -> Staged | None:
    """Return the raw rows of a table; None if its file has a header and no row, or its SQL makes no row.

    Parameters
    ----------
    raw_files : RawFiles
    origin : Origin
    currency : str
        The company's; a row of a file whose amounts are in another one is left out, as a bad line.

    Raises
    ------
    CrmkitError
        A file cannot be read, the SQL cannot run, a mapped file has no row; the message does not name the origin.
    """
    return _from_file(raw_files, origin, currency) if origin.sql is None else _from_sql(raw_files, origin)


def staged_rows(con: duckdb.DuckDBPyConnection, relation: str, matched: Matched, **known: Any) -> Staged:
    """Return the rows of a relation under the canonical names of its matched columns.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Relation with the met columns and the hidden ones.
    matched : Matched
    **known
        The other attributes of :class:`Staged`; ``table`` and ``origin`` at least.
    """
    view = f"staged_{known['table']}"
    columns = [f"{identifier(source)} AS {identifier(column)}, " for column, source in matched.sources.items()]
    con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {''.join(columns)}{PART}, {ROW} FROM {relation}")
    return Staged(relation=view, types=columns_of(con, view), unused=matched.unused, problems=matched.problems, **known)


def _from_file(raw_files: RawFiles, origin: Origin, currency: str) -> Staged | None:
    files = origin.files[0]
    raw = raw_files.read(files)
    if not _has_rows(raw_files.con, raw.relation):
        if origin.mapped:
            raise CrmkitError(f"it has a header and no rows, and [tables.{origin.table}] needs it. Export it again.")
        return None
    matched = matched_columns(SCHEMAS[origin.table], raw.columns, origin.columns)
    relation, foreign = _without_foreign(raw_files.con, raw, SCHEMAS[origin.table], matched, currency)
    return staged_rows(raw_files.con, relation, matched, table=origin.table, origin=origin.shown, parts=raw.parts,
                       bad_lines=(*raw.bad_lines, *foreign), files=files, time_zone=origin.time_zone,
                       ignored=raw.ignored)  # fmt: skip


def _without_foreign(
    con: duckdb.DuckDBPyConnection, raw: Raw, schema: TableSchema, matched: Matched, currency: str
) -> tuple[str, list[BadLine]]:
    """Return the rows whose amounts are in the company's currency, and the others as bad lines: nothing is converted."""
    types = columns_of(con, raw.relation)
    money = [source for name, source in matched.sources.items()
             if name in schema.names and schema.column(name).kind == "money"]  # fmt: skip
    if not money:
        return raw.relation, []
    amounts = [source for source in money if is_text(types[source])]
    foreign = foreign_rows(con, raw.relation, raw.columns, amounts, currency)
    if not foreign:
        return raw.relation, []
    kept = f"kept_{schema.name}"
    out = ", ".join(f"({part}, {line})" for part, line, _ in foreign)
    con.execute(
        f"CREATE TABLE {kept} AS FROM {raw.relation} ANTI JOIN (VALUES {out}) f({PART}, {ROW}) USING ({PART}, {ROW})"
    )
    return kept, [BadLine(raw.parts[part], line, reason) for part, line, reason in foreign]


def _from_sql(raw_files: RawFiles, origin: Origin) -> Staged | None:
    con, made = raw_files.con, f"made_{origin.table}"
    bad_lines = tuple(line for files in origin.files for line in _read_for_sql(raw_files, files).bad_lines)
    try:
        con.execute(f"CREATE TABLE {made} AS {(origin.sql or '').strip().rstrip(';')}")
    except duckdb.Error as error:
        raise CrmkitError(f"it cannot run: {short_message(error)}") from None
    if not _has_rows(con, made):
        return None
    columns = list(columns_of(con, made))
    # Rows that SQL makes come in any order: put in the order of their values, the same files give the same store.
    order = ", ".join(identifier(column) for column in columns)
    con.execute(f"CREATE TABLE sorted_{origin.table} AS SELECT *, 0::INTEGER AS {PART}, "
                f"row_number() OVER (ORDER BY {order}) AS {ROW} FROM {made}; DROP TABLE {made}")  # fmt: skip
    matched = matched_columns(SCHEMAS[origin.table], columns, keep_extra=True)
    return staged_rows(con, f"sorted_{origin.table}", matched, table=origin.table, origin=origin.shown,
                       bad_lines=bad_lines, time_zone=origin.time_zone)  # fmt: skip


def _read_for_sql(raw_files: RawFiles, files: FileSet) -> Raw:
    try:
        return raw_files.read(files)
    except CrmkitError as error:
        raise CrmkitError(f"{files.shown}: {error}") from None


def _has_rows(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return con.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
