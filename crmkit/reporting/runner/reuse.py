"""Reuse of pages: a page is made again only if one of its inputs has changed.

Its key is the hash of all its inputs and is kept in the page itself, so that the two always belong together.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from crmkit.errors import CrmkitError
from crmkit.predictions.runner.run_log import predictions_hash
from crmkit.reporting.runner.notebooks import Notebook
from crmkit.reporting.runner.page import read_summary
from crmkit.settings import Settings
from crmkit.sources.store.summary import CompanyData
from crmkit.tables.caching.fingerprint import WatchedFolder, digest_of

_END = b"</html>"


@dataclass(frozen=True)
class PageKeys:
    """The inputs of the pages of a run.

    Attributes
    ----------
    catalog : Catalog or StoreSummary
        As it was opened for this run.
    earlier : Path
        The numbers that the period before has reported, which a page with the parameter ``reports`` reads.
    end : date
        First day after the period: its pages do not read later predictions.
    """

    catalog: CompanyData
    earlier: Path
    end: date = date.max

    def key(self, notebook: Notebook, parameters: Mapping[str, Any]) -> str:
        """Return the hash of data, settings, code, versions, notebook and parameters; empty if one is not known."""
        cache = self.catalog.cache
        parts = [cache.data_fingerprint if cache else None, own_code(self.catalog.settings)]
        if None in parts:
            return ""
        parts.append(predictions_hash(self.catalog.settings.path("store"), self.end))
        if "reports" in parameters:
            parts.append(self.earlier.read_text(encoding="utf-8") if self.earlier.is_file() else "")
        source = notebook.path.read_text(encoding="utf-8")
        return digest_of(*parts, notebook.page, source, sorted(parameters.items()))


def own_code(settings: Settings) -> str | None:
    """Return the hash of the analyst's own Python files: those of own cards, and those beside them and the settings."""
    cards = {(settings.folder / name).resolve().parent for name in settings.metric_modules}
    folders = sorted(cards | {settings.folder.resolve()})
    digests = [WatchedFolder(folder, ".py", deep=False).digest for folder in folders]
    return None if None in digests else digest_of(*digests)


def reuse_page(notebook: Notebook, key: str, folder: Path, staging: Path) -> bool:
    """Copy a page and its executed notebook from the period's folder, if they are whole and of that key; return whether.

    Parameters
    ----------
    notebook : Notebook
    key : str
        Of the page as it would be made now; empty if that is not known.
    folder, staging : Path
        The period's folder, and the one that will take its place.
    """
    page, executed = Path(f"{notebook.page}.html"), Path("notebooks") / notebook.path.name
    if not key or not (folder / executed).is_file():
        return False
    try:
        summary = read_summary(folder / page)
        if summary.status == "failed" or summary.key != key or not _is_whole(folder / page):
            return False
        for file in (page, executed):
            if not (staging / file).exists():  # it is there already where the other pages of the period are kept
                shutil.copy2(folder / file, staging / file)
    except (CrmkitError, OSError, ValueError, TypeError):  # not there, or not a page of crmkit: it is made again
        return False
    return True


def _is_whole(page: Path) -> bool:
    with page.open("rb") as file:
        file.seek(-min(page.stat().st_size, 64), 2)
        return file.read().rstrip().endswith(_END)
