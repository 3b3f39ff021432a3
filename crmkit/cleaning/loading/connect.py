"""Connect to a company's data: a store, a database, a folder of export files, or frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd

from crmkit.cleaning.checks.check_rows import CheckedTable
from crmkit.cleaning.checks.database import cache_of_database, catalog_of_database, catalog_of_ibis, predictions_beside
from crmkit.cleaning.loading.forget import finish_forgetting
from crmkit.cleaning.loading.load import checked_exports, checked_frames, manifest
from crmkit.cleaning.loading.load_report import LoadReport
from crmkit.errors import CrmkitError
from crmkit.settings import FILE_NAME, Settings, read_settings
from crmkit.sources.databases.fetched import fetch_tables, is_fetched
from crmkit.sources.files.file_sets import list_files
from crmkit.sources.sql import identifier, open_duckdb, remove_scratch
from crmkit.sources.store.changes import warn_if_stale
from crmkit.sources.store.keys import forget_key
from crmkit.sources.store.locate import find_settings, settings_beside
from crmkit.sources.store.store import found_store, provenance, read_manifest
from crmkit.sources.store.summary import cache_for, store_files
from crmkit.sources.store.views import view_files
from crmkit.tables.caching.cache import Memory
from crmkit.tables.catalog import Catalog
from crmkit.tables.connection_lock import locked_backend


def connect(
    source: str | Path | Mapping[str, pd.DataFrame] | Mapping[str, ir.Table] | ibis.BaseBackend | None = None,
    settings: Settings | None = None,
    *,
    personal: bool = False,
) -> Catalog:
    """Open a company's tables.

    Parameters
    ----------
    source : path, mapping of str to DataFrame or to ibis table, or ibis connection, optional
        A settings file, a folder that holds one, a store, a folder of export files, or frames by table name; or a
        connection that Ibis has opened, or tables of one by their names: they stay where they are. Without it, the
        settings are those of the environment variable CRMKIT_SETTINGS, of the working directory or a parent of it, or
        of a sample company there.
    settings : Settings, optional
        In place of those found with the source.
    personal : bool
        Whether to open personal data (``customer_identities``) too.

    Returns
    -------
    Catalog
        Of a store: views on its files, that any number of programs can read at once. Of settings with ``[database]``:
        the tables there, where they stay. Else tables in memory, checked as :func:`crmkit.cleaning.loading.load.load` checks
        them.

    Warns
    -----
    StaleStore
        If export files have changed since the store was loaded from them.

    Raises
    ------
    CrmkitError
        If there is nothing there; the message says what to run.
    Problems
        With all that is wrong with the settings, the files or the frames.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-01"], "revenue": ["much"]})
    >>> connect({"orders": orders})
    Traceback (most recent call last):
    crmkit.errors.Problems: The dictionary of frames has 1 problem:
      - Table 'orders': revenue is text, must be a number (met: 'much').

    >>> con = ibis.duckdb.connect()
    >>> shop = con.create_table("shop", pd.DataFrame({"nr": [1], "day": pd.to_datetime(["2026-10-01"]), "total": [12.5]}))
    >>> connect({"orders": shop.select(order_id="nr", ordered_at="day", revenue="total")}).frame("orders")
      order_id ordered_at  revenue
    0        1 2026-10-01     12.5
    """
    _check_given(source, settings)
    if isinstance(source, ibis.BaseBackend) or _are_of_ibis(source):
        return catalog_of_ibis(source, settings or Settings(), personal)
    if isinstance(source, Mapping):
        return catalog_of_frames(source, settings or Settings(), personal)
    if not source:
        settings = settings or read_settings(find_settings())
        return _open_company(settings, personal)
    path = Path(source)
    if path.is_file() and path.suffix.lower() in _OF_DATA:
        raise CrmkitError(
            f"{path.name} is a file of data, not of settings. Put it into a folder and give the folder: "
            'ck.connect("exports"); or read it and name its table: ck.connect({"orders": frame}).'
        )
    if path.is_dir() and not (path / FILE_NAME).is_file():
        return _open_folder(path, settings, personal)
    if not path.exists() and found_store(path):
        return _open_store(path, settings or settings_beside(path, "store"), personal)
    return _open_company(settings or read_settings(path), personal)


_OF_DATA = {".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".xls", ".xlsm", ".ods", ".json", ".zip", ".gz"}


def catalog_of_exports(exports: Path, settings: Settings, personal: bool = False) -> Catalog:
    """Read and check a folder of export files in memory; see :func:`crmkit.cleaning.loading.load.load`."""
    con = open_duckdb()
    try:
        return _catalog(con, *checked_exports(con, settings, exports), settings, personal)
    finally:
        remove_scratch(con)


def catalog_of_frames(frames: Mapping[str, pd.DataFrame], settings: Settings, personal: bool = False) -> Catalog:
    """Check frames in memory; see :func:`crmkit.cleaning.loading.load.checked_frames`.

    Examples
    --------
    >>> orders = pd.DataFrame({"order_id": [1, 2], "ordered_at": ["2026-10-01", "2026-10-02"], "revenue": [12.5, 40]})
    >>> catalog_of_frames({"orders": orders}, Settings()).frame("orders")
      order_id ordered_at  revenue
    0        1 2026-10-01     12.5
    1        2 2026-10-02     40.0
    """
    con = open_duckdb()
    try:
        return _catalog(con, *checked_frames(con, settings, frames), settings, personal)
    finally:
        remove_scratch(con)


def catalog_of_fetched(settings: Settings, personal: bool = False) -> Catalog:
    """Fetch the tables of a database that cannot compute what crmkit asks for, and check them in memory.

    See :mod:`crmkit.sources.databases.fetched`; other databases are :func:`crmkit.cleaning.checks.database.catalog_of_database`.
    """
    frames, known = fetch_tables(settings, personal)
    now = datetime.now(ZoneInfo(settings.company.time_zone))
    files = predictions_beside(settings)
    frames |= {name: pd.read_parquet(file) for name, file in files.items() if name not in frames}
    catalog = catalog_of_frames(frames, settings, personal)
    catalog.cache = None if personal else cache_of_database(settings, files)
    catalog.provenance |= known | {"read_at": now.isoformat(timespec="seconds")}
    return catalog


def _are_of_ibis(source: object) -> bool:
    """Return whether a mapping holds tables of Ibis; all of them must be."""
    if not isinstance(source, Mapping) or not any(isinstance(each, ir.Table) for each in source.values()):
        return False
    if frames := [str(name) for name, each in source.items() if not isinstance(each, ir.Table)]:
        raise CrmkitError(
            f"Tables of Ibis and frames do not go together: {', '.join(frames)} {'is' if len(frames) == 1 else 'are'} no "
            "table of Ibis. Give all as frames, with table.execute(), or make tables of the frames on the same connection."
        )
    return True


def _check_given(source: object, settings: object) -> None:
    if source is not None and not isinstance(source, str | Path | Mapping | ibis.BaseBackend):
        raise CrmkitError(
            f"connect needs a path, or frames by the names of their tables, not a {type(source).__name__}. "
            'Write ck.connect({"orders": frame}).'
        )
    if settings is not None and not isinstance(settings, Settings):
        raise CrmkitError(
            f"connect needs settings made by ck.Settings(...), not a {type(settings).__name__}. "
            'Those of a file are read with it: ck.connect("crmkit.toml").'
        )


def _open_company(settings: Settings, personal: bool) -> Catalog:
    if settings.database:
        return (catalog_of_fetched if is_fetched(settings.database) else catalog_of_database)(settings, personal)
    if not found_store(settings.path("store")):
        raise CrmkitError(f"There is no store {settings.path('store')} yet. Run `crmkit load` first.")
    return _open_store(settings.path("store"), settings, personal)


def _open_store(folder: Path, settings: Settings, personal: bool) -> Catalog:
    store = found_store(folder) or folder
    if settings.path("store") == folder.resolve():
        finish_forgetting(settings)
        warn_if_stale(settings)
    known = provenance(read_manifest(store))
    files = store_files(store, personal)
    cache = None if personal else cache_for(files, settings, known)
    return Catalog(view_files(files), settings, known, cache)


def _open_folder(folder: Path, settings: Settings | None, personal: bool) -> Catalog:
    if found_store(folder):
        return _open_store(folder, settings or settings_beside(folder, "store"), personal)
    if list_files(folder):
        return catalog_of_exports(folder, settings or settings_beside(folder, "exports"), personal)
    raise CrmkitError(
        f"The folder {folder} holds no {FILE_NAME}, no store and no CSV or Parquet files. "
        "Begin a folder of your own with `crmkit new FOLDER`."
    )


def _catalog(
    con: duckdb.DuckDBPyConnection,
    checked: Sequence[CheckedTable],
    report: LoadReport,
    settings: Settings,
    personal: bool,
) -> Catalog:
    con.execute("CREATE SCHEMA crmkit")
    opened = [table for table in checked if personal or not table.parsed.staged.schema.personal]
    for table in opened:
        con.execute(f"CREATE TABLE crmkit.{table.table} AS {table.kept}")
    _forget_raw_rows(con)
    backend = locked_backend(con)
    tables = {table.table: backend.table(table.table, database="crmkit") for table in opened}
    return Catalog(tables, settings, provenance(manifest(report, settings)), memory=Memory())


def _forget_raw_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what the checks worked on, files and frames included: a catalog holds the checked rows once."""
    forget_key(con)
    con.execute("DROP SCHEMA canonical CASCADE")
    views = con.execute("SELECT view_name, temporary FROM duckdb_views() WHERE NOT internal").fetchall()
    for name, registered in views:
        if registered:
            con.unregister(name)
        else:
            con.execute(f"DROP VIEW {identifier(name)}")
    for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall():
        con.execute(f"DROP TABLE {identifier(name)}")
