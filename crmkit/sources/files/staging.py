"""The raw rows of each canonical table, from a file, from SQL or from a frame, under the canonical column names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping
from crmkit.sources.files.currencies import foreign_rows, own_signs
from crmkit.sources.files.declared import with_scale, with_sources
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.layout import plain_name
from crmkit.sources.files.lineage import declared_source
from crmkit.sources.files.mapping import Matched, TableSource, matched_columns
from crmkit.sources.files.raw_files import RawFiles, RawRows
from crmkit.sources.files.read import BadLine
from crmkit.sources.files.sql_functions import create_sql_functions, shared_dialect
from crmkit.sources.files.twin_columns import settled_twins
from crmkit.sources.files.workbook import float_text
from crmkit.sources.mapping_sql import make_table
from crmkit.sources.parsing.date_shapes import Order
from crmkit.sources.parsing.dates import Clock
from crmkit.sources.parsing.evidence import Evidence, evidence_of
from crmkit.sources.parsing.own_columns import OwnColumns, judged_own_columns
from crmkit.sources.parsing.types import is_text
from crmkit.sources.sql import PART, ROW, columns_of, identifier
from crmkit.tables.schema import SCHEMAS, TableSchema, schema
from crmkit.tables.validate import check_table_names, frame_problem, plain_rows


@dataclass(frozen=True)
class Staged:
    """The raw rows of one canonical table.

    Attributes
    ----------
    table, origin : str
        Canonical name, and where it comes from, for messages.
    relation : str
        View with the hidden columns :data:`PART` and :data:`ROW` and the columns below.
    types : dict of str to str
        DuckDB type by column: canonical ones in the schema's order, then the table's own.
    headers : mapping of str to str
        What columns of another name are called in the file, by name.
    own : OwnColumns or None
        The own columns that are kept and how they are read, once that is settled.
    parts : tuple of str
        File by part; empty where the rows are not those of files.
    bad_lines : tuple of BadLine
        Lines of its files that were not read as rows.
    unused : tuple of str
        Columns that nothing uses.
    problems : tuple of str
        Columns that are missing or not known, without full stops.
    files : FileSet or None
        The set of files that it comes from.
    time_zone : str or None
        Zone of its times, if not the company's.
    n_folded : int
        Rows of the files that were folded into the one they belong to: the lines of an order [rows].
    n_split : int
        Rows added by splitting a row that is two: the refund in the row of its order [rows].
    ignored : tuple of (str, int)
        Rows of the files that are not counted, by reason: totals, test payments.
    beside : mapping of str to (int, int, int)
        By file, how many rows were folded, ignored and split [rows]; a file without any may be absent.
    asks_source : tuple of str
        Files of which the settings do not say whether they are of one source; their rows are compared.
    sources : tuple of str
        Source by part, where the settings name several; else empty.
    source_column : str
        Column that says of each row of which source it is, as the settings name it.
    says_nothing : tuple of (str, tuple of (str, int))
        Words for nothing that were taken out before, with their cells, by column.
    settled : bool
        Whether its numbers and times were read before and are written as programs write them.
    """

    table: str
    origin: str
    relation: str
    types: dict[str, str]
    parts: tuple[str, ...] = ()
    bad_lines: tuple[BadLine, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    own: OwnColumns | None = None
    unused: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    files: FileSet | None = None
    time_zone: str | None = None
    n_folded: int = 0
    n_split: int = 0
    ignored: tuple[tuple[str, int], ...] = ()
    beside: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    asks_source: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    source_column: str = ""
    says_nothing: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    settled: bool = False

    @property
    def schema(self) -> TableSchema:
        """The table's schema."""
        return SCHEMAS[self.table]

    @property
    def own_names(self) -> tuple[str, ...]:
        """Columns beyond the canonical ones."""
        return tuple(name for name in self.types if name not in self.schema.names)

    @property
    def dialect(self) -> FileMapping:
        """The dialect of its files; the default one where it has none."""
        if self.settled:
            return FileMapping(path="", decimal=".", exact_ids=True)
        return self.files.dialect if self.files else FileMapping(path="")


def stage(raw_files: RawFiles, source: TableSource, currency: str, sourced: Collection[str] = ()) -> Staged | None:
    """Return the raw rows of a table; None if its file has a header and no row, or its SQL makes no row.

    Parameters
    ----------
    raw_files : RawFiles
    source : TableSource
    currency : str
        The company's; a row of a file whose amounts are in another one is left out, as a bad line.
    sourced : collection of str
        Columns of ids that begin with the source of their file.

    Raises
    ------
    CrmkitError
        A file cannot be read, the SQL cannot run, a mapped file has no row; the message does not name the source.
    """
    if source.sql is not None:
        return _from_sql(raw_files, source, currency)
    return _from_file(raw_files, source, currency, sourced)


