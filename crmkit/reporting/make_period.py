"""Make one period whole: check its parameters, make its pages aside, swap its folder in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crmkit.periods import Period
from crmkit.reporting.foresight import make_predictions
from crmkit.reporting.make_pages import Page, PageMaker, Progress
from crmkit.reporting.notebooks import Notebook, choose, find_notebooks
from crmkit.reporting.numbers import FILE as NUMBERS
from crmkit.reporting.nursery import Nursery
from crmkit.reporting.page import PageSummary, read_summary
from crmkit.reporting.parameters import checked_parameters
from crmkit.reporting.reuse import PageKeys
from crmkit.reporting.swap import swapped_in, tidy
from crmkit.sources.glance import Known

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
    not_predicted : tuple of str
        A sentence for each prediction that failed.
    """

    period: Period
    folder: Path
    pages: tuple[Page, ...]
    not_predicted: tuple[str, ...] = ()

    @property
    def index(self) -> Path:
        """The period's index page."""
        return self.folder / "index.html"

    @property
    def failed(self) -> tuple[Page, ...]:
        """The pages that failed."""
        return tuple(page for page in self.pages if page.cause)

    @property
    def troubles(self) -> list[str]:
        """A sentence for each prediction and each page that failed."""
        return [*self.not_predicted, *(f"{page.name} failed: {page.cause}" for page in self.failed)]


def prepared(
    settings: str | Path | None,
    only: Sequence[str] | None,
    output: str | Path | None,
    jobs: int,
    progress: Progress | None,
    *,
    parameters: Mapping[str, Any] | None = None,
    deadline: float = DEADLINE,
    notebooks: str | Path | None = None,
    fresh: bool = False,
) -> Run:
    """Open the data and find the notebooks of a run; see :func:`crmkit.reporting.run.run_report`.

    Parameters
    ----------
    settings, only, output, jobs, progress
        As there.
    parameters : mapping, optional
        Further parameters of the notebooks.
    deadline : float
        Time that one notebook may take [s].
    notebooks : path, optional
        Folder of the notebooks; without it crmkit's own.
    fresh : bool
        Compute all numbers and make all pages again, whether or not something has changed.
    """
    from crmkit.sources.glance import glance
    from crmkit.sources.locate import find_settings

    source = Path(settings if settings is not None else find_settings()).resolve()
    catalog = glance(source) or _connected(source)
    everything = find_notebooks(notebooks)
    chosen = choose(everything, only)
    if fresh and catalog.cache:
        catalog.cache.clear()
    return Run(
        source=source,
        catalog=catalog,
        everything=everything,
        chosen=chosen,
        reports=Path(output).resolve() if output is not None else catalog.settings.path("reports"),
        parameters=parameters or {},
        jobs=jobs,
        deadline=deadline,
        fresh=fresh,
        progress=progress or _silent,
    )


@dataclass(frozen=True)
class Run:
    """What the periods of one run have in common; see :func:`prepared`."""

    source: Path
    catalog: Known
    everything: list[Notebook]
    chosen: list[Notebook]
    reports: Path
    parameters: Mapping[str, Any]
    jobs: int
    deadline: float
    fresh: bool
    progress: Progress
    nursery: Nursery = field(default_factory=Nursery)

    @property
    def company(self) -> str:
        """Name of the company."""
        return self.catalog.settings.company.name

    def check(self, period: Period) -> None:
        """Raise Problems if a parameter does not fit; else announce the pages to come."""
        for notebook in self._checked(period):
            self.progress(notebook.page, "waiting")

    def predict(self, periods: Collection[Period]) -> tuple[str, ...]:
        """Make the predictions that the pages of these periods read; return a sentence for each that failed."""
        nursery = self.nursery if len(self.chosen) * len(periods) > 1 else None  # pages with new predictions are made
        return make_predictions(self.source, self.catalog, periods, self.fresh, self.progress, nursery)

    def make(self, period: Period) -> RunReport:
        """Make one period: its pages and its index, aside, then swapped in."""
        from crmkit.reporting.index import write_index

        tidy(self.reports)
        folder, checked = self.reports / str(period), self._checked(period)
        with swapped_in(folder, keep=len(self.chosen) < len(self.everything)) as aside:
            maker = PageMaker(
                aside=aside,
                folder=folder,
                home=self._home,
                company=self.company,
                period=period,
                deadline=self.deadline,
                keys=PageKeys(self.catalog, self.reports / str(period.previous) / NUMBERS, period.end),
                fresh=self.fresh,
                progress=self.progress,
                nursery=self.nursery,
            )
            pages = maker.make(checked, self.jobs)
            write_index(aside, period, self._summaries(aside), company=self.company)
        return RunReport(period, folder, tuple(pages))

    @property
    def _home(self) -> Path:
        return self.catalog.settings.folder.resolve()

    def _checked(self, period: Period) -> dict[Notebook, dict[str, Any]]:
        given = {"period": str(period), "settings": str(self.source), **self.parameters}
        return checked_parameters(self.chosen, given, offered={"reports": str(self.reports)})

    def _summaries(self, aside: Path) -> list[PageSummary]:
        """What the index lists: the pages made now, those of before that stay, and those that were never made."""
        return [
            read_summary(file)
            if (file := aside / f"{notebook.page}.html").is_file()
            else PageSummary(notebook.title, "", status="not made")
            for notebook in self.everything
        ]


def _connected(source: Path) -> Known:
    from crmkit.cleaning.connect import connect

    return connect(source)


def _silent(page: str, state: str) -> None:
    """Tell nobody."""
