"""Make the report of one period: every page's notebook is run, rendered and swapped in; one that fails harms no other.

Kernels start up slowly and wait much, so a few threads run them side by side while this one renders what is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from crmkit.periods import Period
from crmkit.reporting.coverage import covered_period
from crmkit.reporting.execute import PageFailed, execute
from crmkit.reporting.notebooks import Notebook, checked_parameters, choose, find_notebooks
from crmkit.reporting.record import Page, last_good, read_pages, write_pages
from crmkit.reporting.swap import swapped_in
from crmkit.settings import FILE_NAME

DEADLINE = 1200.0  # seconds for one notebook; the slowest page on a large shop needs a tenth of it

Progress = Callable[[str, str], None]


@dataclass(frozen=True)
class RunReport:
    """The report of one period: where it is and what became of each page.

    Attributes
    ----------
    period : Period
    folder : Path
        ``<reports>/<period>``.
    pages : tuple of Page
        The pages of this run.
    """

    period: Period
    folder: Path
    pages: tuple[Page, ...]

    @property
    def index(self) -> Path:
        """The period's index page."""
        return self.folder / "index.html"

    @property
    def failed(self) -> tuple[Page, ...]:
        """The pages that failed."""
        return tuple(page for page in self.pages if page.cause)


def run_report(
    settings: str | Path | None = None,
    period: str | None = None,
    only: Sequence[str] | None = None,
    output: str | Path | None = None,
    jobs: int = 2,
    progress: Progress | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    deadline: float = DEADLINE,
    notebooks: str | Path | None = None,
) -> RunReport:
    """Run the notebooks of one period, render them and swap the period's folder in whole.

    Parameters
    ----------
    settings : path, optional
        ``crmkit.toml`` or the folder that holds it; without it the nearest one is looked for.
    period : str, optional
        Such as "2026-10"; without it the last whole month of the data.
    only : sequence of str, optional
        Pages to make; the others of the period stay as they are.
    output : path, optional
        Folder of all reports; without it the one of the settings.
    jobs : int
        Notebooks to run at the same time.
    progress : callable, optional
        Called with a page's name and "started", "done" or "failed".
    parameters : mapping, optional
        Further parameters of the notebooks.
    deadline : float
        Time that one notebook may take [s].
    notebooks : path, optional
        Folder of the notebooks; without it crmkit's own.

    Returns
    -------
    RunReport

    Raises
    ------
    CrmkitError
        Before any notebook is run: bad settings, a period without data, an unknown page or parameter.
    """
    from crmkit.sources.connect import connect

    chosen = choose(find_notebooks(notebooks), only)
    catalog = connect(settings)
    month = covered_period(catalog, period)
    home = catalog.settings.folder.resolve()
    given = {"period": str(month), "settings": str(_settings_file(settings, home)), **(parameters or {})}
    passed = checked_parameters(chosen, given)
    folder = Path(output).resolve() / str(month) if output is not None else catalog.settings.path("reports") / str(month)
    company = catalog.settings.company.name
    with swapped_in(folder, keep=bool(only)) as aside:
        run = _Run(aside, folder, home, company, month, deadline, progress or _silent)
        pages = run.make(passed, jobs)
        write_pages(aside, month, pages)
        write_index(aside, month, pages, company=company)
    write_archive(folder.parent, company=company)
    names = {notebook.page for notebook in chosen}
    return RunReport(month, folder, tuple(page for page in pages if page.name in names))
