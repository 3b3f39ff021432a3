"""The layout of a file around its rows: header, notes, totals, a second table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Record = tuple[int, list[str] | None]
"""The line on which a record begins, and its cells; None if its quotation marks do not match, [] for a blank line."""

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NOTE_LINES = "lines that are notes, titles or totals and no rows"
SECOND_TABLE = "lines of a second table below the first"


@dataclass(frozen=True)
class Layout:
    """Where the rows of a table are in a file that contains more: titles above, totals and notes below.

    Attributes
    ----------
    header_line : int or None
        Line of the header; None for the first that is not blank.
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
    """

    header_line: int | None = None
    second_header: bool = False
    comment: str | None = None
    ends_at_blank: bool = False
    footer: str | None = None
    constants: tuple[tuple[str, str], ...] = ()


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


def header_of(records: Iterator[Record], layout: Layout) -> list[str]:
    """Return the header, empty if there is none; the records then continue below it."""
    header: list[str] = []
    for line, row in records:
        if row and (layout.header_line is None or line == layout.header_line):
            header = row
            break
    if not layout.second_header or not header:
        return header
    _, below = next(records, (0, None))
    return joined_header(header, below or [])


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
        name = _CONTROL_CHARACTERS.sub("", cell).strip(" \t\r\n\u00a0\ufeff").removeprefix("'") or f"column {position}"
        name = f"{name} ({position})" if name.casefold() in taken else name
        taken.add(name.casefold())
        names.append(name)
    return names
