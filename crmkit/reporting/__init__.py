"""The periodic page: display objects for notebooks, the renderer, the index and the archive.

Names are loaded when they are first used: showing a tile does not import nbconvert.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "opening": "openings",
    "tiles": "tile_grid",
    "figure": "figures",
    "table": "tables",
    "export": "exports",
    "quality_notes": "notes",
    "method": "notes",
    "glossary_section": "notes",
    "provenance": "origin",
    "revisions": "reported",
    "render_page": "render",
    "stub_page": "render",
    "write_index": "index",
    "write_archive": "index",
    "relink": "index",
    "read_summary": "page",
    "Link": "page",
    "Navigation": "page",
    "PageSummary": "page",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"crmkit.reporting.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return list(__all__)
