"""What was known of customers on past days, and who of them had left a horizon later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from weakref import WeakKeyDictionary

import pandas as pd

from crmkit.features.labels import labels
from crmkit.features.snapshot import snapshot_with_ends
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember, remember_each

STEP = 30  # days between two days that are learned from
N_LEARNED = 4  # days stacked to learn from
N_TESTED = 6  # days of the back-test
_KEPT: WeakKeyDictionary[Catalog, dict[date, pd.DataFrame]] = WeakKeyDictionary()
_WARM_UP = 120  # days of data before the first day that is learned from: before that a rhythm cannot be known


def past_days(catalog: Catalog, as_of: date) -> list[date]:
    """Return the past days whose outcome is known on ``as_of``, newest first, as many as a back-test asks for."""
    horizon, first = catalog.settings.company.churn_after_days, catalog.data_from
    if first is None:
        return []
    newest = as_of - timedelta(days=horizon)
    days = [newest - timedelta(days=STEP * i) for i in range(N_TESTED + N_LEARNED + -(-horizon // STEP))]
    return [day for day in days if day >= first + timedelta(days=_WARM_UP)]


def known_on(catalog: Catalog, day: date) -> pd.DataFrame:
    """Return the customers active on a day, with their features and, as far as the data tell, what became of them.

    Returns
    -------
    DataFrame
        Indexed by customer_id: the features; kind ("at risk", "notice given", or "" where the activity is agreed for
        longer than the horizon), lost (1.0, 0.0 or NaN), day.
    """
    kept = _KEPT.setdefault(catalog, {})  # a back-test asks for each day several times
    if day not in kept:
        kept[day] = remember(catalog, _known_on, day, reads_predictions=False)
    return kept[day].copy()


def look_at(catalog: Catalog, days: Sequence[date]) -> None:
    """Have :func:`known_on` ready for several days; programs that ask for the same share the work."""
    kept = _KEPT.setdefault(catalog, {})
    days = [day for day in days if day not in kept]
    each = remember_each(catalog, _known_on, [(day,) for day in days], reads_predictions=False)
    kept.update(zip(days, each, strict=True))


def stacked(catalog: Catalog, days: Sequence[date]) -> pd.DataFrame:
    """Return those at risk on each of several days, one below the other; no outcome is missing.

    A gap of :data:`STEP` days lies between two days, and each customer counts on each day on which she was at risk.
    """
    rows = [known_on(catalog, day) for day in days]
    at_risk = [each[(each["kind"] == "at risk") & each["lost"].notna()] for each in rows]
    return pd.concat(at_risk) if at_risk else pd.DataFrame(columns=["lost", "day", "kind"])


def features_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the features alone."""
    return rows.drop(columns=["kind", "lost", "day"])


def _known_on(catalog: Catalog, day: date) -> pd.DataFrame:
    rows = snapshot_with_ends(catalog, day)
    became = labels(catalog, day, ends_on=rows.pop("ends_on"))
    return rows.assign(
        kind=became["kind"].reindex(rows.index).fillna(""), lost=became["lost"].reindex(rows.index), day=str(day)
    )
