"""The sections of the pages, by business question, and the pieces of display they are put together from.

An analyst writes ``ck.pages.tiles(...)``. The names are listed in ``__init__.pyi`` and loaded when they are first used.
"""

from __future__ import annotations

from crmkit._lazy import attach

_load, __dir__, __all__ = attach(__name__, __file__)


def __getattr__(name: str) -> object:
    return _load(name)
