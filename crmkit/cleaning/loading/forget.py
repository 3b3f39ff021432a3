"""Remove a person from a store."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from crmkit.cleaning.duplicates.state import opened
from crmkit.cleaning.loading.forgotten_rows import Erased, forget_rows, list_forgotten
from crmkit.settings import Settings
from crmkit.sources.person_search import Person
from crmkit.sources.sql import ROW, columns_of, identifier, parquet
from crmkit.sources.store.changes import INPUTS
from crmkit.sources.store.keys import forgotten_digest, key_for
from crmkit.sources.store.store import found_store, new_store, read_manifest, table_files, write_manifest, write_table
from crmkit.tables.schema import SCHEMAS


def forget_in_store(settings: Settings, person: Person, dry_run: bool = False) -> dict[str, Erased]:
    """Remove a person from every table of the store and from the rows kept aside, in one swap.

    Returns
    -------
    dict of str to Erased
        By table; "aside/<table>" for rows kept aside.
    """
    store = found_store(settings.path("store"))
    if store is None:
        return {}
    with closing(opened(store, key_for(settings))) as con:
        list_forgotten(con, person.ids)
        left = forget_rows(con, {name: identifier(name) for name in table_files(store, personal=True)})
        others = {path: rows for path in _other_tables(store) if (rows := _rows_about(con, path, person))}
        told = left | {str(path.relative_to(store).with_suffix("")): Erased(len(rows)) for path, rows in others.items()}
        if dry_run:
            return told
        with new_store(settings.path("store")) as fresh:
            shutil.copytree(store, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
            for name, file in table_files(fresh, personal=True).items():
                if left[name] != Erased() or name in (
                    "customers",
                    "deals",
                ):  # these may have named her beside a row's customer
                    query = f"SELECT * EXCLUDE ({ROW}) FROM {identifier(name)} ORDER BY {ROW}"
                    write_table(con, query, file, SCHEMAS[name].personal)
            for path, about in others.items():
                _write_without(con, path, fresh / path.relative_to(store), about)
            write_manifest(fresh, _corrected(read_manifest(store), told, settings))
        return told


def _other_tables(store: Path) -> list[Path]:
    """Return the Parquet files of a store that are no canonical tables: rows kept aside, logs of merged people."""
    known = set(table_files(store, personal=True).values())
    return [path for path in sorted(store.rglob("*.parquet")) if path not in known]


def _rows_about(con: duckdb.DuckDBPyConnection, path: Path, person: Person) -> list[int]:
    texts = [name for name, kind in columns_of(con, f"FROM {parquet(path)}").items() if kind == "VARCHAR"]
    if not texts:
        return []
    cells = con.execute(f"SELECT {', '.join(map(identifier, texts))} FROM {parquet(path)}").fetchall()
    return [number for number, row in enumerate(cells) if any(person.is_in(cell) for cell in row)]


def _write_without(con: duckdb.DuckDBPyConnection, old: Path, new: Path, rows: Iterable[int]) -> None:
    listed = ", ".join(map(str, rows))
    kept = f"FROM {parquet(old, ', file_row_number = true')} WHERE file_row_number NOT IN ({listed})"
    write_table(
        con, f"SELECT * EXCLUDE (file_row_number) {kept} ORDER BY file_row_number", new, old.parent.name == "personal"
    )


def _corrected(manifest: dict[str, Any], left: dict[str, Erased], settings: Settings) -> dict[str, Any]:
    """Return the manifest with the counts that a load of the same files would give now."""
    tables = {name: dict(counts) for name, counts in manifest["tables"].items()}
    for name, counts in tables.items():
        n_rows, n_aside = (left.get(each, Erased()).n_dropped for each in (name, f"aside/{name}"))
        counts["n_kept"] -= n_rows
        counts["n_aside"] -= n_aside
        counts["n_ignored"] = counts.get("n_ignored", 0) + n_rows + n_aside
    inputs = manifest.get(INPUTS)
    known = {INPUTS: inputs | {"forgotten": forgotten_digest(settings)}} if inputs else {}
    return {key: value for key, value in manifest.items() if key != "schema_version"} | {"tables": tables} | known
