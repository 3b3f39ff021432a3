"""Which canonical table comes from which files: by the settings, or by the file's name and its own header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import duckdb

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import FileMapping, Settings
from crmkit.sources.files.file_sets import FileSet, Raw, RawFiles, find
from crmkit.sources.files.read import BadLine
from crmkit.sources.parsing.types import is_text
from crmkit.sources.sql import PART, ROW, columns_of, identifier, literal, short_message
from crmkit.tables.schema import SCHEMAS, TableSchema


@dataclass(frozen=True)
class Origin:
    """Where one canonical table comes from.

    Attributes
    ----------
    table : str
    files : tuple of FileSet
        The one set whose columns are taken, or all that the SQL may read.
    sql : str or None
    columns : mapping of str to str
        Canonical column to the file's column, where their names differ.
    time_zone : str or None
        Zone of its times, if not the company's.
    mapped : bool
        Whether the settings name it; else the file's name does.
    """

    table: str
    files: tuple[FileSet, ...]
    sql: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    mapped: bool = False

    @property
    def shown(self) -> str:
        """How a message names it."""
        return f"The sql of [tables.{self.table}]" if self.sql else self.files[0].shown


def origins(settings: Settings, sets: dict[str, FileSet]) -> tuple[list[Origin], list[str]]:
    """Return the origin of every table that has one, and what is wrong with the settings of the others."""
    problems = [
        f"[tables.{name}]: there is no such table. {did_you_mean(name, SCHEMAS)}"
        for name in settings.tables
        if name not in SCHEMAS
    ]
    found = []
    by_table = {re.sub(r"[\s-]+", "_", name): files for name, files in sets.items()}
    for table in SCHEMAS:
        mapped = table in settings.tables
        origin = _mapped(settings, sets, table) if mapped else _canonical(table, by_table)
        if isinstance(origin, str):
            problems.append(origin)
        elif origin is not None:
            found.append(origin)
    return found, problems


def not_used(listed: Iterable[Path], found: Iterable[Origin]) -> list[str]:
    """Return a sentence for each file that no table comes from, with the table's name that is close to its own."""
    used = {path for origin in found for files in origin.files for path in files.paths}
    hints = {path.name: did_you_mean(path.stem, SCHEMAS) for path in listed if path not in used}
    return [f"no table uses {name}. {hint if hint.startswith('Did') else ''}".rstrip() for name, hint in hints.items()]


def _canonical(table: str, by_table: dict[str, FileSet]) -> Origin | None:
    return Origin(table, (by_table[table],)) if table in by_table else None


def _mapped(settings: Settings, sets: dict[str, FileSet], table: str) -> Origin | str:
    mapping = settings.tables[table]
    if mapping.time_zone is not None and mapping.time_zone not in available_timezones():
        hint = did_you_mean(mapping.time_zone, available_timezones())
        return f"[tables.{table}]: '{mapping.time_zone}' is not a time zone. {hint if hint.startswith('Did') else ''}".rstrip()
    if mapping.sql is not None:
        read = {files.name: files for name, files in sets.items() if _names(mapping.sql, name)}
        return Origin(table, tuple(read.values()), sql=mapping.sql, time_zone=mapping.time_zone, mapped=True)
    files = find(sets, mapping.file or "")
    if files is None:
        hint = did_you_mean(mapping.file or "", [s.name for s in sets.values()])
        return f"[tables.{table}]: there is no file '{mapping.file}' in the exports or under [files]. {hint}"
    turned = [
        f"{column} = {name!r}"
        for name, column in mapping.columns.items()
        if name not in SCHEMAS[table].names and column in SCHEMAS[table].names
    ]
    if turned:
        return f"[tables.{table}]: columns are written the other way round: {', '.join(turned)}."
    return Origin(table, (files,), columns=mapping.columns, time_zone=mapping.time_zone, mapped=True)


