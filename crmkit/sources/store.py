"""The store: canonical tables as Parquet in one folder, with rows kept aside, personal data apart, and a manifest.

::

    store/
      orders.parquet ...         canonical tables and, written later, predictions
      aside/orders.parquet ...   rows kept aside: file, line, reason, raw row
      personal/                  personal data, readable by its owner only
      manifest.json              files, hashes, counts, findings, all that it was made from
      loads.json                 one entry per load: which files, what became of their rows

One program writes it (:mod:`crmkit.sources.store_writing`), any number read it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmkit.errors import CrmkitError
from crmkit.tables.schema import SCHEMAS

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1


def is_store(folder: Path) -> bool:
    """Whether a folder is a store."""
    return (folder / MANIFEST).is_file()


def found_store(folder: Path) -> Path | None:
    """Return the folder that holds the store: itself, or the old one where a swap was cut short; None if neither."""
    for _ in range(3):  # another program may be between the two renames of its swap
        if is_store(folder):
            return folder
        old = [path for path in left_behind(folder, "old") if is_store(path)]
        if not old:
            return None
        time.sleep(0.05)
    return folder if is_store(folder) else old[-1]


def read_manifest(store: Path) -> dict[str, Any]:
    """Return what the store says of itself.

    Raises
    ------
    CrmkitError
        If it was written by a crmkit that laid stores out in another way, or is damaged.
    """
    try:
        manifest: dict[str, Any] = json.loads((store / MANIFEST).read_text(encoding="utf-8"))
        version = manifest["schema_version"]
    except (ValueError, KeyError, TypeError):
        raise CrmkitError(f"The store {store} is damaged. Run `crmkit load` to write it anew.") from None
    if version != SCHEMA_VERSION:
        raise CrmkitError(
            f"The store {store} was written by another version of crmkit. Run `crmkit load` to write it anew."
        )
    return manifest


def provenance(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a catalog knows of its input.

    Returns
    -------
    dict
        ``files`` (file, sha256, n_rows), ``input_sha256`` (None without files), ``n_rows`` (kept, of all tables),
        ``loaded_at``, ``rejected`` and ``tables`` (rows kept aside and kept, by table), ``counts``, ``findings``,
        ``hints``, ``data_through``, ``crmkit`` and ``settings_sha256``.
    """
    counts = manifest["tables"]
    tables = {table: count["n_kept"] for table, count in counts.items()}
    rejected = {table: count["n_aside"] for table, count in counts.items()}
    known = {key: value for key, value in manifest.items() if key not in ("schema_version", "tables", "inputs")}
    return known | {"n_rows": sum(tables.values()), "tables": tables, "rejected": rejected, "counts": counts}


def table_files(store: Path, personal: bool = False) -> dict[str, Path]:
    """Return the Parquet file of each canonical table in the store; personal tables only if asked for."""
    folders = {name: store / "personal" if table.personal else store for name, table in SCHEMAS.items()
               if personal or not table.personal}  # fmt: skip
    files = {name: folder / f"{name}.parquet" for name, folder in folders.items()}
    return {name: file for name, file in files.items() if file.is_file()}


def left_behind(store: Path, kind: str) -> list[Path]:
    """Return the folders of unfinished writes ("tmp") or swaps ("old") beside a store, oldest first."""
    return sorted(store.parent.glob(f"{store.name}.{kind}-*"), key=lambda path: path.stat().st_mtime)
