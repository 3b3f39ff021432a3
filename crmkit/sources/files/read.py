"""Read a file as text, cell by cell, with the line of each row and the lines that do not fit the header.

CSV or a sheet of a workbook: only the delimiter and the encoding are detected here; numbers and dates are read later,
by the type of the column that they are for.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping
from crmkit.sources.files.encoding import Encoding, encoding_of, undecodable
from crmkit.sources.files.file_sets import is_workbook
from crmkit.sources.files.head import (
    delimiter_of,
    evidence_of_header,
    header_position,
    n_head_lines,
    read_records,
    rows_above,
)
from crmkit.sources.files.layout import Body, Layout, Record, distinct_names, joined_header
from crmkit.sources.files.limits import (
    LONGEST_CELL,
    MOST_COLUMNS,
    refuse_large_parquet,
    refuse_long_lines,
    refuse_wide,
)
from crmkit.sources.files.names import shown_name
from crmkit.sources.files.workbook import sheet_names, sheet_records
from crmkit.sources.sql import ROW

_BATCH = 1000  # rows; larger batches are slower, as Python's garbage collector walks through all of them
BEGINNING = 65536
"""Letters of a text file that are read to find out how its table begins."""

_PLAIN_LAYOUT = Layout()
csv.field_size_limit(LONGEST_CELL)


@dataclass(frozen=True)
class BadLine:
    """A line that was not read as a row: where it stands, and why."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class CsvText:
    """The cells of a file as text, empty ones null, with a hidden column of line numbers; and the other lines.

    Attributes
    ----------
    cells : Table
    bad_lines : tuple of BadLine
        Lines that do not fit the header.
    ignored : tuple of (str, int)
        Lines that are not rows, by reason.
    notes : tuple of str
        What was found out about the file: its encoding, where its header stands, the sheet.
    short : dict of int to str
        Lines among the cells that have fewer cells than the header, and what that means unless they are totals or notes.
    """

    cells: pa.Table
    bad_lines: tuple[BadLine, ...]
    ignored: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    short: Mapping[int, str] = field(default_factory=dict)


def read_csv(path: Path, dialect: FileMapping, layout: Layout = _PLAIN_LAYOUT) -> CsvText:
    """Read a CSV file, or a sheet of a workbook.

    Parameters
    ----------
    path : Path
    dialect : FileMapping
        Encoding (a byte-order mark overrules it), delimiter (detected where None), sheet of a workbook.
    layout : Layout
        Where the rows stand in the file.

    Raises
    ------
    CrmkitError
        If the file is empty, cut off, in another encoding, or mostly lines that do not fit its header.
    """
    with opened_records(path, dialect) as (records, note):
        text = _text_of(records, shown_name(path), layout.declared(dialect))
    return replace(text, notes=tuple(each for each in (note, *_notes_on_sheets(path, dialect), *text.notes) if each))


def _notes_on_sheets(path: Path, dialect: FileMapping) -> tuple[str, ...]:
    names = sheet_names(path) if is_workbook(path) else []
    if len(names) < 2:
        return ()
    others = ", ".join(f"'{name}'" for name in names if name.casefold() != (dialect.sheet or names[0]).casefold())
    return (f"its sheet '{dialect.sheet or names[0]}' is read, and not {others}",)


@dataclass(frozen=True)
class TableStart:
    """Where the rows of a text file in UTF-8 begin.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    delimiter : str
    rows_from : int
        Line of the first row, from 1.
    """

    names: tuple[str, ...]
    delimiter: str
    rows_from: int


def table_start(path: Path, dialect: FileMapping, layout: Layout) -> TableStart | None:
    """Return where the rows of a file begin, or None if more is to be known of it: it is to be read record by record."""
    layout = layout.declared(dialect)
    if is_workbook(path) or layout.is_more_than_rows:
        return None
    try:
        with opened_records(path, dialect) as (records, _):
            header, below, above = _header_of(list(islice(records, n_head_lines(layout))), layout)
        encoding = encoding_of(path, dialect)
    except CrmkitError:  # reading it raises the error again
        return None
    rows_from = next((line for line, row in below if row != []), None)
    if (
        not header
        or above
        or rows_from is None
        or len(header) > MOST_COLUMNS
        or encoding.name not in ("utf-8", "utf-8-sig")
    ):
        return None
    return TableStart(tuple(distinct_names(header)), _delimiter(path, dialect, encoding), rows_from)


