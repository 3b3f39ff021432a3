"""How many of those who came in a period are still active so many periods on."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.evaluate import fetch
from crmkit.periods import Period, PeriodLike
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import period_ordinal, union, with_periods


@checked
def cohort_retention(catalog: Catalog, period: PeriodLike, *, n_cohorts: int = 12) -> pd.DataFrame:
    """Return the share of each cohort of new customers that is active so many periods on.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        The last period to look at, such as "2026-10"; its kind is that of the cohorts.
    n_cohorts : int
        Number of cohorts to return, the latest ones.

    Returns
    -------
    DataFrame
        One row per cohort and age that has been reached: cohort [period], age [periods; 0 is the end of the period in
        which they came], n [customers of the cohort], active [customers active on the last day of the period],
        value, low, high [share]. Ages not yet reached are absent. Left out are periods that are not over, and cohorts
        from the first days of the data, in which new and earlier customers cannot be distinguished.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-06-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> catalog = ck.connect({"orders": orders})
    >>> cohort_retention(catalog, "2026-06").empty  # new customers are known only after some time of data
    True
    """
    return memoize(catalog, _cohorts, period, n_cohorts)


def _cohorts(catalog: Catalog, through: Period, n_cohorts: int) -> pd.DataFrame:
    columns = ["cohort", "age", "n", "active", "value", "low", "high"]
    last_day, first_day = catalog.data_through, catalog.data_from
    if first_day is None or last_day is None:
        return pd.DataFrame(columns=columns)
    periods = [p for p in through.run_up(n_cohorts) if p.end <= last_day + timedelta(days=1)]
    periods = [p for p in periods if p.start >= first_day + timedelta(days=unseen_days(catalog))]
    counts = _counts(catalog, periods) if periods else None
    if counts is None or counts.empty:
        return pd.DataFrame(columns=columns)
    sizes = counts[counts["period"] == -1].set_index("cohort")["active"]
    cells = pd.DataFrame(
        [[c.ordinal, p.ordinal] for c in periods for p in periods if p >= c and c.ordinal in sizes],
        columns=["cohort", "period"],
    )
    cells = cells.merge(counts, on=["cohort", "period"], how="left").fillna(
        {"active": 0.0}
    )  # reached, with no customer active
    n, active = cells["cohort"].map(sizes).to_numpy(float), cells["active"].to_numpy(float)
    value, low, high = intervals.share(active, n, active, active, n, n)
    name = {p.ordinal: str(p) for p in periods}
    cells = cells.assign(age=cells["period"] - cells["cohort"], n=n.astype(int), value=value, low=low, high=high)
    return cells.assign(cohort=cells["cohort"].map(name), active=active.astype(int))[columns]


def _counts(catalog: Catalog, periods: list[Period]) -> pd.DataFrame | None:
    """Return active customers by cohort and period, with the size of each cohort as period -1."""
    try:
        spells = catalog.table("activity_spells")
    except NotMeasured:
        return None
    grain, bounds = periods[0].grain, {p.ordinal: (p.start, p.end) for p in periods}
    joined = spells.filter(spells.spell_number == 1)
    cohort = period_ordinal(joined.starts_on, grain)
    joined = joined.select(_customer="customer_id", cohort=cohort)
    joined = joined.filter(joined.cohort.between(min(bounds), max(bounds)))
    there = with_periods(spells, period_ordinal(spells.starts_on, grain), period_ordinal(spells.ends_on, grain), bounds)
    there = there.filter(there.ends_on >= there.period_end).select("customer_id", "period")
    both = there.join(joined, there["customer_id"] == joined["_customer"])
    active = both.group_by("cohort", "period").aggregate(active=both.count().cast("float64"))
    size = joined.group_by("cohort").aggregate(active=joined.count().cast("float64"))
    return fetch(union([active, size.select("cohort", period=size.cohort * 0 - 1, active="active")]))


def unseen_days(catalog: Catalog) -> int:
    """Return after how many days of data a first order can be taken to be that of a new customer [days].

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-06-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> unseen_days(ck.connect({"orders": orders}))
    90
    """
    return catalog.settings.company.churn_after_days if "orders" in catalog.names else 0
