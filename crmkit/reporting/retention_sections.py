"""Sections on who stays, and for how long."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.metrics.cohorts import cohort_retention
from crmkit.metrics.nouns import counted, joined
from crmkit.metrics.survival_curves import at_risk_table, survival_curve
from crmkit.periods import Period, day_in_words
from crmkit.predictions.days import last_day
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_HALF = 0.5


def survival_chart(catalog: Catalog, period: Period, by: str = "") -> Fragment:
    """Return the share of customers still there so long after they came; empty where there are none.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : Period
        From :func:`crmkit.covered_period`.
    by : str
        The column to split by.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> survival_chart(book, ck.covered_period(book, "2026-10"))
    <crmkit no customers>
    """
    from crmkit.plots import plot_survival

    as_of = last_day(catalog.data_through, period)
    curve = survival_curve(catalog, as_of, by)
    if curve.empty or curve["at_risk"].max() < 20:
        return Fragment("", "no customers")
    known = at_risk_table(curve)
    if by:  # what a small group does is in the table; six lines are what an eye can follow, and the title tells of them
        largest = curve.groupby("group")["at_risk"].max().nlargest(6).index
        curve, known = (rows[rows["group"].isin(largest)] for rows in (curve, known))
    title = f"{_of_the_curve(curve)}" if not by else _by_group(known, by)
    data = known.rename(columns={"group": by or "group", "survival": "still_customers"})
    return figure(
        plot_survival(curve),
        title,
        f"Share of new customers still active, by months since they came, to {day_in_words(as_of)}; "
        f"{'below' if by else 'with 95 % band; below'}, how many customers have been watched for so long.",
        alt=f"{title}. "
        + joined([_point(row) for row in known.itertuples() if row.group == known["group"].iloc[0]])
        + ".",
        caption="A customer who leaves and comes back has left here. Customers from before the data began are left out. For "
        "the analyst: Kaplan-Meier.",
        data=data if by else data.drop(columns="group"),
        units={"months": "count", "still_customers": "share", "low": "share", "high": "share", "at_risk": "count"},
    )


def cohort_table(catalog: Catalog, period: Period) -> Fragment:
    """Return the cohorts of the last twelve periods as a table; what is not yet reached stays empty.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : Period
        From :func:`crmkit.covered_period`.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> cohort_table(book, ck.covered_period(book, "2026-10"))
    <crmkit no cohorts>
    """
    cells = cohort_retention(catalog, period)
    if cells.empty:
        return Fragment("", "no cohorts")
    noun = period.noun
    # At age 0 nearly all are there: the column would tell nothing.
    wide = cells.pivot(index="cohort", columns="age", values="value").sort_index(ascending=False).drop(columns=0)
    wide.columns = [f"{noun.capitalize()} {age}" for age in wide.columns]
    wide = wide.round(2)
    sizes = cells.groupby("cohort")["n"].first()
    wide.insert(0, "Customers", sizes)
    wide.index = [Period.parse(name).label for name in wide.index]
    wide.index.name = "Came in"
    ahead = _after_three(cells, noun)
    return table(
        wide,
        f"{ahead} of a {noun}'s new customers are still active",
        subtitle=f"Share of the new customers of a {noun} who are active on the last day of later {noun}s; what has not "
        "been reached has a dash.",
        caption="Below 50 new customers a share is good to 14 percentage points at best.",
        units={"Customers": "count"} | dict.fromkeys(wide.columns[1:], "share"),
    )


def _of_the_curve(curve: pd.DataFrame) -> str:
    reached = curve[curve["survival"] <= _HALF]
    if reached.empty:
        last = curve.iloc[-1]
        return f"{100 * last['survival']:.0f} % of new customers stay {_months(last['age'])} and longer"
    return f"Half of all new customers have left after {_months(reached['age'].iloc[0])}"


def _by_group(known: pd.DataFrame, by: str) -> str:
    year = known[known["months"] == min(12, known["months"].max())]
    best, worst = year.loc[year["survival"].idxmax()], year.loc[year["survival"].idxmin()]
    kind = by.replace("_", " ")
    if len(year) < 2 or best["low"] <= worst["high"]:
        return f"No {kind} keeps its customers longer than another by more than chance"
    return (
        f"After {counted(year['months'].iloc[0], 'months')} {best['group']} keeps {100 * best['survival']:.0f} % of its "
        f"customers, {worst['group']} {100 * worst['survival']:.0f} %"
    )


def _after_three(cells: pd.DataFrame, noun: str) -> str:
    reached = 100 * cells.loc[cells["age"] == 3, "value"]
    if len(reached) < 2:
        return "How many"
    return f"Three {noun}s on, {reached.min():.0f} to {reached.max():.0f} %"


def _point(row: Any) -> str:
    when = counted(row.months, "months") if row.months else "the start"
    return f"{100 * row.survival:.0f} % at {when}, {counted(row.at_risk, 'customers')} at risk"


def _months(days: float) -> str:
    months = round(days / (365.25 / 12))
    return counted(months, "months") if months >= 2 else counted(days, "days")
