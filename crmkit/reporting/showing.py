"""Which pages and lists of the reports show a person, and how they are removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.reporting.exports import FOLDER, exports_in
from crmkit.reporting.last_good import KEPT
from crmkit.reporting.notebooks import Notebook
from crmkit.sources.searching import Person, files_below


@dataclass(frozen=True)
class Shown:
    """The files of one period in which a person is, by their names within its folder."""

    period: str
    files: tuple[str, ...]


def pages_showing(reports: Path, person: Person) -> tuple[Shown, ...]:
    """Return the files of each period that show a person, with all that belongs to the same page.

    A page shows her if its text does, or the list behind it: a page masks ids, its list and its notebook do not.
    """
    found = []
    for folder in _periods(reports):
        files = _shown_in(folder, person)
        if files:
            found.append(Shown(folder.name, tuple(files)))
    return tuple(found)


def remove_pages(reports: Path, shown: Shown) -> None:
    """Remove the files that show a person."""
    for name in shown.files:
        (reports / shown.period / name).unlink(missing_ok=True)


def _periods(reports: Path) -> Iterator[Path]:
    for folder in sorted(reports.glob("*")):
        try:
            if folder.is_dir() and str(Period.parse(folder.name)) == folder.name:
                yield folder
        except CrmkitError:  # somebody else's folder
            continue


def _shown_in(folder: Path, person: Person) -> list[str]:
    marked = {path for path in files_below(folder) if _shows(path, person)}
    for notebook in folder.glob("notebooks/*.ipynb"):
        parts = _parts_of(folder, notebook)
        if marked & set(parts):
            marked |= set(parts)
    index = folder / "index.html"  # made again from the pages that are left
    return [path.relative_to(folder).as_posix() for path in sorted(marked) if path != index]


def _parts_of(folder: Path, notebook: Path) -> list[Path]:
    page = Notebook(notebook).page
    lists = [folder / FOLDER / name for name in exports_in(notebook)]
    parts = [notebook, folder / f"{page}.html", folder / f"{page}{KEPT}", *lists]
    return [part for part in parts if part.is_file()]


def _shows(path: Path, person: Person) -> bool:
    if person.found_in(path.name, path.read_bytes(), with_texts=True):
        return True
    return path.suffix == ".ipynb" and any(person.found_in(name, content) for name, content in exports_in(path).items())
