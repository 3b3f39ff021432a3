"""Read one file as text, cell by cell, with the line of each row and the lines that do not fit the header.

CSV or a sheet of a workbook: nothing is guessed but the delimiter; numbers and dates are read later, by the type of the
column they are for.
"""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import FileMapping
from crmkit.sources.files.encoding import encoding_of, undecodable
from crmkit.sources.sql import ROW

# Where the rows of a table stand in a file that holds more than them: titles above, totals and notes below.


Record = tuple[int, list[str] | None]
"""The line on which a record begins, and its cells; None where its quotation marks do not fit, [] for a blank line."""

_STEERING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NOTES = "lines that are notes, titles or totals and no rows"
SECOND_TABLE = "lines of a second table below the first"


@dataclass(frozen=True)
class Layout:
    """What stands around the rows.

    Attributes
    ----------
    header_line : int or None
        Line of the header; None for the first that is not blank.
    second_header : bool
        Whether the line below the header goes on with it: a question, and below it the choices.
    comment : str or None
        How lines begin that are notes.
    ends_at_blank : bool
        Whether a blank line ends the table.
    footer : str or None
        Pattern of the first cell of lines that are no rows: totals, a copyright.
    constants : tuple of (str, str)
        Columns that the file does not have, and the value that its preamble gives for all rows.
    """

    header_line: int | None = None
    second_header: bool = False
    comment: str | None = None
    ends_at_blank: bool = False
    footer: str | None = None
    constants: tuple[tuple[str, str], ...] = ()


@dataclass
class Body:
    """The rows below the header, and how many lines were passed over, by reason."""

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
                self.ignored[NOTES] += 1
            else:
                seen = True
                yield line, row

    def _is_note(self, row: list[str]) -> bool:
        first = row[0].strip()
        if self.layout.comment and first.startswith(self.layout.comment):
            return True
        return self.layout.footer is not None and re.search(self.layout.footer, first) is not None


def header_of(records: Iterator[Record], layout: Layout) -> list[str]:
    """Return the header and leave the records behind it; empty if there is none."""
    header: list[str] = []
    for line, row in records:
        if row and (layout.header_line is None or line == layout.header_line):
            header = row
            break
    if not layout.second_header or not header:
        return header
    _, below = next(records, (0, None))
    return joined(header, below or [])


def distinct_names(header: list[str]) -> list[str]:
    """Return the column names without marks and spaces around them; an empty or repeated one gets its position.

    Examples
    --------
    >>> distinct_names(["Id", " id ", ""])
    ['Id', 'id (2)', 'column 3']
    """
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(header, start=1):
        name = _STEERING.sub("", cell).strip(" \t\r\n\u00a0\ufeff").removeprefix("'") or f"column {position}"
        name = f"{name} ({position})" if name.casefold() in taken else name
        taken.add(name.casefold())
        names.append(name)
    return names


def joined(questions: list[str], choices: list[str]) -> list[str]:
    """Return one name per column of a header of two lines; a choice goes with the question to its left."""
    plain = {"", "response", "open-ended response"}
    names, question = [], ""
    for position, cell in enumerate(questions):
        question = cell.strip() or question
        choice = choices[position].strip() if position < len(choices) else ""
        names.append(question if choice.casefold() in plain else f"{question} - {choice}")
    return names


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
    """The cells of a file as text, empty ones null, with the hidden column of line numbers; and the other lines.

    Attributes
    ----------
    cells : Table
    bad_lines : tuple of BadLine
        Lines that do not fit the header.
    ignored : tuple of (str, int)
        Lines that are no rows, by reason.
    said : str
        What was settled about the file's encoding.
    """

    cells: pa.Table
    bad_lines: tuple[BadLine, ...]
    ignored: tuple[tuple[str, int], ...] = ()
    said: str = ""


def read_csv(path: Path, dialect: FileMapping, layout: Layout = Layout()) -> CsvText:
    """Read a CSV file, or a sheet of a workbook.

    Parameters
    ----------
    path : Path
    dialect : FileMapping
        Encoding (a byte-order mark overrules it), delimiter (found out where None), sheet of a workbook.
    layout : Layout
        Where the rows stand in the file.

    Raises
    ------
    CrmkitError
        If the file is empty, cut off, in another encoding, or mostly lines that do not fit its header.
    """
    with opened_records(path, dialect) as (records, said):
        return _read(records, path.name, layout, said)


