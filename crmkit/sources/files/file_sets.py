"""Which export files there are, by what name they go, and in which dialect they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import FileMapping, Settings
from crmkit.sources.files.read import (
    WORKBOOK_SUFFIXES,
    BadLine,
    CsvText,
    Layout,
    is_workbook,
    opened_records,
    read_csv,
    sheet_names,
)
from crmkit.sources.sql import PART, ROW, columns_of, identifier, parquet, short_message

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", *WORKBOOK_SUFFIXES)


@dataclass(frozen=True)
class FileSet:
    """Export files that are read as one because they go by one name.

    Attributes
    ----------
    name : str
        Name under ``[files]``, or the file's name without its ending.
    paths : tuple of Path
    dialect : FileMapping
        Encoding, delimiter, decimal mark and date format.
    declared : bool
        Whether it stands under ``[files]``.
    layout : Layout
        Where the rows stand in the files.
    """

    name: str
    paths: tuple[Path, ...]
    dialect: FileMapping
    declared: bool = False
    layout: Layout = field(default_factory=Layout)

    @property
    def shown(self) -> str:
        """How a message names it: the file's name, or the pattern of several."""
        several = f"{self.dialect.path or self.name} ({len(self.paths)} files)"
        return self.paths[0].name if len(self.paths) == 1 else several

    def hint(self, setting: str) -> str:
        """Return what to write where in the settings so that the files are read differently, without a full stop."""
        path = "" if self.declared else f'path = "{self.paths[0].name}" and '
        return f"Write {path}{setting} under [files.{self.name}]"


def list_files(folder: Path) -> list[Path]:
    """Return the CSV, Parquet and Excel files of a folder in the order of their names, without hidden and lock files."""
    return sorted(path for path in folder.iterdir() if path.is_file() and _is_export(path))


def file_sets(settings: Settings, folder: Path) -> tuple[dict[str, FileSet], list[str]]:
    """Return every set of files by its name in lower case, and what is wrong with those under ``[files]``.

    Each file is there under its own name too, in the dialect of the set that holds it.
    """
    listed = list_files(folder)
    declared: dict[str, FileSet] = {}
    problems = []
    for name, dialect in settings.files.items():
        paths = _matching(folder, dialect.path)
        if paths:
            declared[name.casefold()] = FileSet(name, paths, dialect, declared=True)
        else:
            hint = did_you_mean(dialect.path, [path.name for path in listed])
            problems.append(f"[files.{name}]: there is no file {dialect.path} in {folder}. {hint}")
    own = {stem.casefold(): _own_set(stem, listed, declared) for stem in dict.fromkeys(path.stem for path in listed)}
    return own | declared, problems


