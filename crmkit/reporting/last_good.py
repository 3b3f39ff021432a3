"""Where the last page that worked is, for the reader who meets a page that failed."""

from __future__ import annotations

import shutil
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.reporting.page import Link, read_summary

KEPT = ".last-good.html"


def last_good(file: str, aside: Path, folder: Path) -> Link | None:
    """Return a link to the last complete page of that file name, or None if there never was one.

    Parameters
    ----------
    file : str
        File name of the page, such as ``scorecard.html``.
    aside : Path
        Folder into which the period is being written. A complete page of the same period is kept there under
        another name, for the folder it stands in is about to be replaced.
    folder : Path
        The period's folder as it stands, ``<reports>/<period>``; it need not exist.
    """
    this = Period.parse(folder.name)
    kept = Path(file).stem + KEPT
    for former in (folder / file, folder / kept):
        if _is_complete(former):
            shutil.copyfile(former, aside / kept)
            return Link(f"{this.label}, as made before", kept)
    for period in _earlier(folder.parent, this):
        if _is_complete(folder.parent / str(period) / file):
            return Link(period.label, f"../{period}/{file}")
    return None


def forget(file: str, aside: Path) -> None:
    """Remove the page kept for a failure that is mended."""
    (aside / (Path(file).stem + KEPT)).unlink(missing_ok=True)


def _is_complete(page: Path) -> bool:
    try:
        return read_summary(page).status == "complete"
    except (CrmkitError, OSError, ValueError, TypeError):  # not there, or not a page of ours
        return False


def _earlier(reports: Path, this: Period) -> list[Period]:
    """Periods of the same grain before this one that have a folder, latest first."""
    found = []
    for folder in reports.iterdir():
        try:
            period = Period.parse(folder.name)
        except CrmkitError:
            continue
        if period.grain == this.grain and period < this:
            found.append(period)
    return sorted(found, reverse=True)
