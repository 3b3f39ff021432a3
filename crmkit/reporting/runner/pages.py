"""Make the pages of one period: run each notebook, render it; one that fails becomes a stub and harms no other.

Kernels start up slowly and wait much, so a few threads run them side by side while this one renders what is done.
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

from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.reporting.display.exports import exports_in, forget_exports, keep_exports
from crmkit.reporting.runner.execute import (
    PageFailed,
    Stop,
    could_not_be_made,
    disk_full,
    execute,
    import_papermill,
    import_renderer,
    is_full_disk,
)
from crmkit.reporting.runner.fork_server.server import Nursery
from crmkit.reporting.runner.notebooks import Notebook
from crmkit.reporting.runner.numbers import FILE as NUMBERS
from crmkit.reporting.runner.numbers import keep_numbers, numbers_in
from crmkit.reporting.runner.publish import Link, read_summary
from crmkit.reporting.runner.reuse import PageKeys, take_over

Progress = Callable[[str, str], None]


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
    is_unchanged : bool
        Whether it was taken over from the last run, as nothing that it is made from has changed.
    warnings : tuple of str
        What the renderer had to leave out.
    """

    name: str
    file: str
    seconds: float = 0.0
    cause: str = ""
    is_unchanged: bool = False
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
    keys : PageKeys
        What the pages are made from.
    fresh : bool
        Whether to make pages again that are unchanged.
    progress : callable
        Called with a page's name and what has become of it: "started", then "done" or "failed"; or "unchanged".
        "started" comes from the notebook's own thread.
    nursery : Nursery
        Where the kernels come from, as long as there can be one.
    """

    aside: Path
    folder: Path
    home: Path
    company: str
    period: Period
    deadline: float
    keys: PageKeys
    fresh: bool
    progress: Progress
    nursery: Nursery

    def make(self, checked: Mapping[Notebook, Mapping[str, Any]], jobs: int) -> list[Page]:
        """Run the notebooks in threads, render each in this thread as it is done; return the pages in order."""
        (self.aside / "notebooks").mkdir(exist_ok=True)
        if (self.folder / NUMBERS).is_file():  # of pages that fail, or are not made now
            shutil.copyfile(self.folder / NUMBERS, self.aside / NUMBERS)
        keys = {notebook: self.keys.key(notebook, checked[notebook]) for notebook in checked}
        pages = {notebook: page for notebook in checked if (page := self._unchanged(notebook, keys[notebook]))}
        changed = {notebook: checked[notebook] for notebook in checked if notebook not in pages}
        for notebook in changed:
            forget_exports(self.aside, self._executed(notebook))
        with closing(self._run_all(changed, jobs)) as finished:
            for notebook, future in finished:
                was_made_from_that = self.keys.key(notebook, checked[notebook]) == keys[notebook]
                pages[notebook] = self._finish(notebook, future, keys[notebook] if was_made_from_that else "")
                self.progress(notebook.page, "failed" if pages[notebook].cause else "done")
        return [pages[notebook] for notebook in checked]

    def _unchanged(self, notebook: Notebook, key: str) -> Page | None:
        if self.fresh or not take_over(notebook, key, self.folder, self.aside):
            return None
        self._keep_carried(notebook)
        self.progress(notebook.page, "unchanged")
        return Page(notebook.page, f"{notebook.page}.html", is_unchanged=True)

    def _run_all(
        self, checked: Mapping[Notebook, Mapping[str, Any]], jobs: int
    ) -> Generator[tuple[Notebook, Future[float]]]:
        if not checked:
            return
        self.nursery.expect(len(checked), self.home)
        import_papermill()  # here, not in the threads: none of them may meet it half imported
        stop = Stop()
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="notebook")
        try:
            waiting = {pool.submit(self._run, notebook, checked[notebook], stop): notebook for notebook in checked}
            import_renderer()
            for future in as_completed(waiting):
                yield waiting[future], future
        finally:
            stop.set()  # after Ctrl-C nobody waits for the cells that are running
            pool.shutdown(cancel_futures=True)

    def _run(self, notebook: Notebook, parameters: Mapping[str, Any], stop: Stop) -> float:
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
            nursery=self.nursery,
        )
        return monotonic() - start

    def _finish(self, notebook: Notebook, future: Future[float], key: str) -> Page:
        from crmkit.reporting.runner.render import render_page

        file = f"{notebook.page}.html"
        try:
            seconds = future.result()
            summary = render_page(
                self._executed(notebook),
                self.aside / file,
                company=self.company,
                title=notebook.title,
                period=self.period,
                key=key,
            )
            self._keep_carried(notebook)
        except PageFailed as error:
            return self._stub(notebook, error.cause, error.next_step)
        except Exception as error:  # whatever is wrong with one page, the others are made
            return self._stub(notebook, *(disk_full() if is_full_disk(error) else could_not_be_made(error)))
        forget(file, self.aside)
        return Page(notebook.page, file, seconds, warnings=summary.warnings)

    def _stub(self, notebook: Notebook, cause: str, next_step: str) -> Page:
        from crmkit.reporting.runner.render import stub_page

        file = f"{notebook.page}.html"
        good = last_good(file, self.aside, self.folder)
        again = f"{next_step} To make this page again: crmkit report --period {self.period} --only {notebook.page}"
        stub_page(self.aside / file, notebook.title, cause, again, good, company=self.company, period=self.period)
        return Page(notebook.page, file, cause=cause)

    def _keep_carried(self, notebook: Notebook) -> None:
        """Write what the page's notebook carries in its output: its numbers and its lists."""
        executed = self._executed(notebook)
        keep_exports(self.aside, exports_in(executed))
        keep_numbers(self.aside, notebook.page, numbers_in(executed))

    def _executed(self, notebook: Notebook) -> Path:
        return self.aside / "notebooks" / notebook.path.name


# Where the last page that worked is, for the reader who meets a page that failed.


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
