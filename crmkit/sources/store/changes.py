"""Changes of the export files since the last load, found from the files and the store's manifest alone.

No Ibis and no frames here: a load without changes ends at once, and the warning before a page costs next to nothing.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crmkit.errors import CrmkitError, StaleStore
from crmkit.settings import Settings
from crmkit.sources.files.file_sets import list_files, sha256_of
from crmkit.sources.store.keys import KEY_VARIABLE, forgotten_digest, key_for, key_id
from crmkit.sources.store.store import found_store, read_manifest, table_files
from crmkit.tables.caching.fingerprint import code_digest, digest_of

INPUTS = "inputs"
"""Key of the manifest for everything that the store was made from."""

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
        by_kind = {"changed": self.changed, "new": self.new, "gone": self.gone}
        return ", ".join(f"{name} ({what})" for what, names in by_kind.items() for name in names)


def exports_folder(settings: Settings, exports: str | Path | None = None) -> Path:
    """Return the folder of the export files: the one given, else that of the settings."""
    return settings.path("exports") if exports is None else Path(exports).resolve()


def inputs_of(settings: Settings, folder: Path) -> dict[str, Any]:
    """Return all that a load of a folder reads, to be kept in the store's manifest."""
    return {
        "exports": os.path.relpath(folder, settings.folder.resolve()),
        "files": _file_records(folder),
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
    """Return whether a load would write the same store again, and the store is complete."""
    if not set(manifest.get("tables", ())) <= table_files(store, personal=True).keys():
        return False
    before = dict(manifest.get(INPUTS) or {})
    days_count = any(str(finding["finding"]).endswith(TOO_LATE) for finding in manifest.get("findings", []))
    if before.get("code") is None or (days_count and before["end_of_data"] != inputs["end_of_data"]):
        return False
    return _comparable(before) == _comparable(inputs)


def changes_since(manifest: Mapping[str, Any], inputs: Mapping[str, Any]) -> Changes:
    """Return how the files of a load differ from those of the load before; no changes if there was none."""
    before = (manifest.get(INPUTS) or {}).get("files")
    return Changes() if before is None else changes_between(before, inputs["files"])


def changes_between(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Changes:
    """Return which files are new, changed or gone, by their content."""
    changed = [name for name in now if name in before and before[name]["sha256"] != now[name]["sha256"]]
    new, gone = [name for name in now if name not in before], [name for name in before if name not in now]
    return Changes(tuple(new), tuple(changed), tuple(gone))


def warn_if_stale(settings: Settings) -> None:
    """Warn if the export files have changed since the store was loaded from them."""
    changes = changed_exports(settings)
    if changes:
        warnings.warn(f"Exports changed since the last load: {changes}. Run `crmkit load`.", StaleStore, stacklevel=4)


def changed_exports(settings: Settings) -> Changes:
    """Return how the export files differ from those that the store was loaded from; no changes if that is not known.

    Only files whose size or time differs are read.
    """
    store = None if settings.database else found_store(settings.path("store"))
    try:
        before = dict(read_manifest(store).get(INPUTS) or {}) if store else {}
    except CrmkitError:  # opening the store raises it again
        return Changes()
    folder = (settings.folder.resolve() / before.get("exports", "")).resolve()
    if (
        not before or not folder.is_dir()
    ):  # the exports may have been moved or removed: the store is complete without them
        return Changes()
    known = before["files"]
    now = {path.name: _if_changed(path, known.get(path.name, {})) for path in list_files(folder)}
    return changes_between(known, now)


def lost_key(manifest: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
    """Return a warning if the key of ids differs from that of the last load."""
    before = (manifest.get(INPUTS) or {}).get("key")
    if before in (None, inputs["key"]):
        return []
    return [
        f"the key of ids is another than at the last load (the file was lost, or {KEY_VARIABLE} changed): people known by "
        "an e-mail address or telephone number alone have new ids; earlier predictions have the old ones"
    ]


def _file_records(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the export files of a folder by name: n_bytes [bytes], modified [ns], sha256."""
    files = list_files(folder) if folder.is_dir() else []
    return {path.name: {**_stat_record(path), "sha256": sha256_of(path)} for path in files}


def _stat_record(path: Path) -> dict[str, Any]:
    """Return the size and the time of a file, without reading it."""
    stat = path.stat()
    return {"n_bytes": stat.st_size, "modified": stat.st_mtime_ns}


def _comparable(inputs: Mapping[str, Any]) -> str:
    """Return the digest of the inputs that decide whether a load would write the same store."""
    files = sorted((name, file["sha256"]) for name, file in inputs["files"].items())
    others = sorted((key, value) for key, value in inputs.items() if key not in ("files", "end_of_data"))
    return digest_of(files, others)


def _if_changed(path: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    record = _stat_record(path)
    is_same = {key: known.get(key) for key in record} == record
    return dict(known) if is_same else {**record, "sha256": sha256_of(path)}
