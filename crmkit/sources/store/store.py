"""The store: canonical tables as Parquet in one folder, with rows set aside, personal data apart, and a manifest.

::

    store/
      orders.parquet ...         canonical tables and, written later, predictions
      aside/orders.parquet ...   rows set aside: file, line, reason, raw row
      personal/                  personal data
      manifest.json              files, hashes, counts, findings, all that the store was made from
      *.copy-<hash>              second copies of what no load can write again; see :mod:`crmkit.sources.store.integrity`
      loads.json                 one entry per load: which files, what became of their rows

All of it is readable by its owner only: a comment, or a column of the company's own, may name a person.

One program at a time writes a store, any number read it. A new store is written beside the old one and swapped in by
renaming, so that there is a complete one at any moment.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from crmkit.errors import CrmkitError
from crmkit.sources.sql import literal, short_message
from crmkit.sources.store.integrity import (
    COPY,
    differing,
    hashes_in,
    kept_twice,
    remove_copies,
    renew_copies,
    replaced_twice,
    restore,
    restored,
)
from crmkit.sources.store.one_step import finish_step
from crmkit.sources.store.temporary_paths import (
    has_ended,
    is_abandoned,
    split_temporary_path,
    temporary_path,
    temporary_paths_of,
)
from crmkit.tables.schema import PREDICTED, SCHEMAS

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
_HASHES = "hashes"
_LOADS = "loads.json"
_COMPUTED = {*PREDICTED, "treatments"}
_WRITING_TIME = 600  # s; a store takes less to write, so an older folder is abandoned and its process id reused


def is_store(folder: Path) -> bool:
    """Whether a folder is a store."""
    return (folder / MANIFEST).is_file()


def found_store(folder: Path) -> Path | None:
    """Return the folder of the store, all of whose files are as they were written; None if there is none.

    Raises
    ------
    CrmkitError
        If a file is damaged. A load writes it anew, except for files that no export can rebuild and of which both copies
        are damaged.
    """
    for _ in range(3):  # another program may swap the store while its files are being read
        store = located_store(folder)
        damaged = damaged_files(store) if store else []
        if not damaged:
            return store
    listed = "; ".join(damaged)
    raise CrmkitError(
        f"The store {folder} is damaged: {listed}. Run `crmkit load`: it writes the store anew from the exports. "
        "If they are not there any more, put the store back from a backup."
    )


def located_store(folder: Path) -> Path | None:
    """Return the folder of the store: itself, or the old one where a swap was interrupted; None if there is neither.

    Files that are kept twice are restored if need be; others may be damaged.

    Raises
    ------
    CrmkitError
        If a file that no export can rebuild is damaged in both copies.
    """
    store = _place_of(folder)
    lost = [file for file in restore(store) if file.name != MANIFEST] if store else []
    if lost:
        listed = ", ".join(map(str, lost))
        raise CrmkitError(
            f"Damaged, and with them their second copies: {listed}. No export can rebuild what they hold: put them back "
            f"from a backup. Without one, delete them and the files beside them called ...{COPY}...: what they held is "
            "then lost, and `crmkit predict` makes the predictions of the last day anew."
        )
    return store


def damaged_files(store: Path) -> list[str]:
    """Return what is wrong with the files that a load wrote, in words; files are read once in a program."""
    if not restored(store / MANIFEST):
        return [f"{MANIFEST} has changed since it was written"]
    return differing(store, read_manifest(store).get(_HASHES, {}))


def _place_of(folder: Path) -> Path | None:
    finish_step(folder)
    for _ in range(3):  # another program may be between the two renames of a swap
        if restored(folder / MANIFEST) and is_store(folder):
            return folder
        old = [path for path in temporary_paths_of(folder, "old") if is_store(path)]
        if not old:
            return folder if is_store(folder) else None
        time.sleep(0.05)
    return folder if is_store(folder) else old[-1]


def read_manifest(store: Path) -> dict[str, Any]:
    """Return the manifest of a store.

    Raises
    ------
    CrmkitError
        If it was written by a version of crmkit with another layout, or is damaged.
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
    """Return what the manifest says of the input, as a catalog keeps it.

    Returns
    -------
    dict
        ``files`` (file, sha256, n_rows), ``input_sha256`` (None without files), ``n_rows`` (kept, of all tables),
        ``loaded_at``, ``rejected`` and ``tables`` (rows set aside and kept, by table), ``counts``, ``findings``,
        ``hints``, ``data_through``, ``crmkit`` and ``settings_sha256``.
    """
    counts = manifest["tables"]
    tables = {table: count["n_kept"] for table, count in counts.items()}
    rejected = {table: count["n_aside"] for table, count in counts.items()}
    known = {
        key: value for key, value in manifest.items() if key not in ("schema_version", "tables", "inputs", _HASHES)
    }
    return known | {"n_rows": sum(tables.values()), "tables": tables, "rejected": rejected, "counts": counts}


