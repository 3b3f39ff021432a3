"""Limits on what an export file may unpack to, found before it is read: a small file can ask for more memory than there is.

A workbook with one cell in its last corner is a table of 17 billion cells to its reader; 2 MB of zip can hold 2 GB; a
quotation mark that is never closed makes a cell of the rest of a file. Every limit lies far above what a business of
50,000 customers exports, and each message says how to go on.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from crmkit.errors import CrmkitError

MOST_COLUMNS = 5_000
LONGEST_CELL = 10_000_000  # letters
LONGEST_LINE = 32 * 2**20  # bytes
MOST_CELLS = 30_000_000  # of a sheet, empty ones among them: a reader holds them all
MOST_UNPACKED = 2 * 2**30  # bytes of a workbook
MOST_PARQUET = 20 * 2**30  # bytes
MOST_CHUNK = 2 * 2**30  # bytes of one column of one group of rows, which are unpacked at once
MOST_ROWS = 200_000_000
_SMALL = 100 * 2**20  # bytes; what unpacks to less is never refused for its rate
_HIGHEST_RATE = 200  # unpacked bytes for each packed one; tables of text and numbers have 5 to 40
_DEFLATE = 1032  # bytes at most that deflate makes of one
_BLOCK = 8 * 2**20
_OVERLAP = 256  # bytes; a cell's tag is shorter
_FAR = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{2,3})\d+"|<(?:\w+:)?c\s[^>]*?\br="[A-Z]+(\d{6,7})"')
_FILLED = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
_BY_CSV = "Export the table as CSV"
_ODS = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def refuse_long_lines(path: Path) -> None:
    """Refuse a text file with a line that is longer than any table has.

    Raises
    ------
    CrmkitError
    """
    stat = path.stat()
    if stat.st_size > LONGEST_LINE and (line := _long_line(path, stat.st_mtime_ns)):
        raise CrmkitError(
            f"line {line} is longer than {LONGEST_LINE // 2**20} MB: this is no table. Export it again; if the file is one "
            "long line, have its lines ended."
        )


def refuse_wide(n_columns: int) -> None:
    """Refuse a table of more columns than any export has.

    Raises
    ------
    CrmkitError
    """
    if n_columns > MOST_COLUMNS:
        raise CrmkitError(
            f"it has {n_columns:,} columns, more than the {MOST_COLUMNS:,} that are read. Export the columns that you need."
        )


def refuse_large_workbook(path: Path) -> None:
    """Refuse a workbook that unpacks to too much, or one of whose sheets reaches too far.

    Raises
    ------
    CrmkitError
        Also where it holds more than its directory says.
    """
    if not zipfile.is_zipfile(path):  # the older .xls, whose sheets end at 65,536 rows of 256 columns
        return
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_unpacked(archive.infolist(), path.stat().st_size)
            for info in archive.infolist():
                sheet = re.fullmatch(r"xl/worksheets/.*\.xml", info.filename)
                if sheet:
                    _refuse_area(_area(archive, info), info.filename)
                elif info.compress_size * _DEFLATE > _SMALL:
                    for _ in _blocks(archive, info):  # the directory may say less than there is
                        pass
                if info.filename == "content.xml":
                    with archive.open(info) as content:
                        _refuse_area(_area_of_ods(content), "its sheet")
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        NotImplementedError,
        ElementTree.ParseError,
    ) as error:
        raise CrmkitError(f"it cannot be read as a workbook: {error}. Save it again, or export it as CSV.") from None


def refuse_large_parquet(path: Path) -> None:
    """Refuse a Parquet file whose footer announces more than can be meant.

    Raises
    ------
    CrmkitError
        Also where it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        known = pq.read_metadata(path)
        chunks = [
            group.column(column).total_uncompressed_size
            for group in (known.row_group(number) for number in range(known.num_row_groups))
            for column in range(group.num_columns)
        ]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last: of the name of a column
        raise CrmkitError(f"it cannot be read as Parquet: {str(error).splitlines()[0]} Export it again.") from None
    refuse_wide(known.num_columns)
    if known.num_rows > MOST_ROWS:
        raise CrmkitError(
            f"it has {known.num_rows:,} rows, more than the {MOST_ROWS:,} that are read. Export fewer years."
        )
    total = sum(chunks)
    rate = total / max(path.stat().st_size, 1)
    if total > MOST_PARQUET or max(chunks, default=0) > MOST_CHUNK or (total > 2**30 and rate > 5 * _HIGHEST_RATE):
        raise CrmkitError(f"it unpacks to {_size(total)}. {_BY_CSV}, in several files.")


