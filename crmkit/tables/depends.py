"""What a result depends on besides its arguments: files of data and of code, and the versions of the packages.

A program goes on with the code it has loaded and the tables it has opened, while the files on disk may change. So each
set of files is looked at once when it is opened or loaded; if it looks different later, its digest is None: nobody can
tell any more which of the two states a number comes from, and it must not be kept for others.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

_NAME = re.compile(r"[\w.-]+")
_Look = tuple[tuple[str, tuple[int, ...] | None], ...]


class WatchedFiles:
    """Files as they are now.

    Parameters
    ----------
    paths : iterable of Path
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = sorted(paths)
        self._first_look = _look(self._paths)
        self._digest: str | None = None

    @property
    def digest(self) -> str | None:
        """Hash of the names and contents of the files; None if any of them changed since they were looked at first.

        Examples
        --------
        >>> len(WatchedFiles([Path(__file__)]).digest)
        32
        """
        if _look(self._paths) != self._first_look:
            return None
        if self._digest is None:
            self._digest = _hash_of(self._paths)
            return self.digest  # looked at again: they may have changed while they were read
        return self._digest


class WatchedFolder(WatchedFiles):
    """The files of a folder and of those in it; one that is added later is a change too."""

    def __init__(self, folder: Path, pattern: str = "**/*") -> None:
        self._folder, self._pattern = folder, pattern
        super().__init__(map(Path, self._there()))

    @property
    def digest(self) -> str | None:
        return super().digest if set(self._there()) == set(map(str, self._paths)) else None

    def _there(self) -> Iterator[str]:
        *deep, pattern = self._pattern.split("/")
        return _files_in(str(self._folder), pattern, bool(deep))


def digest_of(*parts: object) -> str:
    """Return one hash of several texts, in their order.

    Examples
    --------
    >>> digest_of("a", "bc") == digest_of("ab", "c")
    False
    """
    listed = "\0".join(str(part).replace("\0", "\\0") for part in parts)
    return hashlib.blake2b(listed.encode(), digest_size=16).hexdigest()


def code_digest() -> str | None:
    """Return the hash of crmkit's own files; None once they are others than those this program has loaded."""
    return _CRMKIT.digest


@cache
def code_beside(folder: Path) -> WatchedFolder:
    """Return the Python files of a folder that crmkit does not own, as they were when first asked for."""
    return WatchedFolder(folder, "*.py")


def is_own(file: Path) -> bool:
    """Tell whether a file is one of crmkit's."""
    return file.is_relative_to(_PACKAGE)


@cache
def package_versions() -> dict[str, str]:
    """Return the version of Python and of each package that crmkit is built on."""
    named = [_NAME.match(line) for line in _required() if "extra ==" not in line]
    found = {"python": platform.python_version()}
    for name in sorted({match[0] for match in named if match}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _required() -> list[str]:
    try:
        return requires("crmkit") or []
    except PackageNotFoundError:  # run from a folder that was never installed: the packages that compute
        return ["duckdb", "ibis-framework", "sqlglot", "pandas", "numpy", "scipy", "scikit-learn", "pyarrow"]


def _files_in(folder: str, pattern: str, deep: bool) -> Iterator[str]:
    """Yield the files of a folder, without those that Python compiled; it is asked for often, and pathlib takes its time."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_in(entry.path, pattern, deep) if deep else ()
            elif fnmatch(entry.name, pattern) and not entry.name.endswith(".pyc") and entry.is_file():
                yield entry.path


def _look(paths: Iterable[Path]) -> _Look:
    """Return what tells a file from another one at the same place without reading it."""
    return tuple((str(path), _stat(path)) for path in paths)


def _stat(path: Path) -> tuple[int, ...] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino


def _hash_of(paths: Iterable[Path]) -> str:
    whole = hashlib.blake2b(digest_size=16)
    for path in paths:
        whole.update(path.name.encode() + b"\0")
        try:
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "blake2b").digest())
        except OSError:  # gone since: the next look finds out
            whole.update(b"gone")
    return whole.hexdigest()


_PACKAGE = Path(__file__).resolve().parents[1]
_CRMKIT = WatchedFolder(_PACKAGE)  # looked at while the package is being loaded
