"""The store: canonical tables as Parquet in one folder, with rows kept aside, personal data apart, and a manifest.

::

    store/
      orders.parquet ...         canonical tables and, written later, predictions
      aside/orders.parquet ...   rows kept aside: file, line, reason, raw row
      personal/                  personal data, readable by its owner only
      manifest.json              files, hashes, counts, findings, all that it was made from
      loads.json                 one entry per load: which files, what became of their rows

One program writes it (:mod:`crmkit.sources.store.store`), any number read it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
from ibis.backends.sql.datatypes import DuckDBType

from crmkit.errors import CrmkitError
from crmkit.sources.sql import identifier, literal, open_duckdb, parquet
from crmkit.tables.connection_lock import locked_backend
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
    folders = {
        name: store / "personal" if table.personal else store
        for name, table in SCHEMAS.items()
        if personal or not table.personal
    }
    files = {name: folder / f"{name}.parquet" for name, folder in folders.items()}
    return {name: file for name, file in files.items() if file.is_file()}


def left_behind(store: Path, kind: str) -> list[Path]:
    """Return the folders of unfinished writes ("tmp") or swaps ("old") beside a store, oldest first."""
    return sorted(store.parent.glob(f"{store.name}.{kind}-*"), key=lambda path: path.stat().st_mtime)


# Write a store: beside the old one, then swapped in by renaming, so that there is a whole one at any moment.


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


# Parquet files as Ibis tables, each a view of the same DuckDB.


_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()
    WHERE database_name = 'memory' AND schema_name = 'main' AND NOT internal ORDER BY column_index
"""


def view_files(files: Mapping[str, Path]) -> dict[str, ir.Table]:
    """Return each file as a table.

    Ibis asks the database for the columns of one table after the other, which takes as long as all else together that
    every page does to open a store; here it is asked once.

    Parameters
    ----------
    files : mapping of str to Path
        By the names of their tables.
    """
    con = open_duckdb()
    for name, file in files.items():
        con.execute(f"CREATE VIEW {identifier(name)} AS FROM {parquet(file)}")
    columns: dict[str, dict[str, dt.DataType]] = {name: {} for name in files}
    for table, column, kind, is_nullable in con.execute(_COLUMNS).fetchall():
        columns[table][column] = _type_of(kind, is_nullable)
    backend = locked_backend(con)
    namespace = ops.Namespace()
    return {
        name: ops.DatabaseTable(name, schema=sch.Schema(own), source=backend, namespace=namespace).to_expr()
        for name, own in columns.items()
    }


@cache
def _type_of(kind: str, is_nullable: bool) -> dt.DataType:
    return DuckDBType.from_string(kind, nullable=is_nullable)


# Names of what is written aside before it takes its place: the machine and the program's number stand in them. So a
# later run can tell what a run that was killed left behind from what another one is writing just now.


MACHINE = blake2b(platform.node().encode(), digest_size=3).hexdigest()
_ASIDE = re.compile(r"(?P<name>.+)\.(?P<kind>tmp|old)-(?P<machine>[0-9a-f]{6})-(?P<program>\d+)")
_FORGOTTEN_AFTER = 24 * 3600  # seconds; for what another machine left, whose programs cannot be asked for


def beside(path: Path, kind: str) -> Path:
    """Return where this program writes aside ("tmp") what is to take a path's place, or moves what was there ("old")."""
    return path.with_name(f"{path.name}.{kind}-{MACHINE}-{os.getpid()}")


def parted(path: Path) -> tuple[str, str] | None:
    """Return the name of what a path stands aside of, and its kind; None if it stands aside of nothing.

    Examples
    --------
    >>> parted(Path("store.tmp-0a1b2c-4711"))
    ('store', 'tmp')
    >>> parted(Path("store.tmp-of-mine"))
    """
    match = _ASIDE.fullmatch(path.name)
    return (match["name"], match["kind"]) if match else None


def is_abandoned(path: Path) -> bool:
    """Tell whether the program that wrote a path aside has ended."""
    match = _ASIDE.fullmatch(path.name)
    if match and match["machine"] == MACHINE and os.name == "posix":
        return has_ended(int(match["program"]))
    return time.time() - path.stat().st_mtime > _FORGOTTEN_AFTER


def has_ended(program: int) -> bool:
    """Tell whether no program of that number runs on this machine; where it cannot be asked, it is taken to run."""
    if os.name != "posix":  # elsewhere asking for a program would end it
        return False
    try:
        os.kill(program, 0)
    except ProcessLookupError:
        return True
    except OSError:  # there, and somebody else's
        return False
    return False


# The history of loads: a small file in the store, one entry per load, without any row of the data.


FILE = "loads.json"


def read_loads(store: Path | None) -> list[dict[str, Any]]:
    """Return the entries of all loads of a store, the first one first; none if there is no store or it keeps none."""
    try:
        entries = json.loads(((store or Path()) / FILE).read_text(encoding="utf-8")) if store else []
    except (OSError, ValueError):  # a store of before there was a history
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def write_loads(store: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Write the history into a store that is not in its place yet."""
    (store / FILE).write_text(json.dumps(list(entries), indent=1, ensure_ascii=False, default=str), encoding="utf-8")
