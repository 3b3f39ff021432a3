"""Import the libraries that run and render notebooks: only once they are needed, and without a part that is of no use here.

A run that finds all pages unchanged imports none of them.
"""

from __future__ import annotations

import sys

_GRAMMAR = "rfc3987_syntax"


def import_papermill() -> None:
    """Import papermill, leaving out a grammar of international web addresses.

    nbformat imports jsonschema, which builds that grammar (more than a second) to check a format that no notebook has.
    """
    if "jsonschema" in sys.modules or _GRAMMAR in sys.modules:
        return
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]  # Python's own way to say that there is none
    try:
        import crmkit.reporting.runner.execute  # noqa: F401
    finally:
        del sys.modules[_GRAMMAR]


def import_renderer() -> None:
    """Import what renders the pages; the kernels start meanwhile."""
    import bs4  # noqa: F401
    import nbconvert.exporters  # noqa: F401
