"""Whether the files of a store are as they were written, and second copies of those that no export can rebuild.

Parquet files carry no checksum that a reader verifies: a flipped bit is another number, silently. So the manifest holds
the hash of each file that a load wrote; such a file is written anew by the next load. What no load can write again
(predictions and their log, segments, treatments, answers about duplicates, the history of loads, the key of ids) is
kept twice. The second copy stands beside the first, with the hash of the content at the end of its name::

    customer_scores.parquet
    customer_scores.parquet.copy-0a1b2c...

A file that is missing, or has another hash than every copy, is restored from the newest copy whose own hash is right.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crmkit.errors import CrmkitError, RestoredFile
from crmkit.sources.store.temporary_paths import temporary_path
from crmkit.tables.caching.fingerprint import content_hash

COPY = ".copy-"
_TRIES = 4  # another program may be between the steps of a change
_PAUSE = 0.05  # s


@contextmanager
def replaced_twice(file: Path) -> Iterator[Path]:
    """Yield a path to write a file to; when the block ends, it takes the place of the file and has a second copy.

    The second copy comes first, and earlier ones go last: at any moment the file is one of those that have a copy.
    """
    temporary = _temporary(file)
    try:
        yield temporary
        temporary.chmod(0o600)
        copy = write_copy(temporary, file)
        os.replace(temporary, file)
        _remove_copies(file, but=copy)
    finally:
        temporary.unlink(missing_ok=True)


def write_copy(content: Path, file: Path) -> Path:
    """Write the second copy of what a file holds, or is about to hold, unless it is there."""
    digest = content_hash(content)
    copy = file.with_name(f"{file.name}{COPY}{digest}")
    if content_hash(copy) != digest:
        _copy(content, copy)
    return copy


def renew_copies(files: Iterable[Path]) -> None:
    """Give each file one second copy, of what it holds now."""
    for file in files:
        _remove_copies(file, but=write_copy(file, file))


def remove_copies(file: Path) -> None:
    """Remove the second copies of a file."""
    _remove_copies(file, but=None)


def remove_copies_but(file: Path, copy: Path) -> None:
    """Remove the second copies of a file but for one."""
    _remove_copies(file, but=copy)


def kept_twice(folder: Path) -> dict[Path, list[Path]]:
    """Return the files in a folder and those below it that have second copies, present or not, each with its copies."""
    found: dict[Path, list[Path]] = {}
    for copy in sorted([*folder.glob(f"*{COPY}*"), *folder.glob(f"*/*{COPY}*")]):
        name, _, digest = copy.name.rpartition(COPY)
        if name and digest and not name.startswith(".") and not copy.parent.name.startswith("."):
            found.setdefault(copy.with_name(name), []).append(copy)
    return found


def restore(folder: Path) -> list[Path]:
    """Restore the files of a folder that are not as they were written from their second copies.

    Returns
    -------
    list of Path
        Files that are damaged and have no copy that is not.

    Warns
    -----
    RestoredFile
        For each file that was restored.
    """
    return [file for file, copies in kept_twice(folder).items() if not restored(file, copies)]


def restored(file: Path, copies: Iterable[Path] | None = None) -> bool:
    """Restore a file from its second copy if need be; False if it is damaged and every copy is too."""
    copies = sorted(file.parent.glob(f"{file.name}{COPY}*")) if copies is None else list(copies)
    for left in reversed(range(_TRIES)):
        if not copies or content_hash(file) in map(_hash_in_name, copies):
            return True
        if left:
            time.sleep(_PAUSE)
            copies = sorted(file.parent.glob(f"{file.name}{COPY}*"))
    whole = [copy for copy in copies if content_hash(copy) == _hash_in_name(copy)]
    if not whole:
        return False
    what = "was damaged" if file.exists() else "was missing"
    try:
        _copy(max(whole, key=lambda copy: copy.stat().st_mtime_ns), file)
    except OSError as error:
        raise CrmkitError(f"{file} is damaged, and cannot be restored: {error.strerror or error}.") from error
    warnings.warn(f"{file} {what}; it has been restored from its second copy.", RestoredFile, stacklevel=3)
    return True


def hashes_in(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return the hashes of some files, by their path in a folder."""
    return {file.relative_to(folder).as_posix(): content_hash(file) for file in files}


def differing(folder: Path, hashes: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the files whose hashes are known, in words."""
    wrong = []
    for name, digest in hashes.items():
        found = content_hash(folder / name)
        if found != digest:
            what = "has changed since it was written" if found else "is missing or cannot be read"
            wrong.append(f"{name} {what}")
    return wrong


def _copy(source: Path, target: Path) -> None:
    """Copy a file so that the target is there whole or not at all, for its owner only."""
    temporary = _temporary(target)
    try:
        shutil.copyfile(source, temporary)
        temporary.chmod(0o600)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(file: Path) -> Path:
    return temporary_path(file.with_name(f".{file.name}.{secrets.token_hex(4)}"), "tmp")


def _remove_copies(file: Path, but: Path | None) -> None:
    for copy in file.parent.glob(f"{file.name}{COPY}*"):
        if copy != but:
            copy.unlink(missing_ok=True)


def _hash_in_name(copy: Path) -> str:
    return copy.name.rpartition(COPY)[2]
