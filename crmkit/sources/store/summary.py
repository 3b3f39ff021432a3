"""The summary of a store that a run of reports needs before it opens the store: its span, and whether it has changed.

No Ibis and no frames here: a run that finds nothing to do ends before they would have been imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from crmkit.settings import FILE_NAME, Settings, read_settings
from crmkit.sources.sql import identifier, open_duckdb, parquet
from crmkit.sources.store.changes import warn_if_stale
from crmkit.sources.store.store import found_store, provenance, read_manifest, table_files
from crmkit.sources.store.trial_book import book_file_beside
from crmkit.tables.caching.cache import Cache
from crmkit.tables.data_span import BOOKED_AHEAD, TableSpan, data_span, day_of_undated, event_columns
from crmkit.tables.schema import PREDICTED, SCHEMAS
from crmkit.tables.terms_reach import LATEST, terms_reach

if TYPE_CHECKING:
    import duckdb

TableFiles = Path | tuple[Path, ...]


class CompanyData(Protocol):
    """What a run of reports needs to know of a company's data: a catalog, or the summary of its store."""

    settings: Settings
    cache: Cache | None
    provenance: dict[str, Any]

    @property
    def data_from(self) -> date | None:
        """First day with data."""

    @property
    def data_through(self) -> date | None:
        """Last day with data."""


@dataclass
class StoreSummary:
    """The settings, the cache and the span of a store that is not opened.

    Attributes
    ----------
    settings : Settings
    files : dict of str to Path or tuple of Path
        Parquet file of each table; of ``treatments`` also that of the people whom crmkit has drawn.
    cache : Cache or None
        Kept results, and the fingerprint of all that they depend on.
    provenance : dict
        What the manifest says of the input; see :func:`crmkit.sources.store.store.provenance`.
    """

    settings: Settings
    files: Mapping[str, TableFiles]
    cache: Cache | None
    provenance: dict[str, Any]

    @property
    def data_from(self) -> date | None:
        """First day with data."""
        return self._span[0]

    @property
    def data_through(self) -> date | None:
        """Last day with data: the setting, else that of the tables."""
        return self.settings.data.through or self._span[1] or day_of_undated(self.provenance)

    @cached_property
    def _span(self) -> tuple[date | None, date | None]:
        with closing(open_duckdb()) as con:
            spans = {name: _table_span(con, name, parquet(file)) for name, file in self.files.items()}
            first, last = data_span(spans)
            if last is not None and BOOKED_AHEAD in self.files:
                last = terms_reach(_running_terms(con, parquet(self.files[BOOKED_AHEAD]), last), last)
        return first, last


def _table_span(con: duckdb.DuckDBPyConnection, name: str, rows: str) -> TableSpan:
    """Return the span of a table, as a catalog does."""
    columns = [column for column, *_ in con.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()]
    clock, events = SCHEMAS[name].clock, event_columns(name, columns)
    asked = [f"min({identifier(clock)})", f"max({identifier(clock)})"] if clock else []
    for column, told_by in events.items():
        known = f" FILTER ({identifier(told_by)} IS NOT NULL)" if told_by else ""
        asked.append(f"max({identifier(column)}){known}")
    if not asked:
        return TableSpan()
    found = con.execute(f"SELECT {', '.join(f'CAST({each} AS DATE)' for each in asked)} FROM {rows}").fetchone()
    days = list(found) if found else [None] * len(asked)
    first, last = (days.pop(0), days.pop(0)) if clock else (None, None)
    return TableSpan(first, last, max((on for on in days if on is not None), default=None))


def _running_terms(con: duckdb.DuckDBPyConnection, rows: str, known: date) -> list[tuple[date, date, int]]:
    query = f"""
        SELECT CAST(starts_at AS DATE) AS starts_on, least(CAST(ends_at AS DATE), DATE '{LATEST}') AS ends_on, count(*)
        FROM {rows} WHERE CAST(ends_at AS DATE) > ? GROUP BY ALL
    """
    return con.execute(query, [known]).fetchall()


def store_summary(source: Path) -> StoreSummary | None:
    """Return the summary of the store of a settings file, or of the folder that contains one; None if there is no store.

    Raises
    ------
    Problems
        With all that is wrong with the settings.
    """
    if not (source.is_file() or (source / FILE_NAME).is_file()):
        return None
    settings = read_settings(source)
    store = None if settings.database else found_store(settings.path("store"))
    if store is None:
        return None
    known = provenance(read_manifest(store))
    warn_if_stale(settings)
    files = store_files(store)
    return StoreSummary(settings, files, cache_for(files, settings, known), known)


def store_files(store: Path, personal: bool = False) -> dict[str, TableFiles]:
    """Return the absolute path of each table's file in a store; treatments are in two, if crmkit has drawn people too."""
    files: dict[str, TableFiles] = {name: file.resolve() for name, file in table_files(store, personal).items()}
    if book := book_file_beside(store.resolve()):
        loaded = files.get("treatments")
        files["treatments"] = (loaded, book) if isinstance(loaded, Path) else book
    return files


def cache_for(files: Mapping[str, TableFiles], settings: Settings, provenance: Mapping[str, Any]) -> Cache | None:
    """Return the cache of results from these files; None for settings without a file, which have no folder."""
    if not settings.folder.is_absolute():
        return None
    every = [(name, each) for name, file in files.items() for each in (file if isinstance(file, tuple) else (file,))]
    data = [file for name, file in every if name not in PREDICTED]
    predicted = [file for name, file in every if name in PREDICTED]
    return Cache(settings.path("cache"), data, settings, provenance, predicted)
