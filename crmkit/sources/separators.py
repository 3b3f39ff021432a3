"""The column of a file that tells the rows of two shops or accounts apart, where both number their rows alike.

One export may hold the orders of two shops, both with an order 1001. Rows with one key are other rows, and no changed row,
if more of what no later change of a row touches (when, who, how much) differs among them than agrees. A column with which
the keys are unique again says whose a row is: one whose header names a shop, an id that is unique everywhere, or the one
that ``source_column`` under ``[files.NAME]`` names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import duckdb

from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.proposing.vocabulary import likeness, role_likeness
from crmkit.sources.sql import ROW, identifier

_ALIKE = 0.85  # likeness of a header to the names of a shop
_FEWEST, _FEWEST_BY_CHANNEL = 3, 10  # keys; a channel of marketing may separate a few by chance
_MOST_SOURCES = 50
_REST = 0.1  # of the keys of other rows; so many may stay repeated, or be of one row
_SHOWN = 3  # columns


@dataclass(frozen=True)
class Repeated:
    """Rows that may hold other rows under one key.

    Attributes
    ----------
    relation : str
        Rows with the columns of the key and :data:`crmkit.sources.sql.ROW`.
    key : str
        SQL of the key; within it the rows of one file are compared.
    name : str
        What the key is called in the file.
    same : sequence of str
        SQL of what no later change of a row touches.
    """

    relation: str
    key: str
    name: str
    same: Sequence[str]

    @property
    def n_other(self) -> str:
        """SQL of the number of keys whose rows are other rows [keys]."""
        return f"SELECT coalesce(count_if(is_other), 0) FROM ({self._judged(self.relation, self.key)})"

    def separated_by(self, column: str) -> str:
        """Return the SQL of three numbers: keys of other rows left with a column, keys of one row cut, sources."""
        rows = f"(SELECT *, {self.filled(column)} AS __of FROM {self.relation})"
        within = self._judged(rows, f"{self.key}, __of")
        several = self._judged(rows, self.key, ", count(DISTINCT __of) AS n_of")
        cut = f"SELECT coalesce(count_if(NOT is_other AND n_of > 1), 0) FROM ({several})"
        return (
            f"SELECT (SELECT coalesce(count_if(is_other), 0) FROM ({within})), ({cut}), "
            f"(SELECT count(DISTINCT {_text(column)}) FROM {self.relation})"
        )

    def filled(self, column: str) -> str:
        """Return the SQL of a column that only the first row of an order may fill."""
        window = f"OVER (PARTITION BY {self.key} ORDER BY {ROW} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
        return f"last_value({_text(column)} IGNORE NULLS) {window}"

    def _judged(self, rows: str, by: str, more: str = "") -> str:
        differ = " + ".join(f"CAST(coalesce(min({each}) <> max({each}), false) AS INTEGER)" for each in self.same)
        agree = " + ".join(
            f"CAST(coalesce(min({each}) = max({each}) AND count({each}) > 1, false) AS INTEGER)" for each in self.same
        )
        return f"SELECT {differ or 0} > {agree or 0} AS is_other{more} FROM {rows} GROUP BY {by} HAVING count(*) > 1"


@dataclass(frozen=True)
class Separation:
    """How many keys have other rows, the column that tells them apart, and else columns that may do so."""

    n_other: int
    column: str = ""
    possible: tuple[str, ...] = ()


def separation(
    con: duckdb.DuckDBPyConnection, rows: Repeated, columns: Mapping[str, str], unique: str | None = None
) -> Separation | None:
    """Return what tells the rows of one key apart; None if too few keys have rows that are other rows.

    Parameters
    ----------
    con : duckdb connection
    rows : Repeated
    columns : mapping of str to str
        Columns of the rows that may say whose a row is, with their headers.
    unique : str, optional
        Column of an id that is unique everywhere.
    """
    (n_other,) = con.execute(rows.n_other).fetchone() or (0,)
    if n_other < _FEWEST:
        return None
    possible = []
    for column in sorted(columns, key=lambda name: -_shop_likeness(columns[name])):
        n_left, n_cut, n_sources = con.execute(rows.separated_by(column)).fetchone() or (n_other, 0, 0)
        if 2 <= n_sources <= _MOST_SOURCES and n_left <= _REST * n_other and n_cut <= _REST * n_other:
            if n_other >= _needed(columns[column]):
                return Separation(n_other, column)
            possible.append(column)
    if unique is not None:
        n_left, *_ = con.execute(rows.separated_by(unique)).fetchone() or (n_other,)
        if n_left <= _REST * n_other:
            return Separation(n_other, unique)
    return Separation(n_other, possible=tuple(possible[:_SHOWN]))


def few_values(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> list[str]:
    """Return the columns that have as few values as there may be shops, no e-mail addresses among them and no amounts."""
    if not columns:
        return []
    counted = chain.from_iterable(
        (
            f"approx_count_distinct({identifier(name)})",
            f"bool_or(contains({_text(name)}, '@')) OR bool_and(regexp_full_match({_text(name)}, '[-+]?[0-9]+[.,][0-9]+'))",
        )
        for name in columns
    )
    answers = con.execute(f"SELECT {', '.join(counted)} FROM {relation}").fetchone() or ()
    pairs = zip(columns, answers[::2], answers[1::2], strict=True)
    return [name for name, n_values, is_none in pairs if 2 <= n_values <= 2 * _MOST_SOURCES and not is_none]


def sourced_id(source: str, value: str) -> str:
    """Return the SQL of an id that begins with its source, as it is where no source is given.

    Parameters
    ----------
    source, value : str
        SQL of both.
    """
    plain = f"nullif(trim(regexp_replace(regexp_replace({source}, '[.]0+$', ''), '[^\\p{{L}}\\p{{N}}]+', '-', 'g'), '-'), '')"
    return f"coalesce({plain} || '-', '') || {value}"


def separation_question(
    found: Separation, rows: Repeated, headers: Mapping[str, str], files: FileSet | None, else_: str
) -> str:
    """Return the question, without full stop, what tells the rows of one key apart.

    Parameters
    ----------
    found : Separation
    rows : Repeated
    headers : mapping of str to str
        Header of each column.
    files : FileSet or None
        The files that the rows are from, if they are from files.
    else_ : str
        What else can be done.
    """
    listed = [headers[name] for name in found.possible]
    may = f" (perhaps {' or '.join(repr(name) for name in listed)})" if listed else ""
    what = (
        f"in {found.n_other:,} values of {rows.name} the rows have other times, people or amounts: they are other rows with one "
        "number, as of two shops or accounts"
    )
    if files is None:
        return f"{what}{may}. {else_}"
    if listed:
        answer = files.hint(f'source_column = "{listed[0]}"')
        return f"{what}{may}. {answer} if that column says whose a row is; {else_}"
    return (
        f"{what}, and no column tells them apart. Export it with one that does, or each shop to a file of its own; "
        f"{files.hint(else_)}"
    )


def _needed(header: str) -> float:
    """Return how many keys a column must separate to be taken without a question [keys]."""
    if role_likeness("shop", header) >= _ALIKE:
        return _FEWEST
    return _FEWEST_BY_CHANNEL if _shop_likeness(header) >= _ALIKE else float("inf")


def _shop_likeness(header: str) -> float:
    return max(role_likeness("shop", header), 0.9 * likeness("orders", "channel", header))


def _text(column: str) -> str:
    return f"nullif(trim(CAST({identifier(column)} AS VARCHAR)), '')"
