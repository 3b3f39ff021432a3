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
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from time import monotonic
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

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


_PACKAGE = Path(__file__).resolve().parents[2]
_INSTALLED = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_CRMKIT = WatchedFolder(_PACKAGE)  # looked at while the package is being loaded


# Names for what a result depends on: equal names mean equal values, in whichever program.


class Nameless(Exception):
    """An argument, or the function, has no name that means the same in another program."""


def named(argument: Any) -> str:
    """Return a text that two programs give to the same value, and to no other.

    Parameters
    ----------
    argument : plain value, date, dataclass, function of a file, or list or mapping of these

    Raises
    ------
    Nameless
        If there is none.

    Examples
    --------
    >>> named(["2026-10", 13]) == named(("2026-10", 13))
    False
    """
    kind = type(argument).__qualname__
    if argument is None or type(argument) in (bool, int, float, str):
        return f"{kind} {argument!r}"
    if isinstance(argument, FunctionType):
        return _function(argument)
    if is_dataclass(argument) and not isinstance(argument, type):
        return f"{kind} {digest_of(*(named(getattr(argument, field.name)) for field in fields(argument)))}"
    if isinstance(argument, Mapping):
        return f"{kind} {digest_of(*map(named, sorted(argument.items())))}"
    if isinstance(argument, list | tuple):
        return f"{kind} {digest_of(*map(named, argument))}"
    if isinstance(argument, date):
        return f"{kind} {argument.isoformat()}"
    raise Nameless


def _function(function: FunctionType, within: tuple[FunctionType, ...] = ()) -> str:
    """Name a function by its place and what it closes over; one that is not crmkit's by all that it is made of."""
    code, file = function.__code__, Path(function.__code__.co_filename)
    if function.__module__ == "__main__" or not file.is_file():  # a cell of a notebook may mean another thing tomorrow
        raise Nameless
    place = function.__module__, function.__qualname__, code.co_firstlineno
    closed_over = [named(_content(cell)) for cell in function.__closure__ or ()]
    if is_own(file):
        return digest_of(*place, *closed_over)
    beside = code_beside(file.parent).digest
    if beside is None:  # the file is no longer what was loaded
        raise Nameless
    defaults = named(function.__defaults__), named(function.__kwdefaults__)
    read = [_read(function, name, (*within, function)) for name in sorted(_names_in(code))]
    return digest_of(*place, beside, _loaded(code), *defaults, *closed_over, *read)


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing has been put into it yet
        raise Nameless from None


def _loaded(code: CodeType) -> str:
    """Name the code that runs, whatever its file holds by now."""
    parts = [_loaded(part) if isinstance(part, CodeType) else repr(part) for part in code.co_consts]
    return digest_of(code.co_code.hex(), *code.co_names, *parts)


def _names_in(code: CodeType) -> set[str]:
    return set(code.co_names).union(*(_names_in(part) for part in code.co_consts if isinstance(part, CodeType)))


def _read(function: FunctionType, name: str, within: tuple[FunctionType, ...]) -> str:
    """Name what a function finds under a name of its module: a value by its content, code by where it comes from."""
    if name not in function.__globals__:
        return name
    value = function.__globals__[name]
    if isinstance(value, FunctionType):
        if is_installed(Path(value.__code__.co_filename)):
            return f"{name} {value.__module__} {value.__qualname__}"
        return name if value in within else f"{name} {_function(value, within)}"
    return f"{name} {_place(value, function) if isinstance(value, type | ModuleType) else named(value)}"


def _place(value: type | ModuleType, function: FunctionType) -> str:
    """Name a class or a module that is installed, or beside the function and watched with it."""
    of = value.__name__ if isinstance(value, ModuleType) else value.__module__
    file = Path(getattr(sys.modules.get(of), "__file__", None) or "")
    is_beside = of == function.__module__ or file.parent == Path(function.__code__.co_filename).parent
    if not (is_beside or of in sys.builtin_module_names or is_installed(file)):
        raise Nameless
    return f"{of} {value.__name__}"
