"""Loyalty and engagement: the engagement score of each day; loyalty points and tiers, and anniversaries of customers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.analyses.engagement_score import engagement_scores
from crmkit.models.segments.rfm import FEWEST_CUSTOMERS, fifths, points_by
from crmkit.periods import DayLike
from crmkit.predictions.runner.registry import prediction
from crmkit.predictions.segments.assignment import ENGAGEMENT, described_on, learned_on
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.validate import check_made_by

PARTS = ("tenure", "value", "engagement")
_BY_FIFTHS = {"value": "revenue", "engagement": ENGAGEMENT}
_MOST_POINTS = 5  # of one part
NO_TIER = "No tier"
_YEAR = 365  # days


@checked
def loyalty(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return points, tier and next anniversary of each customer who has ordered within 365 days.

    Tenure gives one point and one more for each whole year since the first order, up to 5. Value (revenue of 365 days) and
    engagement (see :func:`crmkit.engagement_scores`) give 1 to 5 points each, by the fifths of the
    customers on the day on which the cuts of the segments were learned: a tier is as hard to reach this month as last.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        One row per customer, most points first: customer_id, tier (of the settings, "No tier" below the lowest), points
        [3 to 15], tenure, value, engagement [points, 1 to 5], tenure_days [days], revenue [currency], first_on,
        anniversary_on (the next one after ``as_of``), years (which anniversary that is [count]).

    Raises
    ------
    NotMeasured
        If there were fewer than 20 customers to learn the fifths from.

    Examples
    --------
    >>> import crmkit as ck
    >>> ids = [f"c{n:02}" for n in range(40)]
    >>> orders = pd.DataFrame({"order_id": ids, "customer_id": ids, "revenue": [float(n) for n in range(1, 41)],
    ...                        "ordered_at": pd.date_range("2026-01-01", periods=40, freq="D")})
    >>> loyal = loyalty(ck.connect({"orders": orders}), date(2026, 2, 20))
    >>> loyal["tier"].iloc[0], loyal["anniversary_on"].min().date().isoformat()
    ('Silver', '2027-01-01')
    """
    tiers = list(catalog.settings.loyalty.tiers.items())
    return memoize(catalog, _loyalty, as_of, learned_on(catalog, as_of), tiers, reads_predictions=False, whole=True)


@checked
def anniversaries(loyal: pd.DataFrame, as_of: DayLike, *, days: int = 31) -> pd.DataFrame:
    """Return the customers whose anniversary comes within some days after a day, the soonest first.

    Parameters
    ----------
    loyal : DataFrame
        From :func:`loyalty`.
    as_of : str or date
        Such as "2026-10-31".
    days : int
        How long after that day the last anniversary may be [days].

    Examples
    --------
    >>> loyal = pd.DataFrame({"customer_id": ["a", "b"], "points": [9, 9],
    ...                       "anniversary_on": pd.to_datetime(["2026-11-03", "2027-02-01"])})
    >>> anniversaries(loyal, date(2026, 10, 31))["customer_id"].tolist()
    ['a']
    """
    check_made_by("ck.loyalty(...)", loyal, ["anniversary_on", "points"], "anniversaries")
    last = pd.Timestamp(as_of) + pd.Timedelta(days=days)
    soon = loyal[loyal["anniversary_on"] <= last]
    return soon.sort_values(
        ["anniversary_on", "points", "customer_id"], ascending=[True, False, True], ignore_index=True
    )


@prediction(table="customer_scores", model="engagement")
def engagement(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the score of each customer active on a day: customer_id, value [0 to 100]."""
    scores = engagement_scores(catalog, as_of)
    if scores.empty:
        raise NotMeasured("orders or subscription_terms")
    return scores[["customer_id", "score"]].rename(columns={"score": "value"})


def _loyalty(catalog: Catalog, as_of: date, cuts_of: date, tiers: list[tuple[str, int]]) -> pd.DataFrame:
    reference, now = _recent_customers(catalog, cuts_of), _recent_customers(catalog, as_of)
    if len(reference) < FEWEST_CUSTOMERS:
        raise NotMeasured(f"at least {FEWEST_CUSTOMERS} customers who ordered in the year to {cuts_of}")
    first_on = pd.Timestamp(as_of) - pd.to_timedelta(now["tenure_days"], unit="D")
    years = [_next_anniversary(each, pd.Timestamp(as_of)) for each in first_on]
    points = pd.DataFrame({"tenure": np.minimum(years, _MOST_POINTS)}, index=now.index)
    for part, column in _BY_FIFTHS.items():
        points[part] = points_by(now[column].to_numpy(dtype=float), fifths(reference[column].to_numpy(dtype=float)))
    total = points.sum(axis=1)
    reached = [total >= least for _, least in tiers]
    tier = np.select(reached, [name for name, _ in tiers], NO_TIER) if len(now) else np.array([], dtype=object)
    rows = points.assign(
        tier=tier,
        points=total,
        tenure_days=now["tenure_days"],
        revenue=now["revenue"],
        first_on=first_on,
        anniversary_on=pd.to_datetime([day + pd.DateOffset(years=n) for day, n in zip(first_on, years, strict=True)]),
        years=years,
    ).reset_index()
    rows = rows.sort_values(["points", "revenue", "customer_id"], ascending=[False, False, True], ignore_index=True)
    return rows[
        ["customer_id", "tier", "points", *PARTS, "tenure_days", "revenue", "first_on", "anniversary_on", "years"]
    ]


def _recent_customers(catalog: Catalog, day: date) -> pd.DataFrame:
    customers = described_on(catalog, day, (ENGAGEMENT,))
    customers = customers[customers["days_since_order"] < _YEAR]
    return customers.assign(
        **{ENGAGEMENT: customers[ENGAGEMENT].astype(float).fillna(0.0)}
    )  # 0 for those no longer active


def _next_anniversary(first: pd.Timestamp, today: pd.Timestamp) -> int:
    """Return the number of the next anniversary after today."""
    n = max(today.year - first.year, 1)
    return n if first + pd.DateOffset(years=n) > today else n + 1
