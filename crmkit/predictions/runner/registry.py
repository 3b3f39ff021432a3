"""The register of predictions, and how one of them is run.

A prediction is a function ``(catalog, as_of) -> frame`` that uses the data up to and including the day ``as_of`` only. It
returns one row per customer (or text): the key and the columns of its table. The runner adds as_of, model and
model_version, so that earlier predictions are kept and can be judged by their outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module

import pandas as pd

from crmkit import __version__
from crmkit.errors import CrmkitError, NotMeasured, UnknownName
from crmkit.predictions.runner.run_log import RunEntry
from crmkit.settings import Settings
from crmkit.tables.caching.fingerprint import code_digest, digest_of
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import PREDICTED, SCHEMAS

Predict = Callable[[Catalog, date], pd.DataFrame]
Progress = Callable[[str, str], None]
#: The modules that hold crmkit's own predictions, in the order in which they are run.
MODULES: tuple[str, ...] = (
    "crmkit.predictions.value.customer_values",
    "crmkit.predictions.churn.outlook",
    "crmkit.predictions.segments.assignment",
    "crmkit.predictions.next_purchase",
    "crmkit.predictions.loyalty",
    "crmkit.predictions.sentiment",
)
#: Settings that do not change what a prediction computes.
_IRRELEVANT_SETTINGS = {
    "data",
    "targets",
    "smallest_change_that_matters",
    "files",
    "tables",
    "database",
    "metric_modules",
}


@dataclass(frozen=True)
class Prediction:
    """One prediction.

    Attributes
    ----------
    model : str
        Such as ``value``; the rows carry it.
    table : str
        ``customer_scores``, ``segment_assignments`` or ``text_sentiments``.
    function : callable
    version : str
        The author's name for this version of the method.
    shared : callable, optional
        ``(catalog, as_of)``: computes and caches the part of it that two programs may share.
    """

    model: str
    table: str
    function: Predict
    version: str = ""
    shared: Callable[[Catalog, date], object] | None = None


PREDICTIONS: dict[str, Prediction] = {}


def prediction(
    *, table: str, model: str, version: str = "", shared: Callable[[Catalog, date], object] | None = None
) -> Callable[[Predict], Predict]:
    """Register a function ``(catalog, as_of) -> frame`` as the prediction of that model's name.

    Parameters
    ----------
    table : str
        The table it fills: ``customer_scores``, ``segment_assignments`` or ``text_sentiments``.
    model : str
        Its name; a second function of the same name replaces the first.
    version : str
        A name for this version of the method; without it, one is made from crmkit's code and the settings.
    shared : callable, optional
        ``(catalog, as_of)``: computes and caches the part of it that two programs may share.

    Examples
    --------
    >>> @prediction(table="customer_scores", model="doctest")
    ... def everybody_spends_ten(catalog, as_of):
    ...     return catalog.frame("customers")[["customer_id"]].assign(value=10.0)
    >>> PREDICTIONS.pop("doctest").table
    'customer_scores'
    """
    if table not in PREDICTED:
        raise UnknownName("table of predictions", table, PREDICTED)

    def registered(function: Predict) -> Predict:
        PREDICTIONS[model] = Prediction(model, table, function, version, shared)
        return function

    return registered


def registered_predictions(only: str | Sequence[str] | None = None) -> list[Prediction]:
    """Return the registered predictions, crmkit's own among them; ``only`` those of these models.

    Raises
    ------
    UnknownName
        If there is no prediction of that name.
    """
    for module in MODULES:
        import_module(module)
    only = [only] if isinstance(only, str) else only
    for model in only or ():
        if model not in PREDICTIONS:
            raise UnknownName("prediction", model, PREDICTIONS)
    return [each for model, each in PREDICTIONS.items() if not only or model in only]


@dataclass(frozen=True)
class Outcome:
    """The outcome of running one prediction.

    Attributes
    ----------
    entry : RunEntry
    status : str
        "made", "unchanged", "not made" where the data lack what it needs, or "failed".
    rows : DataFrame or None
        The rows to be written.
    """

    entry: RunEntry
    status: str
    rows: pd.DataFrame | None = None


def run_prediction(catalog: Catalog, day: date, each: Prediction, fingerprint: str, progress: Progress) -> Outcome:
    """Run one prediction; an error becomes the reason of its outcome and does not stop the others."""
    progress(each.model, "started")
    version = each.version or _version(catalog.settings)
    entry = RunEntry(day.isoformat(), each.model, each.table, version, fingerprint)
    try:
        rows = checked_rows(each.function(catalog, day), each.table)
        outcome = _with_rows(entry, rows.assign(as_of=day, model=each.model, model_version=version))
    except NotMeasured as error:
        outcome = _without(entry, "not made", str(error))
    except CrmkitError as error:
        outcome = _without(entry, "failed", str(error))
    except Exception as error:  # a fault of the method: the pages are made without it
        outcome = _without(entry, "failed", f"{type(error).__name__}: {error}"[:300])
    progress(each.model, "failed" if outcome.status == "failed" else "done")
    return outcome


def unchanged_outcome(entry: RunEntry | None, fingerprint: str, progress: Progress) -> Outcome | None:
    """Return the prediction of the store, if it was made from the same data, settings and code; else None."""
    if entry is None or not fingerprint or entry.fingerprint != fingerprint:
        return None
    progress(entry.model, "unchanged")
    return Outcome(entry, "unchanged")


def by_table(outcomes: Iterable[Outcome]) -> dict[str, pd.DataFrame]:
    """Return the rows of all outcomes, one frame per table."""
    rows = {table: [o.rows for o in outcomes if o.rows is not None and o.entry.table == table] for table in PREDICTED}
    return {table: pd.concat(frames, ignore_index=True) for table, frames in rows.items() if frames}


def no_progress(model: str, state: str) -> None:
    """Report no progress."""


def checked_rows(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the columns of a prediction's frame that belong into its table, one row per customer.

    Raises
    ------
    CrmkitError
        If a customer is missing or there twice, a number infinite, or a value outside its interval.

    Examples
    --------
    >>> frame = pd.DataFrame({"customer_id": ["a", "b"], "value": [2.0, 3.0], "low": [1.0, 4.0], "high": [3.0, 5.0]})
    >>> checked_rows(frame, "customer_scores")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: The prediction has 1 of 2 rows whose interval does not hold its value.
    """
    numbers = [name for name in ("value", "low", "high", "shared_error", "mood") if name in SCHEMAS[table].names]
    keys = [name for name in SCHEMAS[table].key if name not in ("as_of", "model")]
    needed, noun = [*keys, numbers[0] if numbers else "segment"], keys[0].removesuffix("_id")
    if absent := [name for name in needed if name not in rows]:
        raise CrmkitError(f"The prediction lacks the column {' and '.join(absent)}.")
    own = [name for name in SCHEMAS[table].names if name in rows and name not in ("as_of", "model", "model_version")]
    kept = rows[own].astype({name: float for name in numbers if name in rows}).reset_index(drop=True)
    broken = {
        f"without a {keys[0]}.": kept[keys[0]].isna(),
        f"of a {noun} {'who' if noun == 'customer' else 'that'} is there already.": kept[keys].duplicated(),
        f"without a {needed[-1]}.": kept[needed[-1]].isna(),
        "with an infinite number.": kept[[n for n in numbers if n in kept]].abs().eq(float("inf")).any(axis=1),
    }
    if "low" in kept and "high" in kept:
        tolerance = 1e-9 * kept["value"].abs() + 1e-9
        outside = (kept["value"] < kept["low"] - tolerance) | (kept["value"] > kept["high"] + tolerance)
        broken["whose interval does not hold its value."] = outside
    faults = [f"{int(where.sum())} of {len(kept)} rows {what}" for what, where in broken.items() if where.any()]
    if faults:
        raise CrmkitError(f"The prediction has {' '.join(faults)}")
    return kept


def _with_rows(entry: RunEntry, rows: pd.DataFrame) -> Outcome:
    return Outcome(replace(entry, n_customers=len(rows)), "made", rows)


def _without(entry: RunEntry, status: str, reason: str) -> Outcome:
    fingerprint = entry.fingerprint if status == "not made" else ""  # what failed is tried again
    return Outcome(replace(entry, reason=reason, fingerprint=fingerprint), status)


def _version(settings: Settings) -> str:
    """Return a name for what determines the numbers beside the data: crmkit's code and the relevant settings."""
    digest = digest_of(code_digest(), settings.model_dump_json(exclude=_IRRELEVANT_SETTINGS))
    return f"{__version__}.{digest[:8]}"
