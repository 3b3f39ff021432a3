"""Sheets of Excel and OpenDocument workbooks as rows of text, each cell as a CSV file would contain it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.sources.files.limits import refuse_large_workbook

_CELL = re.compile(rb'<c\s[^>]*?r="([A-Z]+)(\d+)"([^>/]*)>(.*?)</c>', re.DOTALL)
_FORMULA = re.compile(rb"<f[^>]*?(?:/>|>(.*?)</f>)", re.DOTALL)
_VALUE = re.compile(rb"<v>(.+?)</v>|<is>", re.DOTALL)


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets.

    Raises
    ------
    CrmkitError
        If it cannot be read as a workbook.
    """
    return list(_opened(path, path.stat().st_mtime_ns).sheet_names)


def sheet_records(path: Path, sheet: str | None = None) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the line and the cells of each row of a sheet, of the first one if none is named; a blank row is empty.

    Raises
    ------
    CrmkitError
        If it cannot be read as a workbook, or has no such sheet.
    """
    names = sheet_names(path)
    name = names[0] if sheet is None else next((each for each in names if each.casefold() == sheet.casefold()), None)
    if name is None:
        raise CrmkitError(f"it has no sheet '{sheet}'. {did_you_mean(str(sheet), names)}")
    rows = _rows(path, name)
    uncomputed = _uncomputed_cells(path, names.index(name))
    for line, row in enumerate(rows, start=1):
        cells = [uncomputed.get((line, position)) or cell_text(cell) for position, cell in enumerate(row)]
        yield line, cells if any(cells) else []


def cell_text(cell: Any) -> str:
    """Return a cell of a sheet as a CSV file would write it.

    Examples
    --------
    >>> cell_text(12.0), cell_text(0.5), cell_text(datetime(2026, 10, 1, 8, 30)), cell_text(date(2026, 10, 1)), cell_text(True)
    ('12', '0.5', '2026-10-01 08:30:00', '2026-10-01', 'true')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else float_text(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def float_text(number: float) -> str:
    """Return a number as text whose point can only be a decimal mark: of text, 12.125 might be twelve thousand.

    Examples
    --------
    >>> float_text(12.125), float_text(12.5)
    ('12.1250', '12.5')
    """
    written = repr(number)
    return f"{written}0" if re.fullmatch(r"-?[1-9]\d{0,2}[.]\d{3}", written) else written


def _rows(path: Path, sheet: str) -> list[list[Any]]:
    opened = _opened(path, path.stat().st_mtime_ns)
    try:  # only this unpacks the sheet
        rows: list[list[Any]] = opened.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except Exception as error:
        raise _unreadable(error) from None
    return rows


@lru_cache(maxsize=2)
def _opened(path: Path, _changed: int) -> Any:
    import python_calamine

    refuse_large_workbook(path)
    try:
        return python_calamine.CalamineWorkbook.from_path(path)
    except Exception as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> CrmkitError:
    """Return the error for a damaged workbook; the reader's own errors differ by format, and some are Rust panics."""
    return CrmkitError(f"it cannot be read as a workbook: {error}. Save it again, or export it as CSV.")


def _uncomputed_cells(path: Path, index: int) -> dict[tuple[int, int], str]:
    """Return the text of cells that hold an error, or a formula that was never computed, by line and position.

    The reader returns such cells as empty, so their values would be missing without a message.
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
    found: dict[tuple[int, int], str] = {}
    if b"<f" not in content and b't="e"' not in content:
        return found
    for column, line, attributes, inside in _CELL.findall(content):
        if b'"e"' in attributes:
            found[int(line), _column_index(column)] = (_VALUE.findall(inside) or [b"#ERROR"])[0].decode(
                "utf-8", "replace"
            )
        elif (formula := _FORMULA.search(inside)) and not _VALUE.search(inside):
            found[int(line), _column_index(column)] = "=" + (formula[1] or b"").decode("utf-8", "replace")
    return found


def _column_index(letters: bytes) -> int:
    """Return the index from 0 of a column by its letters: A, B, ..., Z, AA."""
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1
