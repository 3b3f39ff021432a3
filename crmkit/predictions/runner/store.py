"""The tables of predictions in the store: other days and models stay when new rows are written, one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from crmkit.errors import CrmkitError
from crmkit.predictions.runner.run_log import RunEntry, RunLog, read_run_log, write_run_log
from crmkit.sources.store.one_step import one_step
from crmkit.sources.store.store import save_table
from crmkit.tables.schema import SCHEMAS
from crmkit.tables.validate import typed

_LOCK = ".predictions.lock"
_PATIENCE = 20.0  # seconds to wait for another writer; a write takes one or two


def write_predictions(
    store: Path, entries: list[RunEntry], frames: Mapping[str, pd.DataFrame], whole: Mapping[str, str]
) -> None:
    """Write the rows of some predictions, and their entries in the run log, all of it in one step.

    Parameters
    ----------
    store : Path
    entries : list of RunEntry
        One per prediction; earlier rows of its day and model are replaced.
    frames : mapping of str to DataFrame
        New rows of each table, with as_of, model and model_version.
    whole : mapping of str to str
        Days that now have all predictions, each with the fingerprint of the data, settings and code.
    """
    with write_lock(store), one_step(store) as fresh:
        before = read_run_log(store) or RunLog()
        replaced = {(entry.as_of, entry.model) for entry in entries}
        kept = [entry for entry in before.entries if (entry.as_of, entry.model) not in replaced]
        for table in sorted({entry.table for entry in entries}):
            old = read_predictions(store, table)
            stale = pd.Series(
                [key in replaced for key in zip(old["as_of"].astype(str), old["model"], strict=True)], dtype=bool
            )
            new = frames.get(table, old.iloc[:0])
            if stale.any() or len(new):
                rows = pd.concat([each for each in (old[~stale.to_numpy()], new) if len(each)] or [old.iloc[:0]])
                save_table(fresh, table, typed(rows, table))
                kept += _entries_missing(old[~stale.to_numpy()], table, kept)
        days = {**(before.whole or {}), **whole}
        logged = (*kept, *(_with_hash(entry, frames.get(entry.table)) for entry in entries))
        write_run_log(store, RunLog(logged, days), fresh)


def read_predictions(store: Path, table: str) -> pd.DataFrame:
    """Return all rows of a table of predictions; no rows if it was never written."""
    file = store / f"{table}.parquet"
    if not file.is_file():
        return pd.DataFrame({name: pd.Series(dtype=object) for name in SCHEMAS[table].names})
    return pd.read_parquet(file)


def latest_predictions(rows: pd.DataFrame, model: str, on_or_before: date | None = None) -> pd.DataFrame:
    """Return a model's rows of the last day on which it predicted, at or before a day.

    Examples
    --------
    >>> days = [date(2026, 8, 31), date(2026, 9, 30)]
    >>> rows = pd.DataFrame({"customer_id": ["a", "a"], "as_of": days, "model": "value", "value": [5.0, 7.0]})
    >>> latest_predictions(rows, "value", date(2026, 9, 15))["value"].tolist()
    [5.0]
    """
    own = rows[rows["model"] == model]
    days = pd.to_datetime(own["as_of"])
    if on_or_before is not None:
        own, days = own[days <= pd.Timestamp(on_or_before)], days[days <= pd.Timestamp(on_or_before)]
    return own[days == days.max()].reset_index(drop=True)


@contextmanager
def write_lock(store: Path) -> Iterator[None]:
    """Hold the lock for writing predictions into a store while the block runs.

    Raises
    ------
    CrmkitError
        If another program holds it for too long.
    """
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(store / _LOCK, timeout=_PATIENCE):  # released by the system if this program is killed
            yield
    except Timeout:
        raise CrmkitError(
            f"Another program is writing predictions into {store}. Run it again when that one has ended."
        ) from None


def _entries_missing(rows: pd.DataFrame, table: str, entries: list[RunEntry]) -> list[RunEntry]:
    """Return an entry for each day and model of a table that the run log lacks, as after the log was lost."""
    logged = {(entry.as_of, entry.model) for entry in entries}
    found = rows[["as_of", "model", "model_version"]].astype(str).drop_duplicates(["as_of", "model"])
    new = [
        RunEntry(day, model, table, version, fingerprint="")
        for day, model, version in found.itertuples(index=False)
        if (day, model) not in logged
    ]
    return [_with_hash(entry, rows) for entry in new]


def _with_hash(entry: RunEntry, rows: pd.DataFrame | None) -> RunEntry:
    if rows is None:
        return entry
    own = rows[(rows["model"] == entry.model) & (rows["as_of"].astype(str) == entry.as_of)]
    hashes = pd.util.hash_pandas_object(own.drop(columns="as_of"), index=False)
    return replace(entry, n_customers=len(own), rows=f"{int(hashes.sum()):x}")