@contextmanager
def opened_records(path: Path, dialect: FileMapping) -> Iterator[tuple[Iterator[Record], str]]:
    """Yield the records of a file with their lines, and a note on its encoding.

    Raises
    ------
    CrmkitError
        If the file is empty, cut off, in another encoding, or no CSV.
    """
    if path.stat().st_size == 0:
        raise CrmkitError("the file is empty (0 bytes). Export it again.")
    if is_workbook(path):
        yield sheet_records(path, dialect.sheet), ""
        return
    refuse_long_lines(path)
    encoding = encoding_of(path, dialect)
    delimiter = dialect.delimiter
    try:
        delimiter = _delimiter(path, dialect, encoding)
        with path.open(encoding=encoding.name, newline="") as opened:
            yield read_records(csv.reader(opened, delimiter=delimiter, strict=True)), encoding.note
    except UnicodeError:
        first = path.read_bytes().splitlines()[0].decode(encoding.name, "replace")
        raise undecodable(path, encoding.name, delimiter or delimiter_of(first)) from None
    except (csv.Error, TypeError) as error:
        raise CrmkitError(f"it cannot be read as CSV: {error}.") from None


def _delimiter(path: Path, dialect: FileMapping, encoding: Encoding) -> str:
    if dialect.delimiter:
        return dialect.delimiter
    with path.open(encoding=encoding.name, newline="") as opened:
        return delimiter_of(opened.read(BEGINNING), Layout().declared(dialect))


@dataclass(frozen=True)
class FileHead:
    """The first lines of one file, or of one sheet of it, with their numbers.

    Attributes
    ----------
    sheet : str or None
    lines : tuple of (int, tuple of str)
        Without blank ones.
    header : tuple of str
        The line of names by the evidence of the lines alone; empty if there is none.
    evidence : tuple of (int, int)
        How many columns below the header hold numbers or dates, and how many cells stand in lines that fit it.
    """

    sheet: str | None
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    header: tuple[str, ...] = ()
    evidence: tuple[int, int] = (0, 0)


def file_heads(path: Path, dialect: FileMapping) -> list[FileHead]:
    """Return the first lines of a file, of a workbook those of each sheet.

    They begin with the header where the settings say in which line it stands.

    Raises
    ------
    CrmkitError
        If it cannot be read.
    """
    try:
        if path.suffix.lower() == ".parquet":
            refuse_large_parquet(path)
            names = tuple(pq.read_schema(path).names)
            return [FileHead(None, ((0, names),), names)]
        if not is_workbook(path) or dialect.sheet is not None:
            return [_head(path, dialect)]
        return [_head(path, dialect.model_copy(update={"sheet": name})) for name in sheet_names(path)]
    except OSError as error:
        raise CrmkitError(f"it cannot be opened: {error.strerror}.") from None
    except ValueError as error:
        raise CrmkitError(f"it cannot be read as Parquet: {str(error).splitlines()[0]} Export it again.") from None


def _head(path: Path, dialect: FileMapping) -> FileHead:
    layout = Layout().declared(dialect)
    from_line = layout.header_line or layout.skip_lines + 1
    with opened_records(path, dialect) as (records, _):
        first = [(line, row) for line, row in islice(records, n_head_lines(layout)) if line >= from_line]
    lines = tuple((line, tuple(row)) for line, row in first if row)
    if layout.names:
        return FileHead(dialect.sheet, ((from_line - 1, layout.names), *lines), layout.names)
    place = header_position(first, layout)
    header = () if place is None else tuple(first[place][1] or ())
    return FileHead(dialect.sheet, lines, header, evidence_of_header(first, layout))


