"""Load the export files into the store: read, check, merge, write; or only check them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd

from crmkit.cleaning.checks.check_rows import CheckedTable, check_rows
from crmkit.cleaning.checks.database import catalog_of_database
from crmkit.cleaning.checks.findings import Counts, Finding
from crmkit.cleaning.checks.kept_rows import file_of_rows
from crmkit.cleaning.checks.whole_tables import with_table_findings
from crmkit.cleaning.duplicates.merge import has_new_answers, merge_duplicates, write_duplicates
from crmkit.cleaning.loading.forget import finish_forgetting
from crmkit.cleaning.loading.history import history_entry, refuse_many_vanished, vanished_rows
from crmkit.cleaning.loading.load_report import LoadReport
from crmkit.cleaning.loading.reports import counts_by_file_and_kind
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import Settings
from crmkit.sources.databases.fetched import fetch_tables, is_fetched
from crmkit.sources.files.exports import stage_exports
from crmkit.sources.files.load_progress import LoadProgress, Progress
from crmkit.sources.files.staging import stage_frames
from crmkit.sources.sql import working_duckdb
from crmkit.sources.store.changes import (
    INPUTS,
    changes_since,
    end_of_data,
    exports_folder,
    inputs_of,
    is_as_loaded,
    lost_key,
    settings_digest,
)
from crmkit.sources.store.integrity import restored
from crmkit.sources.store.keys import make_key
from crmkit.sources.store.store import (
    MANIFEST,
    damaged_files,
    located_store,
    new_store,
    read_loads,
    read_manifest,
    tidy,
    write_loads,
    write_manifest,
    write_table,
)
from crmkit.tables.catalog import Catalog


def load(
    settings: Settings,
    exports: str | Path | None = None,
    progress: Progress | None = None,
    *,
    fresh: bool = False,
    drop: bool = False,
) -> LoadReport:
    """Read and check the export files and write them to the store; if anything fails, the old store stays.

    Where the store was made from the very same files, settings and code, it stays as it is.

    Parameters
    ----------
    settings : Settings
    exports : str or Path, optional
        Folder of the export files; that of the settings if not given.
    progress : callable, optional
        Called when a step begins, with its text, the work done before it, and all work there is.
    fresh : bool
        Load the files even if nothing is new.
    drop : bool
        Drop rows that no file holds any more, however many they are.

    Raises
    ------
    Problems
        With everything that is wrong with the folder, its files and the mapping; or where many rows of the last load are in
        no file any more.
    CrmkitError
        If the store cannot be written.
    """
    if settings.database:
        raise CrmkitError(
            f"The data stay in the database {settings.database.address}: there is nothing to load. "
            "Run `crmkit check`, `crmkit metrics` or `crmkit report`."
        )
    store = settings.path("store")
    damaged = _damaged_files(store)
    if not damaged:
        finish_forgetting(settings)
    before, inputs = previous_manifest(store), inputs_of(settings, exports_folder(settings, exports))
    if not damaged and is_as_loaded(store, before, inputs) and not fresh and not has_new_answers(settings):
        tidy(store)
        return report_from_manifest(before, str(store))
    work = LoadProgress(progress)
    with working_duckdb() as con:
        checked, report = checked_exports(con, settings, exports, work)
        changes = changes_since(before, inputs)
        vanished = vanished_rows(con, located_store(store) if before and not damaged else None, checked)
        if not drop:
            refuse_many_vanished(vanished, changes)
        seen = with_table_findings(report, _canonical(con, checked, settings))  # before anything is written
        with new_store(store) as folder:
            for table in checked:
                personal = table.parsed.staged.schema.personal
                work.began("Writing", table.table)
                file = folder / ("personal" if personal else "") / f"{table.table}.parquet"
                written = None if table.merged else file_of_rows(con, table.parsed.relation)
                write_table(con, written or table.kept, file)
                if table.counts.n_aside:
                    write_table(con, table.quarantined, folder / "aside" / f"{table.table}.parquet")
            write_duplicates(con, folder, settings, report.people)
            known = {**manifest(report, settings), INPUTS: inputs}
            entry = history_entry(known, before, {each.table: each.n_rows for each in vanished})
            write_loads(folder, [*read_loads(located_store(store)), entry])
            write_manifest(folder, known)
            make_key(settings)  # now, not before: a load that fails leaves nothing
        if damaged:
            finish_forgetting(settings)
        # Reported, but not kept in the store: the same files make the same store, whatever was there before.
        hints = (*report.hints, *_repaired(damaged), *map(str, vanished), *lost_key(before, inputs))
        return replace(seen, store=str(store), hints=hints, changes=changes)


def check(settings: Settings, exports: str | Path | None = None, progress: Progress | None = None) -> LoadReport:
    """Check the export files as :func:`load` does, or the tables of the database, and write nothing."""
    if settings.database and not is_fetched(settings.database):
        catalog = catalog_of_database(settings)
        return with_table_findings(catalog.check(progress), catalog)
    if settings.database:
        with working_duckdb() as con:
            frames, known = fetch_tables(settings)
            checked, report = checked_frames(con, settings, frames)
            return with_table_findings(replace(report, hints=tuple(known["hints"])), _canonical(con, checked, settings))
    finish_forgetting(settings)
    with working_duckdb() as con:
        checked, report = checked_exports(con, settings, exports, LoadProgress(progress))
        return with_table_findings(report, _canonical(con, checked, settings))


def checked_exports(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    exports: str | Path | None = None,
    progress: LoadProgress | None = None,
) -> tuple[list[CheckedTable], LoadReport]:
    """Read and check the export files inside a connection; see :func:`load`."""
    progress = progress or LoadProgress()
    read = stage_exports(con, settings, exports, progress)
    checked, faults = check_rows(con, read.staged, settings, end_of_data(settings), progress)
    if read.problems or faults:
        raise Problems(read.subject, read.problems + faults)
    merged, people = merge_duplicates(con, checked, settings)
    return merged, replace(_report(con, merged, settings, read.files, read.hints), people=people)


def checked_frames(
    con: duckdb.DuckDBPyConnection, settings: Settings, frames: Mapping[str, pd.DataFrame]
) -> tuple[list[CheckedTable], LoadReport]:
    """Check frames inside a connection; unless the settings say how far the data goes, their times may lie anywhere.

    Raises
    ------
    UnknownName
        If there is no such table.
    Problems
        With every missing column and every column of a wrong type.
    """
    checked, faults = check_rows(con, stage_frames(con, frames), settings, settings.data.through, allow_empty=True)
    if faults:
        raise Problems("The dictionary of frames", faults)
    return checked, _report(con, checked, settings, [], [])


def manifest(report: LoadReport, settings: Settings) -> dict[str, Any]:
    """Return the manifest of a load, for a store or a catalog in memory."""
    files = sorted(report.files, key=lambda record: str(record["file"]))
    listed = "\n".join(f"{record['file']} {record['sha256']}" for record in files)
    return {
        "crmkit": _version(),
        "loaded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data_through": report.data_through,
        "input_sha256": hashlib.sha256(listed.encode()).hexdigest() if files else None,
        "settings_sha256": settings_digest(settings),
        "files": files,
        "tables": {table: asdict(counts) for table, counts in report.counts.items()},
        "findings": [asdict(finding) for finding in report.findings],
        "hints": list(report.hints),
        **report.details,
    }


def report_from_manifest(content: Mapping[str, Any], store: str) -> LoadReport:
    """Return the report of an earlier load from its manifest."""
    return LoadReport(
        counts={table: Counts(**counts) for table, counts in content["tables"].items()},
        findings=tuple(Finding(**finding) for finding in content["findings"]),
        files=tuple(content["files"]),
        hints=tuple(content["hints"]),
        data_through=date.fromisoformat(content["data_through"]) if content["data_through"] else None,
        store=store,
        loaded_at=content["loaded_at"],
    )


def previous_manifest(store: Path) -> dict[str, Any]:
    """Return the manifest of the store; empty if there is no store, or it must be written again."""
    try:
        return read_manifest(there) if (there := located_store(store)) and restored(there / MANIFEST) else {}
    except CrmkitError:
        return {}


def _damaged_files(store: Path) -> list[str]:
    """Return what is wrong with the files of the store, in words; nothing if there is none."""
    there = located_store(store)
    try:
        return damaged_files(there) if there else []
    except CrmkitError as error:  # its manifest cannot be read, or is of another version
        return [str(error)]


def _repaired(damaged: Sequence[str]) -> list[str]:
    if not damaged:
        return []
    return [f"the store was damaged ({'; '.join(damaged)}), and has been written anew from the exports"]


def _canonical(con: duckdb.DuckDBPyConnection, checked: Sequence[CheckedTable], settings: Settings) -> Catalog:
    backend = ibis.duckdb.from_connection(con)
    return Catalog({table.table: backend.table(table.table, database="canonical") for table in checked}, settings)


def _report(
    con: duckdb.DuckDBPyConnection,
    checked: Sequence[CheckedTable],
    settings: Settings,
    files: Sequence[dict[str, Any]],
    hints: Sequence[str],
) -> LoadReport:
    """Make the checked tables views of the schema ``canonical``, and return what became of their rows."""
    con.execute("CREATE SCHEMA canonical")
    for table in checked:
        con.execute(f"CREATE VIEW canonical.{table.table} AS {table.kept_rows}")
    return LoadReport(
        counts={table.table: table.counts for table in checked},
        findings=tuple(finding for table in checked for finding in table.findings),
        files=tuple(files),
        hints=tuple(hints),
        data_through=_canonical(con, checked, settings).data_through,
        details=counts_by_file_and_kind(con, checked),
    )


def _version() -> str:
    try:
        return version("crmkit")
    except PackageNotFoundError:  # run from a folder without installing
        return "not installed"
