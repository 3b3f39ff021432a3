"""What each load brought: which files, what became of their rows, how that changed from load to load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from crmkit.errors import UnknownName
from crmkit.settings import Settings, read_settings
from crmkit.sources.changes import INPUTS, changes_between
from crmkit.sources.loads import read_loads
from crmkit.sources.locate import find_settings
from crmkit.sources.store import found_store
from crmkit.tables.catalog import Catalog

By = Literal["load", "table", "file"]
_ROWS = ["n_in", "n_kept", "n_merged", "n_folded", "n_ignored", "n_aside"]
_PORTION = ["file", "table", "n_kept", "n_merged", "n_aside", "first_day", "last_day"]
_COLUMNS: dict[By, list[str]] = {
    "load": ["load", "loaded_at", "crmkit", "data_through", "n_files", "new", "changed", "gone", *_ROWS, "n_vanished",
             "share_aside"],
    "table": ["load", "loaded_at", "table", *_ROWS, "share_aside"],
    "file": ["load", "loaded_at", "file", "change", "layout", "n_bytes", "sha256", "n_rows", "table", "n_kept", "n_merged",
             "n_aside", "first_day", "last_day"],
}  # fmt: skip


def load_history(source: Catalog | Settings | str | Path | None = None, by: By = "load") -> pd.DataFrame:
    """Return the loads of a store, the first one first.

    Parameters
    ----------
    source : Catalog, Settings or path, optional
        A catalog, settings, a settings file or its folder; without it the settings that are found nearby.
    by : {"load", "table", "file"}
        One row per load, per load and table, or per load, file and table that the file fills.

    Returns
    -------
    DataFrame
        ``load`` (1, 2, ...) and ``loaded_at`` (UTC), then by load: crmkit (version), data_through, n_files, new, changed,
        gone [files], n_in, n_kept, n_merged, n_folded, n_ignored, n_aside [rows], n_vanished (of the load before, in no
        file any more [rows]), share_aside (of the rows in, 0..1); by table: table, and the same of its rows in; by file:
        change ("new", "changed", "unchanged", "gone"), layout (a preset's name, "mapped" or "crmkit"), n_bytes, sha256,
        n_rows, and of each table that it fills: n_kept, n_merged, n_aside, first_day, last_day.

    Raises
    ------
    UnknownName
        If loads are not listed by that.

    Examples
    --------
    >>> load_history(Settings()).columns.tolist()[:5]
    ['load', 'loaded_at', 'crmkit', 'data_through', 'n_files']
    """
    if by not in list(_COLUMNS):
        raise UnknownName("history by", str(by), _COLUMNS)
    rows = []
    for number, entry in enumerate(read_loads(_store_of(source)), start=1):
        about = {"load": number, "loaded_at": pd.Timestamp(entry["loaded_at"]).tz_localize(None)}
        rows += [about | row for row in _rows(entry, by)]
    history = pd.DataFrame(rows, columns=_COLUMNS[by])
    if "share_aside" in history:
        history["share_aside"] = history["n_aside"].astype(float).div(history["n_in"].where(history["n_in"] > 0))
    return history


def history_entry(
    manifest: Mapping[str, Any],
    before: Mapping[str, Any],
    vanished: Mapping[str, int],
) -> dict[str, Any]:
    """Return what the history keeps of a load.

    Parameters
    ----------
    manifest, before : mapping
        Of this load, and of the one before; empty if there is none.
    vanished : mapping of str to int
        Rows of the load before that no file has any more, by table [rows].
    """
    was = (before.get(INPUTS) or {}).get("files", {})
    now = manifest[INPUTS]["files"]
    changes = changes_between(was, now)
    told = {name: what for what in ("new", "changed", "gone") for name in getattr(changes, what)}
    read = {record["file"]: {key: record[key] for key in ("layout", "n_rows")} for record in manifest["files"]}
    files = [{"file": name, "change": told.get(name, "unchanged"), "n_bytes": seen["n_bytes"], "sha256": seen["sha256"],
              **read.get(name, {})} for name, seen in sorted(now.items())]  # fmt: skip
    files += [{"file": name, "change": "gone"} for name in changes.gone]
    kept = {key: manifest[key] for key in ("loaded_at", "crmkit", "data_through", "input_sha256", "tables")}
    portions = [{name: record[name] for name in _PORTION} for record in manifest["by_file"]]
    return {**kept, "files": files, "portions": portions, "vanished": dict(vanished)}


def _store_of(source: Catalog | Settings | str | Path | None) -> Path | None:
    if isinstance(source, Catalog):
        source = source.settings
    settings = source if isinstance(source, Settings) else read_settings(source or find_settings())
    return found_store(settings.path("store"))


def _rows(entry: Mapping[str, Any], by: By) -> list[dict[str, Any]]:
    tables = entry.get("tables", {})
    if by == "table":
        return [{"table": name, **counts} for name, counts in tables.items()]
    files = entry.get("files", [])
    if by == "load":
        sums = {name: sum(counts.get(name, 0) for counts in tables.values()) for name in _ROWS}
        changes = [file["change"] for file in files]
        counted = {what: changes.count(what) for what in ("new", "changed", "gone")}
        known = {"crmkit": entry.get("crmkit"), "data_through": entry.get("data_through")}
        known["n_vanished"] = sum(entry.get("vanished", {}).values())
        return [{**known, "n_files": len(files) - counted["gone"], **counted, **sums}]
    portions = entry.get("portions", [])
    return [{**file, **portion} for file in files
            for portion in [p for p in portions if p["file"] == file["file"]] or [{}]]  # fmt: skip
