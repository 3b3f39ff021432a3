"""Run one prediction: its rows, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from crmkit import __version__
from crmkit.errors import CrmkitError, NotMeasured
from crmkit.predictions.ledger import Entry
from crmkit.predictions.register import Prediction, checked
from crmkit.settings import Settings
from crmkit.tables.catalog import Catalog
from crmkit.tables.depends import code_digest, digest_of
from crmkit.tables.schema import PREDICTED

Progress = Callable[[str, str], None]
_NO_MATTER = {"data", "targets", "smallest_change_that_matters", "files", "tables", "database", "metric_modules"}


@dataclass(frozen=True)
class Outcome:
    """What became of one prediction.

    Attributes
    ----------
    entry : Entry
    status : str
        "made", "unchanged", "not made" where the data lack what it needs, or "failed".
    rows : DataFrame or None
        What is to be written.
    """

    entry: Entry
    status: str
    rows: pd.DataFrame | None = None


def silent(model: str, state: str) -> None:
    """Tell nobody."""


def unchanged(entry: Entry | None, made_from: str, progress: Progress) -> Outcome | None:
    """Return what is written already, if it was made from the very same; else None."""
    if entry is None or not made_from or entry.made_from != made_from:
        return None
    progress(entry.model, "unchanged")
    return Outcome(entry, "unchanged")


def made(catalog: Catalog, day: date, each: Prediction, made_from: str, progress: Progress) -> Outcome:
    """Run one prediction; whatever goes wrong in it is its own reason and harms no other."""
    progress(each.model, "started")
    version = each.version or _version(catalog.settings)
    entry = Entry(day.isoformat(), each.model, each.table, version, made_from)
    try:
        rows = checked(each.function(catalog, day), each.table)
        outcome = _with_rows(entry, rows.assign(as_of=day, model=each.model, model_version=version))
    except NotMeasured as error:
        outcome = _without(entry, "not made", str(error))
    except CrmkitError as error:
        outcome = _without(entry, "failed", str(error))
    except Exception as error:  # a fault of the method, not of the reader's: the pages are made without it
        outcome = _without(entry, "failed", f"{type(error).__name__}: {error}"[:300])
    progress(each.model, "failed" if outcome.status == "failed" else "done")
    return outcome


def _with_rows(entry: Entry, rows: pd.DataFrame) -> Outcome:
    return Outcome(replace(entry, n_customers=len(rows)), "made", rows)


def _without(entry: Entry, status: str, reason: str) -> Outcome:
    made_from = entry.made_from if status == "not made" else ""  # what failed is tried again
    return Outcome(replace(entry, reason=reason, made_from=made_from), status)


def by_table(outcomes: Iterable[Outcome]) -> dict[str, pd.DataFrame]:
    """Return the rows of all outcomes, one frame per table."""
    rows = {table: [o.rows for o in outcomes if o.rows is not None and o.entry.table == table] for table in PREDICTED}
    return {table: pd.concat(frames, ignore_index=True) for table, frames in rows.items() if frames}


def _version(settings: Settings) -> str:
    """Name what else than the data makes the numbers: crmkit's code, and the settings that are no mere places."""
    made_by = digest_of(code_digest(), settings.model_dump_json(exclude=_NO_MATTER))
    return f"{__version__}.{made_by[:8]}"
