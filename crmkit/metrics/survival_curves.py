"""How many customers stay so many days, by Kaplan-Meier with the numbers at risk."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.cohorts import unseen_days
from crmkit.metrics.measures.survival import kaplan_meier
from crmkit.metrics.passes import fetch
from crmkit.metrics.splits import UNKNOWN_GROUP, check_customer_column
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import days_between, indicator
from crmkit.tables.given import check_made_by
from crmkit.tables.remembering import remember

_DAYS_IN_A_MONTH = 365.25 / 12


@takes_day
def survival_curve(catalog: Catalog, as_of: date, by: str = "") -> pd.DataFrame:
    """Return the share of customers still active so many days after they came, by Kaplan-Meier.

    Customers who are active at ``as_of`` count for as long as they have been. Those already there when the data begin
    are left out, as nobody knows since when. A customer's first stretch of activity is meant: whoever leaves and comes
    back has left.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : date
        The last day whose data is used.
    by : str
        A column of customers to split by, such as "channel"; "" for all together.

    Returns
    -------
    DataFrame
        One row per group and day with a loss, and one at day 0: group, age [days], at_risk [customers], events
        [customers lost], survival, low, high [share]. Empty where there are no customers, or they lack that column.

    Raises
    ------
    UnknownName
        If customers have no such column, and it is none of crmkit's.

    Examples
    --------
    >>> from datetime import date
    >>> import crmkit as ck
    >>> terms = pd.DataFrame({"subscription_id": ["a", "b"], "customer_id": ["a", "b"], "mrr": [9.0, 9.0],
    ...     "starts_at": pd.to_datetime(["2026-01-01"] * 2), "ends_at": pd.to_datetime(["2026-12-01", "2026-01-31"])})
    >>> book = ck.connect({"subscription_terms": terms}, ck.Settings(company={"smallest_group": 1}))
    >>> survival_curve(book, date(2026, 6, 30))[["age", "survival"]].values.tolist()
    [[0.0, 1.0], [30.0, 0.5]]
    """
    if by:
        check_customer_column(catalog, by)
    return remember(catalog, _curve, as_of, by or "")


def at_risk_table(curve: pd.DataFrame, months: tuple[int, ...] = (0, 3, 6, 9, 12, 18, 24)) -> pd.DataFrame:
    """Return the curve's values at whole months: group, months, survival, low, high, at_risk.

    Months beyond the last customer at risk are absent.

    Parameters
    ----------
    curve : DataFrame
        From :func:`survival_curve`.
    months : tuple of int
        Where to read the curve [months].

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
    known_from = first_day + timedelta(days=unseen_days(catalog))
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
