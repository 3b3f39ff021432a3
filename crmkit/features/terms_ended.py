"""Paid terms by the day on which they end, and whether they were renewed, as it was known on a day."""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd

from crmkit.features.point_in_time import as_known_on
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day
from crmkit.tables.unseen_renewals import followed_terms

_LATEST = date(2200, 1, 1)  # later ends stand for none


def terms_by_end(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how many terms end on each day.

    Returns
    -------
    DataFrame
        ends_on, notice_on (day on which notice was given by ``as_of``; NaT), renewed (bool; by another term of the same
        subscription within the days of grace), n [terms].

    Examples
    --------
    >>> import crmkit as ck
    >>> terms = pd.DataFrame({"subscription_id": ["a", "a"], "customer_id": "a", "mrr": 9.0,
    ...                       "starts_at": ["2025-01-01", "2026-01-01"], "ends_at": ["2026-01-01", "2027-01-01"]})
    >>> terms_by_end(ck.connect({"subscription_terms": terms}), date(2026, 3, 1))[["renewed", "n"]].values.tolist()
    [[True, 1], [False, 1]]
    """
    if "subscription_terms" not in catalog.names:
        return pd.DataFrame({"ends_on": [], "notice_on": [], "renewed": [], "n": []}, dtype="datetime64[ns]").astype(
            {"renewed": bool, "n": "int64"}
        )
    known = as_known_on(catalog, as_of).table("subscription_terms")
    terms = followed_terms(known)
    grace = catalog.settings.company.renewal_grace_days
    terms = terms.filter(terms.ends_on <= constant_day(_LATEST))
    terms = terms.mutate(renewed=ibis.coalesce(terms.gap <= grace, False), notice_on=day(terms.notice_at))
    keys = ["ends_on", "notice_on", "renewed"]
    rows = terms.group_by(keys).aggregate(n=terms.count()).order_by(keys).execute()
    days = {name: pd.to_datetime(rows[name]) for name in ("ends_on", "notice_on")}
    return rows.assign(**days, renewed=rows["renewed"].astype(bool))
