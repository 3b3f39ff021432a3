"""Names for what a result depends on: equal names mean equal values, in whichever program."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from crmkit.tables.depends import code_beside, digest_of, is_installed, is_own


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
