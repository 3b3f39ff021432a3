"""crmkit: a CRM analytics workbook. ``import crmkit as ck``; frames in, frames out.

Analysis is here; the sections of the pages are in ``ck.pages``, plots in ``ck.plots``, estimators in ``ck.models``.
The names are listed in ``__init__.pyi`` and loaded when they are first used, so that ``import crmkit`` and
``crmkit --help`` stay quick.
"""

from __future__ import annotations

from crmkit._lazy import attach

__version__ = "0.2.0"

_load, __dir__, __all__ = attach(__name__, __file__)


def __getattr__(name: str) -> object:
    return _load(name)
