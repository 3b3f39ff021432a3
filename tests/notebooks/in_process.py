"""The cells of a shipped notebook, run in this process on a catalog at hand: every section as HTML."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat

from crmkit.reporting.display.figures import Image
from crmkit.tables.catalog import Catalog

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def sections(name: str, catalog: Catalog) -> list[tuple[str, str]]:
    """Return the source and the HTML of each cell that shows something; pictures are left out, their words are not."""
    names: dict[str, Any] = {}
    shown = []
    with (
        patch("crmkit.connect", lambda *_, **__: catalog),
        patch("crmkit.reporting.display.figures.encoded", _no_picture),
    ):
        for source in _cells(name):
            tree = ast.parse(source)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, name, "exec"), names)
            found = eval(compile(ast.Expression(last.value), name, "eval"), names) if last is not None else None
            if hasattr(found, "html"):
                shown.append((source, found.html))
    return shown


@cache
def _cells(name: str) -> list[str]:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _no_picture(figure: Any) -> Image:
    return Image("data:,", "", 1, 1, follows_theme=True)
