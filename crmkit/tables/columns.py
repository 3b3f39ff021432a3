"""What a table and its columns are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crmkit.errors import UnknownName

Kind = Literal["id", "text", "timestamp", "date", "money", "number", "integer", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    Attributes
    ----------
    name, meaning : str
    kind : str
        ``id`` and ``text`` are strings, ``money`` and ``number`` floats, ``flag`` a boolean.
    required : bool
        A row without it cannot be used and is kept aside.
    unit : str
        Unit in brackets in the documentation, empty for text.
    choices : tuple of str
        The only values allowed, lower case; empty for any.
    low, high : float or None
        Smallest and largest believable value, ends included.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class TableSchema:
    """One canonical table: its name, what one row is, its key columns and all columns."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    personal: bool = False

    def column(self, name: str) -> Column:
        """Return the column of that name, or raise :class:`~crmkit.errors.UnknownName`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownName(f"column of {self.name}", name, self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that every row must have."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def clock(self) -> str | None:
        """The required time column by which a row belongs to a period, if the table has one."""
        times = [column.name for column in self.columns if column.required and column.kind in ("timestamp", "date")]
        return times[0] if times else None


def id_column(name: str, meaning: str, required: bool = False) -> Column:
    """Return a column of an identifier."""
    return Column(name, "id", meaning, required)


def text_column(name: str, meaning: str, required: bool = False, choices: tuple[str, ...] = ()) -> Column:
    """Return a column of a text."""
    return Column(name, "text", meaning, required, choices=choices)


def moment_column(name: str, meaning: str, required: bool = False) -> Column:
    """Return a column of a moment."""
    return Column(name, "timestamp", meaning, required, unit="local time")


def money_column(name: str, meaning: str, required: bool = False, low: float | None = None) -> Column:
    """Return a column of an amount."""
    return Column(name, "money", meaning, required, unit="currency", low=low)


def count_column(name: str, meaning: str, required: bool = False) -> Column:
    """Return a column of a count."""
    return Column(name, "integer", meaning, required, unit="count", low=0)


def flag_column(name: str, meaning: str, required: bool = False) -> Column:
    """Return a column of a yes or no."""
    return Column(name, "flag", meaning, required)
