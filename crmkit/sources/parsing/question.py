"""A question about the notation of a file that its cells leave open."""

from __future__ import annotations

from dataclasses import dataclass

from crmkit.sources.files.file_sets import FileSet


@dataclass(frozen=True)
class Question:
    """What is open, and what to write to settle it.

    Attributes
    ----------
    asks : str
        With the cell, its line and column and both readings; without full stop.
    answers : str
        Settings to choose from; empty where no setting can help.
    otherwise : str
        What to do where there is no file that a setting could describe.
    name : str
        Given name of the column.
    """

    asks: str
    answers: str
    otherwise: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.asks}. Write {self.answers}" if self.answers else f"{self.asks}. {self.otherwise}"

    def put(self, files: FileSet | None) -> str:
        """Return the question with what to write where, without full stop.

        Parameters
        ----------
        files : FileSet or None
            The files that it is about; None for a frame or the result of SQL.
        """
        return f"{self.asks}. {files.hint(self.answers) if files and self.answers else self.otherwise}"


def where(cell: str, line: int, column: str) -> str:
    """Return a cell as messages show it, with its line and column.

    Examples
    --------
    >>> where(" 85.000", 2, "revenue")
    "'85.000' (line 2, column 'revenue')"
    """
    return f"'{cell.strip()[:40]}' (line {line}, column '{column}')"
