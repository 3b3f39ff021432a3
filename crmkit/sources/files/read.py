"""Read a file as text, cell by cell, with the line of each row and the lines that do not fit the header.

CSV or a sheet of a workbook: only the delimiter and the encoding are detected here; numbers and dates are read later,
by the type of the column that they are for.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping
from crmkit.sources.files.encoding import encoding_of, undecodable
from crmkit.sources.files.file_sets import is_workbook
from crmkit.sources.files.layout import Body, Layout, Record, distinct_names, header_of
from crmkit.sources.files.workbook import sheet_names, sheet_records
from crmkit.sources.sql import ROW

_DELIMITERS = ",;\t|"
_BATCH = 1000  # rows; larger batches are slower, as Python's garbage collector walks through all of them
_CUT_OFF = "unexpected end of data"
_HEAD_LINES = 60
_PLAIN_LAYOUT = Layout()
csv.field_size_limit(2**31 - 1)


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
    note : str
        What was found out about the file's encoding.
    """

    cells: pa.Table
    bad_lines: tuple[BadLine, ...]
    ignored: tuple[tuple[str, int], ...] = ()
    note: str = ""


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
        return _text_of(records, path.name, layout, note)


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
    encoding = encoding_of(path, dialect)
    delimiter = dialect.delimiter
    try:
        with path.open(encoding=encoding.name, newline="") as opened:
            delimiter = delimiter or sniffed_delimiter(opened.read(65536))
            opened.seek(0)
            yield _records(csv.reader(opened, delimiter=delimiter, strict=True)), encoding.note
    except UnicodeError:
        first = path.read_bytes().splitlines()[0].decode(encoding.name, "replace")
        raise undecodable(path, encoding.name, delimiter or sniffed_delimiter(first)) from None
    except (csv.Error, TypeError) as error:
        raise CrmkitError(f"it cannot be read as CSV: {error}.") from None


def sniffed_delimiter(beginning: str) -> str:
    r"""Return the delimiter that splits the beginning of a file into most columns of the same number in each line.

    Examples
    --------
    >>> sniffed_delimiter('order_id;revenue\n1;"1,5"\n2;3,0\n')
    ';'
    >>> sniffed_delimiter('Campaign report\nSeptember 1, 2026 - September 30, 2026\nDay\tCost\n2026-09-01\t5\n')
    '\t'
    """
    lines = beginning.splitlines(keepends=True)[:50]
    widths = {
        delimiter: [len(row) for row in csv.reader(lines, delimiter=delimiter) if row] for delimiter in _DELIMITERS
    }
    as_first = {
        delimiter: met[0] * Counter(met)[met[0]] if met and met[0] > 1 else 0 for delimiter, met in widths.items()
    }
    if any(as_first.values()):
        return max(_DELIMITERS, key=as_first.__getitem__)
    # There is a title above the header: take the delimiter on which most other lines agree.
    agreeing = {
        delimiter: max((width * n for width, n in Counter(met).items() if width > 1), default=0)
        for delimiter, met in widths.items()
    }
    return max(_DELIMITERS, key=agreeing.__getitem__)


@dataclass(frozen=True)
class FileHead:
    """The first lines of one file, or of one sheet of it, with their numbers.

    Attributes
    ----------
    sheet : str or None
    lines : tuple of (int, tuple of str)
    """

    sheet: str | None
    lines: tuple[tuple[int, tuple[str, ...]], ...]


def file_heads(path: Path, dialect: FileMapping) -> list[FileHead]:
    """Return the first lines of a file, of a workbook those of each sheet.

    Raises
    ------
    CrmkitError
        If it cannot be read.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return [FileHead(None, ((0, tuple(pq.read_schema(path).names)),))]
        if not is_workbook(path) or dialect.sheet is not None:
            return [FileHead(dialect.sheet, tuple(_first_lines(path, dialect)))]
        sheets = sheet_names(path)
        return [
            FileHead(name, tuple(_first_lines(path, dialect.model_copy(update={"sheet": name})))) for name in sheets
        ]
    except OSError as error:
        raise CrmkitError(f"it cannot be opened: {error.strerror}.") from None
    except ValueError as error:
        raise CrmkitError(f"it cannot be read as Parquet: {str(error).splitlines()[0]} Export it again.") from None


def _first_lines(path: Path, dialect: FileMapping) -> Iterator[tuple[int, tuple[str, ...]]]:
    with opened_records(path, dialect) as (records, _):
        for line, row in islice(records, _HEAD_LINES):
            if row:
                yield line, tuple(row)


def _text_of(records: Iterator[Record], file: str, layout: Layout, note: str) -> CsvText:
    header = header_of(records, layout)
    if not header:
        raise CrmkitError("the file holds no header. Export it again.")
    names = distinct_names(header)
    body = Body(records, layout)
    batches, cells, lines, bad = [], [], [], []
    for line, row in body:
        fitting = _fitted(row, len(names))
        if fitting is None:
            bad.append(BadLine(file, line, _misfit(row, len(names))))
            continue
        cells.append(fitting)
        lines.append(line)
        if len(cells) == _BATCH:
            batches.append(_batch(names, cells, lines))
            cells, lines = [], []
    batches.append(_batch(names, cells, lines))
    table = pa.Table.from_batches(batches).combine_chunks()
    if len(bad) > table.num_rows:
        raise CrmkitError(
            f"{len(bad)} of its lines do not fit its header, such as line {bad[0].line}: {bad[0].reason}. "
            "Check the delimiter, and that the first line is the header."
        )
    for name, value in layout.constants:
        table = table.append_column(name, pa.repeat(pa.scalar(value, pa.string()), table.num_rows))
    return CsvText(table, tuple(bad), tuple(body.ignored.items()), note)


def _records(reader: Iterator[list[str]]) -> Iterator[Record]:
    while True:
        line: int = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if str(error) == _CUT_OFF:
                raise CrmkitError(f"the file seems cut off: a quotation mark in line {line} is never closed.") from None
            yield line, None
            continue
        yield line, row


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
