"""The history of loads: which files each load read, what became of their rows, and which rows vanished since the last.

A corrected export changes rows and removes a few. An export that covers other days than the file it replaced removes
months, which would show only when a report compares with a year that is gone. A load that would remove so many rows
stops, unless the rows are to be dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import pandas as pd

from crmkit.cleaning.checks.check_rows import CheckedTable
from crmkit.errors import Problems, UnknownName
from crmkit.settings import Settings, read_settings
from crmkit.sources.sql import columns_of, identifier, parquet
from crmkit.sources.store.changes import INPUTS, Changes, changes_between
from crmkit.sources.store.locate import find_settings
from crmkit.sources.store.store import found_store, read_loads, table_files
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import PREDICTED, SCHEMAS

By = Literal["load", "table", "file"]
_ROWS = ["n_in", "n_kept", "n_merged", "n_folded", "n_ignored", "n_aside"]
_PORTION = ["file", "table", "n_kept", "n_merged", "n_aside", "first_day", "last_day"]
_COLUMNS: dict[By, list[str]] = {
    "load": [
        "load",
        "loaded_at",
        "crmkit",
        "data_through",
        "n_files",
        "new",
        "changed",
        "gone",
        *_ROWS,
        "n_vanished",
        "share_aside",
    ],
    "table": ["load", "loaded_at", "table", *_ROWS, "share_aside"],
    "file": [
        "load",
        "loaded_at",
        "file",
        "change",
        "layout",
        "n_bytes",
        "sha256",
        "n_rows",
        "table",
        "n_kept",
        "n_merged",
        "n_aside",
        "first_day",
        "last_day",
    ],
}
_FEW = 5  # rows: fewer may be a correction, however small the table
_FEW_OF = 0.01  # of the rows before


def load_history(source: Catalog | Settings | str | Path | None = None, *, by: By = "load") -> pd.DataFrame:
    """Return the loads of a store, oldest first.

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
        If ``by`` is none of these.

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
    """Return the record of a load in the history.

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
    known_changes = {name: what for what in ("new", "changed", "gone") for name in getattr(changes, what)}
    read = {record["file"]: {key: record[key] for key in ("layout", "n_rows")} for record in manifest["files"]}
    files = [
        {
            "file": name,
            "change": known_changes.get(name, "unchanged"),
            "n_bytes": seen["n_bytes"],
            "sha256": seen["sha256"],
            **read.get(name, {}),
        }
        for name, seen in sorted(now.items())
    ]
    files += [{"file": name, "change": "gone"} for name in changes.gone]
    kept = {key: manifest[key] for key in ("loaded_at", "crmkit", "data_through", "input_sha256", "tables")}
    portions = [{name: record[name] for name in _PORTION} for record in manifest["by_file"]]
    return {**kept, "files": files, "portions": portions, "vanished": dict(vanished)}


@dataclass(frozen=True)
class VanishedRows:
    """Rows of one table that no file holds any more.

    Attributes
    ----------
    table : str
    n_rows, n_before : int
        How many, and how many the table had [rows].
    first_day, last_day : date
        First and last day of these rows.

    Examples
    --------
    >>> print(VanishedRows("orders", 812, 1240, date(2026, 1, 2), date(2026, 9, 30)))
    orders: 812 of the 1,240 rows of the last load, from 2026-01-02 to 2026-09-30, are in no file any more
    """

    table: str
    n_rows: int
    n_before: int
    first_day: date
    last_day: date

    @property
    def are_many(self) -> bool:
        """Whether they are more than a correction removes."""
        return self.n_rows >= _FEW and self.n_rows > _FEW_OF * self.n_before

    def __str__(self) -> str:
        rows = f"the {self.n_before:,} rows" if self.n_before != 1 else "the 1 row"
        are = "are" if self.n_rows != 1 else "is"
        days = (
            f"from {self.first_day} to {self.last_day}" if self.first_day != self.last_day else f"of {self.first_day}"
        )
        return f"{self.table}: {self.n_rows:,} of {rows} of the last load, {days}, {are} in no file any more"


def vanished_rows(
    con: duckdb.DuckDBPyConnection, store: Path | None, checked: Sequence[CheckedTable]
) -> list[VanishedRows]:
    """Return the rows of the store that are not among the checked rows, for each table with a time column.

    Parameters
    ----------
    con : duckdb connection
    store : Path or None
        The store of the load before.
    checked : sequence of CheckedTable
    """
    new = {table.table: table.parsed.relation for table in checked}
    files = table_files(store) if store else {}
    found = [_gone(con, name, parquet(file), new.get(name)) for name, file in files.items() if name not in PREDICTED]
    return [each for each in found if each and each.n_rows]


def refuse_many_vanished(vanished: Sequence[VanishedRows], changes: Changes) -> None:
    """Stop a load that would lose many rows.

    Raises
    ------
    Problems
        With each table that would lose many rows, and what to do.
    """
    many = [f"{each}." for each in vanished if each.are_many]
    if not many:
        return
    files = [*changes.changed, *changes.gone]
    which = f" Since the last load: {changes}." if changes else ""
    name = Path(files[0] if files else "orders.csv")
    advice = (
        f"Nothing was changed.{which} If a file holds the next month only, put the earlier one back beside it under a "
        f"name of its own, such as {name.stem}_2026-10{name.suffix}: files may overlap. If the rows are to go, run "
        "`crmkit load --drop`."
    )
    raise Problems("The export files", [*many, advice])


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
    return [
        {**file, **portion} for file in files for portion in [p for p in portions if p["file"] == file["file"]] or [{}]
    ]


def _gone(con: duckdb.DuckDBPyConnection, name: str, old: str, new: str | None) -> VanishedRows | None:
    schema = SCHEMAS[name]
    if schema.clock is None:
        return None
    was = columns_of(con, f"FROM {old}")
    now = columns_of(con, new) if new else was
    keys = [each for each in schema.key if each != "customer_id" and each in was and each in now]  # people are merged
    gone = _without_key(schema.clock, old, new) if not keys else _by_key(keys, old, new)
    at = identifier(schema.clock)
    counted = con.execute(
        f"SELECT count(*), CAST(min({at}) AS DATE), CAST(max({at}) AS DATE), (SELECT count(*) FROM {old}) FROM ({gone})"
    ).fetchone()
    n_rows, first, last, n_before = counted or (0, None, None, 0)
    return VanishedRows(name, n_rows, n_before, first, last) if first and last else None


def _without_key(clock: str, old: str, new: str | None) -> str:
    """Return the SQL of the rows on days before the first and after the last of the new ones."""
    if new is None:
        return f"FROM {old}"
    day = f"CAST({identifier(clock)} AS DATE)"
    return f"FROM {old} WHERE {day} < (SELECT min({day}) FROM {new}) OR {day} > (SELECT max({day}) FROM {new})"


def _by_key(keys: Sequence[str], old: str, new: str | None) -> str:
    if new is None:
        return f"FROM {old}"
    listed = ", ".join(map(identifier, keys))
    same = " AND ".join(f"was.{identifier(key)} IS NOT DISTINCT FROM gone.{identifier(key)}" for key in keys)
    return f"FROM {old} was SEMI JOIN (SELECT {listed} FROM {old} EXCEPT SELECT {listed} FROM {new}) gone ON {same}"
