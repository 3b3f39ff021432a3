"""The terms of subscriptions as the data have them: in unbroken runs, and what may have been before the data begin."""

from __future__ import annotations

from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.tables.catalog import Catalog

_TERMS: WeakKeyDictionary[Catalog, pd.DataFrame] = WeakKeyDictionary()  # in order, of which each past day has a part
_GAP = 15  # days without a term after which a subscription has ended and another begins


def numbered_terms(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the terms begun by the day, each with the number of its unbroken subscription (spell) and its length."""
    if catalog not in _TERMS:
        _TERMS[catalog] = _terms(catalog)
    terms, end = _TERMS[catalog], pd.Timestamp(as_of) + pd.Timedelta(days=1)
    terms = terms[terms["starts_at"] < end]
    same = terms["subscription_id"].eq(terms["subscription_id"].shift())
    gap = (terms["starts_at"] - terms["ends_at"].shift()).dt.days
    cancelled = pd.to_datetime(terms.get("cancelled_at", pd.Series(pd.NaT, terms.index)), cache=False)
    return terms.assign(
        spell=(~(same & (gap <= _GAP))).cumsum(),
        days=(terms["ends_at"] - terms["starts_at"]).dt.days,
        notice=cancelled.lt(end),
        cancelled_at=cancelled.where(cancelled < end),  # a later notice is not known yet
        plan=terms.get("plan"),
    )


def terms_before(catalog: Catalog, customers: pd.Series, starts: pd.Series, per_year: pd.Series) -> pd.Series:
    """Return how many terms a subscription had run before the data begin, from the day the customer was won [count]."""
    none = pd.Series(0, index=customers.index)
    first = catalog.data_from
    if first is None or "customers" not in catalog.names or "acquired_at" not in catalog.table("customers").columns:
        return none
    won = (
        catalog.table("customers")
        .select("customer_id", "acquired_at")
        .execute()
        .set_index("customer_id")["acquired_at"]
    )
    days = (starts - pd.to_datetime(customers.map(won), cache=False)).dt.days
    cut_off = starts <= pd.Timestamp(first) + pd.to_timedelta(
        365.25 / per_year, unit="D"
    )  # the data may begin in mid-life
    terms = np.floor(days.fillna(0) * per_year / 365.25 + 0.1).clip(lower=0)
    return terms.where(cut_off, 0).astype(int)


def _terms(catalog: Catalog) -> pd.DataFrame:
    table = catalog.table("subscription_terms")
    wanted = ["subscription_id", "customer_id", "starts_at", "ends_at", "mrr"]
    wanted += [name for name in ("plan", "cancelled_at") if name in table.columns]
    terms: pd.DataFrame = table.select(*wanted).execute()
    return terms.sort_values(["subscription_id", "starts_at"], kind="stable")