def stage_frames(con: duckdb.DuckDBPyConnection, frames: Mapping[str, pd.DataFrame]) -> list[Staged]:
    """Return the raw rows of each frame.

    Parameters
    ----------
    con : duckdb connection
    frames : mapping of str to DataFrame
        Canonical table name to its rows; a named index counts as a column.

    Raises
    ------
    UnknownName
        If there is no such table.
    Problems
        If there are several such names. What else is wrong with a frame is noted with it.
    """
    check_table_names(frames)
    return [_from_frame(con, table, frames[table]) for table in SCHEMAS if table in frames]


def staged_rows(con: duckdb.DuckDBPyConnection, relation: str, matched: Matched, **known: Any) -> Staged:
    """Return the rows of a relation under the canonical names of its matched columns.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Relation with the file's columns and the hidden ones.
    matched : Matched
    **known
        The other attributes of :class:`Staged`; ``table`` and ``origin`` at least.
    """
    view = f"staged_{known['table']}"
    columns = [f"{identifier(name)} AS {identifier(column)}, " for column, name in matched.sources.items()]
    con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {''.join(columns)}{PART}, {ROW} FROM {relation}")
    headers = {name: met for name, met in matched.sources.items() if name != met}
    return Staged(
        relation=view,
        types=columns_of(con, view),
        headers=headers,
        unused=matched.unused,
        problems=matched.problems,
        **known,
    )


def evidence_of_staged(con: duckdb.DuckDBPyConnection, staged: Staged) -> Evidence:
    """Return what the cells of the canonical columns of a table prove about their notation."""
    columns = {
        column.name: (column.name, column.kind) for column in staged.schema.columns if column.name in staged.types
    }
    return evidence_of(con, staged.relation, columns, staged.dialect)


def with_own_columns(
    con: duckdb.DuckDBPyConnection, staged: Staged, clock: Clock, order: Order | None = None
) -> Staged:
    """Return the rows with the types of their own columns settled, and without those that are personal data."""
    names = staged.own_names
    if not names:
        return replace(staged, own=OwnColumns())
    types = {name: staged.types[name] for name in names}
    own = judged_own_columns(con, staged.relation, types, staged.headers, staged.dialect, clock, order=order)
    kept = {column.name for column in own.kept}
    return replace(
        staged,
        types={name: kind for name, kind in staged.types.items() if name not in names or name in kept},
        own=own,
    )


def _from_file(raw_files: RawFiles, source: TableSource, currency: str, sourced: Collection[str]) -> Staged | None:
    files = source.files[0]
    raw = raw_files.read(files)
    if not _has_rows(raw_files.con, raw.relation):
        if source.mapped:
            raise CrmkitError(f"it has a header and no rows, and [tables.{source.table}] needs it. Export it again.")
        return None
    schema = SCHEMAS[source.table]
    matched = settled_twins(raw_files.con, raw, source, matched_columns(schema, raw.columns, source.columns))
    if not source.mapped and any(" is missing (" in problem for problem in matched.problems):
        matched = replace(matched, problems=(*matched.problems, "`crmkit map` proposes how to read the file"))
    if source.lacks:
        matched = replace(matched, problems=(*matched.problems, source.lacks))
    if not set(schema.required) & set(matched.sources):  # nothing else can be said of its cells
        return Staged(source.table, source.shown, relation="", types={}, problems=matched.problems)
    relation, foreign = _without_foreign(raw_files.con, raw, schema, matched, currency)
    sources = tuple(declared_source(files.dialect, file) or "" for file in raw.parts)
    own_ids = [matched.sources[name] for name in schema.names if name in sourced and name in matched.sources]
    if own_ids and any(sources):
        relation = with_sources(relation, own_ids, sources)
    if source.table == "survey_responses" and files.dialect.scale:
        relation, matched = with_scale(relation, matched, files.dialect)
    return staged_rows(
        raw_files.con,
        relation,
        matched,
        table=source.table,
        origin=source.shown,
        parts=raw.parts,
        bad_lines=(*raw.bad_lines, *foreign),
        files=files,
        time_zone=source.time_zone,
        ignored=raw.ignored,
        asks_source=() if any(sources) else raw.parts,
        sources=sources if sourced else (),
        source_column=files.dialect.source_column or "",
        beside={file: (0, n, 0) for file, n in zip(raw.parts, raw.n_ignored, strict=True) if n},
    )


def _without_foreign(
    con: duckdb.DuckDBPyConnection, raw: RawRows, schema: TableSchema, matched: Matched, currency: str
) -> tuple[str, list[BadLine]]:
    """Return the rows whose amounts are in the company's currency, and the others as bad lines: nothing is converted."""
    types = columns_of(con, raw.relation)
    money = [
        source
        for name, source in matched.sources.items()
        if name in schema.names and schema.column(name).kind == "money"
    ]
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


