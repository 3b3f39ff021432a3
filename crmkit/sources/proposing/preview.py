"""Preview a folder of exports before loading it: what each file is, which tables it fills, what is doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import duckdb

from crmkit.errors import CrmkitError
from crmkit.settings import Company, FileMapping, Settings
from crmkit.sources.contacts import create_directory, create_lookups
from crmkit.sources.files.currencies import own_signs
from crmkit.sources.files.exports import find_sources
from crmkit.sources.files.file_sets import FileSet, file_sets, is_workbook
from crmkit.sources.files.fitting import fitted
from crmkit.sources.files.mapping import TableSource
from crmkit.sources.files.names import shown_name
from crmkit.sources.files.packed import unpacked_files
from crmkit.sources.files.raw_files import RawFiles
from crmkit.sources.files.sql_functions import create_sql_functions
from crmkit.sources.files.workbook import sheet_names
from crmkit.sources.masking import masked_cell, masked_row
from crmkit.sources.presets.preset_file import no_usable_rows, read_preset_file
from crmkit.sources.presets.recognise import PresetMatch
from crmkit.sources.presets.takes import portions
from crmkit.sources.proposing.alike_files import alike_files
from crmkit.sources.proposing.lines import Lines, find_lines, is_on_first_line_only
from crmkit.sources.proposing.notation import Notation, notation_of
from crmkit.sources.proposing.profile import ColumnProfile, profiles
from crmkit.sources.proposing.propose import Proposal, proposal, table_proposal
from crmkit.sources.proposing.reductions import reductions
from crmkit.sources.proposing.sample import Sample, sample_of, smaller
from crmkit.sources.proposing.statuses import find_status
from crmkit.sources.proposing.values import Expression, expressions_for
from crmkit.sources.proposing.write import (
    HEADING,
    FileProposal,
    file_name_in_settings,
    head_section,
    lines_sections,
    table_section,
)
from crmkit.sources.sql import ROW, identifier, working_duckdb
from crmkit.sources.store.keys import key_for, use_key
from crmkit.sources.store.temporary_paths import write_whole
from crmkit.tables.schema import SCHEMAS

_SHOWN = 3
_MAPPED, _OWN_LAYOUT = "mapped in crmkit.toml", "crmkit's own layout"
_WITH_STATUS = ("orders", "order_lines")


@dataclass
class FilePreview:
    """What is known of one file.

    Attributes
    ----------
    file : str
        Its name, and the sheet if it is one of several.
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
    proposal : FileProposal or None
        Settings for it; None for a file that needs none.
    """

    file: str
    system: str
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    matched: dict[str, str] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    doubts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    proposal: FileProposal | None = None

    @property
    def proposed(self) -> str:
        """Settings for it, in TOML; empty for a file that needs none."""
        return self.proposal.text() if self.proposal else ""


def preview_folder(folder: Path, settings: Settings) -> list[FilePreview]:
    """Return the preview of each export file of a folder, in the order of their names; a workbook has one for each sheet.

    Of a large file parts are looked at, and the preview says so.

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
    with unpacked_files(folder) as inside:
        problems = [problem.partition(": ") for problem in inside.problems]
        previews = [FilePreview(name, "not known", problems=[problem]) for name, _, problem in problems]
        if not inside.paths and not previews:
            raise CrmkitError(f"The folder {folder} holds no CSV, Excel or Parquet files.")
        return [*_previews(folder, inside.paths, settings), *previews]


def _previews(folder: Path, listed: Sequence[Path], settings: Settings) -> list[FilePreview]:
    sets, _ = file_sets(settings, folder, listed)
    found, by_preset, problems = find_sources(settings, sets, listed)
    fits = {files.paths[0]: (files, fit) for files, fit in by_preset}
    known = {
        path: origin
        for origin in found
        if origin.mapped or fitted(origin).is_complete
        for files in origin.files
        for path in files.paths
    }
    previews: list[FilePreview] = []
    names: list[str] = list(settings.files)
    unknown = [path for path in listed if path not in fits and path not in known]
    together = {path: files for files in alike_files(unknown, listed, settings) for path in files.paths}
    for path in listed:
        own_problems = [problem for problem in problems if problem.startswith(f"{shown_name(path)}: ")]
        if path in fits:
            previews.append(_recognised(*fits[path], settings))
        elif path in known and (lines := _own_lines(known[path], names, settings)):
            previews.append(lines)
        elif path in known:
            how = _MAPPED if known[path].mapped else _OWN_LAYOUT
            previews.append(FilePreview(shown_name(path), how, tables={known[path].table: []}))
        elif path in together:
            if path == together[path].paths[0]:
                previews.append(_unknown(together[path], [], names, settings))
        else:
            plain = FileSet(path.stem, (path,), FileMapping(path=""))
            own = next((files for files in sets.values() if files.paths == (path,)), plain)
            for each in _sheets(own):
                previews.append(_unknown(each, own_problems, names, settings))
    return previews


