"""Bring export files into DuckDB as they are; each file is read once, and only if a table needs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from crmkit.errors import CrmkitError
from crmkit.sources.csv_text import BadLine, read_csv
from crmkit.sources.files import FileSet, sha256_of
from crmkit.sources.sql import PART, ROW, columns_of, identifier, parquet, short_message


@dataclass(frozen=True)
class Raw:
    """The rows of a set of files.

    Attributes
    ----------
    relation : str
        DuckDB relation with the files' columns and the hidden :data:`PART` and :data:`ROW`.
    columns : tuple of str
    parts : tuple of str
        File names; a row's part is the position in it.
    bad_lines : tuple of BadLine
        Lines that were not read as rows.
    """

    relation: str
    columns: tuple[str, ...]
    parts: tuple[str, ...]
    bad_lines: tuple[BadLine, ...]


class RawFiles:
    """The files read so far into one DuckDB connection, each set a view of its own name for SQL to use."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.records: list[dict[str, str | int]] = []
        self._read: dict[tuple[Path, ...], Raw] = {}

    def read(self, files: FileSet) -> Raw:
        """Return the rows of a set of files.

        Raises
        ------
        CrmkitError
            If a file cannot be read, or the set mixes CSV and Parquet.
        """
        if files.paths not in self._read:
            try:
                self._read[files.paths] = self._read_anew(files, f"raw_{len(self._read)}")
            except OSError as error:
                raise CrmkitError(f"it cannot be opened: {error.strerror}.") from None
        raw = self._read[files.paths]
        visible = ", ".join(identifier(column) for column in raw.columns)
        self.con.execute(f"CREATE OR REPLACE VIEW {identifier(files.name)} AS SELECT {visible} FROM {raw.relation}")
        return raw

    def _read_anew(self, files: FileSet, relation: str) -> Raw:
        kinds = {path.suffix.lower() == ".parquet" for path in files.paths}
        if len(kinds) > 1:
            raise CrmkitError(
                f"both CSV and Parquet: {', '.join(path.name for path in files.paths)}. Keep one of them."
            )
        bad_lines = self._parquet(relation, files) if True in kinds else self._csv(relation, files)
        raw = Raw(relation, tuple(columns_of(self.con, relation)), tuple(path.name for path in files.paths), bad_lines)
        self._record(files, raw)
        return raw

    def _csv(self, relation: str, files: FileSet) -> tuple[BadLine, ...]:
        tables: list[pa.Table] = []
        bad: list[BadLine] = []
        for part, path in enumerate(files.paths):
            try:
                text = read_csv(path, files.dialect)
            except CrmkitError as error:
                raise CrmkitError(str(error) if len(files.paths) == 1 else f"{path.name}: {error}") from None
            tables.append(text.cells.append_column(PART, pa.repeat(pa.scalar(part, pa.int32()), text.cells.num_rows)))
            bad += text.bad_lines
        self.con.register(relation, pa.concat_tables(tables, promote_options="default"))
        return tuple(bad)

    def _parquet(self, relation: str, files: FileSet) -> tuple[BadLine, ...]:
        selects = [f"SELECT *, {part}::INTEGER AS {PART} FROM {parquet(path, ', file_row_number = true')}"
                   for part, path in enumerate(files.paths)]  # fmt: skip
        try:
            self.con.execute(f"CREATE VIEW {relation} AS SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS {ROW} "
                             f"FROM ({' UNION ALL BY NAME '.join(selects)})")  # fmt: skip
            self.con.execute(f"SELECT count(COLUMNS(*)) FROM {relation}")  # reads all of it: damage shows now
        except duckdb.Error as error:
            raise CrmkitError(f"it cannot be read as Parquet: {short_message(error)} Export it again.") from None
        return ()

    def _record(self, files: FileSet, raw: Raw) -> None:
        counts = dict(self.con.execute(f"SELECT {PART}, count(*) FROM {raw.relation} GROUP BY ALL").fetchall())
        for part, path in enumerate(files.paths):
            n_bad = sum(line.file == path.name for line in raw.bad_lines)
            self.records.append({"file": path.name, "sha256": sha256_of(path), "n_rows": counts.get(part, 0) + n_bad})