def _from_sql(raw_files: RawFiles, source: TableSource, currency: str) -> Staged | None:
    con, made = raw_files.con, f"made_{source.table}"
    read = {files.name: _read_for_sql(raw_files, files) for files in source.files}
    bad_lines = tuple(line for raw in read.values() for line in raw.bad_lines)
    dialect = shared_dialect(source.files)
    written = dialect.dialect if dialect else FileMapping(path="")
    reads_amounts = "as_number" in (source.sql or "").casefold()
    signs = {
        sign for raw in read.values() if reads_amounts for sign in own_signs(con, raw.relation, raw.columns, currency)
    }
    functions = partial(create_sql_functions, dialect=written, time_zone=raw_files.time_zone, signs=signs)
    make_table(con, made, source.sql or "", {name: _visible(raw) for name, raw in read.items()}, functions)
    if not _has_rows(con, made):
        return None
    columns = list(columns_of(con, made))
    # SQL returns rows in any order: sorted by their values, the same files give the same store.
    order = ", ".join(identifier(column) for column in columns)
    con.execute(
        f"CREATE TABLE sorted_{source.table} AS SELECT *, 0::INTEGER AS {PART}, "
        f"row_number() OVER (ORDER BY {order}) AS {ROW} FROM {made}; DROP TABLE {made}"
    )
    matched = matched_columns(SCHEMAS[source.table], columns)
    return staged_rows(
        con,
        f"sorted_{source.table}",
        matched,
        table=source.table,
        origin=source.shown,
        bad_lines=bad_lines,
        files=dialect,
        time_zone=source.time_zone,
        ignored=tuple(reason for raw in read.values() for reason in raw.ignored),
        beside={
            part: (0, n, 0) for raw in read.values() for part, n in zip(raw.parts, raw.n_ignored, strict=True) if n
        },
    )


def _read_for_sql(raw_files: RawFiles, files: FileSet) -> RawRows:
    try:
        return raw_files.read(files)
    except CrmkitError as error:
        raise CrmkitError(f"{files.shown}: {error}") from None


def _visible(raw: RawRows) -> str:
    """Return the SQL of the rows of a set of files as the SQL of the settings sees them."""
    return f"SELECT {', '.join(map(identifier, raw.columns))} FROM {raw.relation}"


def _has_rows(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return con.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None


def _from_frame(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> Staged:
    if problem := frame_problem(frame):
        return Staged(table, f"Table '{table}'", relation="", types={}, problems=(problem,))
    if twice := _different_twins(frame, table):
        return Staged(table, f"Table '{table}'", relation="", types={}, problems=twice)
    rows = plain_rows(frame)
    names = [plain_name(name) for name in rows.columns]
    rows = rows.loc[:, [name not in names[:at] or name not in SCHEMAS[table].names for at, name in enumerate(names)]]
    arrays = [_array(rows[name]) for name in rows.columns]
    numbers, part = pa.array(range(1, len(rows) + 1), pa.int64()), pa.repeat(pa.scalar(0, pa.int32()), len(rows))
    con.register(f"frame_{table}", pa.table([*arrays, numbers, part], names=[*rows.columns, ROW, PART]))
    matched = matched_columns(schema(table), rows.columns)
    return staged_rows(con, f"frame_{table}", matched, table=table, origin=f"Table '{table}'")


def _different_twins(frame: pd.DataFrame, table: str) -> tuple[str, ...]:
    """Return a problem for each column of the table that the frame has twice with other cells, as a merge makes them."""
    names = [plain_name(str(name)) for name in frame.columns]
    places = {name: [at for at, met in enumerate(names) if met == name] for name in SCHEMAS[table].names}
    return tuple(
        f"{len(found)} columns are called '{name}', and their cells differ: keep one of them"
        for name, found in places.items()
        if any(not frame.iloc[:, at].equals(frame.iloc[:, found[0]]) for at in found[1:])
    )


def _array(values: pd.Series) -> pa.Array:
    """Return a column for DuckDB; values of mixed types, or too long for DuckDB, become text."""
    try:
        converted = pa.array(values, from_pandas=True)
        too_long = pa.types.is_decimal256(converted.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError):
        too_long = True
    if too_long:
        texts = [None if pd.api.types.is_scalar(value) and pd.isna(value) else _written(value) for value in values]
        converted = pa.array([text and text.encode("utf-8", "replace").decode() for text in texts], pa.string())
    return converted.cast(pa.string()) if pa.types.is_null(converted.type) else converted


def _written(value: object) -> str:
    return float_text(float(value)) if isinstance(value, float) else str(value)