def write_proposal(previews: Sequence[FilePreview], path: Path) -> Path | None:
    """Write the proposed settings of all files that need some, and return the path; an existing file is not replaced.

    A table is proposed once: its other sections, and those of tables that a known file fills, are comments.

    Returns
    -------
    Path or None
        None if nothing is proposed. If the file exists, its name with the next free number.
    """
    proposed = [preview.proposal for preview in previews if preview.proposal]
    if not proposed:
        return None
    free = next(each for n in count(1) if not (each := path.with_stem(path.stem + (f"_{n}" if n > 1 else ""))).exists())
    # A table comes from one mapping or from the file with its name; exports that presets know are added to it.
    taken = {table for preview in previews if preview.system in (_MAPPED, _OWN_LAYOUT) for table in preview.tables}
    texts, order_ids = [HEADING], set[str]()
    for sections in proposed:
        texts.append(sections.text(taken, order_ids))
        order_ids |= sections.order_ids if "orders" in sections.tables and "orders" not in taken else set()
        taken |= set(sections.tables)
    write_whole(free, "\n".join(texts).encode())
    return free


def _own_lines(origin: TableSource, names: list[str], settings: Settings) -> FilePreview | None:
    """Return the preview of a file with the columns of orders whose rows are lines; None for any other."""
    if origin.mapped or origin.table != "orders":
        return None
    preview = _unknown(origin.files[0], [], names, settings)
    tables = preview.proposal.tables if preview.proposal else {}
    return preview if "order_lines" in tables and "\nsql = " in tables["orders"] else None


def _sheets(files: FileSet) -> list[FileSet]:
    """Return a set for each sheet of a workbook of several; otherwise the set itself."""
    if not is_workbook(files.paths[0]) or files.dialect.sheet is not None:
        return [files]
    try:
        names = sheet_names(files.paths[0])
    except CrmkitError:  # reading it raises the error again, and there it is shown
        return [files]
    if len(names) < 2:
        return [files]
    return [replace(files, dialect=files.dialect.model_copy(update={"sheet": name})) for name in names]


def _recognised(files: FileSet, fit: PresetMatch, settings: Settings) -> FilePreview:
    preset = fit.preset
    preview = FilePreview(shown_name(files.paths[0]), f"{preset.system} {preset.export}", unmatched=fit.unmatched)
    preview.matched = {column: name for name, column in fit.columns.items() if not column.startswith("__")}
    with working_duckdb() as con, smaller(files) as (part, _, note):
        use_key(con, key_for(settings))
        create_directory(con)
        create_lookups(con)
        try:
            preset_file = read_preset_file(RawFiles(con), part, fit, settings, 0)
        except CrmkitError as error:
            preview.problems.append(str(error))
            return preview
        preview.doubts += [*([note] if note else []), *preset_file.remarks, *preset.notes]
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


def _unknown(files: FileSet, own_problems: list[str], names: list[str], settings: Settings) -> FilePreview:
    file, sheet = files.shown, files.dialect.sheet
    shown = f"{file}, sheet '{sheet}'" if sheet else file
    preview = FilePreview(shown, "not known", problems=[problem.partition(": ")[2] for problem in own_problems])
    with working_duckdb() as con:
        try:
            sample = sample_of(con, RawFiles(con, settings.company.time_zone), files)
        except CrmkitError as error:
            preview.problems.append(str(error))
            return preview
        _describe(con, preview, sample, files, names, settings.company)
    return preview


