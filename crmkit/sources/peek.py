"""Look at the beginning of a file: its first lines as rows, to find the header and what stands above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping
from crmkit.sources.csv_text import opened_records
from crmkit.sources.workbooks import is_workbook, sheet_names

_LINES = 60


@dataclass(frozen=True)
class Peek:
    """The first lines of one file, or of one sheet of it, with their numbers.

    Attributes
    ----------
    sheet : str or None
    lines : tuple of (int, tuple of str)
    """

    sheet: str | None
    lines: tuple[tuple[int, tuple[str, ...]], ...]


def peeks(path: Path, dialect: FileMapping) -> list[Peek]:
    """Return what the beginning of a file shows, a workbook's sheet by sheet.

    Raises
    ------
    CrmkitError
        If it cannot be read.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return [Peek(None, ((0, tuple(pq.read_schema(path).names)),))]
        if not is_workbook(path) or dialect.sheet is not None:
            return [Peek(dialect.sheet, tuple(_first_lines(path, dialect)))]
        sheets = sheet_names(path)
        return [Peek(name, tuple(_first_lines(path, dialect.model_copy(update={"sheet": name})))) for name in sheets]
    except OSError as error:
        raise CrmkitError(f"it cannot be opened: {error.strerror}.") from None
    except ValueError as error:
        raise CrmkitError(f"it cannot be read as Parquet: {str(error).splitlines()[0]} Export it again.") from None


def _first_lines(path: Path, dialect: FileMapping) -> Iterator[tuple[int, tuple[str, ...]]]:
    with opened_records(path, dialect) as (records, _):
        for line, row in islice(records, _LINES):
            if row:
                yield line, tuple(row)
