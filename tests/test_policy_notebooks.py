"""A notebook is a page: one parameters cell, calls and nothing else, and no trace of having been run."""

import ast
import re
from pathlib import Path

import nbformat
import papermill
import pytest

EVERY = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
NOTEBOOKS = [path for path in EVERY if path.stem[0].isdigit()]  # the pages; explore is the analyst's and no page
STATEMENTS = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr)
THINKING = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.BinOp, ast.IfExp, ast.NamedExpr)
SQL = re.compile(r"\bselect\b.+\bfrom\b", re.IGNORECASE | re.DOTALL)
PARAMETER = re.compile(r"(\w+) = (.+?)  # (\S.*)")

for_every_notebook = pytest.mark.parametrize(
    "notebook", [nbformat.read(path, 4) for path in EVERY], ids=[path.stem for path in EVERY]
)
for_each_notebook = pytest.mark.parametrize(
    "notebook", [nbformat.read(path, 4) for path in NOTEBOOKS], ids=[path.stem for path in NOTEBOOKS]
)


def _code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _parameters(notebook):
    return [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]


def test_there_are_the_two_pages_of_the_first_report():
    assert {"00_data_quality", "01_scorecard"} <= {path.stem for path in NOTEBOOKS}


def test_one_notebook_is_the_analysts_and_none_of_the_pages():
    assert [path.stem for path in EVERY if path not in NOTEBOOKS] == ["explore"]


@for_every_notebook
def test_a_notebook_is_committed_without_results(notebook):
    assert [cell.outputs for cell in _code(notebook) if cell.outputs] == []
    assert {cell.execution_count for cell in _code(notebook)} == {None}
    kept = {key for cell in notebook.cells for key in cell.metadata}
    assert not {"papermill", "execution", "ExecuteTime", "widgets"} & (kept | notebook.metadata.keys())


@for_every_notebook
def test_a_notebook_names_the_kernel_that_every_installation_has(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.language == "python"


@for_each_notebook
def test_the_first_code_cell_holds_the_parameters_one_plain_line_each(notebook):
    (cell,) = _parameters(notebook)
    assert cell is _code(notebook)[0]
    lines = [PARAMETER.fullmatch(line) for line in cell.source.splitlines()]
    assert None not in lines
    values = {line[1]: ast.literal_eval(line[2]) for line in lines}
    assert {type(value) for value in values.values()} <= {str, int, float, bool, type(None)}
    assert isinstance(values["period"], str) and "settings" in values


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_papermill_sees_every_parameter_with_its_help(path):
    (cell,) = _parameters(nbformat.read(path, 4))
    seen = papermill.inspect_notebook(str(path))
    assert list(seen) == [PARAMETER.fullmatch(line)[1] for line in cell.source.splitlines()]
    assert all(parameter["help"] for parameter in seen.values())


@for_each_notebook
def test_code_cells_call_the_package_and_do_no_work_of_their_own(notebook):
    for cell in _code(notebook):
        tree = ast.parse(cell.source)
        assert [type(node) for node in tree.body if not isinstance(node, STATEMENTS)] == [], cell.source
        assert [type(node) for node in ast.walk(tree) if isinstance(node, THINKING)] == [], cell.source
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert [text for text in texts if SQL.search(text)] == []


@for_every_notebook
def test_a_notebook_imports_crmkit_alone(notebook):
    imported = set()
    for node in ast.walk(ast.parse("\n".join(cell.source for cell in _code(notebook)))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    assert imported == {"crmkit"}


@for_each_notebook
def test_each_section_is_a_cell_that_shows_a_frame_or_a_figure(notebook):
    bodies = [ast.parse(cell.source).body for cell in _code(notebook)[1:]]
    shows = [isinstance(body[-1], ast.Expr) for body in bodies]
    assert shows == sorted(shows), "what the sections need is made first; after that every cell shows something"
    assert sum(shows) >= 4, "a page is not one call"
    assert all(len(body) == 1 for body, shown in zip(bodies, shows, strict=True) if shown)


@for_each_notebook
def test_a_notebook_opens_with_its_name_and_its_question(notebook):
    assert re.fullmatch(r"# .+\n\n.+\?", notebook.cells[0].source)


@for_each_notebook
def test_a_page_ends_with_where_its_numbers_come_from(notebook):
    assert "ck.pages.provenance(" in _code(notebook)[-1].source
    page = NOTEBOOKS[[nbformat.read(path, 4) for path in NOTEBOOKS].index(notebook)].stem.partition("_")[2]
    assert f"--only {page}" in _code(notebook)[-1].source
