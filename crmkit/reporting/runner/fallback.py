"""The fallback of a page that failed: a link to its last complete version."""

from __future__ import annotations

import shutil
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.reporting.runner.page import Link, read_summary

FALLBACK_SUFFIX = ".last-good.html"


def find_fallback(file: str, staging: Path, folder: Path) -> Link | None:
    """Return a link to the last complete page of that file name, or None if there never was one.

    Parameters
    ----------
    file : str
        File name of the page, such as ``scorecard.html``.
    staging : Path
        Folder into which the period is being written. A complete page of the same period is copied there under another
        name, because the folder it stands in is about to be replaced.
    folder : Path
        The period's published folder, ``<reports>/<period>``; it need not exist.
    """
    this = Period.parse(folder.name)
    copy = Path(file).stem + FALLBACK_SUFFIX
    for former in (folder / file, folder / copy):
        if _is_complete(former):
            shutil.copyfile(former, staging / copy)
            return Link(f"{this.label}, as made before", copy)
    for period in _earlier_periods(folder.parent, this):
        if _is_complete(folder.parent / str(period) / file):
            return Link(period.label, f"../{period}/{file}")
    return None


def remove_fallback(file: str, staging: Path) -> None:
    """Remove the copy of an earlier page once the page itself is complete again."""
    (staging / (Path(file).stem + FALLBACK_SUFFIX)).unlink(missing_ok=True)


def _is_complete(page: Path) -> bool:
    try:
        return read_summary(page).status == "complete"
    except (CrmkitError, OSError, ValueError, TypeError):  # not there, or not a page of crmkit
        return False


def _earlier_periods(reports: Path, this: Period) -> list[Period]:
    """Return the periods of the same grain before this one that have a folder, latest first."""
    found = []
    for folder in reports.iterdir():
        try:
            period = Period.parse(folder.name)
        except CrmkitError:
            continue
        if period.grain == this.grain and period < this:
            found.append(period)
    return sorted(found, reverse=True)
