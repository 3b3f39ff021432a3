"""Read the exports folder: every table that the settings or the files' names tell of, staged, with all that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from crmkit.errors import CrmkitError, Problems, did_you_mean
from crmkit.settings import Settings
from crmkit.sources.files import file_sets, list_files
from crmkit.sources.mapping import Origin, not_used, origins
from crmkit.sources.raw import RawFiles
from crmkit.sources.staging import Staged, stage
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
        ``file``, ``sha256`` and ``n_rows`` of each file read.
    hints : list of str
        Files that no table uses, tables without rows.
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
    found, wrong_mappings = origins(settings, sets)
    read.problems += missing_files + wrong_mappings
    if not found and not read.problems:
        raise Problems(read.subject, [_nothing_known(folder)])
    read.hints += not_used(list_files(folder), found)
    raw_files = RawFiles(con)
    for number, origin in enumerate(found, start=1):
        if progress:
            progress(f"Reading {origin.table}", number, 2 * len(found))
        _stage_one(read, raw_files, origin)
    read.files += raw_files.records
    return read


def _stage_one(read: StagedExports, raw_files: RawFiles, origin: Origin) -> None:
    try:
        rows = stage(raw_files, origin)
    except CrmkitError as error:
        read.problems.append(f"{origin.shown}: {error}")
        return
    if rows is None:
        read.hints.append(f"{origin.shown} has no rows: there is no table {origin.table}")
    else:
        read.staged.append(rows)


def _nothing_known(folder: Path) -> str:
    seen = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    near = [f"'{name}': {hint}" for name in seen
            if (hint := did_you_mean(Path(name).stem.casefold(), SCHEMAS)).startswith("Did")]  # fmt: skip
    met = f"It holds {', '.join(seen[:12])}{', ...' if len(seen) > 12 else ''}." if seen else "It is empty."
    return " ".join(["no file in it is known: a table comes from orders.csv, customers.parquet and the like, or from a "
                     "file that the settings name under [tables].", met, *near])  # fmt: skip
