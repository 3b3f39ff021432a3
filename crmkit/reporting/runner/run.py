"""Make the report of one period or of several: check all notebooks, make the pages, publish each period as a whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.errors import CrmkitError, Problems
from crmkit.periods import Period, parse_periods
from crmkit.predictions.runner.parallel import shared_processors
from crmkit.reporting.reported_period import covered_period
from crmkit.reporting.runner.failures import disk_full, is_full_disk
from crmkit.reporting.runner.fork_server import ForkServer
from crmkit.reporting.runner.notebooks import Notebook, checked_parameters, choose, find_notebooks, is_shipped
from crmkit.reporting.runner.numbers import NUMBERS_FILE
from crmkit.reporting.runner.page import PageSummary, read_summary
from crmkit.reporting.runner.pages import Page, PageMaker, Progress
from crmkit.reporting.runner.predictions import ensure_predictions
from crmkit.reporting.runner.publish import clean_up, publishing
from crmkit.reporting.runner.reuse import PageKeys
from crmkit.settings.permissions import CODE, require
from crmkit.sources.store.summary import CompanyData
from crmkit.tables.caching.moment import one_moment

if TYPE_CHECKING:  # to begin a run takes no library of numbers, which takes seconds to import
    from crmkit.tables.catalog import Catalog

DEADLINE = 1200.0  # seconds for one notebook; the slowest page on a large shop needs a tenth of it


def run_report(
    settings: str | Path | None = None,
    period: str | None = None,
    only: Sequence[str] | None = None,
    output: str | Path | None = None,
    jobs: int = 2,
    progress: Progress | None = None,
    **options: Any,
) -> RunReport:
    """Make the pages of one period and replace its folder as a whole; unchanged pages are reused.

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
        Called with a page's name and its state: "waiting" for each page at first, then "started" and "done" or
        "failed"; or "unchanged". Predictions, if there are any to make, are reported in the same way before the pages.
    **options
        Of :func:`prepare_run`: parameters, deadline, notebooks, fresh.

    Returns
    -------
    RunReport

    Raises
    ------
    CrmkitError
        Before any notebook is run: bad settings, a period without data, an unknown page or parameter.
    """
    from crmkit.reporting.runner.index import write_archive

    run = prepare_run(settings, only, output, jobs, progress, **options)
    wanted = covered_period(run.catalog, period)
    run.check(wanted)
    with one_moment(), shared_processors(run.jobs), run.fork_server:
        failed_predictions = run.predict([wanted])
        done = run.make(wanted)
    write_archive(run.reports, company=run.company)
    return replace(done, failed_predictions=failed_predictions)


@dataclass(frozen=True)
class RunReport:
    """The report of one period: where it is and the outcome of each page.

    Attributes
    ----------
    period : Period
    folder : Path
        ``<reports>/<period>``.
    pages : tuple of Page
        The pages of this run.
    failed_predictions : tuple of str
        A sentence for each prediction that failed.
    """

    period: Period
    folder: Path
    pages: tuple[Page, ...]
    failed_predictions: tuple[str, ...] = ()

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
        return [*self.failed_predictions, *(f"{page.name} failed: {page.cause}" for page in self.failed)]


def prepare_run(
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
    where: str | None = None,
) -> Run:
    """Open the data and find the notebooks of a run; see :func:`crmkit.reporting.runner.run.run_report`.

    Parameters
    ----------
    settings, only, output, jobs, progress
        As there.
    parameters : mapping, optional
        Further parameters of the notebooks.
    deadline : float
        Time that one notebook may take [s].
    notebooks : path, optional
        Folder of the notebooks; without it ``notebooks/`` beside the settings, else crmkit's own.
    fresh : bool
        Compute all numbers and make all pages again, whether or not something has changed.
    where : str, optional
        A condition on columns: the pages are about what meets it, and have a folder of their own beside the others.

    Raises
    ------
    CrmkitError
        If it is no condition, or names a column that the data lack.
    """
    from crmkit.sources.store.locate import find_settings
    from crmkit.sources.store.summary import store_summary

    source = Path(settings if settings is not None else find_settings()).resolve()
    catalog = store_summary(source) or _connected(source)
    condition = str(_connected(source).where(where).condition or "") if where else ""
    all_notebooks = find_notebooks(notebooks, catalog.settings.folder)
    chosen = choose(all_notebooks, only)
    if notebooks is None and not is_shipped(chosen[0]):
        require(
            catalog.settings.folder, CODE, "The pages of this company are made by code: the notebooks of its folder"
        )
    if fresh and catalog.cache:
        catalog.cache.clear()
    return Run(
        source=source,
        catalog=catalog,
        all_notebooks=all_notebooks,
        chosen=chosen,
        reports=_reports_folder(catalog, output, condition),
        parameters={**(parameters or {}), **({"where": condition} if condition else {})},
        condition=condition,
        jobs=jobs,
        deadline=deadline,
        fresh=fresh,
        progress=progress or _silent,
    )


@dataclass(frozen=True)
class Run:
    """A run over one or several periods; see :func:`prepare_run`."""

    source: Path
    catalog: CompanyData
    all_notebooks: list[Notebook]
    chosen: list[Notebook]
    reports: Path
    parameters: Mapping[str, Any]
    jobs: int
    deadline: float
    fresh: bool
    progress: Progress
    condition: str = ""
    fork_server: ForkServer = field(default_factory=ForkServer)

    @property
    def company(self) -> str:
        """Name of the company, as all pages show it: with the condition that they are narrowed to."""
        name = self.catalog.settings.company.name
        return f"{name}, where {self.condition}" if self.condition else name

    def check(self, period: Period) -> None:
        """Raise Problems if a parameter does not fit; else announce the pages to come."""
        for notebook in self._checked(period):
            self.progress(notebook.page, "waiting")

    def predict(self, periods: Collection[Period]) -> tuple[str, ...]:
        """Make the predictions that the pages of these periods read; return a sentence for each that failed."""
        fork_server = (
            self.fork_server if len(self.chosen) * len(periods) > 1 else None
        )  # with new predictions all pages are made again
        return ensure_predictions(self.source, self.catalog, periods, self.fresh, self.progress, fork_server)

    def make(self, period: Period) -> RunReport:
        """Make the pages and the index of one period in a staging folder, then publish it."""
        from crmkit.reporting.runner.index import write_index

        clean_up(self.reports)
        folder, checked = self.reports / str(period), self._checked(period)
        with publishing(folder, keep=len(self.chosen) < len(self.all_notebooks)) as staging:
            maker = PageMaker(
                staging=staging,
                folder=folder,
                home=self._home,
                company=self.company,
                period=period,
                deadline=self.deadline,
                keys=PageKeys(self.catalog, self.reports / str(period.previous) / NUMBERS_FILE, period.end),
                fresh=self.fresh,
                progress=self.progress,
                fork_server=self.fork_server,
            )
            pages = maker.make(checked, self.jobs)
            write_index(staging, period, self._summaries(staging), company=self.company)
        return RunReport(period, folder, tuple(pages))

    @property
    def _home(self) -> Path:
        return self.catalog.settings.folder.resolve()

    def _checked(self, period: Period) -> dict[Notebook, dict[str, Any]]:
        values = {"period": str(period), "settings": str(self.source), **self.parameters}
        return checked_parameters(self.chosen, values, optional={"reports": str(self.reports)})

    def _summaries(self, staging: Path) -> list[PageSummary]:
        """Return what the index lists: the pages made now, those that stay from before, and those that were never made."""
        return [
            read_summary(file)
            if (file := staging / f"{notebook.page}.html").is_file()
            else PageSummary(notebook.title, "", status="not made")
            for notebook in self.all_notebooks
        ]


@dataclass(frozen=True)
class Backfill:
    """The reports of many periods.

    Attributes
    ----------
    index : Path
        The page over all periods.
    made : tuple of RunReport
        Those that were made, with pages that failed or without.
    not_made : dict of Period to str
        The others, each with the reason.
    failed_predictions : tuple of str
        A sentence for each prediction that failed.
    """

    index: Path
    made: tuple[RunReport, ...]
    not_made: dict[Period, str]
    failed_predictions: tuple[str, ...] = ()

    @property
    def troubles(self) -> list[str]:
        """A sentence for each prediction, then for each page that failed and each period not made, oldest first."""
        sentences = [(period, f"{period} was not made: {reason}") for period, reason in self.not_made.items()]
        sentences += [
            (each.period, f"{each.period} {page.name} failed: {page.cause}")
            for each in self.made
            for page in each.failed
        ]
        return [*self.failed_predictions] + [text for _, text in sorted(sentences, key=lambda each: each[0])]


def run_reports(
    settings: str | Path | None = None,
    periods: str = "",
    only: Sequence[str] | None = None,
    output: str | Path | None = None,
    jobs: int = 2,
    progress: Progress | None = None,
    **options: Any,
) -> Backfill:
    """Make the reports of several periods, oldest first, and the archive at the end.

    Parameters
    ----------
    settings, only, output, jobs, progress, **options
        See :func:`crmkit.reporting.runner.run.run_report`; a page's name has its period before it: "2026-03 scorecard".
    periods : str
        Such as "2026-01..2026-09".

    Returns
    -------
    Backfill

    Raises
    ------
    CrmkitError
        Before any notebook is run: bad settings, an unknown page or parameter, no periods, or none with data.
    """
    from crmkit.reporting.runner.index import write_archive

    run = prepare_run(settings, only, output, jobs, progress, **options)
    wanted = parse_periods(periods, run.catalog.settings.company.fiscal_year_start)
    not_made = {period: reason for period in wanted if (reason := _reason_not_made(run.catalog, period))}
    runs = {
        period: replace(run, progress=_with_period(run.progress, period)) for period in wanted if period not in not_made
    }
    for period in runs:
        runs[period].check(period)
    made: list[RunReport] = []
    with one_moment(), shared_processors(run.jobs), run.fork_server:
        # Predictions of all periods first: they are written once, and pages read them.
        failed_predictions = run.predict(runs) if runs else ()
        try:
            for period in runs:
                try:
                    made.append(runs[period].make(period))
                except (CrmkitError, OSError) as error:
                    not_made[period] = _in_words(error)
                    for notebook in run.chosen:
                        runs[period].progress(notebook.page, "failed")
        finally:
            if made:
                write_archive(run.reports, company=run.company)
    if not made:
        raise Problems("The report", [f"{period}: {not_made[period]}" for period in wanted])
    return Backfill(run.reports / "index.html", tuple(made), not_made, failed_predictions)


def _reports_folder(catalog: CompanyData, output: str | Path | None, condition: str) -> Path:
    """Return the folder of the reports; those of a condition have one of their own in it."""
    reports = Path(output).resolve() if output is not None else catalog.settings.path("reports")
    if not condition:
        return reports
    words = re.sub(r"[^a-z0-9]+", "-", condition.casefold()).strip("-")[:60].strip("-")
    return reports / f"where-{words}-{hashlib.blake2b(condition.encode(), digest_size=3).hexdigest()}"


def _connected(source: Path) -> Catalog:
    from crmkit.cleaning.loading.connect import connect

    return connect(source)


def _silent(page: str, state: str) -> None:
    """Report nothing."""


def _reason_not_made(catalog: CompanyData, period: Period) -> str:
    try:
        covered_period(catalog, str(period))
    except CrmkitError as error:
        return str(error)
    return ""


def _with_period(progress: Progress, period: Period) -> Progress:
    return lambda page, state: progress(f"{period} {page}", state)


def _in_words(error: CrmkitError | OSError) -> str:
    return " ".join(disk_full()) if is_full_disk(error) else str(error)
