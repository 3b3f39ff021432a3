"""Statements about times to come, kept in the store when they are made: the first one counts.

One file in the store, which no export can rebuild and which is therefore kept twice::

    store/track_record.json    one entry per day, number and month ahead

It is read without pandas, so that a report with nothing to do starts quickly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.sources.store.integrity import replaced_twice
from crmkit.tables.caching.fingerprint import digest_of

STATEMENTS_FILE = "track_record.json"
_VERSION = 1


@dataclass(frozen=True)
class Statement:
    """One statement about a month to come, about what customers will do, or that a change is real.

    Attributes
    ----------
    as_of : str
        The last day whose data it uses.
    said_on : str
        The day on which it was made.
    data_through : str
        The last day with data when it was made: a month that had ended by then was known already.
    metric, period : str
        What it is about.
    step : int
        Months ahead.
    value, low_80, high_80, low, high : float
        [unit of the metric]
    naive : float
        What the same month of the year before, or else the last month, would have let expect; of customers what the time
        before, as long, had brought; of a verdict the value before [unit of the metric].
    kind : str
        "month" (a number of a month to come), "customers" (what today's customers will do), or "verdict" (a change that
        was called real).
    """

    as_of: str
    said_on: str
    data_through: str
    metric: str
    period: str
    step: int
    value: float
    low_80: float
    high_80: float
    low: float
    high: float
    naive: float
    kind: str = "month"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is about, and as of when: of the same key the first statement counts."""
        return self.as_of, self.kind, self.metric, self.period


def read_statements(store: Path) -> list[Statement]:
    """Return all statements of a store, in the order in which they were made; none without a file.

    Raises
    ------
    CrmkitError
        If the file is damaged: a record with gaps would be no record.
    """
    file = store / STATEMENTS_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise ValueError("another version")
        return [Statement(**entry) for entry in content["statements"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        raise CrmkitError(
            f"The record of what reports have said, {file}, cannot be read. Restore it from a copy, or delete it: the "
            "record then begins anew."
        ) from None


def add_statements(store: Path, new: Iterable[Statement]) -> int:
    """Add statements to the record of a store; those whose key is there already are left out.

    Returns
    -------
    int
        How many were added.
    """
    before = read_statements(store)
    known = {each.key for each in before}
    added = [each for each in new if each.key not in known]
    if added:
        write_statements(store, [*before, *added])
    return len(added)


def write_statements(store: Path, statements: Sequence[Statement]) -> None:
    """Replace the record of a store, in one step and twice."""
    content = {"version": _VERSION, "statements": [asdict(each) for each in statements]}
    with replaced_twice(store / STATEMENTS_FILE) as temporary:
        temporary.write_text(json.dumps(content, indent=0), encoding="utf-8")


def statements_hash(store: Path, day: date) -> str:
    """Return the hash of the statements that a page of a period that ends on ``day`` reads; empty without any."""
    try:
        seen = [each for each in read_statements(store) if each.as_of < day.isoformat()]
    except CrmkitError:  # the page that reads them reports it
        return "damaged"
    return digest_of(*(json.dumps(asdict(each)) for each in seen)) if seen else ""
