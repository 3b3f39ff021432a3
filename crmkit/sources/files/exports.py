"""Read the exports folder: stage every table named by the settings, by a preset or by a file name, and collect problems."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from crmkit.errors import CrmkitError, Problems, did_you_mean
from crmkit.settings import Settings
from crmkit.settings.permissions import OUTSIDE, require
from crmkit.sources.files.declared import sourced_ids
from crmkit.sources.files.file_sets import FileSet, file_sets, is_packed, list_files
from crmkit.sources.files.fitting import Fitting, fitted
from crmkit.sources.files.load_progress import LoadProgress
from crmkit.sources.files.mapping import TableSource, not_used, table_sources
from crmkit.sources.files.names import UNPACKED, is_unpacked, shown_name
from crmkit.sources.files.packed import Listed, unpacked
from crmkit.sources.files.raw_files import RawFiles
from crmkit.sources.files.staging import Staged, stage
from crmkit.sources.files.union import combined
from crmkit.sources.presets.folder import find_presets, read_presets
from crmkit.sources.presets.recognise import PresetMatch
from crmkit.sources.sql import scratch_folder
from crmkit.sources.store.keys import key_for, use_key
from crmkit.tables.schema import SCHEMAS


@dataclass
class StagedExports:
    """The staged tables of an exports folder, what was read, and what was noticed.

    Attributes
    ----------
    subject : str
        The folder, as messages name it.
    staged : list of Staged
    files : list of dict
        ``file``, ``sha256``, ``n_rows`` and ``layout`` (a preset's name, "mapped" or "crmkit") of each file read.
    hints : list of str
        What was found out about recognised files, files that no table uses, tables without rows.
    problems : list of str
        Problems of whole files, tables and mappings.
    """

    subject: str
    staged: list[Staged] = field(default_factory=list)
    files: list[dict[str, str | int]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def stage_exports(
    con: duckdb.DuckDBPyConnection, settings: Settings, exports: str | Path | None, progress: LoadProgress
) -> StagedExports:
    """Read every table of an exports folder; problems of single files are collected and not raised.

    Parameters
    ----------
    con : duckdb connection
    settings : Settings
    exports : str or Path, optional
        The folder; that of the settings if not given.
    progress : LoadProgress

    Raises
    ------
    Problems
        If there is no such folder, or no file in it that a table comes from.
    """
    folder = settings.path("exports") if exports is None else Path(exports).resolve()
    read = StagedExports(f"The exports folder {folder}")
    if not folder.is_dir():
        advice = "Put the export files there, or name another folder: exports = ... under [data]."
        raise Problems(read.subject, [f"it is not there. {advice}"])
    in_folder = list_files(folder)
    _check_links(settings, folder, in_folder)
    unpacked_exports = _unpacked(con, in_folder)
    listed = unpacked_exports.paths
    sets, missing_files = file_sets(settings, folder, listed)
    found, by_preset, wrong_mappings = find_sources(settings, sets, listed)
    read.problems += missing_files + wrong_mappings + unpacked_exports.problems
    read.hints += unpacked_exports.notes
    if not found and not by_preset and not (missing_files or settings.tables):
        raise Problems(read.subject, [_nothing_known(folder, listed), *wrong_mappings, *unpacked_exports.problems])
    use_key(con, key_for(settings))
    raw_files = RawFiles(con, settings.company.time_zone)
    given = read_presets(raw_files, settings, by_preset)
    read.problems += given.problems
    read.hints += [*given.remarks, *not_used([path for path in listed if path not in _paths(by_preset)], found)]
    tables = [
        name for name in SCHEMAS if name in {source.table for source in found} | {p.table for p in given.portions}
    ]
    sourced = sourced_ids(found)
    progress.plan({table: _size(table, found, by_preset) for table in tables})
    for table in tables:
        progress.began("Reading", table)
        source = next((source for source in found if source.table == table), None)
        staged = _staged(read, raw_files, source, settings.company.currency, sourced) if source else None
        portions = [portion for portion in given.portions if portion.table == table]
        if portions:
            staged = combined(con, portions, staged, settings.company.time_zone)
        if staged:
            read.staged.append(staged)
    n_rows = {str(record["file"]): int(record["n_rows"]) for record in raw_files.records}
    progress.rows |= {each.table: sum(n_rows.get(part, 0) for part in each.parts) for each in read.staged if each.parts}
    layouts = _layouts(found, by_preset)
    read.files += [record | {"layout": layouts.get(str(record["file"]), "crmkit")} for record in raw_files.records]
    return read


def find_sources(
    settings: Settings, sets: dict[str, FileSet], listed: Sequence[Path]
) -> tuple[list[TableSource], list[tuple[FileSet, PresetMatch]], list[str]]:
    """Return the sources of tables by mapping or name, the files that presets recognise, and problems in the settings.

    A file with a table's name and other columns may still be an export that a preset recognises.
    """
    sources, problems = table_sources(settings, sets)
    fitting = [fitted(source) for source in sources]
    found = [fit.source for fit in fitting]
    mapped = {path for source in found if source.mapped for files in source.files for path in files.paths}
    own = {path for fit in fitting if not fit.source.mapped and fit.is_complete for path in fit.source.files[0].paths}
    by_preset, wrong_presets = find_presets(settings, listed, mapped | own)
    taken = _paths(by_preset)
    kept = [
        fit
        for fit in fitting
        if fit.source.mapped or not (taken | _mapped_as_other(fit, mapped)) & set(fit.source.files[0].paths)
    ]
    questions = [fit.question for fit in kept if fit.question]
    return [fit.source for fit in kept if not fit.question], by_preset, problems + questions + wrong_presets


def _mapped_as_other(fit: Fitting, mapped: set[Path]) -> set[Path]:
    """Return the mapped files if a file has the name of a table but not its columns: the settings say what it is."""
    return set() if fit.is_complete else mapped


def _size(table: str, found: Iterable[TableSource], by_preset: Iterable[tuple[FileSet, PresetMatch]]) -> int:
    """Return the size of the files that a table comes from [bytes]."""
    sets = [files for source in found if source.table == table for files in source.files]
    sets += [files for files, fit in by_preset if table in {take.table for take in fit.preset.takes}]
    return sum(path.stat().st_size for files in sets for path in files.paths)


def _check_links(settings: Settings, folder: Path, listed: Sequence[Path]) -> None:
    """Raise an error if a file is a link out of the folder, unless the settings may leave theirs."""
    links = [path.name for path in listed if not path.resolve().is_relative_to(folder.resolve())]
    if links:
        require(settings.folder, OUTSIDE, f"The exports folder has links to files elsewhere: {', '.join(links)}")


def _unpacked(con: duckdb.DuckDBPyConnection, listed: Sequence[Path]) -> Listed:
    """Return the files of the folder and of its zip files; these are there for as long as the connection is."""
    if not any(map(is_packed, listed)):
        return Listed(list(listed))
    return unpacked(listed, scratch_folder(con) / UNPACKED)


def _layouts(found: Iterable[TableSource], by_preset: Iterable[tuple[FileSet, PresetMatch]]) -> dict[str, str]:
    mapped = {
        shown_name(path): "mapped"
        for source in found
        if source.mapped
        for files in source.files
        for path in files.paths
    }
    return mapped | {shown_name(path): fit.preset.name for files, fit in by_preset for path in files.paths}


def _paths(by_preset: Iterable[tuple[FileSet, PresetMatch]]) -> set[Path]:
    return {files.paths[0] for files, _ in by_preset}


def _staged(
    read: StagedExports, raw_files: RawFiles, source: TableSource, currency: str, sourced: Collection[str]
) -> Staged | None:
    try:
        rows = stage(raw_files, source, currency, sourced)
    except CrmkitError as error:
        read.problems.append(f"{source.shown}: {error}")
        return None
    if rows is None:
        read.hints.append(f"{source.shown} has no rows: there is no table {source.table}")
    else:
        notes = [note for files in source.files for note in raw_files.read(files).notes]
        read.hints += [note for note in notes if note not in read.hints]
    return rows


def _nothing_known(folder: Path, listed: Sequence[Path]) -> str:
    proposed = sorted(path.name for path in folder.glob("mapping*.toml"))
    inside = [shown_name(path) for path in listed if is_unpacked(path)]
    others = [path.name for path in folder.iterdir() if not path.name.startswith(".") and path.name not in proposed]
    seen = sorted([*inside, *others])
    near = [
        f"'{name}': {hint}"
        for name in seen
        if (hint := did_you_mean(Path(name).stem.casefold(), SCHEMAS)).startswith("Did")
    ]
    met = f"It holds {', '.join(seen[:12])}{', ...' if len(seen) > 12 else ''}." if seen else "It is empty."
    return " ".join(
        [
            "no file in it is known: a table comes from orders.csv, customers.parquet and the like, from an export "
            "of a system that crmkit knows, or from a file that the settings name under [tables]. `crmkit map` "
            "proposes how to read a file.",
            met,
            *([f"What {proposed[-1]} there proposes is used once it stands in crmkit.toml."] if proposed else []),
            *near,
        ]
    )
