"""Rows that the store has and the export files no longer: last month's file was replaced, or a file was taken away.

A corrected export changes rows and takes out a few. One that covers other days than the file it replaced takes out months,
and nobody would notice before a report compares with a year that is gone. So many rows go only if they are told to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from crmkit.cleaning.checked import Checked
from crmkit.errors import Problems
from crmkit.sources.changes import Changes
from crmkit.sources.sql import columns_of, identifier, parquet
from crmkit.sources.store import table_files
from crmkit.tables.schema import PREDICTED, SCHEMAS

_FEW = 5  # rows: fewer may be a correction, however small the table
_FEW_OF = 0.01  # of the rows before


@dataclass(frozen=True)
class Vanished:
    """Rows of one table that no file has any more.

    Attributes
    ----------
    table : str
    n_rows, n_before : int
        How many, and how many the table had [rows].
    first_day, last_day : date
        The days on which they lie.

    Examples
    --------
    >>> print(Vanished("orders", 812, 1240, date(2026, 1, 2), date(2026, 9, 30)))
    orders: 812 of the 1,240 rows of the last load, from 2026-01-02 to 2026-09-30, are in no file any more
    """

    table: str
    n_rows: int
    n_before: int
    first_day: date
    last_day: date

    @property
    def are_many(self) -> bool:
        """Whether they are more than a correction takes out."""
        return self.n_rows >= _FEW and self.n_rows > _FEW_OF * self.n_before

    def __str__(self) -> str:
        rows = f"the {self.n_before:,} rows" if self.n_before != 1 else "the 1 row"
        are = "are" if self.n_rows != 1 else "is"
        days = (
            f"from {self.first_day} to {self.last_day}" if self.first_day != self.last_day else f"of {self.first_day}"
        )
        return f"{self.table}: {self.n_rows:,} of {rows} of the last load, {days}, {are} in no file any more"


def vanished_rows(con: duckdb.DuckDBPyConnection, store: Path | None, checked: Sequence[Checked]) -> list[Vanished]:
    """Return what the store has and the checked rows have not, of each table whose rows have a time.

    Parameters
    ----------
    con : duckdb connection
    store : Path or None
        The store of the load before.
    checked : sequence of Checked
    """
    new = {table.table: table.taken.relation for table in checked}
    files = table_files(store) if store else {}
    found = [_gone(con, name, parquet(file), new.get(name)) for name, file in files.items() if name not in PREDICTED]
    return [each for each in found if each and each.n_rows]


def refuse_many(vanished: Sequence[Vanished], changes: Changes) -> None:
    """Stop a load that would lose many rows.

    Raises
    ------
    Problems
        With each table, and what to do.
    """
    many = [f"{each}." for each in vanished if each.are_many]
    if not many:
        return
    files = [*changes.changed, *changes.gone]
    which = f" Since the last load: {changes}." if changes else ""
    name = Path(files[0] if files else "orders.csv")
    advice = (f"Nothing was changed.{which} If a file holds the next month only, put the earlier one back beside it under a "
              f"name of its own, such as {name.stem}_2026-10{name.suffix}: files may overlap. If the rows are to go, run "
              "`crmkit load --drop`.")  # fmt: skip
    raise Problems("The export files", [*many, advice])


def _gone(con: duckdb.DuckDBPyConnection, name: str, old: str, new: str | None) -> Vanished | None:
    schema = SCHEMAS[name]
    if schema.clock is None:
        return None
    was = columns_of(con, f"FROM {old}")
    now = columns_of(con, new) if new else was
    keys = [each for each in schema.key if each != "customer_id" and each in was and each in now]  # people are merged
    gone = _without_key(schema.clock, old, new) if not keys else _by_key(keys, old, new)
    at = identifier(schema.clock)
    counted = con.execute(f"SELECT count(*), CAST(min({at}) AS DATE), CAST(max({at}) AS DATE), "
                          f"(SELECT count(*) FROM {old}) FROM ({gone})").fetchone()  # fmt: skip
    n_rows, first, last, n_before = counted or (0, None, None, 0)
    return Vanished(name, n_rows, n_before, first, last) if first and last else None


def _by_key(keys: Sequence[str], old: str, new: str | None) -> str:
    if new is None:
        return f"FROM {old}"
    listed = ", ".join(map(identifier, keys))
    same = " AND ".join(f"was.{identifier(key)} IS NOT DISTINCT FROM gone.{identifier(key)}" for key in keys)
    return f"FROM {old} was SEMI JOIN (SELECT {listed} FROM {old} EXCEPT SELECT {listed} FROM {new}) gone ON {same}"


def _without_key(clock: str, old: str, new: str | None) -> str:
    """Return the SQL of the rows on days before the first and after the last of the new ones."""
    if new is None:
        return f"FROM {old}"
    day = f"CAST({identifier(clock)} AS DATE)"
    return (f"FROM {old} WHERE {day} < (SELECT min({day}) FROM {new}) OR {day} > (SELECT max({day}) FROM {new})")  # fmt: skip
