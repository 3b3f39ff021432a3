"""The layout of a file around its rows: header, notes, totals, a second table."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from crmkit.settings import FileMapping

Record = tuple[int, list[str] | None]
"""The line on which a record begins, and its cells; None if its quotation marks do not match, [] for a blank line."""

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
NOTE_LINES = "lines that are notes, titles or totals and no rows"
SECOND_TABLE = "lines of a second table below the first"


@dataclass(frozen=True)
class Layout:
    """Where the rows of a table are in a file that contains more: titles above, totals and notes below.

    Attributes
    ----------
    header_line : int or None
        Line of the header; None where it is found by evidence.
    second_header : bool
        Whether the header has a second line: a question, and below it the choices.
    comment : str or None
        Text at the beginning of lines that are notes.
    ends_at_blank : bool
        Whether a blank line ends the table.
    footer : str or None
        Pattern of the first cell of lines that are not rows: totals, a copyright.
    constants : tuple of (str, str)
        Columns that the file lacks, each with the value that its preamble gives for all rows.
    skip_lines : int
        Lines at the beginning that are no part of the table; the header is the first below them that is not blank.
    names : tuple of str
        Names of the columns of a file without a header.
    wanted : tuple of str
        Names, in lower case, by which the header is known if a line holds all of them.
    """

    header_line: int | None = None
    second_header: bool = False
    comment: str | None = None
    ends_at_blank: bool = False
    footer: str | None = None
    constants: tuple[tuple[str, str], ...] = ()
    skip_lines: int = 0
    names: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()

    @property
    def is_declared(self) -> bool:
        """Whether the place of the header is settled, and not to be found."""
        return bool(self.names or self.skip_lines or self.header_line is not None)

    @property
    def is_more_than_rows(self) -> bool:
        """Whether lines below the header are no rows: notes, totals, another table."""
        return bool(self.second_header or self.comment or self.ends_at_blank or self.footer or self.constants)

    def declared(self, dialect: FileMapping) -> Layout:
        """Return the layout with what the settings say about the place of the header, which overrules all else."""
        if isinstance(dialect.header, int):
            return replace(self, header_line=dialect.header)
        if dialect.header:
            return replace(self, header_line=None, names=dialect.header, skip_lines=dialect.skip_lines or 0)
        return replace(self, skip_lines=dialect.skip_lines) if dialect.skip_lines else self


@dataclass
class Body:
    """The rows below the header, and how many lines were skipped, by reason."""

    records: Iterable[Record]
    layout: Layout
    ignored: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Record]:
        """Yield the line and the cells of each row."""
        seen, ended = False, False
        for line, row in self.records:
            if row == [] or (row is not None and self.layout.ends_at_blank and not any(row)):
                ended = ended or (seen and self.layout.ends_at_blank)
            elif ended:
                self.ignored[SECOND_TABLE] += 1
            elif row is not None and self._is_note(row):
                self.ignored[NOTE_LINES] += 1
            else:
                seen = True
                yield line, row

    def _is_note(self, row: list[str]) -> bool:
        first = row[0].strip()
        if self.layout.comment and first.startswith(self.layout.comment):
            return True
        return self.layout.footer is not None and re.search(self.layout.footer, first) is not None


def joined_header(questions: list[str], choices: list[str]) -> list[str]:
    """Return one name per column of a header of two lines; a choice belongs to the question to its left."""
    plain = {"", "response", "open-ended response"}
    names, question = [], ""
    for position, cell in enumerate(questions):
        question = cell.strip() or question
        choice = choices[position].strip() if position < len(choices) else ""
        names.append(question if choice.casefold() in plain else f"{question} - {choice}")
    return names


def distinct_names(header: list[str]) -> list[str]:
    """Return the column names without control characters and outer spaces; an empty or repeated one gets its position.

    Examples
    --------
    >>> distinct_names(["Id", " id ", ""])
    ['Id', 'id (2)', 'column 3']
    """
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(header, start=1):
        name = clean_name(cell) or f"column {position}"
        name = f"{name} ({position})" if plain_name(name) in taken else name
        taken.add(plain_name(name))
        names.append(name)
    return names


def clean_name(cell: str) -> str:
    """Return the name in a cell of a header, without control characters, outer spaces and marks."""
    return _CONTROL_CHARACTERS.sub("", cell).strip(" \t\r\n\u00a0\ufeff").removeprefix("'")


def plain_name(name: str) -> str:
    """Return a column name in the form in which names are compared: composed, in lower case, without invisible marks.

    Examples
    --------
    >>> plain_name(" Order_ID "), plain_name("Gro\u0308\u00dfe") == plain_name("GR\u00d6SSE")
    ('order_id', True)
    """
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", clean_name(str(name))))
    return visible.strip().casefold()


def names_by_key(header: Sequence[str]) -> dict[str, str]:
    """Return the column names of a header by all keys under which they are found: their own, and that of their place.

    Examples
    --------
    >>> names_by_key(["id", "Total", "total"])
    {'id': 'id', 'total': 'Total', 'total (3)': 'total (3)', 'total (2)': 'Total'}
    """
    names = distinct_names(list(header))
    return {plain_name(name): name for name in names} | {
        plain_name(key): column for twins in repeated_names(names).values() for key, column in twins.items()
    }


def repeated_names(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the columns that have one name in their file, by that name: each by its name with its place.

    Parameters
    ----------
    names : sequence of str
        As :func:`distinct_names` returns them.

    Examples
    --------
    >>> repeated_names(["id", "Total", "total (3)"])
    {'total': {'total (2)': 'Total', 'total (3)': 'total (3)'}}
    """
    places = {name.casefold(): position for position, name in reversed(list(enumerate(names, start=1)))}
    found: dict[str, dict[str, str]] = {}
    for position, name in enumerate(names, start=1):
        base = name.casefold().removesuffix(f" ({position})")
        first = places.get(base, position)
        if base != name.casefold() and first < position:
            found.setdefault(base, {f"{base} ({first})": names[first - 1]})[f"{base} ({position})"] = name
    return found
