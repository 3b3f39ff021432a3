"""Read one CSV file as text, cell by cell, with the line of each row and the lines that do not fit the header.

Nothing is guessed but the delimiter: numbers and dates are read later, by the type of the column they are for.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping
from crmkit.sources.encodings import encoding_of, other_encoding
from crmkit.sources.sql import ROW

_DELIMITERS = ",;\t|"
_CHUNK = 1000  # rows; larger ones are slower, Python's garbage collector walks through all of them
_CUT_OFF = "unexpected end of data"
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class BadLine:
    """A line that was not read as a row: where it stands, and why."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class CsvText:
    """The cells of a CSV file as text, empty ones null, with the hidden column of line numbers; and the bad lines."""

    cells: pa.Table
    bad_lines: tuple[BadLine, ...]


def read_csv(path: Path, dialect: FileMapping) -> CsvText:
    """Read a CSV file.

    Parameters
    ----------
    path : Path
    dialect : FileMapping
        Encoding (a byte-order mark overrules it) and delimiter (found out where None).

    Raises
    ------
    CrmkitError
        If the file is empty, cut off, in another encoding, or mostly lines that do not fit its header.
    """
    if path.stat().st_size == 0:
        raise CrmkitError("the file is empty (0 bytes). Export it again.")
    encoding = encoding_of(path, dialect.encoding)
    try:
        with path.open(encoding=encoding, newline="") as opened:
            delimiter = dialect.delimiter or sniffed_delimiter(opened.read(65536))
            opened.seek(0)
            return _read(csv.reader(opened, delimiter=delimiter, strict=True), path.name)
    except UnicodeError:
        raise CrmkitError(f"it is not written in {encoding.removesuffix('-sig')}{other_encoding(path)}") from None
    except (csv.Error, TypeError) as error:
        raise CrmkitError(f"it cannot be read as CSV: {error}.") from None


def sniffed_delimiter(beginning: str) -> str:
    r"""Return the delimiter that splits the beginning of a file into most columns of the same number in each line.

    Examples
    --------
    >>> sniffed_delimiter('order_id;revenue\n1;"1,5"\n2;3,0\n')
    ';'
    """
    lines = beginning.splitlines(keepends=True)[:50]

    def agreeing_cells(delimiter: str) -> int:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        return widths[0] * Counter(widths)[widths[0]] if widths and widths[0] > 1 else 0

    return max(_DELIMITERS, key=agreeing_cells)


def _read(reader: Iterator[list[str]], file: str) -> CsvText:
    header = next((row for row in reader if row), [])
    if not header:
        raise CrmkitError("the file holds no header. Export it again.")
    names = _distinct(header)
    batches, cells, lines, bad = [], [], [], []
    for line, row in _records(reader):
        fitting = _fitted(row, len(names))
        if fitting is None:
            bad.append(BadLine(file, line, _misfit(row, len(names))))
            continue
        cells.append(fitting)
        lines.append(line)
        if len(cells) == _CHUNK:
            batches.append(_batch(names, cells, lines))
            cells, lines = [], []
    batches.append(_batch(names, cells, lines))
    table = pa.Table.from_batches(batches).combine_chunks()
    if len(bad) > table.num_rows:
        raise CrmkitError(f"{len(bad)} of its lines do not fit its header, such as line {bad[0].line}: {bad[0].reason}. "
                          "Check the delimiter, and that the first line is the header.")  # fmt: skip
    return CsvText(table, tuple(bad))


def _records(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | None]]:
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
        if row:
            yield line, row


def _fitted(row: list[str] | None, width: int) -> list[str] | None:
    """Return the row if it has the header's number of cells; empty cells beyond it do no harm."""
    if row is None or len(row) == width:
        return row
    return row[:width] if len(row) > width and not any(row[width:]) else None


def _misfit(row: list[str] | None, width: int) -> str:
    if row is None:
        return "a quotation mark stands in the wrong place"
    return f"the line has {len(row)} cells and the header {width}"


def _distinct(header: list[str]) -> list[str]:
    """Return the column names without marks and spaces around them; an empty or repeated one gets its position."""
    names: list[str] = []
    for position, cell in enumerate(header, start=1):
        name = cell.replace("\0", "").strip(" \t\r\n\u00a0\ufeff").removeprefix("'") or f"column {position}"
        taken = {other.casefold() for other in names}
        names.append(f"{name} ({position})" if name.casefold() in taken else name)
    return names


def _batch(names: list[str], cells: list[list[str]], lines: list[int]) -> pa.RecordBatch:
    columns = zip(*cells, strict=True) if cells else [()] * len(names)
    texts = [pa.array(column, pa.string()) for column in columns]
    filled = [pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text) for text in texts]
    return pa.record_batch([*filled, pa.array(lines, pa.int64())], names=[*names, ROW])
