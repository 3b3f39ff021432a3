"""Protect cells that a spreadsheet would run as formulas, or that control a terminal, before a file is written for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.errors import printable

if TYPE_CHECKING:
    import pandas as pd

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def formula_safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with an apostrophe before texts, headings too, that a spreadsheet would run as formulas.

    Characters that control a terminal or reverse a line are replaced.

    Examples
    --------
    >>> import pandas as pd
    >>> formula_safe(pd.DataFrame({"channel": ["=1+1", "mail"], "value": [-2.0, 3.0]})).to_dict("list")
    {'channel': ["'=1+1", 'mail'], 'value': [-2.0, 3.0]}
    """
    return frame.map(_as_text).rename(columns=_as_text)


def _as_text(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    return printable(f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell)


def write_spreadsheets(frame: pd.DataFrame, file: Path, kind: str) -> None:
    """Write a list as CSV or as a workbook, in which no cell is a formula.

    Parameters
    ----------
    frame : DataFrame
    file : Path
        Where to write, whatever its name ends in.
    kind : {".csv", ".xlsx"}
    """
    safe = formula_safe(frame)
    if kind == ".csv":  # Excel takes a file for UTF-8 only if it begins with the mark
        file.write_bytes(safe.to_csv(index=False, lineterminator="\n").encode("utf-8-sig"))
        return
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("people")
    sheet.append([str(name) for name in safe])
    for row in safe.itertuples(index=False):
        sheet.append([None if cell is None or cell != cell else cell for cell in row])
    book.save(file)