@contextmanager
def opened_records(path: Path, dialect: FileMapping) -> Iterator[tuple[Iterator[Record], str]]:
    """Yield the records of a file with their lines, and what was settled about its encoding.

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
            yield _records(csv.reader(opened, delimiter=delimiter, strict=True)), encoding.said
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
    # A title stands above the header: the lines agree among themselves.
    agreeing = {
        delimiter: max((width * n for width, n in Counter(met).items() if width > 1), default=0)
        for delimiter, met in widths.items()
    }
    return max(_DELIMITERS, key=agreeing.__getitem__)


def _read(records: Iterator[Record], file: str, layout: Layout, said: str) -> CsvText:
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
        if len(cells) == _CHUNK:
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
    return CsvText(table, tuple(bad), tuple(body.ignored.items()), said)


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
    """Return the row if it has the header's number of cells; empty cells beyond it do no harm."""
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


# Read a sheet of an Excel workbook as rows of text, each cell as a CSV file would write it.


WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
_CELL = re.compile(rb'<c\s[^>]*?r="([A-Z]+)(\d+)"([^>/]*)>(.*?)</c>', re.DOTALL)
_FORMULA = re.compile(rb"<f[^>]*?(?:/>|>(.*?)</f>)", re.DOTALL)
_VALUE = re.compile(rb"<v>(.+?)</v>|<is>", re.DOTALL)


def is_workbook(path: Path) -> bool:
    """Whether a file is an Excel or OpenDocument workbook, by its name."""
    return path.suffix.lower() in WORKBOOK_SUFFIXES


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets.

    Raises
    ------
    CrmkitError
        If it cannot be read as a workbook.
    """
    return list(_opened(path, path.stat().st_mtime_ns).sheet_names)


def sheet_records(path: Path, sheet: str | None = None) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the line and the cells of each row of a sheet, the first one if none is named; a blank row is empty.

    Raises
    ------
    CrmkitError
        If it cannot be read as a workbook, or has no such sheet.
    """
    names = sheet_names(path)
    name = names[0] if sheet is None else next((each for each in names if each.casefold() == sheet.casefold()), None)
    if name is None:
        raise CrmkitError(f"it has no sheet '{sheet}'. {did_you_mean(str(sheet), names)}")
    rows = _rows_of(path, name)
    told = _cells_without_value(path, names.index(name))
    for line, row in enumerate(rows, start=1):
        cells = [told.get((line, position)) or as_text(cell) for position, cell in enumerate(row)]
        yield line, cells if any(cells) else []


def as_text(cell: Any) -> str:
    """Return a cell of a sheet as a CSV file would write it.

    Examples
    --------
    >>> as_text(12.0), as_text(0.5), as_text(datetime(2026, 10, 1, 8, 30)), as_text(date(2026, 10, 1)), as_text(True)
    ('12', '0.5', '2026-10-01 08:30:00', '2026-10-01', 'true')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _rows_of(path: Path, sheet: str) -> list[list[Any]]:
    opened = _opened(path, path.stat().st_mtime_ns)
    try:  # the sheet is unpacked only now
        rows: list[list[Any]] = opened.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except Exception as error:
        raise _unreadable(error) from None
    return rows


@lru_cache(maxsize=2)
def _opened(path: Path, _changed: int) -> Any:
    import python_calamine

    try:
        return python_calamine.CalamineWorkbook.from_path(path)
    except Exception as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> CrmkitError:
    """Return what is to be said of a damaged workbook; the reader's errors differ by format, and some are Rust's panics."""
    return CrmkitError(f"it cannot be read as a workbook: {error}. Save it again, or export it as CSV.")


def _cells_without_value(path: Path, index: int) -> dict[tuple[int, int], str]:
    """Return, by line and position, what stands in cells that hold an error, or a formula that was never computed.

    The reader would give them as empty, and what is empty nobody misses.
    """
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
            sheets.sort(key=lambda name: int(re.findall(r"\d+", name)[-1]))
            content = archive.read(sheets[index]) if index < len(sheets) else b""
    except (zipfile.BadZipFile, zlib.error, OSError, KeyError, NotImplementedError):
        return {}
    told: dict[tuple[int, int], str] = {}
    if b"<f" not in content and b't="e"' not in content:
        return told
    for column, line, attributes, inside in _CELL.findall(content):
        if b'"e"' in attributes:
            told[int(line), _position(column)] = (_VALUE.findall(inside) or [b"#ERROR"])[0].decode("utf-8", "replace")
        elif (formula := _FORMULA.search(inside)) and not _VALUE.search(inside):
            told[int(line), _position(column)] = "=" + (formula[1] or b"").decode("utf-8", "replace")
    return told


def _position(letters: bytes) -> int:
    """Return the position from 0 of a column by its letters: A, B, ..., Z, AA."""
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1
