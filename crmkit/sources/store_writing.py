"""Write a store: beside the old one, then swapped in by renaming, so that there is a whole one at any moment."""

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
from crmkit.sources.store import MANIFEST, SCHEMA_VERSION, is_store, left_behind, read_manifest
from crmkit.tables.schema import SCHEMAS

_COMPUTED = {"customer_scores", "segment_assignments", "text_sentiments", "treatments"}
_FORGOTTEN_AFTER = 3600  # seconds; a younger unfinished store may belong to a program that still writes it


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
        raise CrmkitError(
            f"The folder {store} holds other things than a store. Name another one: store = ... under [data]."
        )
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
    old = left_behind(store, "old")
    if old and not store.exists():
        old.pop().rename(store)
    unfinished = [path for path in left_behind(store, "tmp") if time.time() - path.stat().st_mtime > _FORGOTTEN_AFTER]
    for path in [*old, *unfinished]:
        shutil.rmtree(path, ignore_errors=True)
