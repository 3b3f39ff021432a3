"""Find the notebooks that are the pages of a report, choose among them by name, and check their parameters.

Parameters are checked before any kernel starts. papermill only warns of a parameter that a notebook does not have, and
turns ``-p month 2026`` into a number. Here the notebook's own default says of which type a value must be, and one message
lists every fault of every page. papermill is not asked: importing it takes longer than a report without changes.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from crmkit.errors import CrmkitError, Problems, UnknownName, did_you_mean

_FILE_NAME = re.compile(r"\d+_(?P<page>\w+)")
REQUIRED = ("period", "settings")
_IN_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Notebook:
    """One page's notebook: ``notebooks/01_scorecard.ipynb`` is the page ``scorecard``."""

    path: Path

    @property
    def page(self) -> str:
        """Name of the page: the file's name without its number."""
        match = _FILE_NAME.fullmatch(self.path.stem)
        return match["page"] if match else self.path.stem

    @property
    def title(self) -> str:
        """The notebook's first heading, or the page's name in words.

        Examples
        --------
        >>> Notebook(Path("00_data_quality.ipynb")).title
        'Data quality'
        """
        try:
            cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        except (OSError, ValueError, KeyError, TypeError):  # not read yet, or not readable: the name will do
            text = ""
        heading = re.search(r"^# +(.+)", text, re.MULTILINE)
        return heading[1].strip() if heading else self.page.replace("_", " ").capitalize()


def find_notebooks(folder: str | Path | None = None, company: Path | None = None) -> list[Notebook]:
    """Return the pages' notebooks in the order of their numbers.

    Parameters
    ----------
    folder : path, optional
        Where to look.
    company : path, optional
        Folder of the settings: without ``folder`` its own ``notebooks/`` are used if it has any, else crmkit's.

    Raises
    ------
    CrmkitError
        If there is no notebook such as ``01_scorecard.ipynb`` in the folder.

    Examples
    --------
    >>> [notebook.page for notebook in find_notebooks()][:2]
    ['data_quality', 'scorecard']
    """
    own = company / "notebooks" if company else None
    place = Path(folder) if folder is not None else own if own and _notebooks_in(own) else _own_folder()
    found = _notebooks_in(place)
    if not found:
        raise CrmkitError(f"There are no notebooks in {place}. A page is a file such as 01_scorecard.ipynb.")
    return [Notebook(path) for path in found]


def is_shipped(notebook: Notebook) -> bool:
    """Return whether a notebook is one of crmkit's own, and not one of a company's folder."""
    return notebook.path.parent == _own_folder().resolve()


def choose(notebooks: Sequence[Notebook], only: Sequence[str] | None) -> list[Notebook]:
    """Return the notebooks of the pages asked for, by page name (``scorecard``) or file name (``01_scorecard``).

    Raises
    ------
    UnknownName
        If a name is neither; the message offers the nearest.

    Examples
    --------
    >>> choose([Notebook(Path("01_scorecard.ipynb"))], ["scorecards"])
    Traceback (most recent call last):
    crmkit.errors.UnknownName: There is no page 'scorecards'. Did you mean 'scorecard'?
    """
    if not only:
        return list(notebooks)
    wanted = {name.removesuffix(".ipynb") for name in only}
    for name in sorted(wanted - {n.page for n in notebooks} - {n.path.stem for n in notebooks}):
        raise UnknownName("page", name, [notebook.page for notebook in notebooks])
    return [notebook for notebook in notebooks if {notebook.page, notebook.path.stem} & wanted]


def copy_notebooks(folder: Path) -> list[Path]:
    """Copy crmkit's own notebooks into a folder, for an analyst to edit.

    Raises
    ------
    CrmkitError
        If the folder has notebooks already.
    """
    if next(folder.glob("*.ipynb"), None):
        raise CrmkitError(f"There are notebooks in {folder} already; they are left as they are.")
    folder.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy(path, folder)) for path in sorted(_own_folder().glob("*.ipynb"))]


