"""How many customers stay, by the month they came."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics import intervals
from crmkit.metrics.passes import fetch
from crmkit.periods import Period
from crmkit.tables.as_of import check_catalog
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import period_ordinal, union, with_periods
from crmkit.tables.remembering import remember


def cohort_retention(catalog: Catalog, through: str | Period, n_cohorts: int = 12) -> pd.DataFrame:
    """Return the share of each cohort of new customers that is active so many periods on.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    through : str or Period
        The last period to look at, such as "2026-10"; its kind is that of the cohorts.
    n_cohorts : int
        Cohorts to return, the youngest ones.

    Returns
    -------
    DataFrame
        One row per cohort and age that has been reached: cohort [period], age [periods; 0 is the end of the period in
        which they came], n [customers of the cohort], active [customers active on the last day of the period],
        value, low, high [share]. Cells not yet reached are absent. Cohorts of the first days of the data, in which
        nobody knows who is new, are left out, and so are periods that are not over.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-06-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> cohort_retention(book, "2026-06").empty  # who is new shows only after some time of data
    True
    """
    check_catalog(catalog, "cohort_retention")
    if not isinstance(through, Period):
        through = Period.parse(through, catalog.settings.company.fiscal_year_start)
    return remember(catalog, _cohorts, through, n_cohorts)


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
    cells = pd.DataFrame([[c.ordinal, p.ordinal] for c in periods for p in periods if p >= c and c.ordinal in sizes],
                         columns=["cohort", "period"])  # fmt: skip
    cells = cells.merge(counts, on=["cohort", "period"], how="left").fillna(
        {"active": 0.0}
    )  # reached, and nobody there
    n, active = cells["cohort"].map(sizes).to_numpy(float), cells["active"].to_numpy(float)
    value, low, high = intervals.share(active, n, active, active, n, n)
    name = {p.ordinal: str(p) for p in periods}
    cells = cells.assign(age=cells["period"] - cells["cohort"], n=n.astype(int), value=value, low=low, high=high)
    return cells.assign(cohort=cells["cohort"].map(name), active=active.astype(int))[columns]


def unseen_days(catalog: Catalog) -> int:
    """Return how long from the first data on nobody knows who is new [days]."""
    return catalog.settings.company.churn_after_days if "orders" in catalog.names else 0


def _counts(catalog: Catalog, periods: list[Period]) -> pd.DataFrame | None:
    """Return active customers by cohort and period; the size of a cohort stands at period -1."""
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
