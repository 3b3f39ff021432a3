"""How a table is laid out on a phone, decided when the page is made: style sheets cannot see whether a table fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crmkit.reporting.display.html import kept_together

_EXPLAINS, _FEWEST = "text long", 3  # columns of a list
IN_CARD, IN_FIGURE = 322, 350  # px for a table on a phone of 390
# px of a character (names are bold, heads too, and smaller) and of a gap, as crmkit.css sets them for phones
_NAME, _CELL, _HEAD, _BETWEEN = 8.2, 7.4, 7.6, 6.4
_WIDEST = {"text wordy": 96, "text long": 128}  # px that these are given at least
_MOST_PAIRS, _MOST_BLOCKS = 8, 30  # with more, scrolling through blocks takes longer than scrolling a table sideways
_SHORT = 15  # characters of which three fit side by side
_UNBROKEN = re.compile(r"[^ \-]+-?")  # a line may break at a space or after a hyphen


@dataclass(frozen=True)
class Column:
    """A column on paper: its heading and what it holds.

    That is ``text`` (also ``short``, ``wordy``, ``long``) or a ``number`` (also ``interval``).
    """

    label: str
    kind: str


def phone_layout(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int = IN_CARD) -> str:
    """Return how a phone shows a table: as a ``list``, in ``blocks``, pushed ``sideways``, or "" as it is, where it fits.

    A list, whose rows end in an explanation, has it beneath the numbers of each row, if these fit. Blocks have each row's name
    on top and beneath it its cells, each under its heading: nothing that decides is out of sight. Triangles and long tables,
    which are read down their columns, stay whole, with their first column in sight.

    Parameters
    ----------
    columns : sequence of Column
    rows : sequence of sequence of str
        Cells in words.
    room : int
        [px]

    Examples
    --------
    >>> three, many = [Column("Plan", "text"), *[Column("Customers", "number")] * 2], [Column("Month", "number")] * 13
    >>> phone_layout(three, [["Office", "1,201", "99"]]), phone_layout(many, [["1,201"] * 13])
    ('', 'sideways')
    >>> phone_layout([Column("Plan", "text"), *[Column("Customers", "number")] * 5], [["Office", *["1,201"] * 5]])
    'blocks'
    """
    is_list = len(columns) >= _FEWEST and columns[-1].kind == _EXPLAINS
    if _width(columns, rows, is_list=is_list) <= room:
        return "list" if is_list else ""
    if len(columns) - 1 <= _MOST_PAIRS and len(rows) <= _MOST_BLOCKS:
        return "blocks"
    return "list" if is_list else "sideways"


def naming(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """Return how many columns, from the first on, it takes to name a row: two where "plan" stands before each plan, or a place.

    Examples
    --------
    >>> by, group, left = Column("By", "text"), Column("Group", "text"), Column("Left", "number")
    >>> naming([by, group, left], [["plan", "Office", "9 %"], ["plan", "Home", "8 %"]]), naming([group, left], [["Home", "8 %"]])
    (2, 1)
    """
    is_number = ["number" in column.kind for column in columns]
    if is_number[:2] == [True, False]:
        return 2
    n_text = is_number.index(True) if any(is_number) else len(columns) - 1
    enough = (n for n in range(1, n_text + 1) if len({tuple(row[:n]) for row in rows}) == len(rows))
    return next(enough, 1)


def across(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """Return how many cells of a block stand side by side: three if all are short, else two, and four in a square."""
    n = naming(columns, rows)
    beside = [place for place, column in enumerate(columns) if place >= n and column.kind != _EXPLAINS]
    are_short = all(len(row[place]) <= _SHORT for row in rows for place in beside)
    return 3 if are_short and len(beside) != 4 else 2


def _width(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, is_list: bool) -> float:
    """Return the least width of the columns that stand side by side [px]; in a list what is long stands beneath them."""
    beside = [place for place, column in enumerate(columns) if not (is_list and place and column.kind == _EXPLAINS)]
    widths = [
        _column_width(columns[place], [row[place] for row in rows], _CELL if place else _NAME) for place in beside
    ]
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _column_width(column: Column, cells: Sequence[str], of_character: float) -> float:
    stays_whole = column.kind in ("number", "text short")
    pieces = [[cell] if stays_whole else _UNBROKEN.findall(kept_together(cell)) for cell in cells]
    in_cells = max((len(piece) for each in pieces for piece in each), default=0) * of_character
    in_head = max((len(piece) for piece in _UNBROKEN.findall(kept_together(column.label))), default=0) * _HEAD
    return max(in_cells, in_head, _WIDEST.get(column.kind, 0))
