"""Sections on who stays, what subscribers pay, and what keeping customers costs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmkit.metrics.cohorts import at_risk_table, cohort_retention, survival_curve
from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.nouns import counted, joined
from crmkit.metrics.wording import scale_of
from crmkit.periods import Period
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_PARTS = {
    "new_mrr": "New",
    "reactivation_mrr": "Came back",
    "expansion_mrr": "Pay more",
    "contraction_mrr": "Pay less",
    "churned_mrr": "Left",
    "net_new_revenue": "Net",
}
_HALF = 0.5


def waterfall_chart(catalog: Catalog, period: Period) -> Fragment:
    """Return what made recurring revenue grow or shrink in a period; empty without paid terms."""
    from crmkit.plots import plot_waterfall

    rows = evaluate(catalog, list(_PARTS), periods=period, first_days=catalog.days_so_far(period)).set_index("metric")
    if (rows["status"] == "not measured").any() or rows["value"].isna().all():
        return Fragment("", "no paid terms")
    rows = rows.loc[list(_PARTS)].assign(label=list(_PARTS.values())).fillna({"value": 0.0})
    currency = catalog.settings.company.currency
    net, value = rows.loc["net_new_revenue"], rows["value"].to_dict()
    lost = value["contraction_mrr"] + value["churned_mrr"]
    won = value["new_mrr"] + value["reactivation_mrr"] + value["expansion_mrr"]
    scale = scale_of(net, currency)
    moved = "grew" if won + lost > 0 else "shrank" if won + lost < 0 else "stayed as it was"
    by = f" by {scale.words(abs(won + lost))} a month" if won + lost else ""
    title = f"Recurring revenue {moved}{by}: {scale.words(won)} won, {scale.words(-lost)} lost"
    told = joined([f"{label.lower()} {scale.words(value[name])}" for name, label in _PARTS.items()])
    return figure(
        plot_waterfall(rows.reset_index(drop=True), currency=currency),
        title,
        f"Recurring revenue a month: each customer at the end of {period.label} less at its start.",
        alt=f"{title}. Of customers who are or did: {told}.",
        data=rows.rename(columns={"label": "part"})[["part", "value", "low", "high", "n"]].reset_index(drop=True),
        units={"value": "money", "low": "money", "high": "money", "n": "count"},
        settings=catalog.settings,
    )


def survival_chart(catalog: Catalog, period: Period, by: str = "") -> Fragment:
    """Return the share of customers still there so long after they came; empty where there are none."""
    from crmkit.plots import plot_survival

    as_of = _last_day(catalog, period)
    curve = survival_curve(catalog, as_of, by)
    if curve.empty or curve["at_risk"].max() < 20:
        return Fragment("", "no customers")
    known = at_risk_table(curve)
    title = f"{_of_the_curve(curve)}" if not by else _by_group(known, by)
    if by:  # what a small group does is in the table; six lines are what an eye can follow
        largest = curve.groupby("group")["at_risk"].max().nlargest(6).index
        curve = curve[curve["group"].isin(largest)]
    data = known.rename(columns={"group": by or "group", "survival": "still_customers"})
    return figure(
        plot_survival(curve),
        title,
        f"Share of new customers still active, by months since they came, to {as_of.day} {Period.containing(as_of).label}; "
        "Kaplan-Meier, with 95 % band. Below: customers at risk.",
        alt=f"{title}. "
        + joined([_point(row) for row in known.itertuples() if row.group == known["group"].iloc[0]])
        + ".",
        caption="Who leaves and comes back has left here. Customers from before the data began are left out.",
        data=data if by else data.drop(columns="group"),
        units={"months": "count", "still_customers": "share", "low": "share", "high": "share", "at_risk": "count"},
    )


def cohort_table(catalog: Catalog, period: Period) -> Fragment:
    """Return the cohorts of the last twelve periods as a table; what is not yet reached stays empty."""
    cells = cohort_retention(catalog, period)
    if cells.empty:
        return Fragment("", "no cohorts")
    noun = period.noun
    wide = cells.pivot(index="cohort", columns="age", values="value").sort_index(ascending=False)
    wide.columns = [f"After {age}" if age else "Same" for age in wide.columns]
    sizes = cells.groupby("cohort")["n"].first()
    wide.insert(0, "Customers", sizes)
    wide.index = [Period.parse(name).label for name in wide.index]
    wide.index.name = "Came in"
    ahead = _after_three(cells, noun)
    return table(
        wide,
        f"Of each {noun}'s new customers{ahead or ', so many'} are still active",
        subtitle=f"Share of the new customers of a {noun} who are active on the last day of later {noun}s; what has not "
        "been reached is empty.",
        caption="Below 50 new customers a share is good to 14 percentage points at best.",
        units={"Customers": "count"} | dict.fromkeys(wide.columns[1:], "share"),
    )


def retention_worth(catalog: Catalog, period: Period) -> Fragment:
    """Return whether what is spent on keeping customers can pay: cost, repeat margin, and the share it must have earned."""
    names = ["customer_retention_cost", "retention_break_even"]
    rows = evaluate(catalog, names, periods=period.run_up(6), first_days=catalog.days_so_far(period))
    own = rows[rows["period"] == str(period)].set_index("metric")
    share = own.loc["retention_break_even"]
    if pd.isna(share["value"]):
        return Fragment("", "no retention costs")
    scale = scale_of(share, catalog.settings.company.currency)
    title = f"Keeping customers pays if it brought about {scale.words(share['value'])} of the margin on repeat orders"
    if share["value"] > 1:
        title = f"Keeping customers cost more than repeat orders earned: {scale.words(share['value'])} of their margin"
    return table(
        rows[["metric", "period", "value", "low", "high", "n", "unit", "status", "reason"]].assign(
            metric=rows["metric"].map({names[0]: "Cost per active customer", names[1]: "Share that must be due to it"})
        ).sort_values(["metric", "period"]),
        title,
        subtitle="Retention costs per active customer, and as a share of the margin of orders that are not the first.",
        caption="Most of these orders would have come without any spending. Only a holdout shows what it brought about.",
        settings=catalog.settings,
    )  # fmt: skip


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
        return ""
    return f" between {reached.min():.0f} and {reached.max():.0f} %, three {noun}s on,"


def _point(row: Any) -> str:
    when = counted(row.months, "months") if row.months else "the start"
    return f"{100 * row.survival:.0f} % at {when}, {counted(row.at_risk, 'customers')} at risk"


def _months(days: float) -> str:
    months = round(days / (365.25 / 12))
    return counted(months, "months") if months >= 2 else counted(days, "days")


def _last_day(catalog: Catalog, period: Period) -> date:
    return min(period.end - timedelta(days=1), catalog.data_through or date.max)
