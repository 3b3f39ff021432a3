"""How long customers stay: their lifetimes as lifelines reads them, survival curves, and the test between groups."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured
from crmkit.metrics.analyses.cohorts import unseen_days
from crmkit.metrics.engine.chance import holm
from crmkit.metrics.engine.evaluate import fetch
from crmkit.metrics.engine.groups import UNKNOWN_GROUP, check_customer_column
from crmkit.metrics.measures.durations import kaplan_meier
from crmkit.periods import DayLike
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import day, days_between, indicator
from crmkit.tables.validate import check_made_by

_DAYS_IN_A_MONTH = 365.25 / 12
_LIFETIME_COLUMNS = ["group", "days", "lost", "n"]
_CURVE_COLUMNS = ["group", "age", "at_risk", "events", "survival", "low", "high"]
_TEST_COLUMNS = ["group", "against", "n", "events", "statistic", "freedom", "p_value", "p_adjusted"]


@checked
def lifetimes(catalog: Catalog, as_of: DayLike, *, by: str = "") -> pd.DataFrame:
    """Return how long customers have stayed, counted by length: what every fitter of lifelines takes.

    The database counts, so there is one row per length and outcome and not one per customer: pass ``n`` as weights.
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
        "plan" (of the first term; shoppers have "no subscription"), or a column of customers, such as "channel"; "" for
        all customers together.

    Returns
    -------
    DataFrame
        group, days (from the first active day to the first without activity, or to ``as_of``) [days], lost (bool), n
        [customers]. Groups smaller than ``smallest_group`` of the settings are left out. Empty where there are no
        customers, or they lack that column.

    Raises
    ------
    UnknownName
        If the column is neither in the data nor in the schema of customers.

    Examples
    --------
    >>> import crmkit as ck
    >>> terms = pd.DataFrame({"subscription_id": ["a", "b"], "customer_id": ["a", "b"], "mrr": [9.0, 9.0],
    ...     "starts_at": pd.to_datetime(["2026-01-01"] * 2), "ends_at": pd.to_datetime(["2026-12-01", "2026-01-31"])})
    >>> catalog = ck.connect({"subscription_terms": terms}, ck.Settings(company={"smallest_group": 1}))
    >>> rows = lifetimes(catalog, "2026-06-30")
    >>> rows.values.tolist()
    [['all', 30, True, 1], ['all', 180, False, 1]]
    >>> from lifelines import NelsonAalenFitter
    >>> NelsonAalenFitter().fit(rows["days"], rows["lost"], weights=rows["n"]).predict(100)
    np.float64(0.5)
    """
    if by:
        check_customer_column(catalog, by, *_PLAN)
    return memoize(catalog, _lifetimes, as_of, by or "")


@checked
def survival_curve(catalog: Catalog, as_of: DayLike, *, by: str = "") -> pd.DataFrame:
    """Return the share of customers still active so many days after they came, by lifelines' Kaplan-Meier.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    by : str
        "plan", or a column of customers to split by, such as "channel"; "" for all customers together. Whose lives count
        and how is said at :func:`crmkit.lifetimes`.

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
    >>> survival_curve(catalog, date(2026, 6, 30))[["age", "survival"]].round(3).values.tolist()
    [[0.0, 1.0], [30.0, 0.5]]
    """
    if by:
        check_customer_column(catalog, by, *_PLAN)
    return memoize(catalog, _curve, as_of, by or "")


@checked
def logrank(catalog: Catalog, as_of: DayLike, *, by: str) -> pd.DataFrame:
    """Test whether groups of customers stay for different lengths of time, by lifelines' log-rank test.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    by : str
        "plan", or a column of customers, such as "channel". Whose lives count is said at :func:`crmkit.lifetimes`.

    Returns
    -------
    DataFrame
        First all groups together, then, where there are more than two, each pair: group, against, n, events [customers],
        statistic (chi squared), freedom (its degrees), p_value, p_adjusted (of pairs, by Holm: for having looked at all).
        Small p-values say that the curves differ by more than chance. No rows where there are fewer than two groups, or
        nobody was lost.

    Raises
    ------
    UnknownName
        If the column is neither in the data nor in the schema of customers.

    References
    ----------
    Peto and Peto (1972), Journal of the Royal Statistical Society A 135(2), 185-207.

    Examples
    --------
    >>> import crmkit as ck
    >>> terms = pd.DataFrame({"subscription_id": list("abcdefgh"), "customer_id": list("abcdefgh"), "mrr": 9.0,
    ...     "plan": ["monthly"] * 4 + ["yearly"] * 4, "starts_at": "2026-01-01",
    ...     "ends_at": ["2026-02-01", "2026-02-01", "2026-03-01", "2026-04-01"] + ["2027-01-01"] * 4})
    >>> catalog = ck.connect({"subscription_terms": terms}, ck.Settings(company={"smallest_group": 1}))
    >>> logrank(catalog, "2026-06-30", by="plan")[["group", "against", "p_value"]].round(3).values.tolist()
    [['monthly', 'yearly', 0.006]]
    """
    if not by:
        raise CrmkitError('logrank compares groups of customers: say by which column, such as by="plan".')
    check_customer_column(catalog, by, *_PLAN)
    return memoize(catalog, _logrank, as_of, by)


def at_risk_table(curve: pd.DataFrame, *, months: tuple[int, ...] = (0, 3, 6, 9, 12, 18, 24)) -> pd.DataFrame:
    """Return the curve's values at whole months: group, months, survival, low, high, at_risk.

    Months beyond the last customer at risk are absent.

    Parameters
    ----------
    curve : DataFrame
        From :func:`crmkit.survival_curve`.
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


