"""``report.json`` in each period's folder: what became of each page, so that a later run knows the last good one."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.periods import Period

FILE_NAME = "report.json"
LAST_GOOD = ".last-good.html"


@dataclass(frozen=True)
class Page:
    """What became of one page.

    Attributes
    ----------
    name, title : str
        ``scorecard``; the heading of the page.
    notebook : str
        File name of its notebook; the order of the pages.
    seconds : float
        Time the notebook took [s].
    cause : str
        Why it failed; empty if it did not.
    """

    name: str
    title: str
    notebook: str
    seconds: float = 0.0
    cause: str = ""

    @property
    def file(self) -> str:
        """Name of the HTML file: the page, or the stub that says why there is none."""
        return f"{self.name}.html"


def read_pages(folder: Path) -> dict[str, Page]:
    """Return the pages of a period's folder by name; none if the folder has no record that can be read."""
    try:
        record = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        return {page["name"]: Page(**page) for page in record["pages"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # written by another version, or by hand: the pages themselves are still there


def write_pages(folder: Path, period: Period, pages: list[Page]) -> None:
    """Write the record of a period's pages."""
    record = {"period": str(period), "pages": [asdict(page) for page in pages]}
    (folder / FILE_NAME).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def last_good(name: str, aside: Path, folder: Path) -> str | None:
    """Return where the last page of that name that worked is, relative to the folder; None if there is none.

    One of the same period is kept beside the stub, for the folder it stands in is about to be replaced; else it is
    the one of the latest earlier period.
    """
    kept = aside / f"{name}{LAST_GOOD}"
    page = read_pages(folder).get(name)
    former = folder / (kept.name if page is None or page.cause else page.file)
    if former.is_file():
        shutil.copyfile(former, kept)
        return kept.name
    this = Period.parse(folder.name)
    for period in sorted(_periods(folder.parent, this), reverse=True):
        page = read_pages(folder.parent / str(period)).get(name)
        if page and not page.cause:
            return f"../{period}/{page.file}"
    return None


def _periods(reports: Path, before: Period) -> list[Period]:
    found = []
    for folder in reports.iterdir():
        try:
            period = Period.parse(folder.name)
        except CrmkitError:
            continue
        if period.grain == before.grain and period < before:
            found.append(period)
    return found
