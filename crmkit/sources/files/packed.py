"""Exports inside of zip files: unpacked into a temporary folder, where they are files of the exports folder like others."""

from __future__ import annotations

import gzip
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from crmkit.errors import CrmkitError, printable
from crmkit.sources.files.file_sets import is_export, is_packed, list_files
from crmkit.sources.files.names import UNPACKED
from crmkit.sources.sql import open_duckdb, remove_scratch, scratch_folder

MOST_BYTES = 4 * 2**30
MOST_MEMBERS = 200
_BLOCK = 2**20
_UNZIP = "Unzip it and put the files into the exports folder."
_TOO_LARGE = f"its files are larger than {MOST_BYTES // 2**30} GB in all. {_UNZIP}"


@dataclass
class Listed:
    """The files of an exports folder, those inside of zip files among them.

    Attributes
    ----------
    paths : list of Path
    problems : list of str
        Zip files that cannot be read.
    notes : list of str
        Zip files that hold no export.
    """

    paths: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@contextmanager
def unpacked_files(folder: Path) -> Iterator[Listed]:
    """Yield the files of an exports folder; what stands in zip files is there until the end of the block."""
    with closing(open_duckdb()) as con:
        try:
            yield unpacked(list_files(folder), scratch_folder(con) / UNPACKED)
        finally:
            remove_scratch(con)


def unpacked(listed: Sequence[Path], place: Path) -> Listed:
    """Return the files listed, with those inside of zip files in place of these, unpacked into a folder."""
    found = Listed()
    left = MOST_BYTES
    for path in listed:
        if not is_packed(path):
            found.paths.append(path)
            continue
        try:
            members = (
                _unpack_gzip(path, place, left) if path.suffix.lower() == ".gz" else _unpack_zip(path, place, left)
            )
        except CrmkitError as error:
            found.problems.append(f"{path.name}: {error} If it is not wanted, take it out of the folder.")
            continue
        left -= sum(member.stat().st_size for member in members)
        found.paths += members
        found.notes += [] if members else [f"{path.name} holds no CSV, Excel or Parquet file, and nothing reads it"]
    return found


def _unpack_zip(path: Path, place: Path, left: int) -> list[Path]:
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = [(info, name) for info in archive.infolist() if (name := _safe_name(info)) is not None]
            if len(wanted) > MOST_MEMBERS:
                raise CrmkitError(f"it holds {len(wanted):,} exports, more than {MOST_MEMBERS}. {_UNZIP}")
            if any(info.flag_bits & 1 for info, _ in wanted):
                raise CrmkitError(f"it is protected with a password. {_UNZIP}")
            _refuse_large(sum(info.file_size for info, _ in wanted), left, place)
            written: list[Path] = []
            for info, name in wanted:
                with archive.open(info) as content:
                    written.append(_written(content, _free_path(place / path.name / name), left))
                left -= written[-1].stat().st_size
            return written
    except NotImplementedError:
        raise CrmkitError(f"it is packed in a way that cannot be read here. {_UNZIP}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise CrmkitError(f"it cannot be read as a zip file: {printable(str(error))}. Export it again.") from None


def _unpack_gzip(path: Path, place: Path, left: int) -> list[Path]:
    if not is_export(Path(path.stem)):
        return []
    try:
        with gzip.open(path) as content:
            return [_written(content, place / path.name / path.stem, left)]
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise CrmkitError(f"it cannot be unpacked: {printable(str(error))}. Export it again.") from None


def _safe_name(info: zipfile.ZipInfo) -> Path | None:
    """Return where below the zip's own folder a member is written; None for what is no export.

    A name that would lead out of that folder loses the parts that lead there.
    """
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    safe = [re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", part) for part in parts if part not in ("/", "..", ".")]
    if info.is_dir() or not safe or "__MACOSX" in safe or not is_export(Path(safe[-1])):
        return None
    return Path(*(part[-100:] for part in safe[-5:]))


def _refuse_large(n_bytes: int, left: int, place: Path) -> None:
    """Refuse what a zip file says that it holds, before anything is written."""
    if n_bytes > left:
        raise CrmkitError(_TOO_LARGE)
    free = shutil.disk_usage(place.parent).free
    if n_bytes > free:
        raise CrmkitError(
            f"its files take {n_bytes / 2**20:,.0f} MB, and {place.parent} has {free / 2**20:,.0f} MB left. Make room, or "
            "set TMPDIR to a folder on another disk."
        )


def _free_path(path: Path) -> Path:
    """Return the path, or with a number where another member is called the same."""
    number = 2
    while path.exists():
        path = path.with_stem(f"{re.sub(r' [0-9]+$', '', path.stem)} {number}")
        number += 1
    return path


def _written(content: IO[bytes] | gzip.GzipFile, path: Path, left: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    read: Callable[[int], bytes] = content.read
    try:
        with path.open("wb") as opened:
            while block := read(_BLOCK):
                left -= len(block)
                if left < 0:  # the directory of the zip file said less
                    raise CrmkitError(_TOO_LARGE)
                opened.write(block)
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise
        raise CrmkitError(f"it cannot be unpacked into {path.parent.parent}: {error.strerror}.") from None
    return path
