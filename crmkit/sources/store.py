"""The store: canonical tables as Parquet in one folder, with rows kept aside, personal data apart, and a manifest.

::

    store/
      orders.parquet ...         canonical tables and, written later, predictions
      aside/orders.parquet ...   rows kept aside: file, line, reason, raw row
      personal/                  personal data, readable by its owner only
      manifest.json              files, hashes, counts, findings

A new store is written beside the old one and swapped in by renaming, so that there is a whole one at any moment.
One program writes, any number read.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from crmkit.errors import CrmkitError
from crmkit.sources.sql import literal
from crmkit.tables.schema import SCHEMAS

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
_COMPUTED = {"customer_scores", "segment_assignments", "treatments"}
_FORGOTTEN_AFTER = 3600  # seconds; a younger unfinished store may belong to a program that still writes it


def is_store(folder: Path) -> bool:
    """Whether a folder is a store."""
    return (folder / MANIFEST).is_file()


def found_store(folder: Path) -> Path | None:
    """Return the folder that holds the store: itself, or the old one where a swap was cut short; None if neither."""
    for _ in range(3):  # another program may be between the two renames of its swap
        if is_store(folder):
            return folder
        old = _left_behind(folder, "old")
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
    except (ValueError, KeyError):
        raise CrmkitError(f"The store {store} is damaged. Run `crmkit load` to write it anew.") from None
    if version != SCHEMA_VERSION:
        raise CrmkitError(f"The store {store} was written by another version of crmkit. Run `crmkit load` to write it anew.")
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
    known = {key: value for key, value in manifest.items() if key not in ("schema_version", "tables")}
    return known | {"n_rows": sum(tables.values()), "tables": tables, "rejected": rejected, "counts": counts}


def table_files(store: Path, personal: bool = False) -> dict[str, Path]:
    """Return the Parquet file of each canonical table in the store; personal tables only if asked for."""
    folders = {name: store / "personal" if table.personal else store for name, table in SCHEMAS.items()
               if personal or not table.personal}  # fmt: skip
    files = {name: folder / f"{name}.parquet" for name, folder in folders.items()}
    return {name: file for name, file in files.items() if file.is_file()}


@contextmanager
def new_store(store: Path) -> Iterator[Path]:
    """Yield an empty folder to write a store into; it takes the place of the old one when the block ends well.

    Tables that the old store holds and no load wrote, such as predictions, move along.

    Raises
    ------
    CrmkitError
        If the folder cannot be written, or holds other things.
    """
    if store.exists() and not is_store(store) and any(store.iterdir()):
        raise CrmkitError(f"The folder {store} holds other things than a store. Name another one: store = ... under [data].")
    fresh = store.with_name(f"{store.name}.tmp-{secrets.token_hex(4)}")
    try:
        _tidy(store)
        fresh.mkdir(parents=True)
        yield fresh
        _take_along(store, fresh)
        _swap(fresh, store)
    except OSError as error:
        raise CrmkitError(f"The store {store} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def write_table(con: duckdb.DuckDBPyConnection, query: str, file: Path, private: bool = False) -> None:
    """Write the rows of a query as Parquet; a private file and its folder are readable by their owner only."""
    file.parent.mkdir(mode=0o700 if private else 0o777, exist_ok=True)
    con.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")
    if private:
        file.chmod(0o600)


def write_manifest(store: Path, manifest: Mapping[str, Any]) -> None:
    """Write what the store says of itself."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **manifest}, indent=1, ensure_ascii=False, default=str)
    (store / MANIFEST).write_text(text, encoding="utf-8")


def save_table(store: Path, name: str, frame: Any) -> None:
    """Write a table that is computed and not loaded, such as ``customer_scores``, into an existing store.

    Parameters
    ----------
    store : Path
    name : str
        Canonical name.
    frame : DataFrame
        All its rows; they replace those of before.
    """
    fresh = store / f".{name}.{secrets.token_hex(4)}"
    try:
        with duckdb.connect() as con:
            con.register("computed", frame)
            write_table(con, "FROM computed", fresh)
        os.replace(fresh, store / f"{name}.parquet")
    finally:
        fresh.unlink(missing_ok=True)


def _take_along(store: Path, fresh: Path) -> None:
    if not is_store(store):
        return
    try:
        names = read_manifest(store)["tables"]
    except CrmkitError:  # it is to be written anew: what only a load writes is written by this one
        names = set(SCHEMAS) - _COMPUTED
    loaded = {f"{name}.parquet" for name in names}
    for entry in store.iterdir():
        if entry.name in loaded | {MANIFEST, "aside", "personal"} or (fresh / entry.name).exists():
            continue
        if entry.is_dir():
            shutil.copytree(entry, fresh / entry.name)
        else:
            shutil.copy2(entry, fresh / entry.name)


def _swap(fresh: Path, store: Path) -> None:
    old = store.with_name(f"{store.name}.old-{secrets.token_hex(4)}")
    if store.exists():
        store.rename(old)
    try:
        fresh.rename(store)
    except OSError:
        if old.exists():
            old.rename(store)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _tidy(store: Path) -> None:
    """Put back the old store where a swap was cut short, and remove what earlier runs left behind."""
    old = _left_behind(store, "old")
    if old and not store.exists():
        old.pop().rename(store)
    unfinished = [path for path in _left_behind(store, "tmp") if time.time() - path.stat().st_mtime > _FORGOTTEN_AFTER]
    for path in [*old, *unfinished]:
        shutil.rmtree(path, ignore_errors=True)


def _left_behind(store: Path, kind: str) -> list[Path]:
    return sorted(store.parent.glob(f"{store.name}.{kind}-*"), key=lambda path: path.stat().st_mtime)
