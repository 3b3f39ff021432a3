"""How long customers stay: retention by cohort, and the survival curve by Kaplan-Meier with the numbers at risk."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.evaluate import fetch
from crmkit.metrics.engine.groups import UNKNOWN_GROUP, check_customer_column
from crmkit.metrics.measures.durations import kaplan_meier
from crmkit.periods import DayLike, Period, PeriodLike
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import days_between, indicator, period_ordinal, union, with_periods
from crmkit.tables.validate import check_made_by

_DAYS_IN_A_MONTH = 365.25 / 12


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


@checked
def survival_curve(catalog: Catalog, as_of: DayLike, *, by: str = "") -> pd.DataFrame:
    """Return the share of customers still active so many days after they came, by Kaplan-Meier.

    Customers who are active at ``as_of`` are censored at their age on that day. Those already active when the data begin
    are left out, as their age is not known. Only a customer's first stretch of activity counts: a customer who leaves and
    returns has left.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    by : str
        A column of customers to split by, such as "channel"; "" for all customers together.

    Returns
    -------
    DataFrame
        One row per group and day with a loss, and one at day 0: group, age [days], at_risk [customers], events
        [customers lost], survival, low, high [share]. Empty where there are no customers, or they lack that column.

    Raises
    ------
    UnknownName
        If the column is neither in the data nor in the schema of customers.

    Examples
    --------
    >>> from datetime import date
    >>> import crmkit as ck
    >>> terms = pd.DataFrame({"subscription_id": ["a", "b"], "customer_id": ["a", "b"], "mrr": [9.0, 9.0],
    ...     "starts_at": pd.to_datetime(["2026-01-01"] * 2), "ends_at": pd.to_datetime(["2026-12-01", "2026-01-31"])})
    >>> catalog = ck.connect({"subscription_terms": terms}, ck.Settings(company={"smallest_group": 1}))
    >>> survival_curve(catalog, date(2026, 6, 30))[["age", "survival"]].values.tolist()
    [[0.0, 1.0], [30.0, 0.5]]
    """
    if by:
        check_customer_column(catalog, by)
    return memoize(catalog, _curve, as_of, by or "")


def at_risk_table(curve: pd.DataFrame, *, months: tuple[int, ...] = (0, 3, 6, 9, 12, 18, 24)) -> pd.DataFrame:
    """Return the curve's values at whole months: group, months, survival, low, high, at_risk.

    Months beyond the last customer at risk are absent.

    Parameters
    ----------
    curve : DataFrame
        From :func:`survival_curve`.
    months : tuple of int
        Ages at which to read the curve [months].

    Returns
    -------
    DataFrame
        One row per group and month.

    Examples
    --------
    >>> curve = pd.DataFrame({"group": "all", "age": [0, 30, 100], "at_risk": [4.0, 4.0, 2.0], "survival": [1.0, 0.75, 0.4],
    ...                       "low": [1.0, 0.1, 0.0], "high": [1.0, 0.9, 0.8]})
    >>> at_risk_table(curve)[["months", "survival", "at_risk"]].values.tolist()
    [[0.0, 1.0, 4.0], [3.0, 0.75, 2.0]]
    """
    check_made_by("ck.survival_curve(...)", curve, ["group", "age", "survival"], "at_risk_table")
    rows = []
    for group, own in curve.groupby("group", sort=False):
        ages = own["age"].to_numpy()
        for month in months:
            day = month * _DAYS_IN_A_MONTH
            reached = own.iloc[np.searchsorted(ages, day, side="right") - 1]
            later = own[own["age"] >= day]
            if later.empty and month:
                continue
            at_risk = own["at_risk"].iloc[0] if not month else later["at_risk"].iloc[0]
            rows.append([group, month, reached["survival"], reached["low"], reached["high"], int(at_risk)])
    return pd.DataFrame(rows, columns=["group", "months", "survival", "low", "high", "at_risk"])


def _cohorts(catalog: Catalog, through: Period, n_cohorts: int) -> pd.DataFrame:
    columns = ["cohort", "age", "n", "active", "value", "low", "high"]
    last_day, first_day = catalog.data_through, catalog.data_from
    if first_day is None or last_day is None:
        return pd.DataFrame(columns=columns)
    periods = [p for p in through.run_up(n_cohorts) if p.end <= last_day + timedelta(days=1)]
    periods = [p for p in periods if p.start >= first_day + timedelta(days=_unseen_days(catalog))]
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


def _curve(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    columns = ["group", "age", "at_risk", "events", "survival", "low", "high"]
    first_day = catalog.data_from
    try:
        spells = catalog.table("activity_spells")
        customers = catalog.table("customers") if by else None
    except NotMeasured:
        return pd.DataFrame(columns=columns)
    if first_day is None or (customers is not None and by not in customers.columns):
        return pd.DataFrame(columns=columns)
    known_from = first_day + timedelta(days=_unseen_days(catalog))
    lives = spells.filter((spells.spell_number == 1) & (spells.starts_on >= known_from) & (spells.starts_on <= as_of))
    lost = lives.ends_on <= as_of
    end = lost.ifelse(lives.ends_on, as_of)
    lives = lives.mutate(age=days_between(lives.starts_on, end), event=indicator(lost))
    keys = ["age"]
    if customers is not None:
        groups = customers.select(_customer="customer_id", group=customers[by].cast("string"))
        lives, keys = lives.left_join(groups, lives["customer_id"] == groups["_customer"]), ["group", "age"]
    ages = fetch(lives.group_by(keys).aggregate(exits=lives.count().cast("float64"), events=lives.event.sum()))
    ages = (ages if by else ages.assign(group="all")).fillna({"group": UNKNOWN_GROUP})
    sizes = ages.groupby("group")["exits"].sum()
    large = sizes[sizes >= catalog.settings.company.smallest_group].index.sort_values()
    curves = [_with_start(ages[ages["group"] == group]).assign(group=group)[columns] for group in large]
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=columns)


def _with_start(ages: pd.DataFrame) -> pd.DataFrame:
    total = float(ages["exits"].sum())
    entries = pd.DataFrame([[-1, total, 0.0, 0.0]], columns=["age", "entries", "exits", "events"])
    curve = kaplan_meier(pd.concat([entries, ages[["age", "exits", "events"]].assign(entries=0.0)], ignore_index=True))
    start = pd.DataFrame(
        [[0, total, 0.0, 1.0, 1.0, 1.0]], columns=["age", "at_risk", "events", "survival", "low", "high"]
    )
    return pd.concat([start, curve[start.columns]], ignore_index=True)


def _unseen_days(catalog: Catalog) -> int:
    """Return after how many days of data a first order can be taken to be that of a new customer [days]."""
    return catalog.settings.company.churn_after_days if "orders" in catalog.names else 0
