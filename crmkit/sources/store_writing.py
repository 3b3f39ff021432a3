"""Write a store: beside the old one, then swapped in by renaming, so that there is a whole one at any moment."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from crmkit.errors import CrmkitError
from crmkit.sources.aside import beside, has_ended, is_abandoned, parted
from crmkit.sources.sql import literal
from crmkit.sources.store import MANIFEST, SCHEMA_VERSION, is_store, left_behind, read_manifest
from crmkit.tables.schema import SCHEMAS

_COMPUTED = {"customer_scores", "segment_assignments", "text_sentiments", "treatments"}
_AT_WORK = 600  # seconds in which a program that writes a store does write: its number alone may be another's by now


@contextmanager
def new_store(store: Path) -> Iterator[Path]:
    """Yield an empty folder to write a store into; it takes the place of the old one when the block ends well.

    Tables that the old store holds and no load wrote, such as predictions, move along.

    Raises
    ------
    CrmkitError
        If the folder cannot be written, holds other things, or another program is writing it.
    """
    if store.exists() and not is_store(store) and any(store.iterdir()):
        raise CrmkitError(
            f"The folder {store} holds other things than a store. Name another one: store = ... under [data]."
        )
    fresh = beside(store, "tmp")
    try:
        _only_writer(store, fresh)
        tidy(store)
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
        if entry.name.startswith("."):  # another program's lock, or what it is writing
            continue
        if entry.is_dir():
            shutil.copytree(entry, fresh / entry.name)
        else:
            shutil.copy2(entry, fresh / entry.name)


def _only_writer(store: Path, fresh: Path) -> None:
    others = [path for path in left_behind(store, "tmp") if path != fresh and parted(path) and not is_abandoned(path)]
    if any(time.time() - path.stat().st_mtime < _AT_WORK for path in others):
        raise CrmkitError(f"Another program is writing the store {store}. Run it again when that one has ended.")


def _swap(fresh: Path, store: Path) -> None:
    old = beside(store, "old")
    if store.exists():
        store.rename(old)
    try:
        fresh.rename(store)
    except OSError:
        if old.exists():
            old.rename(store)
        raise
    _remove(old)


def tidy(store: Path) -> None:
    """Put back the old store where a swap was cut short, and remove what programs that have ended left behind."""
    old = [path for path in left_behind(store, "old") if is_store(path)]
    if old and not store.exists():
        old.pop().rename(store)
    unfinished = [path for path in left_behind(store, "tmp") if path == beside(store, "tmp") or is_abandoned(path)]
    for path in [*left_behind(store, "old"), *unfinished]:
        _remove(path)
    for path in store.parent.glob(f"{store.name}.*.tmp-*"):  # of the files beside it: the key, who is forgotten
        if path.is_file() and parted(path) and is_abandoned(path):
            path.unlink(missing_ok=True)
    for path in Path(tempfile.gettempdir()).glob(
        "crmkit-*"
    ):  # rows that a database spilled, of a program that was killed
        if (match := re.fullmatch(r"crmkit-(\d+)", path.name)) and has_ended(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Remove a store; first what makes it one, so that half of it is never taken for the whole."""
    if folder.exists():
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