def checked_parameters(
    notebooks: Sequence[Notebook], values: Mapping[str, Any], optional: Mapping[str, Any] | None = None
) -> dict[Notebook, dict[str, Any]]:
    """Return the parameters for each notebook, each value of its default's type.

    ``period`` and ``settings`` every page must have; another parameter goes to the pages that have it.

    Parameters
    ----------
    notebooks : sequence of Notebook
    values : mapping of str to scalar
        Values as text (from a command line) or of the right type already; some page must have each.
    optional : mapping of str to scalar, optional
        Values for the pages that have such a parameter, if there are any.

    Raises
    ------
    Problems
        Unknown parameters, values of the wrong type, notebooks that cannot be read; all of them at once.
    """
    problems: list[str] = []
    defaults = {notebook: _defaults(notebook, problems) for notebook in notebooks}
    known = {name for declared in defaults.values() for name in declared}
    problems += [
        f"no page has a parameter '{name}'. {did_you_mean(name, known)}"
        for name in values
        if name not in known and name not in REQUIRED
    ]
    checked: dict[Notebook, dict[str, Any]] = {}
    for notebook, declared in defaults.items():
        checked[notebook] = {}
        for name, value in ({**(optional or {}), **values}).items():
            if name in declared:
                try:
                    checked[notebook][name] = _convert(declared[name], value)
                except ValueError as error:
                    problems.append(f"{notebook.path.name}: {name} {error}")
            elif name in REQUIRED and declared:
                problems.append(f"{notebook.path.name} has no parameter '{name}'. {did_you_mean(name, declared)}")
            elif name == "where" and declared and name in known:  # the page would show all customers
                problems.append(
                    f"{notebook.path.name} has no parameter 'where', so that it cannot show some customers only. Add "
                    'where = ""  # condition, and read ck.connect(settings).where(where); or choose other pages with --only.'
                )
    if problems:
        raise Problems("The report's parameters" if len(notebooks) > 1 else notebooks[0].path.name, problems)
    return checked


def _notebooks_in(folder: Path) -> list[Path]:
    return sorted(path.resolve() for path in folder.glob("*.ipynb") if _FILE_NAME.fullmatch(path.stem))


def _own_folder() -> Path:
    """Return the notebooks that the installed package carries, or those of the clone, which has them at its top."""
    packaged = Path(str(files("crmkit"))) / "notebooks"
    return packaged if packaged.is_dir() else packaged.parents[1] / "notebooks"


def _defaults(notebook: Notebook, problems: list[str]) -> dict[str, Any]:
    """Return each parameter and its default; add to the problems where the notebook or its parameters cell is wrong."""
    name = notebook.path.name
    try:
        lines = _parameters_cell(notebook)
        statements = ast.parse(lines).body
    except SyntaxError as error:
        problems.append(f"{name}: line {error.lineno} of the parameters cannot be read as Python: {error.msg}.")
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:  # not there, no JSON, no notebook
        problems.append(f"{name} cannot be read as a notebook: {str(error).partition(chr(10))[0]}")
        return {}
    if not statements:
        problems.append(f"{name} has no cell tagged 'parameters' with lines such as period = \"2026-10\".")
    defaults: dict[str, Any] = {}
    for statement in statements:
        written = ast.get_source_segment(lines, statement)
        try:
            target, value = _assignment(statement)
        except (ValueError, SyntaxError):
            problems.append(f"{name}: {written} is not a plain value.")
            continue
        defaults[target] = value
        if target in REQUIRED and not isinstance(value, str | None):
            problems.append(f"{name}: {written} must be text, in quotes.")
            defaults[target] = None
    return defaults


def _parameters_cell(notebook: Notebook) -> str:
    cells = json.loads(notebook.path.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", ())]
    return "".join(tagged[0]["source"]) if tagged else ""


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    """Return name and value of a line ``name = value``."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    if isinstance(statement, ast.Assign | ast.AnnAssign) and len(targets) == 1 and isinstance(targets[0], ast.Name):
        return targets[0].id, ast.literal_eval(statement.value or "None")
    raise ValueError


def _convert(default: Any, value: Any) -> Any:
    """Return the value as the default's type; text is read as that type. None as default takes anything."""
    wanted = type(default)
    if default is None or type(value) is wanted:
        return value
    if wanted is str:
        raise ValueError(f"must be text, not {value!r}.")
    if wanted is float and type(value) is int:
        return float(value)
    if isinstance(value, str) and wanted in _READERS:
        with suppress(ValueError):
            return _READERS[wanted](value)
    raise ValueError(f"must be {_IN_WORDS.get(wanted, wanted.__name__)}, not {value!r}.")


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_READERS: dict[type, Callable[[str], Any]] = {bool: _truth, int: int, float: float}
