"""The written predictions: earlier ones stay, those of the same day and model are replaced; one writer at a time."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.sources.store.store import save_table
from crmkit.tables.caching.fingerprint import digest_of
from crmkit.tables.catalog import typed
from crmkit.tables.schema import PREDICTED, SCHEMAS

_LOCK = ".predictions.lock"
_PATIENCE = 20.0  # seconds to wait for another writer; a write takes one or two
_FORGOTTEN_AFTER = 120.0  # seconds: whoever held it so long was killed


def write_predictions(
    store: Path, entries: list[Entry], frames: Mapping[str, pd.DataFrame], whole: Mapping[str, str]
) -> None:
    """Write the rows of these predictions and what they were made from.

    Parameters
    ----------
    store : Path
    entries : list of Entry
        What became of each; all rows of its day and model that were there before are replaced.
    frames : mapping of str to DataFrame
        New rows of each table, with as_of, model and model_version.
    whole : mapping of str to str
        Days of which all predictions are there now, each with what they were made from.
    """
    with only_writer(store):
        before = read_ledger(store) or Ledger()
        gone = {(entry.as_of, entry.model) for entry in entries}
        kept = [entry for entry in before.entries if (entry.as_of, entry.model) not in gone]
        for table in sorted({entry.table for entry in entries}):
            old = written_rows(store, table)
            stale = pd.Series(
                [key in gone for key in zip(old["as_of"].astype(str), old["model"], strict=True)], dtype=bool
            )
            new = frames.get(table, old.iloc[:0])
            if stale.any() or len(new):
                rows = pd.concat([each for each in (old[~stale.to_numpy()], new) if len(each)] or [old.iloc[:0]])
                save_table(store, table, typed(rows, table))
                kept += _unheard_of(old[~stale.to_numpy()], table, kept)
        days = {**(before.whole or {}), **whole}
        write_ledger(store, Ledger((*kept, *(_with_hash(entry, frames.get(entry.table)) for entry in entries)), days))


def written_rows(store: Path, table: str) -> pd.DataFrame:
    """Return all rows of a table of predictions; none if it was never written."""
    file = store / f"{table}.parquet"
    if not file.is_file():
        return pd.DataFrame({name: pd.Series(dtype=object) for name in SCHEMAS[table].names})
    return pd.read_parquet(file)


def latest(rows: pd.DataFrame, model: str, on_or_before: date | None = None) -> pd.DataFrame:
    """Return a model's rows of the last day on which it predicted, at or before a day.

    Examples
    --------
    >>> days = [date(2026, 8, 31), date(2026, 9, 30)]
    >>> rows = pd.DataFrame({"customer_id": ["a", "a"], "as_of": days, "model": "value", "value": [5.0, 7.0]})
    >>> latest(rows, "value", date(2026, 9, 15))["value"].tolist()
    [5.0]
    """
    own = rows[rows["model"] == model]
    days = pd.to_datetime(own["as_of"])
    if on_or_before is not None:
        own, days = own[days <= pd.Timestamp(on_or_before)], days[days <= pd.Timestamp(on_or_before)]
    return own[days == days.max()].reset_index(drop=True)


def _unheard_of(rows: pd.DataFrame, table: str, entries: list[Entry]) -> list[Entry]:
    """Return an entry for each day and model in a table of which there is none."""
    there = {(entry.as_of, entry.model) for entry in entries}
    found = rows[["as_of", "model", "model_version"]].astype(str).drop_duplicates(["as_of", "model"])
    new = [
        Entry(day, model, table, version, made_from="")
        for day, model, version in found.itertuples(index=False)
        if (day, model) not in there
    ]
    return [_with_hash(entry, rows) for entry in new]


def _with_hash(entry: Entry, rows: pd.DataFrame | None) -> Entry:
    if rows is None:
        return entry
    own = rows[(rows["model"] == entry.model) & (rows["as_of"].astype(str) == entry.as_of)]
    hashes = pd.util.hash_pandas_object(own.drop(columns="as_of"), index=False)
    return replace(entry, n_customers=len(own), rows=f"{int(hashes.sum()):x}")


@contextmanager
def only_writer(store: Path) -> Iterator[None]:
    """Be the only program that writes predictions into a store while the block runs.

    Raises
    ------
    CrmkitError
        If another one does not end in time.
    """
    store.mkdir(parents=True, exist_ok=True)
    lock, until = store / _LOCK, time.monotonic() + _PATIENCE
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if _age(lock) > _FORGOTTEN_AFTER:
                lock.unlink(missing_ok=True)
            elif time.monotonic() > until:
                raise CrmkitError(
                    f"Another program is writing predictions into {store}. Run it again when that one has ended."
                ) from None
            else:
                time.sleep(0.1)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


# What is written of predictions, and from what: a small file beside them, read without any of their libraries. ::
# store/ customer_scores.parquet the rows predictions.json per day and model: what they were made from, how many
# rows, hash of the rows An entry counts only as long as the tables are the very files that it was written for.


RUN_LOG_FILE = "predictions.json"


@dataclass(frozen=True)
class Entry:
    """What became of one prediction of one day.

    Attributes
    ----------
    as_of : str
        The last day whose data it saw.
    model, table, version : str
    made_from : str
        Hash of data, settings, code and versions; empty where that is not known.
    n_customers : int
        Rows [count].
    reason : str
        Why there are none.
    rows : str
        Hash of the rows.
    """

    as_of: str
    model: str
    table: str
    version: str
    made_from: str
    n_customers: int = 0
    reason: str = ""
    rows: str = ""


@dataclass(frozen=True)
class Ledger:
    """What is written in a store.

    Attributes
    ----------
    entries : tuple of Entry
    whole : mapping of str to str
        Days on which every prediction was made, each with what they were made from.
    """

    entries: tuple[Entry, ...] = ()
    whole: Mapping[str, str] | None = None

    def has_all_of(self, as_of: date, made_from: str) -> bool:
        """Whether all predictions of a day are there, made from that."""
        return bool(made_from) and (self.whole or {}).get(as_of.isoformat()) == made_from

    def entry(self, as_of: date, model: str) -> Entry | None:
        """Return what became of a model's prediction of a day."""
        return next((e for e in self.entries if (e.as_of, e.model) == (as_of.isoformat(), model)), None)

    def without(self, models: Collection[str], since: date) -> Ledger:
        """Return the ledger in which these models' predictions from a day on count as outdated: they are made again."""
        entries = [
            replace(e, made_from="") if e.model in models and e.as_of >= since.isoformat() else e for e in self.entries
        ]
        return Ledger(tuple(entries), {day: of for day, of in (self.whole or {}).items() if day < since.isoformat()})

    def known_on(self, day: date) -> str:
        """Return the hash of all predictions that were made from the data before a day."""
        seen = [(e.as_of, e.model, e.version, e.reason, e.rows) for e in self.entries if e.as_of < day.isoformat()]
        return digest_of(*sorted(seen)) if seen else ""


