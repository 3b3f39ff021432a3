"""Which segment each customer is in on a day: RFM, k-means and the firm's own rules, by rulers that stay put.

A ruler (RFM's cuts, k-means' centres and names) is learned from the data of one day and then holds: that of
``segments_learned_on`` of the settings, else the last end of a fiscal year by when there was a year of data, else the
first end of a month by when there were 90 days. Another day in the settings refreshes it. No ruler is learned after
the day it is used on, so that a page for an old month looks at nothing later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.features.behaviour import behaviour
from crmkit.models.customer_segments import CustomerSegments
from crmkit.models.rfm import RFM
from crmkit.models.segment_names import segment_names
from crmkit.periods import Period
from crmkit.predictions.register import prediction
from crmkit.predictions.segment_rules import by_rules
from crmkit.tables.cache import remember
from crmkit.tables.catalog import Catalog

FEATURES = ("days_since_order", "n_orders", "average_order_value")
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
    """

    model: CustomerSegments
    names: list[str]
    learned_on: date

    def named(self, customers: pd.DataFrame) -> pd.Series:
        """Return the name of each customer's segment."""
        numbers = self.model.predict(customers[list(FEATURES)])
        return pd.Series([self.names[number] for number in numbers], index=customers.index, dtype=object)


def customers_on(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return what each customer did up to a day, indexed by customer_id; see :func:`crmkit.features.behaviour.behaviour`.

    Raises
    ------
    NotMeasured
        If there are no orders of known customers.
    """
    rows = remember(catalog, _customers, as_of)
    if rows.empty:
        raise NotMeasured("orders of known customers")
    return rows.set_index("customer_id").sort_index()


def learned_on(catalog: Catalog, as_of: date) -> date:
    """Return the day from whose data the ruler for a day is learned, at the latest that day itself."""
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


def segmentation(catalog: Catalog, day: date, random_state: int = 0) -> Segmentation:
    """Return the k-means segmentation learned from the data up to a day."""
    customers = customers_on(catalog, day)[list(FEATURES)]
    model = CustomerSegments(random_state=random_state).fit(customers)
    middle = model.space_.matrix(customers).mean(axis=0)
    return Segmentation(model, segment_names(model.space_, model.centres_, middle), day)


@prediction(table="segment_assignments", model="rfm")
def rfm_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the RFM segment of each customer who has ordered: customer_id, segment."""
    customers = customers_on(catalog, as_of)
    return _rows(customers, rfm_model(catalog, learned_on(catalog, as_of)).predict(customers))


@prediction(table="segment_assignments", model="segments")
def kmeans_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the k-means segment of each customer who has ordered: customer_id, segment."""
    customers = customers_on(catalog, as_of)
    return _rows(customers, segmentation(catalog, learned_on(catalog, as_of)).named(customers))


@prediction(table="segment_assignments", model="rules")
def rule_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the segment of each customer by the rules of the settings, the first that holds: customer_id, segment."""
    rules = catalog.settings.company.segment_rules
    if not rules:
        raise NotMeasured("segment_rules in the settings")
    customers = customers_on(catalog, as_of)
    return _rows(customers, by_rules(customers, rules))


def _customers(catalog: Catalog, as_of: date) -> pd.DataFrame:
    return catalog.call(behaviour, as_of=as_of).execute().sort_values("customer_id", ignore_index=True)


def _rows(customers: pd.DataFrame, segments: Iterable[str]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": customers.index, "segment": list(segments)}).reset_index(drop=True)
