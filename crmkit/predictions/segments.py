"""Which segment each customer is in on a day: RFM, k-means and the firm's own rules, by rulers that stay put."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.errors import NotMeasured, UnknownName
from crmkit.predictions.register import prediction
from crmkit.predictions.segment_features import customers_on
from crmkit.predictions.segment_references import rfm_for, segmentation_for
from crmkit.predictions.segment_rules import by_rules
from crmkit.tables.catalog import Catalog

RULED = ("rfm", "segments")  # by a ruler that is learned
MODELS = (*RULED, "rules")


def segments_on(catalog: Catalog, as_of: date, model: str, ruler_of: date | None = None) -> pd.Series:
    """Return the segment of each customer who has ordered, by customer_id.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    model : str
        "rfm", "segments" or "rules".
    ruler_of : date, optional
        The day whose ruler is used; without it that of ``as_of``.

    Raises
    ------
    NotMeasured
        If there are no orders of known customers, or no rules.
    UnknownName
        If there is no such model.
    """
    if model not in MODELS:
        raise UnknownName("segment model", model, MODELS)
    if model == "segments":
        found = segmentation_for(catalog, ruler_of or as_of)
        return found.named(found.customers(catalog, as_of))
    customers = customers_on(catalog, as_of)
    if model == "rfm":
        return pd.Series(rfm_for(catalog, ruler_of or as_of).predict(customers), index=customers.index, dtype=object)
    rules = catalog.settings.company.segment_rules
    if not rules:
        raise NotMeasured("segment_rules in the settings")
    return by_rules(customers, rules)


@prediction(table="segment_assignments", model="rfm")
def rfm_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the RFM segment of each customer who has ordered: customer_id, segment."""
    return _rows(segments_on(catalog, as_of, "rfm"))


@prediction(table="segment_assignments", model="segments")
def kmeans_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the k-means segment of each customer who has ordered: customer_id, segment."""
    return _rows(segments_on(catalog, as_of, "segments"))


@prediction(table="segment_assignments", model="rules")
def rule_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the segment of each customer by the rules of the settings, the first that holds: customer_id, segment."""
    return _rows(segments_on(catalog, as_of, "rules"))


def _rows(segments: pd.Series) -> pd.DataFrame:
    return segments.rename("segment").rename_axis("customer_id").reset_index()