def read_ledger(store: Path) -> Ledger | None:
    """Return what is written in a store; None if the tables are not those that it was written for, or it is damaged."""
    try:
        noted = json.loads((store / RUN_LOG_FILE).read_text(encoding="utf-8"))
        if noted["tables"] != _tables(store):
            return None
        return Ledger(tuple(Entry(**entry) for entry in noted["entries"]), noted["whole"])
    except FileNotFoundError:
        return None if _tables(store) else Ledger()
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_ledger(store: Path, ledger: Ledger) -> None:
    """Write what has become of the predictions, beside the tables as they are now."""
    noted = {
        "tables": _tables(store),
        "whole": dict(ledger.whole or {}),
        "entries": [asdict(e) for e in ledger.entries],
    }
    aside = store / f".{RUN_LOG_FILE}.{secrets.token_hex(4)}"
    try:
        aside.write_text(json.dumps(noted, indent=1), encoding="utf-8")
        os.replace(aside, store / RUN_LOG_FILE)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def known_predictions(store: Path, day: date) -> str:
    """Return the hash of what a page of a period that ends on ``day`` can read of predictions.

    Later predictions do not change it, so that a month's page stays as it is when the next month's are made.
    """
    ledger, references = read_ledger(store), known_references(store, day)
    known = digest_of(*sorted(_tables(store).items())) if ledger is None else ledger.known_on(day)
    return digest_of(known, references) if references else known


def _tables(store: Path) -> dict[str, str]:
    return {name: digest for name in PREDICTED if (digest := _hash(store / f"{name}.parquet"))}


def _hash(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except FileNotFoundError:
        return ""


# The file in the store that holds the rulers of segments, each with the day it was learned on; read without any
# library. :: store/ segment_reference.json cuts and centres, oldest first; no customer is in it A page uses the
# last one learned by its own day, so that a refresh changes no earlier page.


REFERENCE_FILE = "segment_reference.json"
_VERSION = 1


def read_references(store: Path) -> list[dict[str, Any]]:
    """Return what is kept in a store, oldest first; nothing where nothing is.

    Raises
    ------
    CrmkitError
        If the file is damaged: segments would silently mean something else.
    """
    try:
        noted = json.loads((store / REFERENCE_FILE).read_text(encoding="utf-8"))
        if noted["version"] != _VERSION:
            raise ValueError("another version")
        return sorted(noted["references"], key=lambda each: date.fromisoformat(each["learned_on"]))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CrmkitError(
            f"The reference of the segments, {store / REFERENCE_FILE}, cannot be read. Restore it from a copy, or "
            "delete it and run `crmkit predict --refresh-segments`: segments are then learned anew."
        ) from None


def write_references(store: Path, references: Sequence[dict[str, Any]]) -> None:
    """Write them in place of those before; at any moment there is a whole file."""
    store.mkdir(parents=True, exist_ok=True)
    aside = store / f".{REFERENCE_FILE}.{secrets.token_hex(4)}"
    try:
        aside.write_text(json.dumps({"version": _VERSION, "references": list(references)}, indent=1), encoding="utf-8")
        os.replace(aside, store / REFERENCE_FILE)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def known_references(store: Path, day: date) -> str:
    """Return the hash of the references that a page of a period that ends on ``day`` can use; empty without any."""
    try:
        used = [each for each in read_references(store) if each["learned_on"] < day.isoformat()]
    except CrmkitError:  # the page that reads it says so
        return "damaged"
    return digest_of(json.dumps(used, sort_keys=True)) if used else ""
