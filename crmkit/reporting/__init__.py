"""The periodic page: display objects for notebooks, the renderer, the index and the archive.

Names are loaded when they are first used: showing a tile does not import nbconvert.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "opening": "display.opening",
    "tiles": "display.tiles",
    "figure": "display.figures",
    "table": "display.tables",
    "export": "display.exports",
    "quality_notes": "display.notes",
    "method": "display.notes",
    "glossary_section": "display.notes",
    "provenance": "display.provenance",
    "revisions": "pages.revisions",
    "render_page": "runner.render",
    "stub_page": "runner.render",
    "write_index": "runner.publish",
    "write_archive": "runner.publish",
    "relink": "runner.publish",
    "read_summary": "runner.publish",
    "Link": "runner.publish",
    "Navigation": "runner.publish",
    "PageSummary": "runner.publish",
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
