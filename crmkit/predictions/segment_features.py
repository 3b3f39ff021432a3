"""What customers are grouped by: their behaviour, and what else the settings name, of everybody who has ever ordered."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.errors import NotMeasured, Problems, did_you_mean
from crmkit.features.behaviour import behaviour
from crmkit.features.register import FEATURE_WORDS
from crmkit.features.steady import steady
from crmkit.features.traits import traits
from crmkit.metrics.engagement_score import engagement_scores
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember

BEHAVIOUR = ("days_since_order", "n_orders", "revenue", "average_order_value", "tenure_days")
ENGAGEMENT = "engagement"


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


def described_on(catalog: Catalog, as_of: date, features: tuple[str, ...]) -> pd.DataFrame:
    """Return :func:`customers_on` with further features of the same customers.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    features : tuple of str
        Columns of the behaviour, of the feature sets, or "engagement" [0 to 100; missing for who is no longer active].

    Raises
    ------
    Problems
        With every feature that there is not.
    NotMeasured
        If the data lack what a feature is made from.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-09-02"])})
    >>> people = pd.DataFrame({"customer_id": ["a"], "channel": ["search"]})
    >>> book = ck.connect({"orders": orders, "customers": people})
    >>> described_on(book, date(2026, 9, 30), ("n_orders", "channel"))[["n_orders", "channel"]].values.tolist()
    [[1, 'search']]
    """
    known = [*BEHAVIOUR, ENGAGEMENT, *FEATURE_WORDS]
    if unknown := [name for name in features if name not in known]:
        raise Problems(
            "segments.features", [f"there is no feature '{name}'. {did_you_mean(name, known)}" for name in unknown]
        )
    customers = customers_on(catalog, as_of)
    further = [name for name in features if name not in BEHAVIOUR]
    if not further:
        return customers
    told = remember(catalog, _further, as_of, further)
    if absent := [name for name in further if name not in told]:
        raise NotMeasured(f"{' and '.join(absent)} (named in segments.features of the settings)")
    return customers.join(told.set_index("customer_id"))


def _customers(catalog: Catalog, as_of: date) -> pd.DataFrame:
    return steady(catalog.call(behaviour, as_of=as_of).execute()).sort_values("customer_id", ignore_index=True)


def _further(catalog: Catalog, as_of: date, names: list[str]) -> pd.DataFrame:
    told = traits(catalog, as_of, [name for name in names if name != ENGAGEMENT])
    if ENGAGEMENT in names:
        scores = engagement_scores(catalog, as_of).rename(columns={"score": ENGAGEMENT})
        told = told.merge(scores[["customer_id", ENGAGEMENT]], on="customer_id", how="outer")
    return told.sort_values("customer_id", ignore_index=True)
