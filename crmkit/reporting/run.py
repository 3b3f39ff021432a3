"""Make the report of one period: check everything, make its pages aside, swap them in whole, renew the archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crmkit.predictions.processors import shared_processors
from crmkit.reporting.coverage import covered_period
from crmkit.reporting.make_pages import Progress
from crmkit.reporting.make_period import RunReport, prepared


def run_report(
    settings: str | Path | None = None,
    period: str | None = None,
    only: Sequence[str] | None = None,
    output: str | Path | None = None,
    jobs: int = 2,
    progress: Progress | None = None,
    **options: Any,
) -> RunReport:
    """Make the pages of one period and swap the period's folder in whole; pages that are unchanged are taken over.

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
        Called with a page's name and what becomes of it: "waiting" for each page at first, then "started" and "done" or
        "failed"; or "unchanged". Predictions, if there are any to make, are told of in the same way before the pages.
    **options
        Of :func:`prepared`: parameters, deadline, notebooks, fresh.

    Returns
    -------
    RunReport

    Raises
    ------
    CrmkitError
        Before any notebook is run: bad settings, a period without data, an unknown page or parameter.
    """
    from crmkit.reporting.index import write_archive

    run = prepared(settings, only, output, jobs, progress, **options)
    wanted = covered_period(run.catalog, period)
    run.check(wanted)
    with shared_processors(run.jobs), run.nursery:
        not_predicted = run.predict([wanted])
        done = run.make(wanted)
    write_archive(run.reports, company=run.company)
    return replace(done, not_predicted=not_predicted)
