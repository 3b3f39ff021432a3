"""Part of a large file, enough to say what it is: its beginning, its end, and stretches between.

The stretches are of neighbouring lines, so that the lines of one order stay together. What only all rows can prove is
proven when the file is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.raw_files import RawFiles, RawRows
from crmkit.sources.sql import PART, ROW

_WHOLE = 3_000_000  # bytes; a smaller file is read whole
_HEAD = 600_000  # bytes
_STRETCH = 100_000  # bytes
_N_STRETCHES = 6
_N_ROWS = 12_000  # rows that are looked at, at most
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Stretch:
    """Lines of a file that stand together in its sample: the first one's number in the sample and in the file."""

    in_sample: int
    in_file: int


@dataclass(frozen=True)
class Sample:
    """Rows of a file to look at.

    Attributes
    ----------
    raw : RawRows
        The rows; its relation is a table.
    n_shown : int
        Rows in it [rows].
    note : str
        How much of the file it is; empty if it is all.
    """

    raw: RawRows
    n_shown: int
    note: str


@contextmanager
def smaller(files: FileSet) -> Iterator[tuple[FileSet, tuple[Stretch, ...], str]]:
    """Yield a set, or a copy of parts of it if it is large; where the lines of these stand; and a note.

    Of several large files the largest is looked at, of a large text file parts.
    """
    if len(files.paths) > 1 and sum(path.stat().st_size for path in files.paths) > _WHOLE:
        largest = max(files.paths, key=lambda path: path.stat().st_size)
        with smaller(replace(files, paths=(largest,))) as (part, stretches, _):
            note = f"of {len(files.paths)} files the largest was looked at; a load reads all of them"
            yield part, stretches, note
        return
    path = files.paths[0]
    if len(files.paths) > 1 or path.suffix.lower() not in (".csv", ".tsv", ".txt") or path.stat().st_size <= _WHOLE:
        yield files, (), ""
        return
    pieces = _pieces(path)
    if pieces is None:
        yield files, (), ""
        return
    with TemporaryDirectory(prefix="crmkit-map-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(b"".join(content for _, content in pieces))
        with suppress(OSError):
            os.utime(copy, (path.stat().st_atime, path.stat().st_mtime))
        share = copy.stat().st_size / path.stat().st_size
        note = (
            f"{share:.0%} of the file was looked at (beginning, end and six stretches between); a load reads all of it"
        )
        yield replace(files, paths=(copy,)), _stretches(pieces), note


def sample_of(con: duckdb.DuckDBPyConnection, raw_files: RawFiles, files: FileSet) -> Sample:
    """Read a file, of a large one parts, and make its rows a table.

    Raises
    ------
    CrmkitError
        If it cannot be read.
    """
    with smaller(files) as (part, stretches, note):
        raw = raw_files.read(part)
        (n_rows,) = con.execute(f"SELECT count(*) FROM {raw.relation}").fetchone() or (0,)
        block = max(n_rows // _N_STRETCHES, 1)
        kept = f"WHERE {ROW} <= {_N_ROWS // 2} OR {ROW} % {block} < {_N_ROWS // 2 // _N_STRETCHES}"
        line = _true_line(stretches)
        con.execute(
            f"CREATE TABLE looked_at AS SELECT * REPLACE ({line} AS {ROW}) FROM {raw.relation} "
            f"{kept if n_rows > _N_ROWS else ''} ORDER BY {PART}, {ROW}"
        )
    (n_shown,) = con.execute("SELECT count(*) FROM looked_at").fetchone() or (0,)
    if n_shown < n_rows and not note:
        note = (
            f"{n_shown:,} of {n_rows:,} rows were looked at (beginning and stretches between); a load reads all of them"
        )
    return Sample(replace(raw, relation="looked_at"), n_shown, note)


def _pieces(path: Path) -> list[tuple[int, bytes]] | None:
    """Return parts of a file in whole lines, each with its first line's number; None if lines cannot be told apart."""
    size = path.stat().st_size
    starts = [_HEAD + (size - _HEAD - _STRETCH) * number // _N_STRETCHES for number in range(1, _N_STRETCHES + 1)]
    lines = _lines_before(path, starts)
    with path.open("rb") as opened:
        head = opened.read(_HEAD)
        if b"\0" in head[:4096] or b"\n" not in head or _has_broken_cells(head):
            return None
        pieces = [(1, head[: head.rfind(b"\n") + 1])]
        for start, n_before in zip(starts, lines, strict=True):
            opened.seek(start)
            content = opened.read(_STRETCH if start != starts[-1] else size)
            begin, end = content.find(b"\n") + 1, content.rfind(b"\n") + 1
            end = len(content) if start == starts[-1] else end
            if 0 < begin < end:
                pieces.append((n_before + 2, content[begin:end]))
    return pieces


def _lines_before(path: Path, starts: list[int]) -> list[int]:
    """Return how many lines end before each place of a file."""
    counts, position, n_lines = [], 0, 0
    with path.open("rb") as opened:
        for start in starts:
            while position < start:
                block = opened.read(min(_BLOCK, start - position))
                position += len(block)
                n_lines += block.count(b"\n")
            counts.append(n_lines)
    return counts


def _has_broken_cells(head: bytes) -> bool:
    """Whether a cell may contain a line break: then a line found in the middle of the file may be part of a cell."""
    return any(line.count(b'"') % 2 for line in head.split(b"\n")[:-1])


def _stretches(pieces: list[tuple[int, bytes]]) -> tuple[Stretch, ...]:
    found, line = [], 1
    for in_file, content in pieces:
        found.append(Stretch(line, in_file))
        line += content.count(b"\n")
    return tuple(found)


def _true_line(stretches: tuple[Stretch, ...]) -> str:
    """Return the SQL of a row's line in the file."""
    moves = [
        f"WHEN {ROW} >= {each.in_sample} THEN {ROW} + {each.in_file - each.in_sample}" for each in reversed(stretches)
    ]
    return f"CASE {' '.join(moves)} ELSE {ROW} END" if moves else ROW
