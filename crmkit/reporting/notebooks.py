"""Find the notebooks that are the pages of a report, and choose among them by name."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crmkit.errors import CrmkitError, UnknownName

_FILE_NAME = re.compile(r"\d+_(?P<page>\w+)")


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


def find_notebooks(folder: str | Path | None = None) -> list[Notebook]:
    """Return the pages' notebooks in the order of their numbers.

    Parameters
    ----------
    folder : path, optional
        Where to look. Without it in ``notebooks/`` of the clone, else where pip put them.

    Raises
    ------
    CrmkitError
        If there is no notebook such as ``01_scorecard.ipynb`` in the folder.

    Examples
    --------
    >>> [notebook.page for notebook in find_notebooks()][:2]
    ['data_quality', 'scorecard']
    """
    place = Path(folder) if folder is not None else _own_folder()
    found = sorted(path.resolve() for path in place.glob("*.ipynb") if _FILE_NAME.fullmatch(path.stem))
    if not found:
        raise CrmkitError(f"There are no notebooks in {place}. A page is a file such as 01_scorecard.ipynb.")
    return [Notebook(path) for path in found]


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


def _own_folder() -> Path:
    """The clone's ``notebooks/``, or the folder into which pip put the same files."""
    beside = Path(__file__).parents[2] / "notebooks"
    if beside.is_dir():
        return beside
    from importlib.metadata import PackageNotFoundError, files

    try:
        installed = [file for file in files("crmkit") or () if file.parent.match("crmkit/notebooks")]
    except PackageNotFoundError:
        installed = []
    return Path(str(installed[0].locate())).resolve().parent if installed else beside
