"""Where the table of a file begins: its header is found by evidence, below titles, report heads and ``sep=;``.

A header is the first line of names whose width fits the lines below it, or the line that holds the names asked for. What
the settings declare is taken as it stands.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from crmkit.errors import CrmkitError
from crmkit.sources.files.layout import Layout, Record, names_by_key
from crmkit.sources.files.limits import LONGEST_CELL

HEAD_LINES = 100
"""How many records of a file are looked at, from the header on where its line is declared."""

DELIMITERS = ",;\t|"
CUT_OFF = "unexpected end of data"
_TOO_LONG = "field larger than field limit"
_SEPARATOR = re.compile(r'\ufeff*"?sep=(?P<mark>[^\w\s"]|\t)"?(?P=mark)*,*\s*', re.IGNORECASE)
_NUMBER = re.compile(
    r"[-+('\u2212]?\s*\W{0,2}(?:[A-Z]{2,3}|Rp|kr|Fr)?\W{0,2}\d[\d.,'’\s\u00a0\u202f]*\s*[^\W\d]{0,3}\W{0,2}"
)
_DATE = re.compile(
    r"(?=(?:\D*\d){3})[\d\s./:,T+\-Z年月日]*(?:[^\W\d]{3,10}\.?[\d\s./:,+\-]*){0,2}(?:[AaPp]\.?[Mm]\.?)?"
)
_LEAST_FILLED = 0.6  # of the cells of a header, and of a row


@dataclass(frozen=True)
class TextHead:
    """How the table of a text file begins.

    Attributes
    ----------
    delimiter : str
    header_line : int or None
        Line on which the header begins; None where the settings give the names, or the file has no line.
    rows_from : int
        Line on which the rows begin.
    names : tuple of str
        The header's cells as they are written, or the names that the settings give.
    rows_above : tuple of int
        Lines above the header that look like rows: they are reported, and never left out silently.
    """

    delimiter: str
    header_line: int | None
    rows_from: int
    names: tuple[str, ...]
    rows_above: tuple[int, ...] = ()


def text_head(beginning: str, layout: Layout, delimiter: str | None = None) -> TextHead:
    r"""Return how the table of a text file begins.

    Parameters
    ----------
    beginning : str
        The first lines of the file, decoded.
    layout : Layout
        What is declared about the file; :meth:`Layout.declared` adds what the settings say.
    delimiter : str, optional
        The declared one.

    Examples
    --------
    >>> text_head("Orders\nSeptember 2026\n\nid;cost\n1;2,5\n", Layout())
    TextHead(delimiter=';', header_line=4, rows_from=5, names=('id', 'cost'), rows_above=())
    """
    mark = delimiter or delimiter_of(beginning, layout)
    records = _first_records(beginning, mark, layout)
    position = header_position(records, layout)
    if layout.names or position is None:
        first = 0 if position is None else position
        rows_from = records[first][0] if first < len(records) else layout.skip_lines + 1
        return TextHead(mark, None, rows_from, layout.names)
    line, cells = records[position]
    below = records[position + 1][0] if position + 1 < len(records) else line + 1
    return TextHead(mark, line, below, tuple(cells or ()), rows_above(records[:position], cells or [], layout))


def delimiter_of(beginning: str, layout: Layout | None = None) -> str:
    r"""Return the delimiter of a text: that of its line ``sep=``, else the one with which a header fits most lines below.

    Examples
    --------
    >>> delimiter_of('order_id;revenue\n1;"1,5"\n2;3,0\n')
    ';'
    >>> delimiter_of('Campaign report\nSeptember 1, 2026 - September 30, 2026\nDay\tCost\n2026-09-01\t5\n')
    '\t'
    """
    told = _SEPARATOR.fullmatch(re.split(r"[\r\n]", beginning, maxsplit=1)[0])
    if told:
        return told["mark"]
    layout = layout or Layout()
    splits = {mark: _first_records(beginning, mark, layout) for mark in DELIMITERS}
    by_first_line = {mark: _agreeing_with_first(records) for mark, records in splits.items()}
    likely = max(DELIMITERS, key=by_first_line.__getitem__)
    evidence = {mark: evidence_of_header(records, layout) for mark, records in splits.items()}
    best = max(DELIMITERS, key=evidence.__getitem__)
    if by_first_line[likely] and _first_is_header(splits[likely], layout) and evidence[best][0] <= evidence[likely][0]:
        return likely
    if any(evidence[best]):
        return best
    return likely if by_first_line[likely] else max(DELIMITERS, key=lambda mark: _agreeing(splits[mark]))


def n_head_lines(layout: Layout) -> int:
    """Return how many records of a file are looked at to find its header."""
    return HEAD_LINES + max(layout.skip_lines, layout.header_line or 0)


def header_position(records: Sequence[Record], layout: Layout) -> int | None:
    """Return the position of the header among the first records of a file; None if there is no record for it.

    Where the settings give the names, it is the position of the first row.
    """
    from_line = max(layout.skip_lines, 0) + 1
    filled = [place for place, (line, row) in enumerate(records) if row and line >= from_line]
    if layout.header_line is not None:
        return next((place for place in filled if records[place][0] == layout.header_line), None)
    if filled and not (layout.skip_lines or layout.names) and _tells_separator(records[filled[0]]):
        filled = filled[1:]
    if layout.names or layout.skip_lines:
        return next(iter(filled), None)
    wanted = set(layout.wanted)
    named = [place for place in filled if wanted and wanted <= names_by_key(records[place][1] or ()).keys()]
    if named:
        return named[0]
    candidates = [place for place in filled if _is_header(records, place)]
    return _best(records, candidates) if candidates else next(iter(filled), None)


def evidence_of_header(records: Sequence[Record], layout: Layout) -> tuple[int, int]:
    """Return how many columns below the header hold numbers or dates, and how many cells stand in lines that fit it."""
    place = header_position(records, layout)
    if place is None or (not _is_header(records, place) and not layout.is_declared):
        return 0, 0
    width = len(records[place][1] or ())
    fitting = sum(row is not None and _fits(row, width) for _, row in records[place:])
    return (_n_typed(records, place), width * fitting) if width > 1 else (0, 0)


def rows_above(above: Sequence[Record], header: Sequence[str], layout: Layout) -> tuple[int, ...]:
    """Return the lines above a header that have its width and hold numbers or dates as rows do; none if it is declared."""
    if layout.skip_lines or layout.is_declared:
        return ()
    width = len(header)
    return tuple(
        line
        for line, row in above
        if row
        and width > 1
        and len(row) == width
        and _n_filled(row) >= max(2, _LEAST_FILLED * width)
        and sum(is_value(cell) for cell in row) * 3 >= width
    )


def is_value(cell: str) -> bool:
    """Whether a cell looks like a number or a date, and not like a name.

    Examples
    --------
    >>> [is_value(cell) for cell in ("12.50", "€ 5", "1 Sep 2026", "2026-09-01 10:00", "order_id", "Q1", "c1", "")]
    [True, True, True, True, False, False, False, False]
    """
    text = cell.strip()
    return bool(text) and (_NUMBER.fullmatch(text) or _DATE.fullmatch(text)) is not None


def read_records(reader: Iterator[list[str]]) -> Iterator[Record]:
    """Yield the records of a CSV reader with the lines on which they begin.

    Raises
    ------
    CrmkitError
        If the text ends inside of quotation marks.
    """
    while True:
        line: int = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if str(error) == CUT_OFF:
                raise CrmkitError(f"the file seems cut off: a quotation mark in line {line} is never closed.") from None
            if str(error).startswith(_TOO_LONG):
                raise CrmkitError(
                    f"a cell that begins after line {line - 1} has more than {LONGEST_CELL:,} letters: a quotation mark "
                    "is probably never closed there."
                ) from None
            yield line, None
            continue
        yield line, row


def _first_records(beginning: str, delimiter: str, layout: Layout) -> list[Record]:
    reader = csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter, strict=True)
    records: list[Record] = []
    with suppress(CrmkitError):  # the beginning ends inside of a cell
        for record in islice(read_records(reader), n_head_lines(layout)):
            records.append(record)
    return records


def _tells_separator(record: Record) -> bool:
    first, *others = record[1] or [""]
    return re.fullmatch(r"\ufeff*sep=.?", first.strip(), re.IGNORECASE) is not None and not any(others)


def _is_header(records: Sequence[Record], place: int) -> bool:
    """Whether a record is a line of names, and its width is that of most lines of several cells below it."""
    row = records[place][1] or []
    n_filled, width = _n_filled(row), len(row)
    if n_filled < max(2, _LEAST_FILLED * width) or sum(is_value(cell) for cell in row) * 2 >= n_filled:
        return False
    below = [each for _, each in records[place + 1 :] if each and _n_filled(each) > 1]
    n_fitting = sum(_fits(each, width) for each in below)
    return n_fitting * 2 >= len(below) and (n_fitting > 0 or width > 2)


def _best(records: Sequence[Record], candidates: Sequence[int]) -> int:
    """Return the first candidate, or a later one below a blank line under which more columns hold numbers or dates."""
    best = candidates[0]
    for place in candidates[1:]:
        is_apart = any(not row for _, row in records[best:place])
        if is_apart and not any(_has_values(row) for _, row in records[best:place]):
            best = place if _n_typed(records, place) > _n_typed(records, best) else best
    return best


def _has_values(row: list[str] | None) -> bool:
    return bool(row) and sum(is_value(cell) for cell in row or ()) > 1


def _n_typed(records: Sequence[Record], place: int) -> int:
    """Return how many columns below a record hold numbers or dates and little else."""
    width = len(records[place][1] or ())
    below = (row for _, row in records[place + 1 :])
    rows = [row for row in below if row and len(row) == width]
    columns = [[cell for cell in column if cell.strip()] for column in zip(*rows, strict=True)]
    return sum(bool(column) and sum(map(is_value, column)) >= 0.9 * len(column) for column in columns)


def _first_is_header(records: Sequence[Record], layout: Layout) -> bool:
    first = next((place for place, (_, row) in enumerate(records) if row), None)
    return first is not None and header_position(records, layout) == first


def _fits(row: list[str], width: int) -> bool:
    return len(row) == width or (len(row) > width and not any(row[width:]))


def _n_filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _agreeing_with_first(records: Sequence[Record]) -> int:
    widths = [len(row) for _, row in records if row]
    return widths[0] * widths.count(widths[0]) if widths and widths[0] > 1 else 0


def _agreeing(records: Sequence[Record]) -> int:
    widths = Counter(len(row) for _, row in records if row)
    return max((width * n for width, n in widths.items() if width > 1), default=0)
