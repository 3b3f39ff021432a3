"""The rows of two shops in one recognised file, both of which number alike: their ids are made unique, or it is asked."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from crmkit.errors import did_you_mean
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.raw_files import RawRows
from crmkit.sources.presets.model import Preset
from crmkit.sources.presets.recognise import PresetMatch
from crmkit.sources.presets.typed import text_of
from crmkit.sources.separators import Repeated, few_values, separation, separation_question, sourced_id
from crmkit.sources.sql import PART, ROW, identifier


def separate_rows(
    con: duckdb.DuckDBPyConnection, typed: str, raw: RawRows, fit: PresetMatch, files: FileSet
) -> tuple[list[str], list[str]]:
    """Let the ids of each typed row begin with its shop where two shops number alike within the file, in place.

    Parameters
    ----------
    con : duckdb connection
    typed : str
        Table of typed fields.
    raw : RawRows
        The file's rows, with its columns.
    fit : PresetMatch
    files : FileSet

    Returns
    -------
    (list of str, list of str)
        What was found, and what must be asked, without full stops.
    """
    preset, declared = fit.preset, files.dialect.source_column
    if preset.key is None or preset.key not in fit.columns or (files.dialect.source and not declared):
        return [], []
    same = [
        f"lower(trim({identifier(name)}))" if preset.kinds[name] in ("text", "id") else identifier(name)
        for name in preset.same
        if name in fit.columns
    ]
    rows = Repeated(typed, f"{PART}, {identifier(preset.key)}", f"'{fit.columns[preset.key]}'", same)
    if declared:
        column = next((name for name in raw.columns if name.casefold() == declared.strip().casefold()), None)
        if column is None:
            return [], [f"there is no column '{declared}'. {did_you_mean(declared, raw.columns)}".rstrip(".")]
        _give_sources(con, typed, raw, rows, preset, column)
        return [f"ids begin with what '{column}' says"], []
    (n_other,) = con.execute(rows.n_other).fetchone() or (0,)
    if not n_other:
        return [], []
    taken = {fit.columns[name] for name in fit.columns if preset.kinds[name] not in ("id", "text")}
    taken |= {fit.columns[name] for name in (preset.key, *preset.same) if name in fit.columns}
    asked = [name for name in raw.columns if name not in taken]
    headers = {name: name for name in few_values(con, raw.relation, asked)}
    unique = fit.columns.get(preset.unique) if preset.unique else None
    found = separation(con, replace(rows, relation=_with_columns(typed, raw)), headers, unique)
    if found is None:
        return [], []
    if not found.column:
        return [], [separation_question(found, rows, headers, files, 'source = "one" if each is one row')]
    _give_sources(con, typed, raw, rows, preset, found.column)
    what = f"{found.n_other:,} values of {rows.name} stand for other rows of several sources, as '{found.column}' says"
    return [f"{what}: ids begin with it"], []


def _with_columns(typed: str, raw: RawRows) -> str:
    """Return the SQL of the typed rows with the columns of the file beside them, whose names win over a field's."""
    hidden = ", ".join(map(identifier, (PART, ROW)))
    return (
        f"(SELECT raw.* EXCLUDE ({hidden}), typed.* FROM {typed} typed JOIN {raw.relation} raw USING ({PART}, {ROW}))"
    )


def _give_sources(
    con: duckdb.DuckDBPyConnection, typed: str, raw: RawRows, rows: Repeated, preset: Preset, column: str
) -> None:
    """Let the key, and the id of the person where it is one of the system, begin with the source of the row."""
    sources = f"(SELECT {PART}, {ROW}, {rows.filled(column)} AS __of FROM {_with_columns(typed, raw)})"
    persons = {take.person.id for take in preset.takes if take.person and take.person.id in preset.kinds}
    ids = [str(preset.key), *sorted(name for name in persons if name and column != preset.unique)]
    given = ", ".join(
        f"{name} = {sourced_id('s.__of', f'{typed}.{name}')}"
        for each in dict.fromkeys(ids)
        for name in (identifier(each), text_of(each))
    )
    con.execute(
        f"UPDATE {typed} SET {given} FROM {sources} s WHERE s.{PART} = {typed}.{PART} AND s.{ROW} = {typed}.{ROW}"
    )
