"""What is new among the export files since the last load, told by looking at the files and the store's manifest alone.

No database and no frames here: a load that has nothing to do is over at once, and a warning costs next to nothing.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from crmkit.errors import CrmkitError, StaleStore
from crmkit.settings import FILE_NAME, Settings, read_settings
from crmkit.sources.files.file_sets import list_files, sha256_of
from crmkit.sources.sql import identifier, open_duckdb, parquet
from crmkit.sources.store.keys import KEY_VARIABLE, forgotten_digest, key_for, key_id
from crmkit.sources.store.store import found_store, provenance, read_manifest, table_files
from crmkit.tables.caching.cache import Cache
from crmkit.tables.caching.fingerprint import code_digest, digest_of
from crmkit.tables.data_span import data_span, time_columns
from crmkit.tables.schema import PREDICTED

INPUTS = "inputs"
"""In the manifest: all that the store was made from."""

TOO_LATE = ", the end of the data"
"""Ends the finding on rows dated after the end of the data: on a later day they may count."""


@dataclass(frozen=True)
class Changes:
    """How the export files differ from those of the last load, by name.

    Examples
    --------
    >>> print(Changes(new=("leads.csv",), changed=("orders.csv",)))
    orders.csv (changed), leads.csv (new)
    """

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)

    def __str__(self) -> str:
        told = {"changed": self.changed, "new": self.new, "gone": self.gone}
        return ", ".join(f"{name} ({what})" for what, names in told.items() for name in names)


def exports_folder(settings: Settings, exports: str | Path | None = None) -> Path:
    """Return the folder of the export files: the one named, else that of the settings."""
    return settings.path("exports") if exports is None else Path(exports).resolve()


def looked_at(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the export files of a folder by name: n_bytes [bytes], modified [ns], sha256."""
    files = list_files(folder) if folder.is_dir() else []
    return {path.name: {**_glanced(path), "sha256": sha256_of(path)} for path in files}


def inputs_of(settings: Settings, folder: Path) -> dict[str, Any]:
    """Return all that a load of a folder reads, to be kept in the store's manifest."""
    return {
        "exports": os.path.relpath(folder, settings.folder.resolve()),
        "files": looked_at(folder),
        "settings": settings_digest(settings),
        "code": code_digest(),
        "key": key_id(key_for(settings)),
        "forgotten": forgotten_digest(settings),
        "end_of_data": str(end_of_data(settings)),
    }


def end_of_data(settings: Settings) -> date:
    """Return the last day that data may lie on: the setting, else today where the company is."""
    return settings.data.through or datetime.now(ZoneInfo(settings.company.time_zone)).date()


def settings_digest(settings: Settings) -> str:
    """Return the hash of the settings."""
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()


