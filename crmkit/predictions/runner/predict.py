"""Make predictions: for pages, written into the store; in a notebook, laid over the catalog at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from crmkit.cleaning.loading.connect import connect
from crmkit.errors import CrmkitError
from crmkit.periods import Period
from crmkit.predictions.days import last_day
from crmkit.predictions.runner.parallel import slow_ones_ahead, slow_ones_last
from crmkit.predictions.runner.registry import Outcome, Progress, by_table, made, predictions, silent, unchanged
from crmkit.predictions.runner.store import Ledger, read_ledger, write_predictions
from crmkit.predictions.segments.assignment import keep_first_reference, refresh_reference
from crmkit.sources.store.changes import find_settings
from crmkit.sources.store.store import found_store
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog


def predict(
    settings: str | Path | None = None,
    period: str | None = None,
    *,
    only: Sequence[str] | None = None,
    fresh: bool = False,
    refresh_segments: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Make the predictions of a period and write them into the store; what is unchanged is not computed again.

    Parameters
    ----------
    settings : path, optional
        ``crmkit.toml`` or the folder that holds it; without it the nearest one is looked for.
    period : str, optional
        Such as "2026-10": the data up to its end are used. Without it, all data.
    only : sequence of str, optional
        Models, such as "value"; without it all.
    fresh : bool
        Compute them again even if nothing has changed.
    refresh_segments : bool
        Learn the cuts and centres of the segments anew from the data up to the end of the period, and keep them in the
        store: they hold from that day on; earlier days keep theirs.
    progress : callable, optional
        Called with a model's name and what becomes of it: "waiting", "started", then "done" or "failed"; or "unchanged".

    Returns
    -------
    DataFrame
        One row per prediction: as_of, model, table, model_version, n_customers [count], status ("made", "unchanged",
        "not made" where the data lack what it needs, "failed"), reason.

    Raises
    ------
    CrmkitError
        If there are no data, or no prediction of that name, or the store cannot be written.

    Examples
    --------
    >>> predict("nowhere/crmkit.toml")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: There is no settings file ...
    """
    source = Path(settings if settings is not None else find_settings()).resolve()
    catalog = connect(source)
    wanted = Period.parse(period, catalog.settings.company.fiscal_year_start) if period else None
    day = last_day(catalog.data_through, wanted)
    if refresh_segments:
        refresh_reference(catalog, _store_of(catalog), day)
    with slow_ones_ahead(source, catalog, [day], only, fresh):
        return predict_days(source, [day], only, fresh, progress)


def predict_days(
    source: Path,
    days: Iterable[date],
    only: Sequence[str] | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Make and write the predictions of several days, one after another; see :func:`predict`."""
    told: list[Outcome] = []
    for day in sorted(set(days)):
        told += _written(source, day, only, fresh, progress or silent)
    return _summary(told)


@takes_day
def with_predictions(catalog: Catalog, as_of: date | None = None, only: Sequence[str] | None = None) -> Catalog:
    """Return a catalog whose tables of predictions hold those made now, beside the earlier ones; nothing is written.

    Parameters
    ----------
    catalog : Catalog
    as_of : date, optional
        Last day whose data is used; without it the last day of the data.
    only : sequence of str, optional
        Models, such as "value"; without it all.

    Raises
    ------
    CrmkitError
        If there are no data, no prediction of that name, or one fails by a fault in the data.

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
    outcomes = [made(catalog, day, each, "", silent) for each in predictions(only)]
    failed = [f"{outcome.entry.model}: {outcome.entry.reason}" for outcome in outcomes if outcome.status == "failed"]
    if failed:
        raise CrmkitError(f"Predictions failed. {' '.join(failed)}")
    frames = {}
    for table, fresh in by_table(outcomes).items():
        old = catalog.frame(table) if table in catalog.names else fresh.iloc[:0]
        stale = old["model"].isin(set(fresh["model"])) & (pd.to_datetime(old["as_of"]) == pd.Timestamp(day))
        frames[table] = pd.concat([each for each in (old[~stale], fresh) if len(each)])
    return catalog.with_tables(frames) if frames else catalog


def _written(source: Path, day: date, only: Sequence[str] | None, fresh: bool, progress: Progress) -> list[Outcome]:
    catalog = connect(source)  # anew for each day: a prediction may look at what the one before has written
    store = _store_of(catalog)
    made_from = _made_from(catalog)
    keep_first_reference(catalog, store)
    before = Ledger() if fresh else read_ledger(store) or Ledger()
    wanted = predictions(only)
    for each in wanted:
        progress(each.model, "waiting")
    there = {each.model: unchanged(before.entry(day, each.model), made_from, progress) for each in wanted}
    lacking = [each for each in wanted if there[each.model] is None]
    in_turn = slow_ones_last(catalog, day, lacking)
    fresh_ones = {each.model: made(catalog, day, each, made_from, progress) for each in in_turn}
    outcomes = [there[each.model] or fresh_ones[each.model] for each in wanted]
    if _made_from(catalog) != made_from:
        raise CrmkitError("The data or crmkit itself changed while predictions were made. Run it again.")
    whole = {day.isoformat(): made_from} if not only and all(o.status != "failed" for o in outcomes) else {}
    new = [outcome for outcome in outcomes if outcome.status != "unchanged"]
    if new or whole:
        write_predictions(store, [outcome.entry for outcome in new], by_table(new), whole)
    return outcomes


def _store_of(catalog: Catalog) -> Path:
    """Return the folder for predictions; where the data are in a database it holds nothing else."""
    folder = catalog.settings.path("store")
    return folder if catalog.settings.database else found_store(folder) or folder


def _made_from(catalog: Catalog) -> str:
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
