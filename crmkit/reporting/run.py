"""Make the report of one period: every page's notebook is run, rendered and swapped in; one that fails harms no other.

Kernels start up slowly and wait much, so a few threads run them side by side while this one renders what is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from crmkit.periods import Period
from crmkit.reporting.coverage import covered_period
from crmkit.reporting.execute import PageFailed, execute
from crmkit.reporting.notebooks import Notebook, checked_parameters, choose, find_notebooks
from crmkit.reporting.record import LAST_GOOD, Page, last_good, read_pages, write_pages
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
    from crmkit.reporting.archive import write_archive, write_index
    from crmkit.sources.connect import connect

    chosen = choose(find_notebooks(notebooks), only)
    catalog = connect(settings)
    wanted = covered_period(catalog, period)
    home, company = catalog.settings.folder.resolve(), catalog.settings.company.name
    given = {"period": str(wanted), "settings": str(_settings_file(settings, home)), **(parameters or {})}
    checked = checked_parameters(chosen, given)
    reports = Path(output).resolve() if output is not None else catalog.settings.path("reports")
    with swapped_in(reports / str(wanted), keep=bool(only)) as aside:
        run = _Run(aside, reports / str(wanted), home, company, deadline, progress or _silent)
        pages = run.make(checked, jobs)
        write_pages(aside, wanted, run.all_pages(pages))
        write_index(aside, wanted, run.all_pages(pages), company=company)
    write_archive(reports, company=company)
    return RunReport(wanted, reports / str(wanted), tuple(pages))


@dataclass
class _Run:
    """What the pages of one run have in common."""

    aside: Path
    folder: Path
    home: Path
    company: str
    deadline: float
    progress: Progress

    def make(self, checked: Mapping[Notebook, Mapping[str, Any]], jobs: int) -> list[Page]:
        """Run the notebooks in threads, render each in this thread as it is done; return the pages in order."""
        (self.aside / "notebooks").mkdir(exist_ok=True)
        stop, pages = threading.Event(), {}
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="notebook")
        try:
            waiting = {pool.submit(self._run, notebook, checked[notebook], stop): notebook for notebook in checked}
            for future in as_completed(waiting):
                notebook = waiting[future]
                pages[notebook] = self._finish(notebook, future)
                self.progress(notebook.page, "failed" if pages[notebook].cause else "done")
        finally:
            stop.set()  # after Ctrl-C the running cells are the last ones
            pool.shutdown(cancel_futures=True)
        return [pages[notebook] for notebook in checked]

    def all_pages(self, made: Sequence[Page]) -> list[Page]:
        """The pages made now and, where only some were asked for, those that the period had before."""
        pages = read_pages(self.aside) | {page.name: page for page in made}
        return sorted(pages.values(), key=lambda page: page.notebook)

    def _run(self, notebook: Notebook, parameters: Mapping[str, Any], stop: threading.Event) -> float:
        self.progress(notebook.page, "started")
        start = monotonic()
        output = self.aside / "notebooks" / notebook.path.name
        execute(notebook.path, output, parameters, folder=self.home, deadline=self.deadline, stop=stop)
        return monotonic() - start

    def _finish(self, notebook: Notebook, future: Future[float]) -> Page:
        from crmkit.reporting.render import render_page

        page = Page(notebook.page, notebook.title, notebook.path.name)
        try:
            page = replace(page, seconds=round(future.result(), 1))
            render_page(self.aside / "notebooks" / notebook.path.name, self.aside / page.file, company=self.company)
        except PageFailed as error:
            return self._stub(page, error.cause, error.next_step)
        except Exception as error:  # whatever goes wrong with one page, the others are made
            return self._stub(
                page, f"The page could not be written: {type(error).__name__}: {error}.", "Please report this."
            )
        (self.aside / f"{page.name}{LAST_GOOD}").unlink(missing_ok=True)
        return page

    def _stub(self, page: Page, cause: str, next_step: str) -> Page:
        from crmkit.reporting.render import stub_page

        cause = cause.replace(str(self.home), ".").replace(str(Path.home()), "~")  # a page may be passed on
        good = last_good(page.name, self.aside, self.folder)
        stub_page(self.aside / page.file, page.title, cause, next_step, last_good=good)
        return replace(page, cause=cause)


def _settings_file(settings: str | Path | None, home: Path) -> Path:
    named = Path(settings).resolve() if settings is not None else home
    return named if named.is_file() else home / FILE_NAME


def _silent(page: str, state: str) -> None:
    """Tell nobody."""
