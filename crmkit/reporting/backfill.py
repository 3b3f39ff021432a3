"""Make the reports of many periods in one run; one that cannot be made does not keep the others from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crmkit.errors import CrmkitError, Problems
from crmkit.periods import Period, parse_periods
from crmkit.predictions.processors import shared_processors
from crmkit.reporting.coverage import covered_period
from crmkit.reporting.failures import disk_full, is_full_disk
from crmkit.reporting.make_pages import Progress
from crmkit.reporting.make_period import RunReport, prepared
from crmkit.sources.glance import Known


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
    not_predicted : tuple of str
        A sentence for each prediction that failed.
    """

    index: Path
    made: tuple[RunReport, ...]
    not_made: dict[Period, str]
    not_predicted: tuple[str, ...] = ()

    @property
    def troubles(self) -> list[str]:
        """A sentence for each prediction, then for each page that failed and each period not made, oldest first."""
        told = [(period, f"{period} was not made: {reason}") for period, reason in self.not_made.items()]
        told += [
            (each.period, f"{each.period} {page.name} failed: {page.cause}")
            for each in self.made
            for page in each.failed
        ]
        return [*self.not_predicted] + [text for _, text in sorted(told, key=lambda each: each[0])]


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
        See :func:`crmkit.reporting.run.run_report`; a page's name has its period before it: "2026-03 scorecard".
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
    from crmkit.reporting.index import write_archive

    run = prepared(settings, only, output, jobs, progress, **options)
    asked = parse_periods(periods, run.catalog.settings.company.fiscal_year_start)
    not_made = {period: reason for period in asked if (reason := _why_not(run.catalog, period))}
    runs = {period: replace(run, progress=_named(run.progress, period)) for period in asked if period not in not_made}
    for period in runs:
        runs[period].check(period)
    made: list[RunReport] = []
    with shared_processors(run.jobs), run.nursery:
        # Those of all periods first: they are written once, and pages read them.
        not_predicted = run.predict(runs) if runs else ()
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
        raise Problems("The report", [f"{period}: {not_made[period]}" for period in asked])
    return Backfill(run.reports / "index.html", tuple(made), not_made, not_predicted)


def _why_not(catalog: Known, period: Period) -> str:
    try:
        covered_period(catalog, str(period))
    except CrmkitError as error:
        return str(error)
    return ""


def _named(progress: Progress, period: Period) -> Progress:
    return lambda page, state: progress(f"{period} {page}", state)


def _in_words(error: CrmkitError | OSError) -> str:
    return " ".join(disk_full()) if is_full_disk(error) else str(error)
