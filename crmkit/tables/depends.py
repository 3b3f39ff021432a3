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
import sysconfig
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from time import monotonic

_NAME = re.compile(r"[\w.-]+")
_LOOK_AGAIN = 1.0  # s
_seen: tuple[float, str | None] | None = None
_Look = tuple[tuple[str, tuple[int, ...] | None], ...]


class WatchedFiles:
    """Files as they are now.

    Parameters
    ----------
    paths : iterable of Path
    """

    def __init__(self, paths: Iterable[Path | str]) -> None:
        self._paths = sorted(str(path) for path in paths)
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
    """The files of a folder, and with ``deep`` of those in it; one that is added later is a change too.

    A page asks for this at each result that it reads, so the folder is walked without the comfort of pathlib.
    """

    def __init__(self, folder: Path, ending: str = "", deep: bool = True) -> None:
        self._folder, self._ending, self._deep = str(folder), ending, deep
        super().__init__(self._there())

    @property
    def digest(self) -> str | None:
        return super().digest if self._there() == self._paths else None

    def _there(self) -> list[str]:
        found = []
        for folder, within, names in os.walk(self._folder):
            names = [name for name in names if name.endswith(self._ending) and not name.endswith(".pyc")]
            found += [os.path.join(folder, name) for name in names]
            within[:] = [name for name in within if self._deep and name != "__pycache__"]
        return sorted(found)


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
    """Return the hash of crmkit's own files; None once they are others than those this program has loaded.

    A page asks hundreds of times; what was seen a second ago is not looked at again.
    """
    global _seen
    if _seen is None or monotonic() - _seen[0] > _LOOK_AGAIN:
        _seen = monotonic(), _CRMKIT.digest
    return _seen[1]


@cache
def code_beside(folder: Path) -> WatchedFolder:
    """Return the Python files of a folder that crmkit does not own, as they were when first asked for."""
    return WatchedFolder(folder, ".py", deep=False)


def is_own(file: Path) -> bool:
    """Tell whether a file is one of crmkit's."""
    return file.is_relative_to(_PACKAGE)


def is_installed(file: Path) -> bool:
    """Tell whether a file is one of crmkit's, of Python's or of an installed package."""
    return is_own(file) or any(file.is_relative_to(folder) for folder in _INSTALLED)


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


def _look(paths: Iterable[str]) -> _Look:
    """Return what tells a file from another one at the same place without reading it."""
    return tuple((path, _stat(path)) for path in paths)


def _stat(path: str) -> tuple[int, ...] | None:
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino


def _hash_of(paths: Iterable[str]) -> str:
    whole = hashlib.blake2b(digest_size=16)
    for path in paths:
        whole.update(os.path.basename(path).encode() + b"\0")
        try:
            with open(path, "rb") as file:
                whole.update(hashlib.file_digest(file, "blake2b").digest())
        except OSError:  # gone since: the next look finds out
            whole.update(b"gone")
    return whole.hexdigest()


_PACKAGE = Path(__file__).resolve().parents[1]
_INSTALLED = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_CRMKIT = WatchedFolder(_PACKAGE)  # looked at while the package is being loaded