# "plan" is a column of terms, and the plan of a life is the one that it began with: a later one is known for those who
# have stayed for it.
_PLAN = ("plan",)
_NO_TERM = "no subscription"


def _lifetimes(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    lives = _lives(catalog, as_of, by)
    if lives is None:
        return pd.DataFrame(columns=_LIFETIME_COLUMNS)
    keys = ["group", "days"] if by else ["days"]
    ages = fetch(lives.group_by(keys).aggregate(all=lives.count().cast("float64"), losses=lives.event.sum()))
    ages = (ages if by else ages.assign(group="all")).fillna({"group": UNKNOWN_GROUP})
    sizes = ages.groupby("group")["all"].sum()
    ages = ages[ages["group"].map(sizes) >= catalog.settings.company.smallest_group]
    parts = [ages.assign(lost=True, n=ages["losses"]), ages.assign(lost=False, n=ages["all"] - ages["losses"])]
    rows = pd.concat(parts)[_LIFETIME_COLUMNS].astype({"days": "int64", "n": "int64"})
    return rows[rows["n"] > 0].sort_values(["group", "days", "lost"], ignore_index=True)


def _lives(catalog: Catalog, as_of: date, by: str) -> ir.Table | None:
    """Return one row per customer whose start is seen: days, event (1.0 if lost), and group; None where there are none."""
    first_day = catalog.data_from
    try:
        spells = catalog.table("activity_spells")
    except NotMeasured:
        return None
    if first_day is None:
        return None
    known_from = first_day + timedelta(days=unseen_days(catalog))
    lives = spells.filter((spells.spell_number == 1) & (spells.starts_on >= known_from) & (spells.starts_on <= as_of))
    lost = lives.ends_on <= as_of
    lives = lives.mutate(days=days_between(lives.starts_on, lost.ifelse(lives.ends_on, as_of)), event=indicator(lost))
    return _grouped(catalog, lives, by) if by else lives


def _grouped(catalog: Catalog, lives: ir.Table, by: str) -> ir.Table | None:
    if by == "plan" and "subscription_terms" in catalog.names:
        terms = catalog.table("subscription_terms")
        if "plan" not in terms.columns:
            return None
        named = terms.mutate(plan=terms.plan.fill_null(UNKNOWN_GROUP))
        first = named.group_by(_customer=named.customer_id, _on=day(named.starts_at)).aggregate(group=named.plan.max())
        joined = lives.left_join(first, [lives.customer_id == first["_customer"], lives.starts_on == first["_on"]])
        return joined.mutate(group=joined.group.fill_null(_NO_TERM))
    if "customers" not in catalog.names or by not in catalog.table("customers").columns:
        return None
    customers = catalog.table("customers")
    groups = customers.select(_customer="customer_id", group=customers[by].cast("string"))
    return lives.left_join(groups, lives["customer_id"] == groups["_customer"])


def _curve(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    rows = _lifetimes(catalog, as_of, by)
    curves = [_with_start(own).assign(group=group)[_CURVE_COLUMNS] for group, own in rows.groupby("group")]
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=_CURVE_COLUMNS)


def _with_start(own: pd.DataFrame) -> pd.DataFrame:
    total = float(own["n"].sum())
    exits = own.assign(events=own["n"] * own["lost"]).groupby("days")[["n", "events"]].sum().astype(float)
    ages = exits.rename_axis("age").rename(columns={"n": "exits"}).reset_index().assign(entries=0.0)
    came = pd.DataFrame([[-1, total, 0.0, 0.0]], columns=["age", "entries", "exits", "events"])
    curve = kaplan_meier(pd.concat([came, ages], ignore_index=True))
    start = pd.DataFrame([[0, total, 0.0, 1.0, 1.0, 1.0]], columns=_CURVE_COLUMNS[1:])
    return pd.concat([start, curve[start.columns]], ignore_index=True)


def _logrank(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    rows = memoize(catalog, _lifetimes, as_of, by)
    groups = list(dict.fromkeys(map(str, rows["group"])))
    if len(groups) < 2 or not rows["lost"].any():
        return pd.DataFrame(columns=_TEST_COLUMNS)
    pairs = [_tested(rows[rows["group"].isin(pair)].reset_index(drop=True), *pair) for pair in combinations(groups, 2)]
    if len(groups) == 2:
        return pd.DataFrame([[*pairs[0], np.nan]], columns=_TEST_COLUMNS)
    whole = [*_tested(rows, "all groups", ""), np.nan]
    adjusted = holm(np.nan_to_num(np.array([pair[-1] for pair in pairs], dtype=float), nan=1.0))
    each = [[*pair, p] for pair, p in zip(pairs, adjusted, strict=True)]
    return pd.DataFrame([whole, *each], columns=_TEST_COLUMNS)


def _tested(rows: pd.DataFrame, group: str, against: str) -> list[object]:
    from lifelines.statistics import multivariate_logrank_test

    n, events = int(rows["n"].sum()), int(rows.loc[rows["lost"], "n"].sum())
    freedom = rows["group"].nunique() - 1
    if not events:
        return [group, against, n, events, np.nan, freedom, np.nan]
    found = multivariate_logrank_test(rows["days"], rows["group"], rows["lost"], weights=rows["n"])
    return [group, against, n, events, float(found.test_statistic), freedom, float(found.p_value)]
