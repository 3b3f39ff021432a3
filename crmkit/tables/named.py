"""Names for what a result depends on: equal names mean equal values, in whichever program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from types import FunctionType
from typing import Any

from crmkit.tables.depends import code_beside, digest_of, is_own


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


def _function(function: FunctionType) -> str:
    """Name a function by its place and what it closes over; the files it is written in by their content."""
    code, file = function.__code__, Path(function.__code__.co_filename)
    if function.__module__ == "__main__" or not file.is_file():  # a cell of a notebook may mean another thing tomorrow
        raise Nameless
    beside = "" if is_own(file) else code_beside(file.parent).digest
    if beside is None:  # the file is no longer what was loaded
        raise Nameless
    closed_over = [named(cell.cell_contents) for cell in function.__closure__ or ()]
    return digest_of(function.__module__, function.__qualname__, code.co_firstlineno, beside, *closed_over)
