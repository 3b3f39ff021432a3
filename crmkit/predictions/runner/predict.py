"""Make predictions: written into the store for pages, or added to the catalog at hand in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from crmkit.cleaning.checks.database import predictions_beside
from crmkit.cleaning.loading.connect import connect
from crmkit.errors import CrmkitError
from crmkit.periods import DayLike, PeriodLike, day_of, last_day, period_of
from crmkit.predictions.runner.parallel import prefetch_slow, running_order
from crmkit.predictions.runner.registry import (
    Outcome,
    Progress,
    by_table,
    no_progress,
    registered_predictions,
    run_prediction,
    unchanged_outcome,
)
from crmkit.predictions.runner.run_log import RunEntry, RunLog, read_run_log
from crmkit.predictions.runner.store import write_lock, write_predictions
from crmkit.predictions.segments.assignment import keep_first_reference, refresh_reference
from crmkit.predictions.topics import keep_topics
from crmkit.predictions.track_record.record import keep_statements
from crmkit.predictions.track_record.statements import STATEMENTS_FILE
from crmkit.sources.databases.results import write_results
from crmkit.sources.store.locate import find_settings
from crmkit.sources.store.store import found_store
from crmkit.tables.arguments import checked
from crmkit.tables.caching.moment import one_moment
from crmkit.tables.catalog import Catalog


def predict(
    catalog: Catalog | str | Path | None = None,
    as_of: DayLike | PeriodLike | None = None,
    *,
    only: Sequence[str] | None = None,
    fresh: bool = False,
    refresh_segments: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Make the predictions as of a day and write them into the store; unchanged ones are not computed again.

    A catalog of frames has no store: its predictions are computed, and nothing is written. To work with their tables use
    :func:`crmkit.with_predictions`.

    Parameters
    ----------
    catalog : Catalog or path, optional
        From :func:`crmkit.connect`, or ``crmkit.toml`` or the folder that holds it; without it the nearest one is used.
    as_of : date or str, optional
        Last day whose data are used, such as "2026-10-31", or a period such as "2026-10", whose last day with data is
        meant. Without it, the last day of the data.
    only : sequence of str, optional
        Models, such as "value"; without it all.
    fresh : bool
        Compute them again even if nothing has changed.
    refresh_segments : bool
        Fit the cuts and centres of the segments again to the data up to the end of the period, and keep them in the store.
        They apply from that day on; earlier days keep theirs.
    progress : callable, optional
        Called with a model's name and its state: "waiting", "started", then "done" or "failed"; or "unchanged".

    Returns
    -------
    DataFrame
        One row per prediction: as_of, model, table, model_version, n_customers [count], status ("made", "unchanged",
        "not made" where the data lack what it needs, "failed"), reason.

    Raises
    ------
    CrmkitError
        If there are no data, no prediction of that name, or no such day, or the store cannot be written.

    Examples
    --------
    >>> predict("nowhere/crmkit.toml")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: There is no settings file ...
    """
    if isinstance(catalog, Catalog) and not catalog.cache and not catalog.settings.database:
        day = _day_asked(catalog, as_of)
        chosen = registered_predictions(only)
        return _summary([run_prediction(catalog, day, each, "", progress or no_progress) for each in chosen])
    source = _settings_of(catalog)
    catalog = connect(source)
    day = _day_asked(catalog, as_of)
    if refresh_segments:
        refresh_reference(catalog, _store_folder(catalog), day)
    with one_moment(), prefetch_slow(source, catalog, [day], only, fresh):
        return predict_days(source, [day], only, fresh, progress)


def _settings_of(catalog: object) -> Path:
    """Return the settings file, or its folder, from which a catalog was opened or that is named itself."""
    if isinstance(catalog, Catalog):
        return catalog.settings.folder.resolve()
    if catalog is not None and not isinstance(catalog, str | Path):
        met = type(catalog).__name__
        raise CrmkitError(f"predict needs a catalog or the path of crmkit.toml, not a {met}.")
    return Path(catalog if catalog is not None else find_settings()).resolve()


def _day_asked(catalog: Catalog, as_of: DayLike | PeriodLike | None) -> date:
    """Return the day that is meant by a day, a period or nothing."""
    if as_of is None or (isinstance(as_of, str) and not as_of):
        return last_day(catalog.data_through, None)
    try:
        return last_day(catalog.data_through, period_of(as_of, catalog.settings.company.fiscal_year_start))
    except CrmkitError:
        return day_of(as_of)