def is_as_loaded(store: Path, manifest: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Tell whether a load would make the store again that it has made already, and all of it is there."""
    if not set(manifest.get("tables", ())) <= table_files(store, personal=True).keys():
        return False
    before = dict(manifest.get(INPUTS) or {})
    days_count = any(str(finding["finding"]).endswith(TOO_LATE) for finding in manifest.get("findings", []))
    if before.get("code") is None or (days_count and before["end_of_data"] != inputs["end_of_data"]):
        return False
    return _plain(before) == _plain(inputs)


def changes_between(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Changes:
    """Return which files are new, changed or gone, by their content."""
    changed = [name for name in now if name in before and before[name]["sha256"] != now[name]["sha256"]]
    new, gone = [name for name in now if name not in before], [name for name in before if name not in now]
    return Changes(tuple(new), tuple(changed), tuple(gone))


def changes_since(manifest: Mapping[str, Any], inputs: Mapping[str, Any]) -> Changes:
    """Return how the files of a load differ from those of the one before; nothing where there was none."""
    before = (manifest.get(INPUTS) or {}).get("files")
    return Changes() if before is None else changes_between(before, inputs["files"])


def changed_exports(settings: Settings) -> Changes:
    """Return how the export files differ from those that the store was loaded from; nothing if that is not known.

    Only files that look different are read.
    """
    store = None if settings.database else found_store(settings.path("store"))
    try:
        before = dict(read_manifest(store).get(INPUTS) or {}) if store else {}
    except CrmkitError:  # whoever opens the store will say so
        return Changes()
    folder = (settings.folder.resolve() / before.get("exports", "")).resolve()
    if not before or not folder.is_dir():  # the exports may well be elsewhere, or taken away: the store is whole
        return Changes()
    known = before["files"]
    now = {path.name: _if_changed(path, known.get(path.name, {})) for path in list_files(folder)}
    return changes_between(known, now)


def warn_if_stale(settings: Settings) -> None:
    """Warn if the export files have changed since the store was loaded from them."""
    changes = changed_exports(settings)
    if changes:
        warnings.warn(f"Exports changed since the last load: {changes}. Run `crmkit load`.", StaleStore, stacklevel=4)


def lost_key(manifest: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
    """Return what is to be said where the key of ids is another than at the last load."""
    before = (manifest.get(INPUTS) or {}).get("key")
    if before in (None, inputs["key"]):
        return []
    return [
        f"the key of ids is another than at the last load (the file was lost, or {KEY_VARIABLE} changed): people known by "
        "an e-mail address or telephone number alone have new ids; earlier predictions have the old ones"
    ]


def _if_changed(path: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    seen = _glanced(path)
    same = {key: known.get(key) for key in seen} == seen
    return dict(known) if same else {**seen, "sha256": sha256_of(path)}


def _glanced(path: Path) -> dict[str, Any]:
    stat = path.stat()
    return {"n_bytes": stat.st_size, "modified": stat.st_mtime_ns}


def _plain(inputs: Mapping[str, Any]) -> str:
    files = sorted((name, file["sha256"]) for name, file in inputs["files"].items())
    others = sorted((key, value) for key, value in inputs.items() if key not in ("files", "end_of_data"))
    return digest_of(files, others)


# What a run of reports asks of a store before it opens it: how far it reaches, and whether it has changed. No Ibis
# and no frames here: a run that finds nothing to do is over before they would have been imported.


class Known(Protocol):
    """What a run asks of a company's data: a catalog, or a glance at its store."""

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
class Glance:
    """A store, seen from outside.

    Attributes
    ----------
    settings : Settings
    files : dict of str to Path
        Parquet file of each table.
    cache : Cache or None
        Kept results, and the hash of all that they depend on.
    provenance : dict
        What the store says of its input; see :func:`crmkit.sources.store.store.provenance`.
    """

    settings: Settings
    files: Mapping[str, Path]
    cache: Cache | None
    provenance: dict[str, Any]

    @property
    def data_from(self) -> date | None:
        """First day with data."""
        return self._span[0]

    @property
    def data_through(self) -> date | None:
        """Last day with data: the setting, else that of the tables."""
        return self.settings.data.through or self._span[1]

    @cached_property
    def _span(self) -> tuple[date | None, date | None]:
        days = {}
        with closing(open_duckdb()) as con:
            for name, clock in time_columns(self.files).items():
                at = identifier(clock)
                query = f"SELECT CAST(min({at}) AS DATE), CAST(max({at}) AS DATE) FROM {parquet(self.files[name])}"
                bounds = con.execute(query).fetchone()
                if bounds and None not in bounds:
                    days[name] = bounds
        return data_span(days)


def glance(source: Path) -> Glance | None:
    """Look at the store of a settings file, or of the folder that holds one; None if there is no such store.

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
    return Glance(settings, files, cache_for(files, settings, known), known)


def store_files(store: Path, personal: bool = False) -> dict[str, Path]:
    """Return the absolute path of each table's file in a store."""
    return {name: file.resolve() for name, file in table_files(store, personal).items()}


def cache_for(files: Mapping[str, Path], settings: Settings, known: Mapping[str, Any]) -> Cache | None:
    """Return where the results from these files are kept; None for settings of no file, which have no folder."""
    if not settings.folder.is_absolute():
        return None
    data = [file for name, file in files.items() if name not in PREDICTED]
    predicted = [file for name, file in files.items() if name in PREDICTED]
    return Cache(settings.path("cache"), data, settings, known, predicted)


# Find the settings file that a command or a notebook means when it names none.


STORE_VARIABLE = "CRMKIT_SETTINGS"


def find_settings() -> Path:
    """Return the settings file: of the variable CRMKIT_SETTINGS, of the working directory or a parent, or a sample's.

    Raises
    ------
    CrmkitError
        If there is none.
    """
    if os.environ.get(STORE_VARIABLE):
        return Path(os.environ[STORE_VARIABLE])
    folders = [Path.cwd(), *Path.cwd().parents]
    places = [folder / FILE_NAME for folder in folders] + [folder / "sample" / FILE_NAME for folder in folders]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise CrmkitError(
            f"There is no {FILE_NAME} in {Path.cwd()} or above it. Begin a folder of your own with `crmkit new FOLDER`, "
            f"or name your settings: --settings PATH, or the environment variable {STORE_VARIABLE}."
        )
    return found


def settings_beside(folder: Path, which: str) -> Settings:
    """Return the settings near a folder that name it as their ``exports`` or ``store``; the usual ones if none do."""
    for parent in folder.resolve().parents[:3]:
        if (parent / FILE_NAME).is_file():
            settings = read_settings(parent)
            return settings if settings.path(which) == folder.resolve() else Settings()
    return Settings()