def _text_of(records: Iterator[Record], file: str, layout: Layout) -> CsvText:
    first = list(islice(records, n_head_lines(layout)))
    header, below, above = _header_of(first, layout)
    if not header:
        raise CrmkitError(_no_header(layout))
    refuse_wide(len(header))
    names = distinct_names(header)
    body = Body(chain(below, records), layout)
    batches, cells, lines = [], [], []
    bad = [BadLine(file, line, "it stands above the header") for line in above]
    short: dict[int, str] = {}
    for line, row in body:
        fitting = _fitted(row, len(names))
        if fitting is None:
            reason = _misfit(row, len(names))
            if row is None or len(row) > len(names):
                bad.append(BadLine(file, line, reason))
                continue
            short[line] = reason
            fitting = [*row, *[""] * (len(names) - len(row))]
        cells.append(fitting)
        lines.append(line)
        if len(cells) == _BATCH:
            batches.append(_batch(names, cells, lines))
            cells, lines = [], []
    batches.append(_batch(names, cells, lines))
    table = pa.Table.from_batches(batches).combine_chunks()
    _refuse_many_misfits(bad, short, table.num_rows)
    for name, value in layout.constants:
        table = table.append_column(name, pa.repeat(pa.scalar(value, pa.string()), table.num_rows))
    return CsvText(table, tuple(bad), tuple(body.ignored.items()), _notes_on_header(first, below, layout), short)


def _notes_on_header(first: list[Record], below: list[Record], layout: Layout) -> tuple[str, ...]:
    """Return a note where a header was found below other lines, and nobody has said where it is."""
    above = first[: len(first) - len(below)]
    filled = [line for line, row in above if row and any(row)]
    if layout.is_declared or layout.second_header or len(filled) < 2:
        return ()
    return (f"its header stands in line {filled[-1]}; what stands above it is not read",)


def _refuse_many_misfits(bad: list[BadLine], short: Mapping[int, str], n_rows: int) -> None:
    misfits = sorted([*((line.line, line.reason) for line in bad), *short.items()])
    if len(misfits) > n_rows - len(short):
        line, reason = misfits[0]
        raise CrmkitError(
            f"{len(misfits)} of its lines do not fit its header, such as line {line}: {reason}. "
            "Check the delimiter, and in which line the header stands."
        )


def _header_of(first: list[Record], layout: Layout) -> tuple[list[str], list[Record], tuple[int, ...]]:
    """Return the header, empty if there is none, the first records below it, and the lines of rows above it."""
    place = header_position(first, layout)
    if layout.names:
        return list(layout.names), first[len(first) if place is None else place :], ()
    if place is None:
        return [], [], ()
    header, below = first[place][1] or [], first[place + 1 :]
    above = rows_above(first[:place], header, layout)
    if not layout.second_header:
        return header, below, above
    return joined_header(header, (below[0][1] if below else None) or []), below[1:], above


def _no_header(layout: Layout) -> str:
    if layout.header_line is None:
        return "the file holds no header. Export it again."
    return f"no line of it begins in line {layout.header_line}, where its header should stand, or that line is blank."


def _fitted(row: list[str] | None, width: int) -> list[str] | None:
    """Return the row if it has the header's number of cells; further empty cells are dropped."""
    if row is None or len(row) == width:
        return row
    return row[:width] if len(row) > width and not any(row[width:]) else None


def _misfit(row: list[str] | None, width: int) -> str:
    if row is None:
        return "a quotation mark stands in the wrong place"
    return f"the line has {len(row)} cells and the header {width}"


def _batch(names: list[str], cells: list[list[str]], lines: list[int]) -> pa.RecordBatch:
    columns = zip(*cells, strict=True) if cells else [()] * len(names)
    texts = [pa.array(column, pa.string()) for column in columns]
    filled = [pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text) for text in texts]
    return pa.record_batch([*filled, pa.array(lines, pa.int64())], names=[*names, ROW])
