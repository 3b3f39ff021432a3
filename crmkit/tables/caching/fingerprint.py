"""Fingerprints of all that a result depends on: arguments, functions, files of data and of code, package versions.

Equal fingerprints mean equal values, in every program. A program goes on with the code it has loaded and the tables it
has opened, while the files on disk may change. So each set of files is inspected once when it is opened or loaded; if
it differs later, its digest is None: it is no longer known from which of the two states a number comes, and the number
must not be kept.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from time import monotonic
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

_REQUIREMENT_NAME = re.compile(r"[\w.-]+")
_LOOK_AGAIN_AFTER = 1.0  # s
_last_code_digest: tuple[float, str | None] | None = None
_FileStates = tuple[tuple[str, tuple[int, ...] | None], ...]


class NoFingerprint(Exception):
    """An argument, or the function, has no fingerprint that means the same in another program."""


def fingerprint(argument: Any) -> str:
    """Return a text that two programs give to the same value, and to no other.

    Parameters
    ----------
    argument : plain value, date, dataclass, function of a file, or list or mapping of these

    Raises
    ------
    NoFingerprint
        If there is none.

    Examples
    --------
    >>> fingerprint(["2026-10", 13]) == fingerprint(("2026-10", 13))
    False
    """
    kind = type(argument).__qualname__
    if argument is None or type(argument) in (bool, int, float, str):
        return f"{kind} {argument!r}"
    if isinstance(argument, FunctionType):
        return _of_function(argument)
    if is_dataclass(argument) and not isinstance(argument, type):
        return f"{kind} {digest_of(*(fingerprint(getattr(argument, field.name)) for field in fields(argument)))}"
    if isinstance(argument, Mapping):
        return f"{kind} {digest_of(*map(fingerprint, sorted(argument.items())))}"
    if isinstance(argument, list | tuple):
        return f"{kind} {digest_of(*map(fingerprint, argument))}"
    if isinstance(argument, date):
        return f"{kind} {argument.isoformat()}"
    raise NoFingerprint


def digest_of(*parts: object) -> str:
    """Return one hash of several texts, in their order.

    Examples
    --------
    >>> digest_of("a", "bc") == digest_of("ab", "c")
    False
    """
    listed = "\0".join(str(part).replace("\0", "\\0") for part in parts)
    return hashlib.blake2b(listed.encode(), digest_size=16).hexdigest()


def content_hash(path: Path | str) -> str:
    """Return the hash of what a file holds; empty if it is missing or cannot be read.

    A program reads a file once, and again when its size, times or place on the disk have changed.

    Examples
    --------
    >>> len(content_hash(__file__)), content_hash("no such file")
    (32, '')
    """
    state = _stat(str(path))
    try:
        return _content_hash(str(path), state) if state else ""
    except OSError:
        return ""


class WatchedFiles:
    """Files as they are now.

    Parameters
    ----------
    paths : iterable of Path
    """

    def __init__(self, paths: Iterable[Path | str]) -> None:
        self._paths = sorted(str(path) for path in paths)
        self._first_states = _states(self._paths)
        self._digest: str | None = None

    @property
    def digest(self) -> str | None:
        """Hash of the names and contents of the files; None if any of them changed since they were first inspected.

        Examples
        --------
        >>> len(WatchedFiles([Path(__file__)]).digest)
        32
        """
        if _states(self._paths) != self._first_states:
            return None
        if self._digest is None:
            self._digest = _hash_of(self._paths)
            return self.digest  # inspected again: they may have changed while they were read
        return self._digest


class WatchedFolder(WatchedFiles):
    """The files of a folder, and with ``deep`` those of the folders in it; a file added later is a change too.

    A page asks for this at each result that it reads, so the folder is walked without pathlib, which is slower.
    """

    def __init__(self, folder: Path, ending: str = "", deep: bool = True) -> None:
        self._folder, self._ending, self._deep = str(folder), ending, deep
        super().__init__(self._present())

    @property
    def digest(self) -> str | None:
        return super().digest if self._present() == self._paths else None

    def _present(self) -> list[str]:
        found = []
        for folder, subfolders, names in os.walk(self._folder):
            names = [name for name in names if name.endswith(self._ending) and not name.endswith(".pyc")]
            found += [os.path.join(folder, name) for name in names]
            subfolders[:] = [name for name in subfolders if self._deep and name != "__pycache__"]
        return sorted(found)


def code_digest() -> str | None:
    """Return the hash of crmkit's own files; None once they differ from those that this program has loaded.

    A page asks hundreds of times; an answer less than a second old is given again.
    """
    global _last_code_digest
    if _last_code_digest is None or monotonic() - _last_code_digest[0] > _LOOK_AGAIN_AFTER:
        _last_code_digest = monotonic(), _CRMKIT.digest
    return _last_code_digest[1]


@cache
def code_beside(folder: Path) -> WatchedFolder:
    """Return the Python files of a folder outside crmkit, as they were when first asked for."""
    return WatchedFolder(folder, ".py", deep=False)


@cache
def package_versions() -> dict[str, str]:
    """Return the version of Python and of each package that crmkit is built on."""
    matches = [_REQUIREMENT_NAME.match(line) for line in _requirements() if "extra ==" not in line]
    found = {"python": platform.python_version()}
    for name in sorted({match[0] for match in matches if match}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _of_function(function: FunctionType, callers: tuple[FunctionType, ...] = ()) -> str:
    """Fingerprint crmkit's own functions by their place and closure; others by all that they are made of, too."""
    code, file = function.__code__, Path(function.__code__.co_filename)
    if function.__module__ == "__main__" or not file.is_file():  # a notebook cell may mean something else tomorrow
        raise NoFingerprint
    place = function.__module__, function.__qualname__, code.co_firstlineno
    closure = [fingerprint(_content(cell)) for cell in function.__closure__ or ()]
    if _is_own(file):
        return digest_of(*place, *closure)
    beside = code_beside(file.parent).digest
    if beside is None:  # the file is no longer what was loaded
        raise NoFingerprint
    defaults = fingerprint(function.__defaults__), fingerprint(function.__kwdefaults__)
    read = [_of_global(function, name, (*callers, function)) for name in sorted(_names_in(code))]
    return digest_of(*place, beside, _of_code(code), *defaults, *closure, *read)


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # the variable has no value yet
        raise NoFingerprint from None