def _names(sql: str, name: str) -> bool:
    """Whether a text of SQL may read the file of that name; one too many is read, never one too few."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, flags=re.IGNORECASE) is not None


# Which column of a file, a query or a frame fills which canonical column.


_PERSONAL = frozenset(name for table in SCHEMAS.values() if table.personal for name in table.names) - {"customer_id"}


@dataclass(frozen=True)
class Matched:
    """Met column by canonical column, met columns that nothing uses, and what is wrong, without full stops."""

    sources: dict[str, str]
    unused: tuple[str, ...]
    problems: tuple[str, ...]


def matched_columns(
    schema: TableSchema, met: Iterable[str], renamed: Mapping[str, str] | None = None, keep_extra: bool = False
) -> Matched:
    """Match the columns of a file, a query or a frame with the canonical ones.

    Names are compared without regard to case, and spaces around them do not count. Only customers keep columns
    beyond the canonical ones, to split metrics by; personal data is never among them.

    Parameters
    ----------
    schema : TableSchema
    met : iterable of str
    renamed : mapping of str to str
        Canonical column to met column, where their names differ.
    keep_extra : bool
        Whether every other column is an extra one; else only those that ``renamed`` names.

    Examples
    --------
    >>> from crmkit.tables.schema import schema
    >>> matched = matched_columns(schema("orders"), ["Order_ID", "ordered_at", "total", "note"], {"revenue": "Total"})
    >>> matched.sources
    {'order_id': 'Order_ID', 'ordered_at': 'ordered_at', 'revenue': 'total'}
    >>> matched.unused
    ('note',)
    """
    by_name = {plain(name): name for name in met}
    renamed = dict(renamed or {})
    wanted = {name: name for name in schema.names} | renamed
    if keep_extra and schema.name == "customers":
        wanted |= {
            name: name for name in by_name.values() if plain(name) not in schema.names and not name.startswith("__")
        }
    private = _PERSONAL - set(schema.names)
    sources = {
        name: by_name[plain(source)]
        for name, source in wanted.items()
        if plain(source) in by_name and plain(name) not in private
    }
    problems = [
        f"{name} is personal data and belongs to [tables.customer_identities]" for name in renamed if name in private
    ]
    problems += _problems(schema, renamed, sources, by_name)
    return Matched(sources, tuple(name for name in by_name.values() if name not in sources.values()), tuple(problems))


def plain(name: str) -> str:
    """Return a column name as it is compared.

    Examples
    --------
    >>> plain(" Order_ID ")
    'order_id'
    """
    return str(name).strip(" \t\r\n\u00a0\ufeff").casefold()


def _problems(
    schema: TableSchema, renamed: dict[str, str], sources: dict[str, str], by_name: dict[str, str]
) -> list[str]:
    problems = [
        f"there is no column '{source}' for {name} ({_near(source, by_name)})"
        for name, source in renamed.items()
        if plain(source) not in by_name
    ]
    problems += [
        f"{name} is missing ({_near(name, by_name)})"
        for name in schema.required
        if name not in sources and name not in renamed
    ]
    absent = [name for name in schema.names if name not in sources]
    for name in sources:
        near = get_close_matches(name, absent, n=1, cutoff=0.8) if name in renamed else []
        if name not in schema.names and (near or schema.name != "customers"):
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(schema.names)}"
            problems.append(f"'{name}' is not a column of {schema.name} ({hint})")
    return problems


def _near(name: str, by_name: dict[str, str]) -> str:
    near = get_close_matches(plain(name), by_name, n=1, cutoff=0.6)
    return f"did you mean '{by_name[near[0]]}'?" if near else f"its columns: {', '.join(by_name.values())}"


# Bring the rows of each table's origin under the canonical column names, values as they are.


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
    return staged_rows(
        raw_files.con,
        relation,
        matched,
        table=origin.table,
        origin=origin.shown,
        parts=raw.parts,
        bad_lines=(*raw.bad_lines, *foreign),
        files=files,
        time_zone=origin.time_zone,
        ignored=raw.ignored,
    )


def _without_foreign(
    con: duckdb.DuckDBPyConnection, raw: Raw, schema: TableSchema, matched: Matched, currency: str
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
    con.execute(
        f"CREATE TABLE sorted_{origin.table} AS SELECT *, 0::INTEGER AS {PART}, "
        f"row_number() OVER (ORDER BY {order}) AS {ROW} FROM {made}; DROP TABLE {made}"
    )
    matched = matched_columns(SCHEMAS[origin.table], columns, keep_extra=True)
    return staged_rows(
        con,
        f"sorted_{origin.table}",
        matched,
        table=origin.table,
        origin=origin.shown,
        bad_lines=bad_lines,
        time_zone=origin.time_zone,
    )


def _read_for_sql(raw_files: RawFiles, files: FileSet) -> Raw:
    try:
        return raw_files.read(files)
    except CrmkitError as error:
        raise CrmkitError(f"{files.shown}: {error}") from None


def _has_rows(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return con.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None


# In which currency amounts are, by the signs that stand beside them.


_SIGNS = {"€": {"EUR"}, "£": {"GBP", "EGP", "GIP"}, "₹": {"INR"}, "¥": {"JPY", "CNY"}, "zł": {"PLN"}, "R$": {"BRL"}}
_HEADERS = frozenset(
    {"currency", "currency code", "currency_code", "currencycode", "währung", "waehrung", "devise", "moneda", "valuta"}
)
_DOLLARS = {"$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "BRL", "TWD", "CLP", "COP", "ARS"}}


def foreign_sign(con: duckdb.DuckDBPyConnection, relation: str, columns: Iterable[str], currency: str) -> str | None:
    """Return what is wrong where amounts carry the sign of another currency than the company's, without full stop.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Raw rows of text.
    columns : iterable of str
        Columns of amounts.
    currency : str
        ISO 4217 code of the company's currency.
    """
    for column in columns:
        cell = f"CAST({identifier(column)} AS VARCHAR)"
        met = con.execute(
            f"SELECT {cell}, {ROW} FROM {relation} WHERE regexp_matches({cell}, '[€£₹¥$]|zł') ORDER BY {ROW} LIMIT 1"
        ).fetchone()
        if not met:
            continue
        signs = _SIGNS | ({} if "R$" in met[0] else _DOLLARS)
        sign = next((sign for sign in signs if sign in met[0]), None)
        if sign and currency not in signs[sign]:
            return (
                f"amounts are in {' or '.join(sorted(signs[sign]))[:30]}, such as '{met[0].strip()[:40]}' (line {met[1]}, "
                f"column '{column}'), and the company's currency is {currency}. Write currency = ... under [company], or "
                "export the file in that currency"
            )
    return None


def foreign_rows(
    con: duckdb.DuckDBPyConnection, relation: str, names: Iterable[str], amounts: Iterable[str], currency: str
) -> list[tuple[int, int, str]]:
    """Return the part, the line and the reason of each row whose amounts are in another currency than the company's.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Raw rows.
    names : iterable of str
        All columns; one called "currency", or so, tells of its row.
    amounts : iterable of str
        Columns of amounts that are text; a sign in them tells of their row.
    currency : str
        ISO 4217 code of the company's currency.

    Raises
    ------
    CrmkitError
        If most rows are in another currency: then it is the setting that is wrong, or the export.
    """
    told = [_foreign_code(name, currency) for name in names if plain(name) in _HEADERS]
    told += [_foreign_sign(name, currency) for name in amounts]
    if not told:
        return []
    other = f"coalesce({', '.join(told)})"
    met = con.execute(
        f"SELECT count(*), count({other}), min({other}), min({ROW}) FILTER ({other} IS NOT NULL) FROM {relation}"
    )
    n_rows, n_foreign, code, line = met.fetchone() or (0, 0, "", 0)
    if n_foreign * 2 > n_rows:
        raise CrmkitError(
            f"its amounts are in {code} in {n_foreign:,} of {n_rows:,} rows, such as line {line}, and the "
            f'company\'s currency is {currency}. Write currency = "{code}" under [company], or export the '
            f"file in {currency}."
        )
    reason = f"'the amount is in ' || {other} || {literal(f', and the company counts in {currency}')}"
    return con.execute(
        f"SELECT {PART}, {ROW}, {reason} FROM {relation} WHERE {other} IS NOT NULL ORDER BY {PART}, {ROW}"
    ).fetchall()


def _foreign_code(column: str, currency: str) -> str:
    code = f"upper(trim(CAST({identifier(column)} AS VARCHAR)))"
    return f"CASE WHEN regexp_full_match({code}, '[A-Z]{{3}}') AND {code} <> {literal(currency)} THEN {code} END"


def _foreign_sign(column: str, currency: str) -> str:
    cell = f"CAST({identifier(column)} AS VARCHAR)"
    foreign = {sign: codes for sign, codes in _SIGNS.items() if currency not in codes}
    cases = " ".join(
        f"WHEN contains({cell}, {literal(sign)}) THEN {literal(min(codes))}" for sign, codes in foreign.items()
    )
    if currency not in _DOLLARS["$"]:
        cases += f" WHEN contains({cell}, '$') AND NOT contains({cell}, 'R$') THEN 'USD'"
    return f"CASE {cases} END"
