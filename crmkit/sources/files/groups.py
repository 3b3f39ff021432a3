"""Names of groups among the rows of a report: a line with a customer's name alone, and that customer's rows below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from crmkit.sources.files.layout import distinct_names
from crmkit.sources.files.suspects import ColumnShape, Suspect
from crmkit.sources.files.total_words import group_of_total

GROUP = "group"
"""Name of the column of groups where the file has none for it."""


@dataclass(frozen=True)
class Groups:
    """The groups of the rows of a report.

    Attributes
    ----------
    name : str
        Name of the column that holds the name of a row's group.
    column : str or None
        Column of the file in which nothing but these names stands.
    begins : tuple of (int, int, str or None)
        Part and line from which on a group goes, and its name; None where no group goes on.
    """

    name: str
    column: str | None
    begins: tuple[tuple[int, int, str | None], ...]


def found_groups(
    singles: Sequence[Suspect],
    totals: Sequence[Suspect],
    shapes: Sequence[ColumnShape],
    within: Mapping[int, tuple[int, int]],
) -> Groups | None:
    """Return the groups of a report, and set the kind of the rows that name them; None if the evidence is not clear.

    Parameters
    ----------
    singles : sequence of Suspect
        Rows with a single cell, a text.
    totals : sequence of Suspect
        Rows found to be totals.
    shapes : sequence of ColumnShape
    within : mapping of int to (int, int)
        First and last line of the rows of data, by part.
    """
    heads = [row for row in singles if row.kind == "row" and row.line < within.get(row.part, (0, 0))[1]]
    columns = {row.only_text for row in heads}
    if len(columns) != 1:
        return None
    (place,) = columns
    if place is None or not _are_groups(heads, totals, shapes[place], within):
        return None
    for row in heads:
        row.kind = "group"
    shape = shapes[place]
    column = shape.name if shape.filled == 0 else None
    is_named = column is not None and column != f"column {place + 1}"
    taken = [each.name for each in shapes if each.name != column]
    name = shape.name if is_named else distinct_names([*taken, GROUP])[-1]
    marks = sorted([*heads, *totals], key=lambda row: (row.part, row.line))
    return Groups(name, column, tuple(_begins(marks)))


def _begins(marks: Sequence[Suspect]) -> Iterator[tuple[int, int, str | None]]:
    """Yield where each group begins or ends; one inside of another has the names of both, as in ``Ann:Garden``."""
    last_total = {(row.part, _total_of(row)): row.line for row in marks if row.kind == "total"}
    names: list[str] = []
    above: Suspect | None = None
    for row in marks:
        names = names if above and above.part == row.part else []
        if row.kind == "group":
            is_next = above is not None and above.kind == "group" and above.line == row.line - 1
            goes_on = bool(names) and last_total.get((row.part, names[0].strip().casefold()), 0) > row.line
            name = row.cells[row.filled[0]] or ""
            names = [*names, name] if (is_next and names) or goes_on else [name]
        else:
            names = _after_total(names, row)
        yield row.part, row.line, ":".join(names) or None
        above = row


def _are_groups(
    heads: Sequence[Suspect],
    totals: Sequence[Suspect],
    shape: ColumnShape,
    within: Mapping[int, tuple[int, int]],
) -> bool:
    """Whether single cells name groups: their totals have the same names, or they lead and rows have no text there."""
    named = {_total_of(row) for row in totals} - {""}
    names = {(row.cells[row.filled[0]] or "").strip().casefold() for row in heads}
    if len(named & names) * 2 >= len(names):
        return True
    leads = all(any(row.part == part and row.line < first for row in heads) for part, (first, _) in within.items())
    return leads and (shape.filled == 0 or (shape.kind in ("date", "number") and len(heads) > 1))


def _after_total(names: list[str], row: Suspect) -> list[str]:
    total, folded = _total_of(row), [name.strip().casefold() for name in names]
    return names[: folded.index(total)] if total in folded else names[:-1]


def _total_of(row: Suspect) -> str:
    """Return the group whose total a row is, in lower case; empty if it names none."""
    return group_of_total(row.cells[row.label] or "") if row.label is not None else ""