def _describe(
    con: duckdb.DuckDBPyConnection,
    preview: FilePreview,
    sample: Sample,
    files: FileSet,
    names: list[str],
    company: Company,
) -> None:
    """Add to a preview what its cells look like, and the settings proposed for it."""
    relation, columns = sample.raw.relation, profiles(con, sample.raw.relation)
    speaks = f"{preview.file.partition(', sheet ')[2].strip(chr(39))}.x" if files.dialect.sheet else preview.file
    everything = [met.name for met in columns]
    first = notation_of(con, relation, columns, everything, files.dialect)
    signs = own_signs(con, relation, everything, company.currency)
    create_sql_functions(con, _dialect(files, first), company.time_zone, signs)
    lines = find_lines(con, relation, columns)
    found = None if lines else proposal(columns, speaks) or proposal(columns, preview.file)
    expressions: dict[str, Expression] = {}
    if found:
        found, expressions = expressions_for(con, relation, columns, found)
    roles = _roles(lines, found)
    used = list(roles)
    status = find_status(con, relation, columns, used) if lines or (found and found.table in _WITH_STATUS) else None
    notation = first if not first.questions else notation_of(con, relation, columns, used or everything, files.dialect)
    preview.unmatched = tuple(name for name in everything if name not in used and name != (status and status.header))
    preview.matched = {header: f"{role}?" for header, role in roles.items()}
    preview.doubts += [note for note in [sample.note, *sample.raw.notes, *notation.notes, *notation.questions] if note]
    name = file_name_in_settings(_named(files), names)
    names.append(name)
    sections: dict[str, str] = {}
    is_sold = lines or (found and found.table == "orders")
    open_amounts = reductions(con, relation, columns, used, _amount(lines, found)) if is_sold else []
    preview.doubts += open_amounts
    if lines:
        preview.doubts += [*lines.notes]
        order = lines.header("order_id") or ""
        carried = bool(status and is_on_first_line_only(con, relation, order, status.header))
        sections = lines_sections(name, lines, notation, status, preview.unmatched, carried)
    elif found:
        sections[found.table] = table_section(name, found, notation, expressions, status, preview.unmatched)
        sections |= _products_too(name, found, columns, notation)
    if status:
        preview.doubts.append(status.question)
    by_sql = any("\nsql = " in f"\n{section}" for section in sections.values())
    remark = [] if sections else [f"No table of crmkit fits its columns: {', '.join(everything)}"]
    notes = [*([sample.note] if sample.note else []), *open_amounts, *remark]
    path = files.dialect.path if len(files.paths) > 1 else shown_name(files.paths[0])
    head = head_section(name, path, notation, notes, files.dialect.sheet, by_sql)
    key = lines.header("order_id") if lines else (found.columns.get("order_id", (None,))[0] if found else None)
    preview.proposal = FileProposal(name, head, sections, _some_values(con, relation, key) if key else frozenset())
    preview.tables[", ".join(sections)] = _sample_rows(con, relation, columns)


def _amount(lines: Lines | None, found: Proposal | None) -> str | None:
    if lines:
        return lines.line_amount or (None if lines.header("unit_price") else lines.order_total)
    return found.columns["revenue"][0] if found and "revenue" in found.columns else None


def _dialect(files: FileSet, notation: Notation) -> FileMapping:
    return files.dialect.model_copy(update={"decimal": notation.decimal, "date_format": notation.date_format})


def _named(files: FileSet) -> str:
    path = files.paths[0]
    if len(files.paths) > 1:
        return files.name
    return f"{path.stem}_{files.dialect.sheet}.x" if files.dialect.sheet else path.name


def _roles(lines: Lines | None, found: Proposal | None) -> dict[str, str]:
    """Return what each column of the file that is used is taken for."""
    if lines:
        roles = {
            header: name for name, (header, _) in lines.columns.items() if name not in ("status", "revenue", "line_id")
        }
        roles |= {lines.line_amount: "amount of the line"} if lines.line_amount else {}
        return roles | ({lines.order_total: "total of the order"} if lines.order_total else {})
    return {header: f"{found.table}.{column}" for column, (header, _) in found.columns.items()} if found else {}


def _products_too(name: str, found: Proposal, columns: Sequence[ColumnProfile], notation: Notation) -> dict[str, str]:
    """Return the section of order lines, where each row is an order of one product."""
    if found.table != "orders" or found.missing or found.row_id:
        return {}
    lines = table_proposal("order_lines", columns)
    if lines.missing or lines.columns["product"][1] < 0.8:
        return {}
    return {"order_lines": table_section(name, lines, notation, {}, None, ())}


def _some_values(con: duckdb.DuckDBPyConnection, relation: str, header: str) -> frozenset[str]:
    cell = f"CAST({identifier(header)} AS VARCHAR)"
    rows = con.execute(f"SELECT DISTINCT {cell} FROM {relation} WHERE {cell} IS NOT NULL").fetchall()
    return frozenset(value for (value,) in rows)


def _sample_rows(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[ColumnProfile]
) -> list[dict[str, str]]:
    visible = "COLUMNS(c -> NOT starts_with(c, '__'))::VARCHAR"
    rows = con.execute(f"SELECT {visible} FROM {relation} ORDER BY {ROW} LIMIT {_SHOWN}")
    names = [name for name, *_ in rows.description or ()]
    numbers = {met.name for met in columns if met.numbers and not met.times}
    return [
        {
            name: masked_cell(name, cell, is_number=name in numbers) if cell else ""
            for name, cell in zip(names, row, strict=True)
        }
        for row in rows.fetchall()
    ]
