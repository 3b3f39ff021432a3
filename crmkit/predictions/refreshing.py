"""Keep the rulers of the segments in the store: the first by itself, another when it is asked for."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

from crmkit.errors import CrmkitError, NotMeasured
from crmkit.predictions.ledger import read_ledger, write_ledger
from crmkit.predictions.reference_file import read_references
from crmkit.predictions.segment_references import keep, wanted_first
from crmkit.predictions.segments import RULED
from crmkit.predictions.written import only_writer
from crmkit.tables.catalog import Catalog


def keep_first_reference(catalog: Catalog, store: Path) -> None:
    """Keep a reference where the store has none and the data are of a year, or the one that the settings name."""
    day = wanted_first(catalog, read_references(store))
    if day is not None:
        # Without the features that the settings name nothing can be kept; the prediction of the segments says which.
        with only_writer(store), suppress(CrmkitError, NotMeasured):
            keep(catalog, store, day)


def refresh_reference(catalog: Catalog, store: Path, day: date) -> None:
    """Learn the rulers anew from the data up to a day and keep them; predictions by the old ones from then on are outdated.

    Raises
    ------
    CrmkitError
        If there are too few customers to learn from, or the settings name another day.
    """
    with only_writer(store):
        keep(catalog, store, day)
        ledger = read_ledger(store)
        if ledger is not None:
            write_ledger(store, ledger.without(RULED, since=day))
