"""Make the report of one period: check everything, make its pages aside, swap them in whole, renew the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmkit.periods import Period
from crmkit.reporting.coverage import covered_period
from crmkit.reporting.make_pages import Page, PageMaker, Progress
from crmkit.reporting.notebooks import Notebook, choose, find_notebooks
from crmkit.reporting.page import PageSummary, read_summary
from crmkit.reporting.parameters import checked_parameters
from crmkit.reporting.swap import swapped_in

DEADLINE = 1200.0  # seconds for one notebook; the slowest page on a large shop needs a tenth of it


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
    from crmkit.reporting.index import write_archive, write_index
    from crmkit.sources.connect import connect
    from crmkit.sources.locate import find_settings

    source = Path(settings if settings is not None else find_settings()).resolve()
    catalog = connect(source)
    wanted = covered_period(catalog, period)
    everything = find_notebooks(notebooks)
    chosen = choose(everything, only)
    home, company = catalog.settings.folder.resolve(), catalog.settings.company.name
    given = {"period": str(wanted), "settings": str(source), **(parameters or {})}
    checked = checked_parameters(chosen, given)
    reports = Path(output).resolve() if output is not None else catalog.settings.path("reports")
    with swapped_in(reports / str(wanted), keep=bool(only)) as aside:
        maker = PageMaker(aside, reports / str(wanted), home, company, wanted, deadline, progress or _silent)
        pages = maker.make(checked, jobs)
        write_index(aside, wanted, _summaries(aside, everything), company=company)
    write_archive(reports, company=company)
    return RunReport(wanted, reports / str(wanted), tuple(pages))


def _summaries(aside: Path, everything: Sequence[Notebook]) -> list[PageSummary]:
    """What the index lists: the pages made now and, where only some were asked for, those that were there before."""
    files = [aside / f"{notebook.page}.html" for notebook in everything]
    return [read_summary(file) for file in files if file.is_file()]


def _silent(page: str, state: str) -> None:
    """Tell nobody."""