def _refuse_unpacked(infos: list[zipfile.ZipInfo], packed: int) -> None:
    total = sum(info.file_size for info in infos)
    if total > MOST_UNPACKED or (total > _SMALL and total > _HIGHEST_RATE * packed):
        raise CrmkitError(f"it unpacks from {_size(packed)} to {_size(total)}. {_BY_CSV}, or split the workbook.")


def _refuse_area(area: tuple[int, int], sheet: str) -> None:
    n_rows, n_columns = area
    if n_rows * n_columns > MOST_CELLS:
        raise CrmkitError(
            f"{sheet.removeprefix('xl/worksheets/')} reaches to row {n_rows:,} of column {_letters(n_columns)}, "
            f"{n_rows * n_columns:,} cells with the empty ones: more than the {MOST_CELLS:,} that are read. Delete what "
            f"stands far from the table (Ctrl+End shows where it ends), or export the table as CSV."
        )


def _area(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return how many rows and columns the cells of a sheet span; a look at far cells is enough for almost all."""
    last_row, last_column = 99_999, 26
    for block in _blocks(archive, info):
        for column, row in set(_FAR.findall(block)):
            last_row = max(last_row, int(row or 0))
            last_column = max(last_column, _number(column))
    if last_row * last_column <= MOST_CELLS:
        return last_row, last_column
    last_row = last_column = 0
    for block in _blocks(archive, info):
        for found in _FILLED.finditer(block):
            last_row, last_column = max(last_row, int(found[2])), max(last_column, _number(found[1]))
    return last_row, last_column


def _area_of_ods(content: IO[bytes]) -> tuple[int, int]:
    """Return the span of the largest sheet of an OpenDocument file, whose rows and cells may be repeated."""
    most = (0, 0)
    row = last_row = last_column = column = reach = 0
    for event, element in ElementTree.iterparse(content, events=("start", "end")):
        name = element.tag.removeprefix(_ODS)
        if event == "start":
            row, last_row, last_column = (0, 0, 0) if name == "table" else (row, last_row, last_column)
            column, reach = (0, 0) if name == "table-row" else (column, reach)
        elif name == "table-cell":
            column += int(element.get(f"{_ODS}number-columns-repeated", "1"))
            reach = column if any(not each.startswith(_ODS) for each in element.attrib) or len(element) else reach
        elif name == "table-row":
            row += int(element.get(f"{_ODS}number-rows-repeated", "1"))
            last_row, last_column = (row, max(last_column, reach)) if reach else (last_row, last_column)
            element.clear()
        elif name == "table":
            most = max(most, (last_row, last_column), key=lambda area: area[0] * area[1])
            element.clear()
    return most


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member unpacked, each block with the end of the one before; more than its directory says is an error."""
    before = b""
    with archive.open(info) as content:
        while block := content.read(_BLOCK):
            yield before + block
            before = block[-_OVERLAP:]


@lru_cache(maxsize=64)
def _long_line(path: Path, _changed: int) -> int:
    """Return the number of the first line that is too long, or 0."""
    line, length = 1, 0
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK):
            first = min((at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0), default=len(block))
            if length + first > LONGEST_LINE:
                return line
            last = max(block.rfind(b"\n"), block.rfind(b"\r"))
            line += block.count(b"\n") or block.count(b"\r")
            length = length + len(block) if last < 0 else len(block) - last
    return 0


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:,.1f} GB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:,.1f} MB"
