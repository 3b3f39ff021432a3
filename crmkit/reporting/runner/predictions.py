"""Predictions are made before the pages that read them; those that are there already are not made again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile

from crmkit.errors import CrmkitError
from crmkit.periods import Period, last_day
from crmkit.predictions.runner.parallel import prefetch_slow
from crmkit.predictions.runner.run_log import read_run_log
from crmkit.reporting.runner.execute import import_papermill, import_renderer
from crmkit.reporting.runner.fork_server.server import Nursery
from crmkit.sources.store.summary import CompanyData

_STEP = "predictions"
_PROGRAM = "crmkit.reporting.runner.predictions"


def make_predictions(
    source: Path,
    catalog: CompanyData,
    periods: Iterable[Period],
    fresh: bool,
    progress: Callable[[str, str], None],
    nursery: Nursery | None = None,
) -> tuple[str, ...]:
    """Make the predictions of these periods that are not there yet; return a sentence for each that failed.

    Parameters
    ----------
    source : Path
        The settings.
    catalog : Catalog or StoreSummary
    periods : iterable of Period
    fresh : bool
        Make them again even if nothing has changed.
    progress : callable
        Called with "predictions" and "started", then "done" or "failed"; not at all if there is nothing to do.
    nursery : Nursery, optional
        To be opened if there are any to make, for the pages that follow: then it imports all libraries of the models,
        and they are made by its children.
    """
    days = {last_day(catalog.data_through, period) for period in periods}
    made_from = (catalog.cache and catalog.cache.data_fingerprint) or ""
    run_log = None if fresh else read_run_log(catalog.settings.path("store"))
    missing = sorted(day for day in days if run_log is None or not run_log.is_complete(day, made_from))
    if not missing:
        return ()
    progress(_STEP, "started")
    troubles = _in_a_child(nursery, source, catalog, missing, fresh) if nursery and not _has_own() else None
    if troubles is None:
        with prefetch_slow(source, catalog, missing, fresh=fresh):
            troubles = _troubles(source, missing, fresh)
    progress(_STEP, "failed" if troubles else "done")
    return troubles


def _has_own() -> bool:
    """Tell whether predictions were registered in this very program: no other one knows of them."""
    if (register := sys.modules.get("crmkit.predictions.runner.registry")) is None:
        return False
    return any(each.function.__module__ not in register.MODULES for each in register.PREDICTIONS.values())


def _in_a_child(
    nursery: Nursery, source: Path, catalog: CompanyData, days: Sequence[date], fresh: bool
) -> tuple[str, ...] | None:
    """Have the predictions made by children of the nursery; None if that did not come to a good end."""
    nursery.open(catalog.settings.folder.resolve())
    with prefetch_slow(source, catalog, days, fresh=fresh, start=nursery.program), TemporaryFile() as printed:
        asked = [str(source), json.dumps(fresh), *(day.isoformat() for day in days)]
        program = nursery.program(_PROGRAM, asked, printed)
        import_papermill()  # what this program is going to need
        import_renderer()
        if program is None or program.wait() != 0:
            return None
        printed.seek(0)
        return tuple(json.loads(printed.read()))


def _troubles(source: Path, days: Iterable[date], fresh: bool) -> tuple[str, ...]:
    """Make predictions; return a sentence for each that failed."""
    from crmkit.predictions.runner.predict import predict_days  # with all libraries of the models

    try:
        told = predict_days(source, days, fresh=fresh)
    except (CrmkitError, OSError) as error:
        return (f"Predictions were not made: {error}",)
    failed = told[told["status"] == "failed"]
    return tuple(f"The prediction {row.model} of {row.as_of} failed: {row.reason}" for row in failed.itertuples())


def main() -> None:
    """Make predictions in a program of their own, and print what went wrong."""
    source, fresh, *days = sys.argv[1:]
    print(json.dumps(_troubles(Path(source), map(date.fromisoformat, days), json.loads(fresh))))


if __name__ == "__main__":
    main()
