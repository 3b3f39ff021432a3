"""The rulers that segments are measured by: RFM's cuts, k-means' centres and names, learned from the data of one day.

The day is that of ``segments_learned_on`` of the settings, else the last end of a fiscal year by when there was a year
of data, else the first end of a month by when there were 90 days. No ruler is learned after the day it is used on, so
that a page for an old month looks at nothing later. :mod:`crmkit.predictions.segment_references` keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from crmkit.models.customer_segments import CustomerSegments
from crmkit.models.rfm import RFM
from crmkit.models.segment_matching import match_labels
from crmkit.models.segment_names import segment_names
from crmkit.periods import Period
from crmkit.predictions.segment_features import customers_on, described_on
from crmkit.tables.catalog import Catalog

_YEAR, _FIRST = 365, 90  # days of data before a ruler is learned


@dataclass(eq=False)
class Segmentation:
    """k-means with its names.

    Attributes
    ----------
    model : CustomerSegments
    names : list of str
        In the order of the model's centres.
    learned_on : date
        Last day of the data it was learned from.
    features : tuple of str
        Columns that it looks at.
    """

    model: CustomerSegments
    names: list[str]
    learned_on: date
    features: tuple[str, ...]

    def customers(self, catalog: Catalog, as_of: date) -> pd.DataFrame:
        """Return the customers of a day with the columns that it looks at."""
        return described_on(catalog, as_of, self.features)

    def named(self, customers: pd.DataFrame) -> pd.Series:
        """Return the name of each customer's segment."""
        numbers = self.model.predict(customers[list(self.features)])
        return pd.Series([self.names[number] for number in numbers], index=customers.index, dtype=object)


def ruler_day(catalog: Catalog, as_of: date) -> date:
    """Return the day from whose data the ruler for a day is learned, where none is kept; at the latest that day itself."""
    company, first = catalog.settings.company, catalog.data_from
    if company.segments_learned_on and company.segments_learned_on <= as_of:
        return company.segments_learned_on
    if first is None:
        return as_of
    month = Period.containing(as_of)
    ends = sorted(
        period.end - timedelta(days=1) for period in month.run_up(24) if period.end - timedelta(days=1) <= as_of
    )
    year_ends = [end for end in ends if (end + timedelta(days=1)).month == company.fiscal_year_start]
    whole_years = [end for end in year_ends if (end - first).days >= _YEAR]
    if whole_years:
        return whole_years[-1]
    return next((end for end in ends if (end - first).days >= _FIRST), as_of)


def rfm_model(catalog: Catalog, day: date) -> RFM:
    """Return RFM's cuts as learned from the data up to a day."""
    return RFM().fit(customers_on(catalog, day))


def segmentation(
    catalog: Catalog, day: date, random_state: int = 0, before: Segmentation | None = None
) -> Segmentation:
    """Return the k-means segmentation learned from the data up to a day.

    Parameters
    ----------
    catalog : Catalog
    day : date
    random_state : int
    before : Segmentation, optional
        The one whose place it takes: a segment that most of the customers of an earlier one are in keeps its name.
    """
    settings = catalog.settings.segments
    customers = described_on(catalog, day, settings.features)
    X = customers[list(settings.features)]
    model = CustomerSegments(settings.number, random_state=random_state).fit(X)
    names = segment_names(model.space_, model.centres_, model.space_.matrix(X).mean(axis=0))
    if before is not None and len(names) > 1 and len(before.names) > 1:
        earlier = before.model.predict(described_on(catalog, day, before.features)[list(before.features)])
        names = _carried_on(names, before.names, match_labels(earlier, model.labels_, len(before.names), len(names)))
    return Segmentation(model, names, day, settings.features)


def _carried_on(names: list[str], before: list[str], matched: list[int]) -> list[str]:
    """Return the names with those of the segments that each matches; a new one that says the same gets a number."""
    kept = {now: before[old] for old, now in enumerate(matched) if now >= 0}
    told: list[str] = []
    for number, name in enumerate(names):
        wanted = kept.get(number, name)
        taken = {*told, *(each for other, each in kept.items() if other != number)}
        fresh = next(
            each for n in range(1, len(taken) + 2) if (each := wanted if n == 1 else f"{wanted} {n}") not in taken
        )
        told.append(fresh)
    return told
