"""Small files in the store beside the predictions: the run log, the references of the segments, the topics of texts.

They are read without pandas, so that a report with nothing to predict starts quickly::

    store/
      customer_scores.parquet  ...  the rows (see :mod:`crmkit.predictions.runner.store`)
      predictions.json              per day and model: fingerprint of the inputs, number of rows, hash of the rows
      segment_reference.json        cuts and centres of the segments, oldest first, without customers
      topic_dictionary.json         words and topics of what customers write, oldest first, without texts

An entry of the run log is valid only for the very tables that it was written for. A page uses the last reference that was
learned by its own day, so that a refresh changes no earlier page.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from crmkit.errors import CrmkitError
from crmkit.predictions.track_record.statements import statements_hash
from crmkit.sources.store.integrity import replaced_twice
from crmkit.tables.caching.fingerprint import content_hash, digest_of
from crmkit.tables.schema import PREDICTED

RUN_LOG_FILE = "predictions.json"
REFERENCE_FILE = "segment_reference.json"
DICTIONARY_FILE = "topic_dictionary.json"
_REFERENCE_VERSION = _DICTIONARY_VERSION = 1


@dataclass(frozen=True)
class RunEntry:
    """The result of one prediction of one day.

    Attributes
    ----------
    as_of : str
        The last day whose data was used.
    model, table, version : str
    fingerprint : str
        Hash of data, settings, code and versions ("made_from" in the file); empty where it is not known or the
        prediction is outdated.
    n_customers : int
        Rows [count].
    reason : str
        Why there are no rows.
    rows : str
        Hash of the rows.
    """

    as_of: str
    model: str
    table: str
    version: str
    fingerprint: str
    n_customers: int = 0
    reason: str = ""
    rows: str = ""


@dataclass(frozen=True)
class RunLog:
    """The predictions that a store holds.

    Attributes
    ----------
    entries : tuple of RunEntry
    whole : mapping of str to str
        Days on which every prediction was made, each with the fingerprint of the data, settings and code.
    """

    entries: tuple[RunEntry, ...] = ()
    whole: Mapping[str, str] | None = None

    def is_complete(self, as_of: date, fingerprint: str) -> bool:
        """Return whether the store holds all predictions of a day, made with this fingerprint."""
        return bool(fingerprint) and (self.whole or {}).get(as_of.isoformat()) == fingerprint

    def entry(self, as_of: date, model: str) -> RunEntry | None:
        """Return the entry of a model on a day; None if there is none."""
        return next((e for e in self.entries if (e.as_of, e.model) == (as_of.isoformat(), model)), None)

    def with_outdated(self, models: Collection[str], since: date) -> RunLog:
        """Return the run log with these models' predictions from a day on marked as outdated, so that they are made again."""
        entries = [
            replace(e, fingerprint="") if e.model in models and e.as_of >= since.isoformat() else e
            for e in self.entries
        ]
        return RunLog(tuple(entries), {day: of for day, of in (self.whole or {}).items() if day < since.isoformat()})

    def hash_before(self, day: date) -> str:
        """Return the hash of all predictions of the days before a day."""
        seen = [(e.as_of, e.model, e.version, e.reason, e.rows) for e in self.entries if e.as_of < day.isoformat()]
        return digest_of(*sorted(seen)) if seen else ""


def read_run_log(store: Path) -> RunLog | None:
    """Return the run log of a store; None if it was written for other tables, or is damaged."""
    try:
        content = json.loads((store / RUN_LOG_FILE).read_text(encoding="utf-8"))
        if content["tables"] != _table_hashes(store):
            return None
        return RunLog(tuple(_entry_from_json(entry) for entry in content["entries"]), content["whole"])
    except FileNotFoundError:
        return None if _table_hashes(store) else RunLog()
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_run_log(store: Path, run_log: RunLog, fresh: Path) -> None:
    """Write the run log of a store, valid for its tables as they are now, and for those that are about to replace them.

    Parameters
    ----------
    store : Path
    run_log : RunLog
    fresh : Path
        Folder of the files that replace those of the store in one step: the log is written there.
    """
    entries = [_entry_to_json(entry) for entry in run_log.entries]
    content = {
        "tables": _table_hashes(store) | _table_hashes(fresh),
        "whole": dict(run_log.whole or {}),
        "entries": entries,
    }
    _replace_file(fresh / RUN_LOG_FILE, content)


