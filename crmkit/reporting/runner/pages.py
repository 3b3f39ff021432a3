"""Make the pages of one period: run each notebook and render it; a page that fails becomes a stub, and the others go on.

Kernels start slowly and wait often, so a few threads run them side by side while the main thread renders what is done.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from crmkit.periods import Period
from crmkit.reporting.display.exports import exports_in, remove_exports, save_exports
from crmkit.reporting.runner.failures import PageFailed, could_not_be_made, disk_full, is_full_disk
from crmkit.reporting.runner.fallback import find_fallback, remove_fallback
from crmkit.reporting.runner.fork_server import ForkServer
from crmkit.reporting.runner.kernels import Stop
from crmkit.reporting.runner.lazy_imports import import_papermill, import_renderer
from crmkit.reporting.runner.notebooks import Notebook
from crmkit.reporting.runner.numbers import NUMBERS_FILE, numbers_in, save_numbers
from crmkit.reporting.runner.reuse import PageKeys, reuse_page

Progress = Callable[[str, str], None]


@dataclass(frozen=True)
class Page:
    """The outcome of one page.

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
    needs : str
        The tables that it lacks, if the firm has no data for it; empty if it was made.
    is_unchanged : bool
        Whether it was taken over from the last run, as nothing that it is made from has changed.
    warnings : tuple of str
        What the renderer had to leave out.
    """

    name: str
    file: str
    seconds: float = 0.0
    cause: str = ""
    needs: str = ""
    is_unchanged: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageMaker:
    """Makes the pages of one run, which have all of this in common.

    Attributes
    ----------
    staging, folder : Path
        Where to write, and the period's published folder until it is replaced.
    home : Path
        The company's folder, in which the kernels run.
    company : str
    period : Period
    deadline : float
        Time for each notebook [s].
    keys : PageKeys
        What the pages are made from.
    fresh : bool
        Whether to make pages again that are unchanged.
    progress : callable
        Called with a page's name and its state: "started", then "done" or "failed"; or "unchanged".
        "started" comes from the notebook's own thread.
    fork_server : ForkServer
        Where the kernels come from, as long as it runs.
    """

    staging: Path
    folder: Path
    home: Path
    company: str
    period: Period
    deadline: float
    keys: PageKeys
    fresh: bool
    progress: Progress
    fork_server: ForkServer

    def make(self, checked: Mapping[Notebook, Mapping[str, Any]], jobs: int) -> list[Page]:
        """Run the notebooks in threads, render each in this thread as it is done; return the pages in order."""
        (self.staging / "notebooks").mkdir(exist_ok=True)
        if (self.folder / NUMBERS_FILE).is_file():  # the numbers of pages that fail or are not made now stay
            shutil.copyfile(self.folder / NUMBERS_FILE, self.staging / NUMBERS_FILE)
        keys = {notebook: self.keys.key(notebook, checked[notebook]) for notebook in checked}
        pages = {notebook: page for notebook in checked if (page := self._unchanged(notebook, keys[notebook]))}
        changed = {notebook: checked[notebook] for notebook in checked if notebook not in pages}
        for notebook in changed:
            remove_exports(self.staging, self._executed(notebook))
        with closing(self._run_all(changed, jobs)) as finished:
            for notebook, future in finished:
                is_same_key = self.keys.key(notebook, checked[notebook]) == keys[notebook]
                pages[notebook] = self._finish(notebook, future, keys[notebook] if is_same_key else "")
                needs = f"not made: needs {pages[notebook].needs}" if pages[notebook].needs else "done"
                self.progress(notebook.page, "failed" if pages[notebook].cause else needs)
        return [pages[notebook] for notebook in checked]

    def _unchanged(self, notebook: Notebook, key: str) -> Page | None:
        if self.fresh or not reuse_page(notebook, key, self.folder, self.staging):
            return None
        self._write_carried(notebook)
        self.progress(notebook.page, "unchanged")
        return Page(notebook.page, f"{notebook.page}.html", is_unchanged=True)

    def _run_all(
        self, checked: Mapping[Notebook, Mapping[str, Any]], jobs: int
    ) -> Generator[tuple[Notebook, Future[float]]]:
        if not checked:
            return
        self.fork_server.expect(len(checked), self.home)
        import_papermill()  # not in the threads, of which one might find it half imported
        stop = Stop()
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="notebook")
        try:
            waiting = {pool.submit(self._run, notebook, checked[notebook], stop): notebook for notebook in checked}
            import_renderer()
            for future in as_completed(waiting):
                yield waiting[future], future
        finally:
            stop.set()  # after Ctrl-C the cells that are running are not waited for
            pool.shutdown(cancel_futures=True)

    def _run(self, notebook: Notebook, parameters: Mapping[str, Any], stop: Stop) -> float:
        from crmkit.reporting.runner.execute import execute

        self.progress(notebook.page, "started")
        start = monotonic()
        output = self._executed(notebook)
        execute(
            notebook.path,
            output,
            parameters,
            folder=self.home,
            deadline=self.deadline,
            stop=stop,
            fork_server=self.fork_server,
        )
        return monotonic() - start

    def _finish(self, notebook: Notebook, future: Future[float], key: str) -> Page:
        from crmkit.reporting.runner.render import needs_in, not_made_page, render_page

        file = f"{notebook.page}.html"
        try:
            seconds = future.result()
            if needs := needs_in(self._executed(notebook)):
                place = self.staging / file
                not_made_page(place, notebook.title, needs, company=self.company, period=self.period, key=key)
                remove_fallback(file, self.staging)
                return Page(notebook.page, file, seconds, needs=needs)
            summary = render_page(
                self._executed(notebook),
                self.staging / file,
                company=self.company,
                title=notebook.title,
                period=self.period,
                key=key,
            )
            self._write_carried(notebook)
        except PageFailed as error:
            return self._stub(notebook, error.cause, error.next_step)
        except Exception as error:  # whatever is wrong with one page, the others are made
            return self._stub(notebook, *(disk_full() if is_full_disk(error) else could_not_be_made(error)))
        remove_fallback(file, self.staging)
        return Page(notebook.page, file, seconds, warnings=summary.warnings)

    def _stub(self, notebook: Notebook, cause: str, next_step: str) -> Page:
        from crmkit.reporting.runner.render import stub_page

        file = f"{notebook.page}.html"
        fallback = find_fallback(file, self.staging, self.folder)
        again = f"{next_step} To make this page again: crmkit report --period {self.period} --only {notebook.page}"
        stub_page(self.staging / file, notebook.title, cause, again, fallback, company=self.company, period=self.period)
        return Page(notebook.page, file, cause=cause)

    def _write_carried(self, notebook: Notebook) -> None:
        """Write what the page's notebook carries in its output: its numbers and its lists."""
        executed = self._executed(notebook)
        save_exports(self.staging, exports_in(executed))
        save_numbers(self.staging, notebook.page, numbers_in(executed))

    def _executed(self, notebook: Notebook) -> Path:
        return self.staging / "notebooks" / notebook.path.name
