"""Two columns of one name in a file: which one is meant is asked for, unless their cells leave no doubt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import duckdb

from crmkit.sources.files.layout import plain_name, repeated_names
from crmkit.sources.files.mapping import Matched, TableSource
from crmkit.sources.files.raw_files import RawRows
from crmkit.sources.parsing.own_columns import is_personal_header
from crmkit.sources.sql import ROW, identifier
from crmkit.tables.schema import SCHEMAS

_SHOWN = 3
_LONGEST = 20  # letters of a cell


def settled_twins(con: duckdb.DuckDBPyConnection, raw: RawRows, source: TableSource, matched: Matched) -> Matched:
    """Return the matched columns with a problem for each that two columns of the file are called, and may differ in.

    Of columns with the same cells the first is taken, and of one with cells and an empty one the one with cells.
    """
    twins = repeated_names(raw.columns)
    sources, problems = dict(matched.sources), list(matched.problems)
    for name in SCHEMAS[source.table].names:
        found = twins.get(sources.get(name, "").casefold())
        if found is None or plain_name(source.columns.get(name, name)) in found:
            continue
        left = different_columns(con, raw.relation, list(found.values()))
        if len(left) > 1:
            problems.append(_question(con, raw, source, name, found))
        elif left:
            sources[name] = left[0]
    return replace(matched, sources=sources, problems=tuple(problems))


def twin_problems(con: duckdb.DuckDBPyConnection, raw: RawRows, used: Iterable[str]) -> list[str]:
    """Return a problem, without full stop, for each used column of a known export that another has the name of."""
    twins = repeated_names(raw.columns)
    twice = dict.fromkeys(column.casefold() for column in used if column.casefold() in twins)
    return [
        f"{len(twins[name])} columns are called '{name}', and their cells differ. Rename the ones that are not meant in the "
        "file, or give all columns names of your own: skip_lines and header under [files]"
        for name in twice
        if len(different_columns(con, raw.relation, list(twins[name].values()))) > 1
    ]


def different_columns(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> list[str]:
    """Return those of some columns that have cells, without those that have the same cells as an earlier one."""
    filled = ", ".join(f"count({identifier(column)})" for column in columns)
    counts = con.execute(f"SELECT {filled} FROM {relation}").fetchone() or ()
    left: list[str] = []
    for column in [column for column, n in zip(columns, counts, strict=True) if n]:
        same = [f"count_if({identifier(column)} IS DISTINCT FROM {identifier(earlier)})" for earlier in left]
        n_other = con.execute(f"SELECT {', '.join(same)} FROM {relation}").fetchone() if same else ()
        left += [] if n_other and 0 in n_other else [column]
    return left


def _question(
    con: duckdb.DuckDBPyConnection, raw: RawRows, source: TableSource, name: str, found: dict[str, str]
) -> str:
    is_personal = SCHEMAS[source.table].personal or is_personal_header(name) or any(map(is_personal_header, found))
    shown = [f"'{key}'{'' if is_personal else _examples(con, raw.relation, column)}" for key, column in found.items()]
    ways = " or ".join(f'columns.{name} = "{key}"' for key in found)
    file = "" if source.mapped else f'file = "{source.files[0].name}" and '
    return (
        f"{len(found)} columns are called '{next(iter(found.values()))}', and their cells differ: {' and '.join(shown)}. "
        f"Write {file}{ways} under [tables.{source.table}]"
    )


def _examples(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> str:
    cell = identifier(column)
    rows = con.execute(
        f"SELECT left(CAST({cell} AS VARCHAR), {_LONGEST}) FROM {relation} WHERE {cell} IS NOT NULL ORDER BY {ROW} LIMIT {_SHOWN}"
    ).fetchall()
    return f" ({', '.join(text for (text,) in rows)})"