def table_files(store: Path, personal: bool = False) -> dict[str, Path]:
    """Return the Parquet file of each canonical table in the store; personal tables only if asked for."""
    folders = {
        name: store / "personal" if table.personal else store
        for name, table in SCHEMAS.items()
        if personal or not table.personal
    }
    files = {name: folder / f"{name}.parquet" for name, folder in folders.items()}
    return {name: file for name, file in files.items() if file.is_file()}


def read_loads(store: Path | None) -> list[dict[str, Any]]:
    """Return the entries of all loads of a store, oldest first; none if there is no store or it has no history."""
    try:
        entries = json.loads(((store or Path()) / _LOADS).read_text(encoding="utf-8")) if store else []
    except (OSError, ValueError):  # a store written before there was a history
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


@contextmanager
def new_store(store: Path) -> Iterator[Path]:
    """Yield an empty folder to write a store into; it replaces the old one when the block ends without an error.

    Tables of the old store that no load wrote, such as predictions, are copied into the new one.

    Raises
    ------
    CrmkitError
        If the folder cannot be written, holds other things, or another program is writing it.
    """
    if store.exists() and not (is_store(store) or kept_twice(store)) and any(store.iterdir()):
        raise CrmkitError(
            f"The folder {store} holds other things than a store. Name another one: store = ... under [data]."
        )
    fresh = temporary_path(store, "tmp")
    try:
        _check_only_writer(store, fresh)
        tidy(store)
        fresh.mkdir(mode=0o700, parents=True)
        yield fresh
        _copy_other_tables(store, fresh)
        _seal(fresh)
        _swap(fresh, store)
    except OSError as error:
        raise CrmkitError(f"The store {store} cannot be written: {_reason(error)}.") from error
    except duckdb.IOException as error:  # a full disk, while a table is written
        raise CrmkitError(f"The store {store} cannot be written: {short_message(error)}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _reason(error: OSError) -> str:
    """Return why files cannot be written; of many that could not be copied, why the first could not."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return re.sub(r"^\[Errno \d+\] |: '.*", "", str(error.args[0][0][-1]))
    return error.strerror or str(error)


def write_table(con: duckdb.DuckDBPyConnection, rows: str | Path, file: Path) -> None:
    """Write rows as Parquet; the file, and its folder if it is new, are readable by their owner only.

    Parameters
    ----------
    con : duckdb connection
    rows : str or Path
        SQL of the rows, or a file that this function has written.
    file : Path
    """
    file.parent.mkdir(mode=0o700, exist_ok=True)
    if isinstance(rows, Path):
        shutil.copyfile(rows, file)
    else:
        con.execute(f"COPY ({rows}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
    file.chmod(0o600)


def write_manifest(store: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a store."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **manifest}, indent=1, ensure_ascii=False, default=str)
    (store / MANIFEST).write_text(text, encoding="utf-8")


def write_loads(store: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Write the history of loads into a store that is being written."""
    (store / _LOADS).write_text(json.dumps(list(entries), indent=1, ensure_ascii=False, default=str), encoding="utf-8")


def save_table(store: Path, name: str, frame: Any) -> None:
    """Write a table that is computed and not loaded, such as ``customer_scores``, into an existing store.

    Parameters
    ----------
    store : Path
    name : str
        Canonical name.
    frame : DataFrame
        All its rows; they replace the earlier ones.
    """
    with replaced_twice(store / f"{name}.parquet") as fresh, duckdb.connect() as con:
        con.register("computed", frame)
        write_table(con, "FROM computed", fresh)


def tidy(store: Path) -> None:
    """Restore the old store where a swap was interrupted, and remove the temporary files of programs that have ended."""
    old = [path for path in temporary_paths_of(store, "old") if is_store(path)]
    if old and not store.exists():
        old.pop().rename(store)
    unfinished = [
        path for path in temporary_paths_of(store, "tmp") if path == temporary_path(store, "tmp") or is_abandoned(path)
    ]
    for path in [*temporary_paths_of(store, "old"), *unfinished]:
        _remove(path)
    beside = [*store.parent.glob(f"{store.name}.*.tmp-*"), *store.parent.glob(f".{store.name}.*.tmp-*")]
    for path in beside:  # of the key, and the list of forgotten people
        if path.is_file() and split_temporary_path(path) and is_abandoned(path):
            path.unlink(missing_ok=True)
    for path in Path(tempfile.gettempdir()).glob("crmkit-*"):  # rows spilled to disk by a program that was killed
        if (match := re.fullmatch(r"crmkit-(\d+)(-[0-9a-f]+)?", path.name)) and has_ended(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)


def _check_only_writer(store: Path, fresh: Path) -> None:
    others = [
        path
        for path in temporary_paths_of(store, "tmp")
        if path != fresh and split_temporary_path(path) and not is_abandoned(path)
    ]
    if any(time.time() - path.stat().st_mtime < _WRITING_TIME for path in others):
        raise CrmkitError(f"Another program is writing the store {store}. Run it again when that one has ended.")


def _copy_other_tables(store: Path, fresh: Path) -> None:
    if not is_store(store):
        return
    try:
        names = read_manifest(store)["tables"]
    except CrmkitError:  # it is to be rewritten, and this load writes what only loads write
        names = set(SCHEMAS) - _COMPUTED
    loaded = {f"{name}.parquet" for name in names}
    for entry in store.iterdir():
        if entry.name in loaded | {MANIFEST, "aside", "personal"} or (fresh / entry.name).exists():
            continue
        if entry.name.startswith(".") or COPY in entry.name:  # of another program that is writing; written anew
            continue
        if entry.is_dir():
            shutil.copytree(entry, fresh / entry.name)
        else:
            shutil.copy2(entry, fresh / entry.name)


def _seal(fresh: Path) -> None:
    """Complete a new store: the hashes of what a load writes, second copies of the rest, and nothing for others to read."""
    manifest = read_manifest(fresh)
    loaded: list[Path] = []
    kept: list[Path] = []
    for path in sorted(fresh.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        if path.is_dir() or path.name.startswith(".") or COPY in path.name or path.name == MANIFEST:
            continue
        (loaded if _is_loaded(path.relative_to(fresh), manifest) else kept).append(path)
    write_manifest(fresh, manifest | {_HASHES: hashes_in(fresh, loaded)})
    for path in loaded:
        remove_copies(path)
    renew_copies([*kept, fresh / MANIFEST])


def _is_loaded(path: Path, manifest: Mapping[str, Any]) -> bool:
    """Return whether the next load writes a file of the store again."""
    folder = path.parts[0] if len(path.parts) > 1 else ""
    return folder in ("aside", "personal") or (not folder and path.stem in manifest["tables"])


def _swap(fresh: Path, store: Path) -> None:
    old = temporary_path(store, "old")
    if store.exists():
        store.rename(old)
    try:
        fresh.rename(store)
    except OSError:
        if old.exists():
            old.rename(store)
        raise
    _remove(old)


def _remove(folder: Path) -> None:
    """Remove a store, first its manifest, so that half of it is never taken for a complete one."""
    if folder.exists():
        remove_copies(folder / MANIFEST)
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
