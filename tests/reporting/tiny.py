"""Notebooks of a few cells, written by the tests that run them."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'period = "2026-01"  # month to report\nsettings = None  # path of crmkit.toml'


def write_notebook(folder: Path, name: str, *sources: str, parameters: str = PARAMETERS) -> Path:
    """Write ``<name>.ipynb`` with a parameters cell, a heading and these code cells."""
    first = new_code_cell(parameters)
    first.metadata["tags"] = ["parameters"]
    cells = [new_markdown_cell(f"# Page {name}"), first, *map(new_code_cell, sources)]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path
