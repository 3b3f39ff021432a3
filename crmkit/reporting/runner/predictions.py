"""Make the predictions that the pages read, before the pages; predictions that exist already are not made again."""

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
from crmkit.reporting.runner.fork_server import ForkServer
from crmkit.reporting.runner.lazy_imports import import_papermill, import_renderer
from crmkit.sources.store.summary import CompanyData

_STEP = "predictions"
_PROGRAM = "crmkit.reporting.runner.predictions"


def ensure_predictions(
    source: Path,
    catalog: CompanyData,
    periods: Iterable[Period],
    fresh: bool,
    progress: Callable[[str, str], None],
    fork_server: ForkServer | None = None,
) -> tuple[str, ...]:
    """Make the predictions of these periods that do not exist yet; return a sentence for each that failed.

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
    fork_server : ForkServer, optional
        Started if predictions have to be made, also for the pages that follow: it imports all libraries of the models, and
        its children make the predictions.
    """
    days = {last_day(catalog.data_through, period) for period in periods}
    fingerprint = (catalog.cache and catalog.cache.data_fingerprint) or ""
    run_log = None if fresh else read_run_log(catalog.settings.path("store"))
    missing = sorted(day for day in days if run_log is None or not run_log.is_complete(day, fingerprint))
    if not missing:
        return ()
    progress(_STEP, "started")
    failures = None
    if fork_server and not _are_own_registered():
        failures = _predict_in_child(fork_server, source, catalog, missing, fresh)
    if failures is None:
        with prefetch_slow(source, catalog, missing, fresh=fresh):
            failures = _predict(source, missing, fresh)
    progress(_STEP, "failed" if failures else "done")
    return failures


def _are_own_registered() -> bool:
    """Return whether predictions were registered in this process, which no other process knows of."""
    if (register := sys.modules.get("crmkit.predictions.runner.registry")) is None:
        return False
    return any(each.function.__module__ not in register.MODULES for each in register.PREDICTIONS.values())


def _predict_in_child(
    fork_server: ForkServer, source: Path, catalog: CompanyData, days: Sequence[date], fresh: bool
) -> tuple[str, ...] | None:
    """Make the predictions in children of the fork server; return None if they did not end well."""
    fork_server.start(catalog.settings.folder.resolve())
    start = fork_server.spawn_program
    with prefetch_slow(source, catalog, days, fresh=fresh, start=start), TemporaryFile() as printed:
        arguments = [str(source), json.dumps(fresh), *(day.isoformat() for day in days)]
        program = fork_server.spawn_program(_PROGRAM, arguments, printed)
        import_papermill()  # this process needs them next
        import_renderer()
        if program is None or program.wait() != 0:
            return None
        printed.seek(0)
        return tuple(json.loads(printed.read()))


def _predict(source: Path, days: Iterable[date], fresh: bool) -> tuple[str, ...]:
    """Make predictions; return a sentence for each that failed."""
    from crmkit.predictions.runner.predict import predict_days  # imports all libraries of the models

    try:
        outcomes = predict_days(source, days, fresh=fresh)
    except (CrmkitError, OSError) as error:
        return (f"Predictions were not made: {error}",)
    failed = outcomes[outcomes["status"] == "failed"]
    return tuple(f"The prediction {row.model} of {row.as_of} failed: {row.reason}" for row in failed.itertuples())


def main() -> None:
    """Make predictions in a process of their own, and print what failed."""
    source, fresh, *days = sys.argv[1:]
    print(json.dumps(_predict(Path(source), map(date.fromisoformat, days), json.loads(fresh))))


if __name__ == "__main__":
    main()
