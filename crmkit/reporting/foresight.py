"""Predictions are made before the pages that read them; those that are there already are not made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.predictions.days import last_day
from crmkit.predictions.ledger import read_ledger
from crmkit.reporting.coverage import Known

_STEP = "predictions"


def make_predictions(
    source: Path,
    catalog: Known,
    periods: Iterable[Period],
    fresh: bool,
    progress: Callable[[str, str], None],
    meanwhile: Callable[[], None] = lambda: None,
) -> tuple[str, ...]:
    """Make the predictions of these periods that are not there yet; return a sentence for each that failed.

    Parameters
    ----------
    source : Path
        The settings.
    catalog : Catalog or Glance
    periods : iterable of Period
    fresh : bool
        Make them again even if nothing has changed.
    progress : callable
        Called with "predictions" and "started", then "done" or "failed"; not at all if there is nothing to do.
    meanwhile : callable, optional
        Called before they are made, if there are any to make: starts what may run beside.
    """
    days = {last_day(catalog.data_through, period) for period in periods}
    made_from = (catalog.cache and catalog.cache.data_fingerprint) or ""
    ledger = None if fresh else read_ledger(catalog.settings.path("store"))
    missing = sorted(day for day in days if ledger is None or not ledger.has_all_of(day, made_from))
    if not missing:
        return ()
    progress(_STEP, "started")
    meanwhile()
    from crmkit.predictions.run import predict_days  # with all libraries of the models

    try:
        told = predict_days(source, missing, fresh=fresh)
    except (CrmkitError, OSError) as error:
        progress(_STEP, "failed")
        return (f"Predictions were not made: {error}",)
    failed = told[told["status"] == "failed"]
    progress(_STEP, "failed" if len(failed) else "done")
    return tuple(f"The prediction {row.model} of {row.as_of} failed: {row.reason}" for row in failed.itertuples())