def predict_days(
    source: Path,
    days: Iterable[date],
    only: Sequence[str] | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Make and write the predictions of several days, one after another; see :func:`predict`."""
    outcomes: list[Outcome] = []
    for day in sorted(set(days)):
        outcomes += _predict_day(source, day, only, fresh, progress or no_progress)
    return _summary(outcomes)


@checked
def with_predictions(catalog: Catalog, as_of: DayLike | None = None, *, only: Sequence[str] | None = None) -> Catalog:
    """Return a catalog with predictions made now in its tables of predictions; nothing is written.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date, optional
        Last day whose data is used; without it the last day of the data.
    only : sequence of str, optional
        Models, such as "value"; without it all.

    Raises
    ------
    CrmkitError
        If there are no data, no prediction of that name, or one fails.

    Examples
    --------
    >>> import crmkit as ck
    >>> catalog = ck.connect({"customers": pd.DataFrame({"customer_id": ["a"], "acquired_at": ["2026-09-02"]})})
    >>> @ck.prediction(table="customer_scores", model="doctest")
    ... def all_spend_ten(catalog, as_of):
    ...     return catalog.frame("customers")[["customer_id"]].assign(value=10.0)
    >>> with_predictions(catalog, date(2026, 9, 30), only=["doctest"]).frame("customer_scores")[["customer_id", "value"]]
      customer_id  value
    0           a   10.0
    >>> from crmkit.predictions.runner.registry import PREDICTIONS
    >>> del PREDICTIONS["doctest"]
    """
    day = as_of or last_day(catalog.data_through, None)
    outcomes = [run_prediction(catalog, day, each, "", no_progress) for each in registered_predictions(only)]
    failed = [f"{outcome.entry.model}: {outcome.entry.reason}" for outcome in outcomes if outcome.status == "failed"]
    if failed:
        raise CrmkitError(f"Predictions failed. {' '.join(failed)}")
    frames = {}
    for table, fresh in by_table(outcomes).items():
        old = catalog.frame(table) if table in catalog.names else fresh.iloc[:0]
        stale = old["model"].isin(set(fresh["model"])) & (pd.to_datetime(old["as_of"]) == pd.Timestamp(day))
        frames[table] = pd.concat([each for each in (old[~stale], fresh) if len(each)])
    return catalog.with_tables(frames) if frames else catalog


def _predict_day(source: Path, day: date, only: Sequence[str] | None, fresh: bool, progress: Progress) -> list[Outcome]:
    catalog = connect(source)  # opened again for each day: a prediction may read those of the day before
    store = _store_folder(catalog)
    fingerprint = _data_fingerprint(catalog)
    keep_first_reference(catalog, store)
    keep_topics(catalog, store, day)
    before = RunLog() if fresh else read_run_log(store) or RunLog()
    wanted = registered_predictions(only)
    for each in wanted:
        progress(each.model, "waiting")
    unchanged = {each.model: unchanged_outcome(before.entry(day, each.model), fingerprint, progress) for each in wanted}
    missing = [each for each in wanted if unchanged[each.model] is None]
    made = {
        each.model: run_prediction(catalog, day, each, fingerprint, progress)
        for each in running_order(catalog, day, missing)
    }
    outcomes = [unchanged[each.model] or made[each.model] for each in wanted]
    if _data_fingerprint(catalog) != fingerprint:
        raise CrmkitError("The data or crmkit itself changed while predictions were made. Run it again.")
    is_whole = not only and all(o.status != "failed" for o in outcomes)
    reason = _keep_statements(catalog, store, day) if is_whole and not before.is_complete(day, fingerprint) else ""
    whole = {day.isoformat(): fingerprint} if is_whole and not reason else {}
    new = [outcome for outcome in outcomes if outcome.status != "unchanged"]
    if new or whole:
        write_predictions(store, [outcome.entry for outcome in new], by_table(new), whole)
        write_results(catalog.settings, predictions_beside(catalog.settings))
    if reason:
        entry = RunEntry(day.isoformat(), "track_record", STATEMENTS_FILE, "", "", reason=reason)
        outcomes.append(Outcome(entry, "failed"))
    return outcomes


def _keep_statements(catalog: Catalog, store: Path, day: date) -> str:
    """Keep what is said on this day, for the track record; return why it could not be kept, else nothing."""
    try:
        with write_lock(store):
            keep_statements(catalog, store, day)
    except CrmkitError as error:
        return str(error)
    return ""


def _store_folder(catalog: Catalog) -> Path:
    """Return the folder of predictions: the store, or a folder of their own where the data are in a database."""
    folder = catalog.settings.path("store")
    return folder if catalog.settings.database else found_store(folder) or folder


def _data_fingerprint(catalog: Catalog) -> str:
    return (catalog.cache and catalog.cache.data_fingerprint) or ""


def _summary(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    columns = ["as_of", "model", "table", "model_version", "n_customers", "status", "reason"]
    rows = [
        (o.entry.as_of, o.entry.model, o.entry.table, o.entry.version, o.entry.n_customers, _status(o), o.entry.reason)
        for o in outcomes
    ]
    return pd.DataFrame(rows, columns=columns)


def _status(outcome: Outcome) -> str:
    return "not made" if outcome.entry.reason and outcome.status == "unchanged" else outcome.status
