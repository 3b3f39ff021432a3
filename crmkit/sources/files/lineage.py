"""Whether files whose rows have the same keys are exports of one source, or of two that number their rows alike.

A key identifies a row within one shop or account only: two shops both have an order #1001. Two files are of one source
if most of the rows they share agree in what no later export changes (when, who, how much), or if an id that is unique
everywhere says so; they are of two sources if most disagree. Else the load asks, and ``source = "..."`` under
``[files.NAME]`` answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import duckdb

from crmkit.settings import FileMapping

Verdict = Literal["same", "other", "open"]
_MOST, _FEW = 0.8, 0.2  # shares of the shared rows
_FEWEST = 3  # shared rows that can prove two sources by their content


@dataclass(frozen=True)
class SharedRows:
    """Two files, and how many of the keys in both are of the same row and of different rows [rows]."""

    first: str
    second: str
    n_shared: int
    n_same: int
    n_other: int
    by_unique_id: bool = False

    @property
    def verdict(self) -> Verdict:
        """Whether the two files are of one source, of two, or neither is proven."""
        if self.n_other >= _MOST * self.n_shared and (self.by_unique_id or self.n_other >= _FEWEST):
            return "other"
        if self.n_other <= _FEW * self.n_shared and self.n_same * 2 >= self.n_shared:
            return "same"
        return "open"


def shared_rows(
    con: duckdb.DuckDBPyConnection, rows: str, key: str, same: Sequence[str], unique: str | None = None
) -> list[SharedRows]:
    """Return the pairs of files that share keys.

    Parameters
    ----------
    con : duckdb connection
    rows : str
        Relation with the rows of all files, one per key and file, and a column ``file``.
    key : str
        SQL of the key.
    same : sequence of str
        SQL of what later exports of a row do not change; the time comes first.
    unique : str, optional
        SQL of an id that is unique everywhere.
    """
    cells = ", ".join(f"{value} AS v{number}" for number, value in enumerate(same))
    keyed = f"(SELECT file, {key} AS key, {unique or 'NULL'} AS u{', ' if cells else ''}{cells} FROM {rows})"
    agree, differ = (
        " + ".join(f"coalesce(CAST(a.v{n} {sign} b.v{n} AS INTEGER), 0)" for n in range(len(same))) or "0"
        for sign in ("=", "<>")
    )
    first = "coalesce(a.v0 = b.v0, false)" if same else "false"
    pairs = (
        f"SELECT a.file AS one, b.file AS two, a.u = b.u AS told, {agree} AS n_agree, {differ} AS n_differ, {first} AS at_once "
        f"FROM {keyed} a JOIN {keyed} b ON a.key = b.key AND a.file < b.file"
    )
    is_same = "coalesce(told, n_agree > n_differ OR (n_agree = n_differ AND at_once))"
    is_other = "coalesce(NOT told, n_differ > n_agree)"
    return [
        SharedRows(*row)
        for row in con.execute(
            f"SELECT one, two, count(*), count_if({is_same}), count_if({is_other}), coalesce(bool_and(told IS NOT NULL), false) "
            f"FROM ({pairs}) GROUP BY one, two ORDER BY one, two"
        ).fetchall()
    ]


def declared_source(dialect: FileMapping, file: str) -> str | None:
    """Return the source that the settings name for a file; ``*`` is what the * of the path stands for.

    Examples
    --------
    >>> declared_source(FileMapping(path="orders_*.csv", source="*"), "orders_AT.csv")
    'AT'
    """
    if dialect.source != "*":
        return dialect.source
    pattern = "".join("(.*)" if part == "*" else re.escape(part) for part in re.split(r"(\*)", dialect.path))
    met = re.fullmatch(pattern, file)
    return "-".join(met.groups()) if met and met.groups() else PurePath(file).stem


def short_names(files: Iterable[str]) -> dict[str, str]:
    """Return a short name for each file: what distinguishes it from the others.

    Examples
    --------
    >>> short_names(["orders_export_AT.csv", "orders_export_DE.csv"])
    {'orders_export_AT.csv': 'AT', 'orders_export_DE.csv': 'DE'}
    """
    stems = {file: PurePath(file).stem for file in files}
    parts = {file: re.split(r"[^0-9A-Za-z]+", stem) for file, stem in stems.items()}
    common = set.intersection(*(set(each) for each in parts.values())) if parts else set()
    names = {file: "-".join(part for part in each if part and part not in common) for file, each in parts.items()}
    return names if all(names.values()) and len(set(names.values())) == len(names) else stems


def source_question(pair: SharedRows, what: str, names: Mapping[str, str]) -> str:
    """Return the question, without full stop, whether two files are of one source."""
    files = " and ".join(
        f'[files.{PurePath(file).stem}] path = "{file}" source = "{names[file]}"' for file in (pair.first, pair.second)
    )
    return (
        f"{pair.first} and {pair.second} have {pair.n_shared:,} {what} in common, of which {pair.n_same:,} look the same and "
        f"{pair.n_other:,} like others: it cannot be told whether they are exports of one shop or account, or of two that "
        f"number alike. Write {files}; if they are of one, the same source in both"
    )
