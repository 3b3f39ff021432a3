"""Export files in DuckDB as they are; each file is read once, and only if a table needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from crmkit.errors import CrmkitError
from crmkit.sources.files.fast_csv import fast_rows
from crmkit.sources.files.file_sets import FileSet, sha256_of
from crmkit.sources.files.layout import Layout
from crmkit.sources.files.limits import refuse_large_parquet
from crmkit.sources.files.names import shown_name
from crmkit.sources.files.read import BadLine, read_csv, table_start
from crmkit.sources.files.report_rows import sifted
from crmkit.sources.sql import PART, ROW, columns_of, identifier, parquet, short_message

FAST_FROM = 100_000
"""Bytes from which a file is read in parallel; a smaller one is read cell by cell before DuckDB's reader has begun."""


@dataclass(frozen=True)
class RawRows:
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
    ignored : tuple of (str, int)
        Lines that are not rows, by reason.
    notes : tuple of str
        What was found out about the files: encodings, where headers stand, groups of rows.
    n_ignored : tuple of int
        Lines that are not rows, by part.
    """

    relation: str
    columns: tuple[str, ...]
    parts: tuple[str, ...]
    bad_lines: tuple[BadLine, ...]
    ignored: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    n_ignored: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Text:
    """A text file that was read: SQL of its rows, the other lines, lines with too few cells, and what was found out."""

    rows: str
    bad_lines: tuple[BadLine, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    short: Mapping[int, str] = field(default_factory=dict)


class RawFiles:
    """The files read so far into one DuckDB connection; each set is a view of its name, for the SQL of the settings.

    ``time_zone`` is the company's, for the SQL that reads times with an offset.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, time_zone: str = "UTC") -> None:
        self.con = con
        self.time_zone = time_zone
        self.records: list[dict[str, str | int]] = []
        self._read: dict[tuple[tuple[Path, ...], Layout, str], RawRows] = {}

    def read(self, files: FileSet) -> RawRows:
        """Return the rows of a set of files.

        Raises
        ------
        CrmkitError
            If a file cannot be read, or the set mixes CSV and Parquet.
        """
        key = (files.paths, files.layout, files.dialect.model_dump_json())
        if key not in self._read:
            try:
                self._read[key] = self._read_set(files, f"raw_{len(self._read)}")
            except OSError as error:
                raise CrmkitError(f"it cannot be opened: {error.strerror}.") from None
        raw = self._read[key]
        visible = ", ".join(identifier(column) for column in raw.columns)
        self.con.execute(f"CREATE OR REPLACE VIEW {identifier(files.name)} AS SELECT {visible} FROM {raw.relation}")
        return raw

    def _read_set(self, files: FileSet, relation: str) -> RawRows:
        kinds = {path.suffix.lower() == ".parquet" for path in files.paths}
        if len(kinds) > 1:
            raise CrmkitError(f"both CSV and Parquet: {', '.join(map(shown_name, files.paths))}. Keep one of them.")
        texts = [] if True in kinds else self._read_texts(relation, files)
        if not texts:
            self._create_parquet_view(relation, files)
        names = [shown_name(path) for path in files.paths]
        short = {(part, line): why for part, text in enumerate(texts) for line, why in text.short.items()}
        rows = sifted(self.con, relation, names, short)
        for part, text in enumerate(texts):
            rows.ignored[part].update(dict(text.ignored))
        raw = RawRows(
            rows.relation,
            tuple(columns_of(self.con, rows.relation)),
            tuple(names),
            _in_order([*(line for text in texts for line in text.bad_lines), *rows.bad_lines], names),
            tuple(reason for counted in rows.ignored for reason in counted.items()),
            (*(f"{name}: {note}" for name, t in zip(names, texts, strict=False) for note in t.notes), *rows.notes),
            tuple(counted.total() for counted in rows.ignored),
        )
        self._record(files, raw)
        return raw

    def _read_texts(self, relation: str, files: FileSet) -> list[_Text]:
        texts: list[_Text] = []
        for part, path in enumerate(files.paths):
            try:
                texts.append(self._read_text(f"{relation}_{part}", path, files))
            except CrmkitError as error:
                raise CrmkitError(str(error) if len(files.paths) == 1 else f"{shown_name(path)}: {error}") from None
        selects = [f"SELECT *, {part}::INTEGER AS {PART} FROM ({text.rows})" for part, text in enumerate(texts)]
        self.con.execute(f"CREATE VIEW {relation} AS {' UNION ALL BY NAME '.join(selects)}")
        return texts

    def _read_text(self, name: str, path: Path, files: FileSet) -> _Text:
        """Return the rows of a text file, read in parallel where it is well-formed, else cell by cell."""
        start = table_start(path, files.dialect, files.layout) if path.stat().st_size >= FAST_FROM else None
        rows = fast_rows(self.con, path, start, name) if start else None
        if start and rows:
            return _Text(rows)
        text = read_csv(path, files.dialect, files.layout)
        self.con.register(name, text.cells)
        return _Text(f"FROM {name}", text.bad_lines, text.ignored, text.notes, text.short)

    def _create_parquet_view(self, relation: str, files: FileSet) -> None:
        for path in files.paths:
            refuse_large_parquet(path)
        selects = [
            f"SELECT *, {part}::INTEGER AS {PART} FROM {parquet(path, ', file_row_number = true')}"
            for part, path in enumerate(files.paths)
        ]
        try:
            self.con.execute(
                f"CREATE VIEW {relation} AS SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS {ROW} "
                f"FROM ({' UNION ALL BY NAME '.join(selects)})"
            )
            # Every cell is decompressed, so that damage shows now.
            self.con.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {relation}")
        except duckdb.Error as error:
            raise CrmkitError(f"it cannot be read as Parquet: {short_message(error)} Export it again.") from None

    def _record(self, files: FileSet, raw: RawRows) -> None:
        counts = dict(self.con.execute(f"SELECT {PART}, count(*) FROM {raw.relation} GROUP BY ALL").fetchall())
        for part, path in enumerate(files.paths):
            n_others = sum(line.file == shown_name(path) for line in raw.bad_lines) + raw.n_ignored[part]
            if all(record["file"] != shown_name(path) for record in self.records):
                n_rows = counts.get(part, 0) + n_others
                self.records.append({"file": shown_name(path), "sha256": sha256_of(path), "n_rows": n_rows})


def _in_order(lines: Sequence[BadLine], names: Sequence[str]) -> tuple[BadLine, ...]:
    return tuple(sorted(lines, key=lambda bad: (names.index(bad.file), bad.line)))
