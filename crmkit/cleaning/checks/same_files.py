"""Whether the files of one table are exports of one source, whose newer rows replace older ones, or of two."""

from __future__ import annotations

import duckdb

from crmkit.cleaning.checks.parse_rows import ParsedTable
from crmkit.sources.files.lineage import shared_rows
from crmkit.sources.sql import PART, REASON, ROW, identifier, literal

_TELLING = ("comment", "text", "name", "email", "phone", "score", "visitors", "clicks", "recipients", "campaign")
"""Columns, beside times, ids and money, in which rows of two sources are seldom alike."""


def source_questions(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> list[str]:
    """Return a question, without full stop, if the files of a table share keys and are not proven to be of one source.

    Parameters
    ----------
    con : duckdb connection
    parsed : ParsedTable
        Rows of files whose source the settings do not name are compared; those of presets were before.
    """
    staged = parsed.staged
    files = [file for file in staged.parts if file in staged.asks_source]
    key = [name for name in staged.schema.key if name in parsed.rules]
    if len(set(files)) < 2 or not key:
        return []
    names = " ".join(f"WHEN {part} THEN {literal(file)}" for part, file in enumerate(staged.parts) if file in files)
    same = lasting_columns(parsed, key)
    keys = ", ".join(identifier(name) for name in key)
    firsts = "".join(f", arg_min({name}, {ROW}) AS {name}" for name in map(identifier, same))
    rows = (
        f"(SELECT file, {keys}{firsts} FROM (SELECT *, CASE {PART} {names} END AS file FROM {parsed.relation} "
        f"WHERE {REASON} IS NULL) WHERE file IS NOT NULL GROUP BY file, {keys})"
    )
    pairs = [pair for pair in shared_rows(con, rows, f"row({keys})", [identifier(name) for name in same])]
    open_pairs = [pair for pair in pairs if pair.verdict != "same"]
    if not open_pairs or staged.files is None:
        return []
    pair = open_pairs[0]
    where = staged.files.hint('source = "*"')
    return [
        f"{pair.first} and {pair.second} have {pair.n_shared:,} values of {' and '.join(key)} in common, of which "
        f"{pair.n_same:,} look the same and {pair.n_other:,} like others: it cannot be told whether they are exports of one "
        f"shop or account, or of two that number alike. {where} if they are of two, so that the ids of each begin with what "
        'the * of the path stands for; source = "one" if they are of one'
    ]


def lasting_columns(parsed: ParsedTable, key: list[str]) -> list[str]:
    """Return the columns that no later export of a row changes, the time first."""
    schema = parsed.staged.schema
    clock = [schema.clock] if schema.clock in parsed.rules and schema.clock not in key else []
    others = [
        column.name
        for column in parsed.columns
        if column.name not in (*key, *clock)
        and (column.kind in ("id", "money") or column.name in _TELLING or schema.name == "customers")
    ]
    return [name for name in clock if name] + others
