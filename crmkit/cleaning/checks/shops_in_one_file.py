"""Rows of two shops or accounts in one file, both of which number alike: their ids are made unique, or it is asked.

Two rows of one key that differ in when, who and how much are two rows. Where a column tells them apart, the ids of each row
begin with what it says, in every table that has the column. Where none does, the load asks; rows that are a mistake of the
export are set aside once the settings say ``source = "one"``.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from crmkit.cleaning.checks.findings import Finding
from crmkit.cleaning.checks.kept_rows import change_rows
from crmkit.cleaning.checks.parse_rows import ParsedTable
from crmkit.cleaning.checks.same_files import lasting_columns
from crmkit.errors import did_you_mean
from crmkit.sources.separators import Repeated, few_values, separation, separation_question, sourced_id
from crmkit.sources.sql import MERGED, PART, REASON, identifier

_HOLDERS = "customer_id"


def separate_shops(
    con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable]
) -> tuple[list[Finding], dict[str, list[str]]]:
    """Let the ids of each row begin with its shop where two shops number alike within a file, in place.

    Returns
    -------
    (list of Finding, dict of str to list of str)
        What was made unique, and by table what must be asked, without full stops.
    """
    findings: list[Finding] = []
    problems: dict[str, list[str]] = {}
    columns: dict[str, str] = {}  # by id, the header of the column that tells its sources apart
    for table in parsed:
        key = _own_id(table)
        if key is None:
            continue
        try:
            found = _separating_column(con, table, key)
        except _Asked as asked:
            problems[table.staged.table] = [str(asked)]
            continue
        if found:
            column, n_other = found
            columns[key] = _header(table, column)
            n_rows = _n_in(con, table, key, _repeated_ids(con, parsed, key)) if n_other else 0
            findings.append(_finding(table, key, columns[key], n_rows))
    if columns and _HOLDERS not in columns and not any(table.staged.table == "customers" for table in parsed):
        columns |= _of_customers(con, parsed, columns)
    doubled = {key: _repeated_ids(con, parsed, key) for key in columns}
    for table in parsed:
        for key, header in columns.items():
            if key not in table.rules:
                continue
            named = _column_called(table, header)
            if named is not None:
                _give_sources(con, table, key, named)
            elif key != _HOLDERS and (n_rows := _n_in(con, table, key, doubled[key])):
                problems.setdefault(table.staged.table, []).append(
                    f"{n_rows:,} rows name values of {key} that rows of two shops or accounts have, and there is no "
                    f"column '{header}' to tell whose they are: export it with that column"
                )
    return findings, problems


class _Asked(Exception):
    """What tells the rows of a key apart must be asked."""


def _own_id(table: ParsedTable) -> str | None:
    """Return the id that is the key of a table."""
    key = table.staged.schema.key
    return key[0] if len(key) == 1 and key[0] in table.rules else None


def _separating_column(con: duckdb.DuckDBPyConnection, table: ParsedTable, key: str) -> tuple[str, int] | None:
    """Return the column that tells the rows of a key apart and of how many keys [keys]; None where there is no need."""
    staged = table.staged
    if staged.source_column:
        named = _column_called(table, staged.source_column)
        if named is None:
            met = [_header(table, name) for name in staged.types]
            raise _Asked(f"there is no column '{staged.source_column}'. {did_you_mean(staged.source_column, met)}")
        return named, 0
    is_settled = staged.parts and not staged.asks_source
    if is_settled or not _repeats(con, table, key):
        return None
    headers = {name: _header(table, name) for name in (*staged.own_names, *_texts(table)) if name != key}
    same = [identifier(name) for name in lasting_columns(table, [key])]
    kept = f"(SELECT * FROM {table.relation} WHERE {REASON} IS NULL AND NOT {MERGED})"
    rows = Repeated(kept, f"{PART}, {identifier(key)}", key, same)
    found = separation(con, rows, {name: headers[name] for name in few_values(con, kept, list(headers))})
    if found is None:
        return None
    if not found.column:
        files = staged.files if staged.parts else None
        raise _Asked(separation_question(found, rows, headers, files, _answer(table, key)))
    return found.column, found.n_other


def _repeats(con: duckdb.DuckDBPyConnection, table: ParsedTable, key: str) -> bool:
    """Return whether a key has several rows; as many hashes as rows prove that none has."""
    kept = f"FROM {table.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
    hashes = f"SELECT count(*) > count(DISTINCT hash({identifier(key)}, {PART})) {kept}"
    (repeats,) = con.execute(hashes).fetchone() or (False,)
    return bool(repeats)


def _texts(table: ParsedTable) -> list[str]:
    return [column.name for column in table.columns if column.kind == "text" and not column.choices]


def _answer(table: ParsedTable, key: str) -> str:
    if table.staged.parts:
        return f'source = "one" keeps the first row of each {key} and sets the others aside'
    return f"Make {key} unique, as by writing the shop before it, or keep one row of each"


def _of_customers(
    con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable], columns: dict[str, str]
) -> dict[str, str]:
    """Return the column that customers' ids begin with, if two sources have the same ids and no file has the customers.

    An e-mail address is one person wherever it stands.
    """
    for table in parsed:
        key = _own_id(table)
        column = _column_called(table, columns[key]) if key in columns else None
        if key is None or column is None or _HOLDERS not in table.rules:
            continue
        shared = con.execute(
            f"SELECT 1 FROM {table.relation} WHERE {REASON} IS NULL AND NOT contains({_HOLDERS}, '@') "
            f"GROUP BY {_HOLDERS} HAVING count(DISTINCT {identifier(column)}) > 1 LIMIT 1"
        ).fetchone()
        if shared:
            return {_HOLDERS: columns[key]}
    return {}


def _repeated_ids(con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable], key: str) -> str:
    """Return the SQL of the ids that several rows of their own table have."""
    home = next((table for table in parsed if _own_id(table) == key), None)
    if home is None:
        return "SELECT NULL WHERE false"
    name = f"repeated_{key}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {identifier(key)} FROM {home.relation} "
        f"WHERE {REASON} IS NULL GROUP BY ALL HAVING count(*) > 1"
    )
    return f"FROM {name}"


def _n_in(con: duckdb.DuckDBPyConnection, table: ParsedTable, key: str, ids: str) -> int:
    (n_rows,) = con.execute(
        f"SELECT count(*) FROM {table.relation} WHERE {REASON} IS NULL AND {identifier(key)} IN ({ids})"
    ).fetchone() or (0,)
    return int(n_rows)


def _give_sources(con: duckdb.DuckDBPyConnection, table: ParsedTable, key: str, column: str) -> None:
    source = f"trim(CAST({identifier(column)} AS VARCHAR))"
    own = f"NOT contains({identifier(key)}, '@')" if key == _HOLDERS else "true"
    changes = (
        f"SELECT rowid AS id, {sourced_id(source, identifier(key))} AS {identifier(key)} FROM {table.relation} "
        f"WHERE {identifier(key)} IS NOT NULL AND {identifier(column)} IS NOT NULL AND {own}"
    )
    change_rows(con, table.relation, changes, [key])


def _header(table: ParsedTable, column: str) -> str:
    return table.staged.headers.get(column, column)


def _column_called(table: ParsedTable, header: str) -> str | None:
    """Return the column of a table with a header, in any case."""
    staged = table.staged
    names = {_header(table, name).strip().casefold(): name for name in staged.types if name not in staged.schema.key}
    return names.get(header.strip().casefold())


def _finding(table: ParsedTable, key: str, header: str, n_rows: int) -> Finding:
    if n_rows:
        what = f"{key} is that of another row of another source too, as {header} says"
        return Finding(table.staged.table, what, n_rows, 0.0, "note", "Each row counts: ids begin with their source.")
    what = f"ids begin with what {header} says, as the settings ask"
    return Finding(table.staged.table, what, 0, 0.0, "note", "Equal numbers of two sources are two rows.")
