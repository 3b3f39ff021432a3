"""Load the export files into the store: read, type, check, write; or only check."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import ibis
import pandas as pd

from crmkit.cleaning.checked import Checked, check_rows
from crmkit.cleaning.database import catalog_of_database
from crmkit.cleaning.details import details_of
from crmkit.cleaning.report import LoadReport
from crmkit.cleaning.whole_tables import looked_at_whole
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import Settings
from crmkit.sources.exports import Progress, stage_exports
from crmkit.sources.frames import stage_frames
from crmkit.sources.sql import open_duckdb
from crmkit.sources.store_writing import new_store, write_manifest, write_table
from crmkit.tables.catalog import Catalog


def load(settings: Settings, exports: str | Path | None = None, progress: Progress | None = None) -> LoadReport:
    """Read and check the export files and write them to the store; unless all goes well, the old store stays.

    Parameters
    ----------
    settings : Settings
    exports : str or Path, optional
        Folder of the export files; that of the settings if not given.
    progress : callable, optional
        Called with a text, the number of steps done and their total.

    Raises
    ------
    Problems
        With everything that is wrong with the folder, its files and the mapping.
    CrmkitError
        If the store cannot be written.
    """
    if settings.database:
        raise CrmkitError(f"The data stay in the database {settings.database.address}: there is nothing to load. "
                          "Run `crmkit check`, `crmkit metrics` or `crmkit report`.")  # fmt: skip
    with closing(open_duckdb()) as con:
        checked, report = checked_exports(con, settings, exports, progress)
        told = looked_at_whole(report, _canonical(con, checked, settings))
        with new_store(settings.path("store")) as folder:
            for table in checked:
                personal = table.taken.staged.schema.personal
                write_table(
                    con, table.kept, folder / ("personal" if personal else "") / f"{table.table}.parquet", personal
                )
                if table.counts.n_aside:
                    write_table(con, table.aside, folder / "aside" / f"{table.table}.parquet")
            write_manifest(folder, manifest(report, settings))
        return replace(told, store=str(settings.path("store")))


def check(settings: Settings, exports: str | Path | None = None, progress: Progress | None = None) -> LoadReport:
    """Check the export files as :func:`load` does, or the tables of the database, and write nothing."""
    if settings.database:
        catalog = catalog_of_database(settings)
        return looked_at_whole(catalog.check(progress), catalog)
    with closing(open_duckdb()) as con:
        checked, report = checked_exports(con, settings, exports, progress)
        return looked_at_whole(report, _canonical(con, checked, settings))


def checked_exports(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    exports: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[list[Checked], LoadReport]:
    """Read and check the export files inside a connection; see :func:`load`."""
    read = stage_exports(con, settings, exports, progress)
    zone = ZoneInfo(settings.company.time_zone)
    end_of_data = settings.data.through or datetime.now(zone).date()
    checked, faults = check_rows(con, read.staged, settings, end_of_data, progress)
    if read.problems or faults:
        raise Problems(read.subject, read.problems + faults)
    return checked, _report(con, checked, settings, read.files, read.hints)


def checked_frames(
    con: duckdb.DuckDBPyConnection, settings: Settings, frames: Mapping[str, pd.DataFrame]
) -> tuple[list[Checked], LoadReport]:
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
    """Return what a store, or a catalog in memory, keeps of a load."""
    files = sorted(report.files, key=lambda record: str(record["file"]))
    listed = "\n".join(f"{record['file']} {record['sha256']}" for record in files)
    return {
        "crmkit": _version(),
        "loaded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data_through": report.data_through,
        "input_sha256": hashlib.sha256(listed.encode()).hexdigest() if files else None,
        "settings_sha256": hashlib.sha256(settings.model_dump_json().encode()).hexdigest(),
        "files": files,
        "tables": {table: asdict(counts) for table, counts in report.counts.items()},
        "findings": [asdict(finding) for finding in report.findings],
        "hints": list(report.hints),
        **report.details,
    }


def _report(
    con: duckdb.DuckDBPyConnection,
    checked: Sequence[Checked],
    settings: Settings,
    files: Sequence[dict[str, Any]],
    hints: Sequence[str],
) -> LoadReport:
    """Make the checked tables views of the schema ``canonical``, and return what became of their rows."""
    con.execute("CREATE SCHEMA canonical")
    for table in checked:
        con.execute(f"CREATE VIEW canonical.{table.table} AS {table.kept}")
    return LoadReport(
        counts={table.table: table.counts for table in checked},
        findings=tuple(finding for table in checked for finding in table.findings),
        files=tuple(files),
        hints=tuple(hints),
        data_through=_canonical(con, checked, settings).data_through,
        details=details_of(con, checked),
    )


def _canonical(con: duckdb.DuckDBPyConnection, checked: Sequence[Checked], settings: Settings) -> Catalog:
    backend = ibis.duckdb.from_connection(con)
    return Catalog({table.table: backend.table(table.table, database="canonical") for table in checked}, settings)


def _version() -> str:
    try:
        return version("crmkit")
    except PackageNotFoundError:  # run from a folder without installing
        return "not installed"
