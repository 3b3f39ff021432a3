"""Read the exports folder: every table that the settings or the files' names tell of, staged, with all that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from crmkit.errors import CrmkitError, Problems, did_you_mean
from crmkit.settings import Settings
from crmkit.sources.files.file_sets import FileSet, RawFiles, file_sets, list_files, peeks
from crmkit.sources.files.mapping import Origin, Staged, not_used, origins, plain, stage
from crmkit.sources.files.union import united
from crmkit.sources.presets.folder import find_presets, read_presets
from crmkit.sources.presets.recognise import PresetMatch
from crmkit.sources.store.keys import key_for, use_key
from crmkit.tables.schema import SCHEMAS

Progress = Callable[[str, int, int], None]
"""Called with a text, the number of steps done and their total."""


@dataclass
class StagedExports:
    """The staged tables of an exports folder, what was read, and what was noticed.

    Attributes
    ----------
    subject : str
        How a message names the folder.
    staged : list of Staged
    files : list of dict
        ``file``, ``sha256``, ``n_rows`` and ``layout`` (a preset's name, "mapped" or "crmkit") of each file read.
    hints : list of str
        What was understood of recognised files, files that no table uses, tables without rows.
    problems : list of str
        What is wrong with whole files, tables and mappings.
    """

    subject: str
    staged: list[Staged] = field(default_factory=list)
    files: list[dict[str, str | int]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def stage_exports(
    con: duckdb.DuckDBPyConnection, settings: Settings, exports: str | Path | None, progress: Progress | None
) -> StagedExports:
    """Read every table of an exports folder; what is wrong with single files is collected and not raised.

    Parameters
    ----------
    con : duckdb connection
    settings : Settings
    exports : str or Path, optional
        The folder; that of the settings if not given.
    progress : callable, optional

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
    sets, missing_files = file_sets(settings, folder)
    listed = list_files(folder)
    found, by_preset, wrong_mappings = sorted_origins(settings, sets, listed)
    read.problems += missing_files + wrong_mappings
    if not found and not by_preset and not (missing_files or settings.tables):
        raise Problems(read.subject, [_nothing_known(folder), *wrong_mappings])
    use_key(con, key_for(settings))
    raw_files = RawFiles(con)
    given = read_presets(raw_files, settings, by_preset)
    read.problems += given.problems
    read.hints += [*given.remarks, *not_used([path for path in listed if path not in _paths(by_preset)], found)]
    tables = [
        name for name in SCHEMAS if name in {origin.table for origin in found} | {p.table for p in given.portions}
    ]
    for number, table in enumerate(tables, start=1):
        if progress:
            progress(f"Reading {table}", number, 2 * len(tables))
        origin = next((origin for origin in found if origin.table == table), None)
        staged = _staged(read, raw_files, origin, settings.company.currency) if origin else None
        portions = [portion for portion in given.portions if portion.table == table]
        if portions:
            staged = united(con, portions, staged, settings.company.time_zone)
        if staged:
            read.staged.append(staged)
    layouts = _layouts(found, by_preset)
    read.files += [record | {"layout": layouts.get(str(record["file"]), "crmkit")} for record in raw_files.records]
    return read


def sorted_origins(
    settings: Settings, sets: dict[str, FileSet], listed: Sequence[Path]
) -> tuple[list[Origin], list[tuple[FileSet, PresetMatch]], list[str]]:
    """Return where tables come from: by mapping or name, by a preset; and what is wrong with the settings.

    A file that bears a table's name and has not its columns may still be an export that a preset knows.
    """
    found, problems = origins(settings, sets)
    mapped = {path for origin in found if origin.mapped for files in origin.files for path in files.paths}
    own = {path for origin in found if not origin.mapped and _is_canonical(origin) for path in origin.files[0].paths}
    by_preset, wrong_presets = find_presets(settings, listed, mapped | own)
    taken = _paths(by_preset)
    kept = [origin for origin in found if origin.mapped or not taken & set(origin.files[0].paths)]
    return kept, by_preset, problems + wrong_presets


def _is_canonical(origin: Origin) -> bool:
    """Whether a file that bears a table's name has the table's required columns too."""
    schema = SCHEMAS[origin.table]
    dialect = origin.files[0].dialect
    try:
        headers = [peeks(path, dialect)[0].lines[:1] for path in origin.files[0].paths]
    except CrmkitError:  # whoever reads it will say what is wrong with it
        return True
    return all(set(schema.required) <= {plain(cell) for _, cells in first for cell in cells} for first in headers)


def _layouts(found: Iterable[Origin], by_preset: Iterable[tuple[FileSet, PresetMatch]]) -> dict[str, str]:
    mapped = {
        path.name: "mapped" for origin in found if origin.mapped for files in origin.files for path in files.paths
    }
    return mapped | {path.name: fit.preset.name for files, fit in by_preset for path in files.paths}


def _paths(by_preset: Iterable[tuple[FileSet, PresetMatch]]) -> set[Path]:
    return {files.paths[0] for files, _ in by_preset}


def _staged(read: StagedExports, raw_files: RawFiles, origin: Origin, currency: str) -> Staged | None:
    try:
        rows = stage(raw_files, origin, currency)
    except CrmkitError as error:
        read.problems.append(f"{origin.shown}: {error}")
        return None
    if rows is None:
        read.hints.append(f"{origin.shown} has no rows: there is no table {origin.table}")
    elif origin.sql is None:
        read.hints += raw_files.read(origin.files[0]).said
    return rows


def _nothing_known(folder: Path) -> str:
    seen = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
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
            *near,
        ]
    )
