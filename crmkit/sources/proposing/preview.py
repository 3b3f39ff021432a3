"""Preview a folder of exports before loading it: what each file is, which tables it fills, what is doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import duckdb

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping, Settings
from crmkit.sources.contacts import create_directory, create_lookups
from crmkit.sources.files.exports import find_sources
from crmkit.sources.files.file_sets import FileSet, file_sets, list_files
from crmkit.sources.files.raw_files import RawFiles
from crmkit.sources.masking import masked_cell, masked_row
from crmkit.sources.parsing.evidence import EXCEL
from crmkit.sources.presets.preset_file import no_usable_rows, read_preset_file
from crmkit.sources.presets.recognise import PresetMatch
from crmkit.sources.presets.takes import portions
from crmkit.sources.proposing.propose import (
    HEADING,
    evidence_of_profiles,
    format_of,
    once_each_table,
    profiles,
    proposal,
    proposal_text,
)
from crmkit.sources.sql import ROW, open_duckdb
from crmkit.sources.store.keys import key_for, use_key
from crmkit.tables.schema import SCHEMAS

_SHOWN = 3


@dataclass
class FilePreview:
    """What is known of one file.

    Attributes
    ----------
    file : str
    system : str
        The system that wrote it, in words.
    tables : dict of str to list of dict
        The first rows of each table that it fills, without personal data.
    matched : dict of str to str
        The field that each column of the file is read as.
    unmatched : tuple of str
    doubts : list of str
        What was found out or decided, and what remains open.
    problems : list of str
        Why it cannot be loaded as it is.
    proposed : str
        Settings for it, in TOML; empty for a file that needs none.
    """

    file: str
    system: str
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    matched: dict[str, str] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    doubts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    proposed: str = ""


def preview_folder(folder: Path, settings: Settings) -> list[FilePreview]:
    """Return the preview of each export file of a folder, in the order of their names.

    Parameters
    ----------
    folder : Path
    settings : Settings
        Their mapping, currency and time zone.

    Raises
    ------
    CrmkitError
        If there is no such folder, or it holds no files that can be read.
    """
    if not folder.is_dir():
        raise CrmkitError(f"There is no folder {folder}. Name the one that holds the export files.")
    listed = list_files(folder)
    if not listed:
        raise CrmkitError(f"The folder {folder} holds no CSV, Excel or Parquet files.")
    sets, _ = file_sets(settings, folder)
    found, by_preset, problems = find_sources(settings, sets, listed)
    fits = {files.paths[0]: (files, fit) for files, fit in by_preset}
    known = {path: origin for origin in found for files in origin.files for path in files.paths}
    previews = []
    for path in listed:
        own_problems = [problem for problem in problems if problem.startswith(f"{path.name}: ")]
        if path in fits:
            previews.append(_recognised(*fits[path], settings))
        elif path in known:
            how = "mapped in crmkit.toml" if known[path].mapped else "crmkit's own layout"
            previews.append(FilePreview(path.name, how, tables={known[path].table: []}))
        else:
            plain = FileSet(path.stem, (path,), FileMapping(path=""))
            own = next((files for files in sets.values() if files.paths == (path,)), plain)
            previews.append(_unknown(own, own_problems))
    return previews


def write_proposal(previews: Sequence[FilePreview], path: Path) -> Path | None:
    """Write the proposed settings of all files that need some, and return the path; an existing file is not replaced.

    Returns
    -------
    Path or None
        None if nothing is proposed. If the file exists, its name with the next free number.
    """
    proposed = [preview.proposed for preview in previews if preview.proposed]
    if not proposed:
        return None
    free = next(each for n in count(1) if not (each := path.with_stem(path.stem + (f"_{n}" if n > 1 else ""))).exists())
    free.write_text("\n".join([HEADING, *once_each_table(proposed)]), encoding="utf-8")
    return free


def _recognised(files: FileSet, fit: PresetMatch, settings: Settings) -> FilePreview:
    preset = fit.preset
    preview = FilePreview(files.paths[0].name, f"{preset.system} {preset.export}", unmatched=fit.unmatched)
    preview.matched = {column: name for name, column in fit.columns.items() if not column.startswith("__")}
    with closing(open_duckdb()) as con:
        use_key(con, key_for(settings))
        create_directory(con)
        create_lookups(con)
        try:
            preset_file = read_preset_file(RawFiles(con), files, fit, settings, 0)
        except CrmkitError as error:
            preview.problems.append(str(error))
            return preview
        preview.doubts += [*preset_file.remarks, *preset.notes]
        preview.problems += preset_file.problems or [
            problem for problem in [no_usable_rows(con, preset_file)] if problem
        ]
        if not preview.problems:
            for portion in portions(con, preset_file):
                preview.tables.setdefault(portion.table, _first_rows(con, portion.relation, portion.table))
    return preview


def _first_rows(con: duckdb.DuckDBPyConnection, relation: str, table: str) -> list[dict[str, str]]:
    rows = con.execute(f"SELECT * EXCLUDE ({ROW}) FROM {relation} ORDER BY {ROW} LIMIT {_SHOWN}")
    names = [name for name, *_ in rows.description or ()]
    return [masked_row(dict(zip(names, row, strict=True)), SCHEMAS[table].personal) for row in rows.fetchall()]


def _unknown(files: FileSet, own_problems: list[str]) -> FilePreview:
    preview = FilePreview(
        files.paths[0].name, "not known", problems=[problem.partition(": ")[2] for problem in own_problems]
    )
    with closing(open_duckdb()) as con:
        try:
            raw = RawFiles(con).read(files)
        except CrmkitError as error:
            preview.problems.append(str(error))
            return preview
        columns = profiles(con, raw.relation)
        evidence = evidence_of_profiles(con, raw.relation, columns, files.dialect)
        formats = [(name, forms) for name, forms in evidence.formats.items() if forms != EXCEL]
        date_format = format_of(con, raw.relation, *formats[0]) if formats else None
        found = proposal(columns, preview.file)
        used = {header: column for column, (header, _) in found.columns.items()} if found else {}
        preview.matched = {header: f"{found.table}.{column}?" for header, column in used.items()} if found else {}
        preview.unmatched = tuple(column.name for column in columns if column.name not in used)
        preview.doubts += [*raw.notes, *evidence.notes, *evidence.questions]
        preview.proposed = proposal_text(preview.file, found, evidence, date_format, preview.unmatched)
        visible = "COLUMNS(c -> NOT starts_with(c, '__'))::VARCHAR"
        rows = con.execute(f"SELECT {visible} FROM {raw.relation} ORDER BY {ROW} LIMIT {_SHOWN}")
        names = [name for name, *_ in rows.description or ()]
        table = found.table if found else ""
        preview.tables[table] = [
            {name: masked_cell(name, cell) if cell else "" for name, cell in zip(names, row, strict=True)}
            for row in rows.fetchall()
        ]
    return preview