def read_references(store: Path) -> list[dict[str, Any]]:
    """Return the references of the segments in a store, oldest first; an empty list without any.

    Raises
    ------
    CrmkitError
        If the file is damaged: with a new reference, segments would silently mean something else.
    """
    remedy = "Restore it from a copy, or delete it and run `crmkit predict --refresh-segments`: segments are then learned anew."
    problem = f"The reference of the segments, {store / REFERENCE_FILE}, cannot be read. {remedy}"
    return _read_kept(store / REFERENCE_FILE, _REFERENCE_VERSION, "references", "learned_on", problem)


def write_references(store: Path, references: Sequence[dict[str, Any]]) -> None:
    """Replace the references of a store."""
    store.mkdir(parents=True, exist_ok=True)
    _replace_file(store / REFERENCE_FILE, {"version": _REFERENCE_VERSION, "references": list(references)})


def read_dictionaries(store: Path) -> list[dict[str, Any]]:
    """Return the topics of texts in a store, oldest first; an empty list without any.

    Raises
    ------
    CrmkitError
        If the file is damaged: with new topics, earlier months could not be compared.
    """
    remedy = "Restore the file from a copy, or delete it: topics are then learned anew."
    problem = f"The topics of the texts, {store / DICTIONARY_FILE}, cannot be read. {remedy}"
    return _read_kept(store / DICTIONARY_FILE, _DICTIONARY_VERSION, "dictionaries", "day", problem)


def write_dictionaries(store: Path, dictionaries: Sequence[dict[str, Any]]) -> None:
    """Replace the topics of texts of a store."""
    store.mkdir(parents=True, exist_ok=True)
    content = {"version": _DICTIONARY_VERSION, "dictionaries": list(dictionaries)}
    _replace_file(store / DICTIONARY_FILE, content, indent=None)


def _read_kept(file: Path, version: int, name: str, day: str, problem: str) -> list[dict[str, Any]]:
    """Return what a file keeps of earlier days, oldest first; nothing where there is no file, an error where it is damaged."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != version:
            raise ValueError("another version")
        return sorted(content[name], key=lambda each: date.fromisoformat(each[day]))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CrmkitError(problem) from None


def predictions_hash(store: Path, day: date) -> str:
    """Return the hash of the predictions that a page of a period that ends on ``day`` can read.

    Later predictions do not change it, so that the page of a month stays as it is when those of the next are made.
    """
    run_log = read_run_log(store)
    beside = [references_hash(store, day), statements_hash(store, day)]
    known = digest_of(*sorted(_table_hashes(store).items())) if run_log is None else run_log.hash_before(day)
    return digest_of(known, *beside) if any(beside) else known


def references_hash(store: Path, day: date) -> str:
    """Return the hash of the references that a page of a period that ends on ``day`` can use; empty without any."""
    try:
        used = [each for each in read_references(store) if each["learned_on"] < day.isoformat()]
        used += [each for each in read_dictionaries(store) if each["day"] < day.isoformat()]
    except CrmkitError:  # the page that reads the references reports it
        return "damaged"
    return digest_of(json.dumps(used, sort_keys=True)) if used else ""


def _entry_from_json(values: dict[str, Any]) -> RunEntry:
    return RunEntry(**{"fingerprint" if name == "made_from" else name: value for name, value in values.items()})


def _entry_to_json(entry: RunEntry) -> dict[str, Any]:
    return {"made_from" if name == "fingerprint" else name: value for name, value in asdict(entry).items()}


def _table_hashes(store: Path) -> dict[str, str]:
    return {name: digest for name in PREDICTED if (digest := content_hash(store / f"{name}.parquet"))}


def _replace_file(file: Path, content: Mapping[str, Any], indent: int | None = 1) -> None:
    """Write a JSON file in one step: at any moment the old or the new one is there whole."""
    with replaced_twice(file) as temporary:
        temporary.write_text(json.dumps(content, indent=indent), encoding="utf-8")
