"""What is written of predictions, and from what: a small file beside them, read without any of their libraries.

::

    store/
      customer_scores.parquet      the rows
      predictions.json             per day and model: what they were made from, how many rows, hash of the rows

An entry counts only as long as the tables are the very files that it was written for.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from crmkit.predictions.reference_file import known_references
from crmkit.tables.depends import digest_of
from crmkit.tables.schema import PREDICTED

FILE = "predictions.json"


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
        noted = json.loads((store / FILE).read_text(encoding="utf-8"))
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
    aside = store / f".{FILE}.{secrets.token_hex(4)}"
    try:
        aside.write_text(json.dumps(noted, indent=1), encoding="utf-8")
        os.replace(aside, store / FILE)
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
