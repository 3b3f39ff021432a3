"""What the function of a card says of itself: definition and formula, tables, the switch of its conventions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from crmkit.errors import Problems


def paragraphs(function: Callable[..., Any]) -> tuple[str, str]:
    """Return the first two paragraphs of the docstring: definition and formula."""
    paragraphs = [" ".join(part.split()) for part in (inspect.getdoc(function) or "").split("\n\n")]
    if len(paragraphs) < 2 or "=" not in paragraphs[1]:
        raise Problems(
            f"metric {function.__name__}",
            ["its docstring needs two paragraphs: the definition, then the formula as name = expression."],
        )
    return paragraphs[0], paragraphs[1]


def check_switch(function: Callable[..., Any], conventions: Mapping[str, str]) -> None:
    """Raise Problems unless the switch ``convention`` has the first of the conventions as its default."""
    switch = inspect.signature(function).parameters.get("convention")
    default = "" if switch is None else switch.default
    if default != next(iter(conventions), ""):
        raise Problems(
            f"metric {function.__name__}",
            [f"its conventions begin with {next(iter(conventions), '')!r}, but its switch is convention={default!r}."],
        )


def table_parameters(function: Callable[..., Any]) -> list[str]:
    """Return the names of the tables that the function reads."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY]