def find(sets: dict[str, FileSet], name: str) -> FileSet | None:
    """Return the set that goes by a name: the one under ``[files]``, the file's stem, or the whole file name."""
    found = sets.get(name.casefold())
    return found or next((s for s in sets.values() if s.paths[0].name.casefold() == name.casefold()), None)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _is_export(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~$"))


def _matching(folder: Path, pattern: str) -> tuple[Path, ...]:
    try:
        return tuple(sorted(path for path in folder.glob(pattern) if path.is_file() and _is_export(path)))
    except (NotImplementedError, ValueError):  # an absolute or empty pattern
        return ()


def _own_set(stem: str, listed: Sequence[Path], declared: dict[str, FileSet]) -> FileSet:
    paths = tuple(path for path in listed if path.stem.casefold() == stem.casefold())
    holder = next((s for s in declared.values() if set(paths) & set(s.paths)), None)
    return FileSet(stem, paths, holder.dialect if holder else FileMapping(path=""))


# Bring export files into DuckDB as they are; each file is read once, and only if a table needs it.


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
    ignored : tuple of (str, int)
        Lines that are no rows, by reason.
    said : tuple of str
        What was settled about the files' encodings.
    """

    relation: str
    columns: tuple[str, ...]
    parts: tuple[str, ...]
    bad_lines: tuple[BadLine, ...]
    ignored: tuple[tuple[str, int], ...] = ()
    said: tuple[str, ...] = ()


class RawFiles:
    """The files read so far into one DuckDB connection, each set a view of its own name for SQL to use."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.records: list[dict[str, str | int]] = []
        self._read: dict[tuple[tuple[Path, ...], Layout, str], Raw] = {}

    def read(self, files: FileSet) -> Raw:
        """Return the rows of a set of files.

        Raises
        ------
        CrmkitError
            If a file cannot be read, or the set mixes CSV and Parquet.
        """
        key = (files.paths, files.layout, files.dialect.model_dump_json())
        if key not in self._read:
            try:
                self._read[key] = self._read_anew(files, f"raw_{len(self._read)}")
            except OSError as error:
                raise CrmkitError(f"it cannot be opened: {error.strerror}.") from None
        raw = self._read[key]
        visible = ", ".join(identifier(column) for column in raw.columns)
        self.con.execute(f"CREATE OR REPLACE VIEW {identifier(files.name)} AS SELECT {visible} FROM {raw.relation}")
        return raw

    def _read_anew(self, files: FileSet, relation: str) -> Raw:
        kinds = {path.suffix.lower() == ".parquet" for path in files.paths}
        if len(kinds) > 1:
            raise CrmkitError(
                f"both CSV and Parquet: {', '.join(path.name for path in files.paths)}. Keep one of them."
            )
        texts = [] if True in kinds else self._texts(relation, files)
        if not texts:
            self._parquet(relation, files)
        raw = Raw(
            relation,
            tuple(columns_of(self.con, relation)),
            tuple(path.name for path in files.paths),
            tuple(line for text in texts for line in text.bad_lines),
            tuple(reason for text in texts for reason in text.ignored),
            tuple(f"{path.name}: {t.said}" for path, t in zip(files.paths, texts, strict=False) if t.said),
        )
        self._record(files, raw, [sum(n for _, n in text.ignored) for text in texts])
        return raw

    def _texts(self, relation: str, files: FileSet) -> list[CsvText]:
        tables: list[pa.Table] = []
        texts: list[CsvText] = []
        for part, path in enumerate(files.paths):
            try:
                text = read_csv(path, files.dialect, files.layout)
            except CrmkitError as error:
                raise CrmkitError(str(error) if len(files.paths) == 1 else f"{path.name}: {error}") from None
            tables.append(text.cells.append_column(PART, pa.repeat(pa.scalar(part, pa.int32()), text.cells.num_rows)))
            texts.append(text)
        self.con.register(relation, pa.concat_tables(tables, promote_options="default"))
        return texts

    def _parquet(self, relation: str, files: FileSet) -> None:
        selects = [
            f"SELECT *, {part}::INTEGER AS {PART} FROM {parquet(path, ', file_row_number = true')}"
            for part, path in enumerate(files.paths)
        ]
        try:
            self.con.execute(
                f"CREATE VIEW {relation} AS SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS {ROW} "
                f"FROM ({' UNION ALL BY NAME '.join(selects)})"
            )
            self.con.execute(
                f"SELECT bit_xor(hash(COLUMNS(*))) FROM {relation}"
            )  # unpacks every cell: damage shows now
        except duckdb.Error as error:
            raise CrmkitError(f"it cannot be read as Parquet: {short_message(error)} Export it again.") from None

    def _record(self, files: FileSet, raw: Raw, ignored: list[int]) -> None:
        counts = dict(self.con.execute(f"SELECT {PART}, count(*) FROM {raw.relation} GROUP BY ALL").fetchall())
        for part, path in enumerate(files.paths):
            n_others = sum(line.file == path.name for line in raw.bad_lines) + (ignored[part] if ignored else 0)
            if all(record["file"] != path.name for record in self.records):
                n_rows = counts.get(part, 0) + n_others
                self.records.append({"file": path.name, "sha256": sha256_of(path), "n_rows": n_rows})


# Look at the beginning of a file: its first lines as rows, to find the header and what stands above it.


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