def _is_own(file: Path) -> bool:
    """Whether a file is one of crmkit's."""
    return file.is_relative_to(_PACKAGE)


def _is_installed(file: Path) -> bool:
    """Whether a file is one of crmkit's, of Python's or of an installed package."""
    return _is_own(file) or any(file.is_relative_to(folder) for folder in _INSTALLED)


def _of_global(function: FunctionType, name: str, callers: tuple[FunctionType, ...]) -> str:
    """Fingerprint what a function reads under a name of its module: values by content, code by where it comes from."""
    if name not in function.__globals__:
        return name
    value = function.__globals__[name]
    if isinstance(value, FunctionType):
        if _is_installed(Path(value.__code__.co_filename)):
            return f"{name} {value.__module__} {value.__qualname__}"
        return name if value in callers else f"{name} {_of_function(value, callers)}"
    return f"{name} {_place(value, function) if isinstance(value, type | ModuleType) else fingerprint(value)}"


def _place(value: type | ModuleType, function: FunctionType) -> str:
    """Return the name of a class or a module that is installed, or beside the function and watched with it."""
    module = value.__name__ if isinstance(value, ModuleType) else value.__module__
    file = Path(getattr(sys.modules.get(module), "__file__", None) or "")
    is_beside = module == function.__module__ or file.parent == Path(function.__code__.co_filename).parent
    if not (is_beside or module in sys.builtin_module_names or _is_installed(file)):
        raise NoFingerprint
    return f"{module} {value.__name__}"


def _names_in(code: CodeType) -> set[str]:
    return set(code.co_names).union(*(_names_in(part) for part in code.co_consts if isinstance(part, CodeType)))


def _of_code(code: CodeType) -> str:
    """Fingerprint the code that runs, whatever its file holds by now."""
    parts = [_of_code(part) if isinstance(part, CodeType) else repr(part) for part in code.co_consts]
    return digest_of(code.co_code.hex(), *code.co_names, *parts)


def _states(paths: Iterable[str]) -> _FileStates:
    """Return what distinguishes a file from another one at the same path without reading it."""
    return tuple((path, _stat(path)) for path in paths)


def _stat(path: str) -> tuple[int, ...] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _hash_of(paths: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:  # one that was deleted since has no hash: the next inspection finds out
        digest.update(f"{os.path.basename(path)}\0{content_hash(path)}".encode())
    return digest.hexdigest()


@lru_cache(maxsize=4096)
def _content_hash(path: str, _state: tuple[int, ...]) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _requirements() -> list[str]:
    try:
        return requires("crmkit") or []
    except PackageNotFoundError:  # run from a folder that was never installed: the packages that compute
        return ["duckdb", "ibis-framework", "sqlglot", "pandas", "numpy", "scipy", "scikit-learn", "pyarrow"]


_PACKAGE = Path(__file__).resolve().parents[2]
_INSTALLED = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_CRMKIT = WatchedFolder(_PACKAGE)  # inspected while the package is being loaded
