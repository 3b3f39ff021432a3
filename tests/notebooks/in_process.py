"""The cells of a shipped notebook, run in this process on a catalog at hand: every section as HTML."""

from __future__ import annotations

import ast
import copy
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
from markupsafe import Markup

from crmkit.reporting.display.figures import Image
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.runner.page import PageSummary
from crmkit.reporting.runner.render import name_of, needs_in, not_made_page, render_page
from crmkit.tables.catalog import Catalog

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def sections(name: str, catalog: Catalog) -> list[tuple[str, str]]:
    """Return the source and the HTML of each cell that shows something; pictures are left out, their words are not."""
    return [(source, found.html) for source, found in _results(name, catalog) if found is not None]


def page_of(name: str, catalog: Catalog, folder: Path, *, period: str) -> PageSummary:
    """Write the page that a shipped notebook makes of a catalog, and return its summary."""
    notebook = copy.deepcopy(_notebook(name))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, (_, found) in zip(cells, _results(name, catalog), strict=True):
        if found is not None:
            cell.outputs = [nbformat.v4.new_output("display_data", found._repr_mimebundle_())]
    notebook.metadata["papermill"] = {"parameters": {"period": period}}
    executed, page = folder / f"{name}.ipynb", folder / f"{name.partition('_')[2]}.html"
    nbformat.write(notebook, executed)
    if needs := needs_in(executed):
        return not_made_page(page, name_of(executed), needs, company="Kaldi", period=period)
    return render_page(executed, page, company="Kaldi")


def _results(name: str, catalog: Catalog) -> list[tuple[str, Fragment | None]]:
    """Return the source of each code cell and what it shows, run one after the other as a kernel does."""
    names: dict[str, Any] = {}
    results = []
    with (
        patch("crmkit.connect", lambda *_, **__: catalog),
        patch("crmkit.reporting.display.figures.encoded", _no_picture),
    ):
        for cell in _notebook(name).cells:
            if cell.cell_type != "code":
                continue
            tree = ast.parse(cell.source)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, name, "exec"), names)
            found = eval(compile(ast.Expression(last.value), name, "eval"), names) if last is not None else None
            results.append((cell.source, found if isinstance(found, Fragment) else None))
    return results


@cache
def _notebook(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)


def _no_picture(figure: Any, alt: str) -> Image:
    return Image(
        Markup('<svg role="img" aria-label="{}"></svg>').format(alt), 1, 1, follows_theme=True, is_for_phones=False
    )
