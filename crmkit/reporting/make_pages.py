"""Make the pages of one period: run each notebook, render it; one that fails becomes a stub and harms no other.

Kernels start up slowly and wait much, so a few threads run them side by side while this one renders what is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from crmkit.periods import Period
from crmkit.reporting.execute import PageFailed, execute
from crmkit.reporting.last_good import forget, last_good
from crmkit.reporting.notebooks import Notebook

Progress = Callable[[str, str], None]

_REPORT_IT = "That is a fault of crmkit or of what the notebook shows: open the executed notebook to see it."


@dataclass(frozen=True)
class Page:
    """What became of one page.

    Attributes
    ----------
    name : str
        Such as ``scorecard``.
    file : str
        Name of the HTML file: the page, or the stub that says why there is none.
    seconds : float
        Time the notebook took [s].
    cause : str
        Why it failed; empty if it did not.
    warnings : tuple of str
        What the renderer had to leave out.
    """

    name: str
    file: str
    seconds: float = 0.0
    cause: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageMaker:
    """Makes the pages of one run, which have all of this in common.

    Attributes
    ----------
    aside, folder : Path
        Where to write, and the period's folder as it stands until the swap.
    home : Path
        The company's folder, in which the kernels run.
    company : str
    period : Period
    deadline : float
        Time for each notebook [s].
    progress : callable
        Called with a page's name and "started", "done" or "failed"; "started" in the notebook's own thread.
    """

    aside: Path
    folder: Path
    home: Path
    company: str
    period: Period
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
            stop.set()  # after Ctrl-C the cells that are running now are the last ones
            pool.shutdown(cancel_futures=True)
        return [pages[notebook] for notebook in checked]

    def _run(self, notebook: Notebook, parameters: Mapping[str, Any], stop: threading.Event) -> float:
        self.progress(notebook.page, "started")
        start = monotonic()
        output = self._executed(notebook)
        execute(notebook.path, output, parameters, folder=self.home, deadline=self.deadline, stop=stop)
        return monotonic() - start

    def _finish(self, notebook: Notebook, future: Future[float]) -> Page:
        from crmkit.reporting.render import render_page

        file = f"{notebook.page}.html"
        try:
            seconds = future.result()
            summary = render_page(
                self._executed(notebook),
                self.aside / file,
                company=self.company,
                title=notebook.title,
                period=self.period,
            )
        except PageFailed as error:
            return self._stub(notebook, error.cause, error.next_step)
        except Exception as error:  # whatever is wrong with one page, the others are made
            return self._stub(notebook, f"The page could not be drawn: {type(error).__name__}: {error}", _REPORT_IT)
        forget(file, self.aside)
        return Page(notebook.page, file, seconds, warnings=summary.warnings)

    def _stub(self, notebook: Notebook, cause: str, next_step: str) -> Page:
        from crmkit.reporting.render import stub_page

        file = f"{notebook.page}.html"
        good = last_good(file, self.aside, self.folder)
        again = f"{next_step} To make this page again: crmkit report --period {self.period} --only {notebook.page}"
        stub_page(self.aside / file, notebook.title, cause, again, good, company=self.company, period=self.period)
        return Page(notebook.page, file, cause=cause)

    def _executed(self, notebook: Notebook) -> Path:
        return self.aside / "notebooks" / notebook.path.name
