"""The sections on who stays and for how long, on loyalty, and on what made the revenue of orders change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmkit.insights.messages import PARTS, part_label, revenue_change_message
from crmkit.insights.segments import last_days
from crmkit.metrics.analyses.cohorts import cohort_retention
from crmkit.metrics.analyses.lifetimes import at_risk_table, logrank, survival_curve
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.formatting import beside, counted, in_words, joined, scale_of
from crmkit.periods import Period, PeriodLike, day_in_words, last_day
from crmkit.predictions.loyalty import NO_TIER, anniversaries, loyalty
from crmkit.predictions.segments.assignment import learned_on
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.figures import figure
from crmkit.reporting.display.front import reason_line, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages.revenue import parts_of, waterfall
from crmkit.reporting.pages.section import section
from crmkit.sources.masking import shown_ids
from crmkit.tables.catalog import Catalog
from crmkit.tables.unseen_renewals import unseen_of
from crmkit.words import say

_HALF = 0.5
_SURE = 0.05
_SHOWN = 10
_GRAINS = ("month", "quarter", "year")


@section("no customers")
def survival_chart(catalog: Catalog, period: PeriodLike, *, by: str = "") -> Fragment | None:
    """Return the share of customers still active by time since they came; empty without customers.

    Parameters
    ----------
    by : str
        The column to split by.
    """
    from crmkit.plots import plot_survival

    as_of = last_day(catalog.data_through, period)
    curve = survival_curve(catalog, as_of, by=by)
    if curve.empty or curve["at_risk"].max() < 20:
        return None
    known, names = at_risk_table(curve), sorted(set(curve["group"].astype(str)))
    if by:  # what a small group does is in the table; six lines are as many as a reader can follow, and the title is about them
        largest = curve.groupby("group")["at_risk"].max().nlargest(6).index
        curve, known = (rows[rows["group"].isin(largest)] for rows in (curve, known))
    test = logrank(catalog, as_of, by=by) if by else None
    title = f"{_curve_title(curve)}" if test is None else _group_title(known, by, test)
    points = [_point_words(row) for row in known.itertuples() if row.group == known["group"].iloc[0]]
    data = known.rename(columns={"group": by or "group", "survival": "still_customers"})
    return figure(
        plot_survival(curve, known=names if by else ()),
        title,
        say("retention-survival-subtitle", by="yes" if by else "no", day=day_in_words(as_of)),
        alt=say("retention-alt", title=title, points=joined(points)),
        caption=f"{say('retention-survival-caption', test=_test_words(test, by))}{_unseen_words(catalog, as_of)}",
        data=data if by else data.drop(columns="group"),
        units={"months": "count", "still_customers": "share", "low": "share", "high": "share", "at_risk": "count"},
    )


@section("no cohorts")
def cohort_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the cohorts of the last twelve periods as a table; what is not yet reached stays empty."""
    cells = cohort_retention(catalog, period)
    if cells.empty:
        return None
    noun = period.noun
    # At age 0 nearly all are there: the column would say nothing.
    wide = cells.pivot(index="cohort", columns="age", values="value").sort_index(ascending=False).drop(columns=0)
    wide.columns = [say("retention-age", noun=noun.capitalize(), age=int(age)) for age in wide.columns]
    wide = wide.round(2)
    sizes = cells.groupby("cohort")["n"].first()
    wide.insert(0, "Customers", sizes)
    wide.index = [Period.parse(name).label for name in wide.index]
    wide.index.name = say("retention-came-in")
    return table(
        wide,
        _cohorts_title(cells, noun),
        subtitle=say("retention-cohorts-subtitle", noun=noun),
        caption=say("retention-cohorts-caption"),
        units={"Customers": "count"} | dict.fromkeys(wide.columns[1:], "share"),
        shaded=list(wide.columns[1:]),
    )


@section()
def loyalty_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return how many customers are in each tier and what they bring; nothing where there are too few to rank."""
    loyal = loyalty(catalog, last_days(catalog, period)[1])
    if loyal.empty:
        return None
    tiers = [*catalog.settings.loyalty.tiers.items(), (NO_TIER, 3)]
    total = max(float(loyal["revenue"].sum()), 1e-9)
    rows = [
        (
            name,
            least,
            len(own),
            len(own) / len(loyal),
            float(own["revenue"].sum()) / total,
            float(own["tenure_days"].mean()),
        )
        for name, least in tiers
        if len(own := loyal[loyal["tier"] == name])
    ]
    frame = pd.DataFrame(rows, columns=["tier", "points", "n", "share", "revenue_share", "tenure_days"])
    best = frame.iloc[0]
    cut_on = day_in_words(learned_on(catalog, last_days(catalog, period)[1]))
    brings = in_words(best["revenue_share"], "share")
    return table(
        frame,
        say("retention-tiers", tier=best["tier"], customers=counted(int(best["n"]), "customers"), share=brings),
        subtitle=say("retention-tiers-subtitle"),
        caption=say("retention-tiers-caption", day=cut_on),
        units={"n": "count", "share": "share", "revenue_share": "share", "tenure_days": "days", "points": "count"},
        labels={
            "points": "From points",
            "n": "Customers",
            "share": "Of customers",
            "revenue_share": "Of revenue",
            "tenure_days": say("retention-tenure"),
        },
        settings=catalog.settings,
    )


@section()
def anniversary_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the customers whose anniversary comes within 31 days; nothing without any."""
    day = last_days(catalog, period)[1]
    soon = anniversaries(loyalty(catalog, day), day)
    if soon.empty:
        return None
    first = soon.sort_values(["points", "anniversary_on"], ascending=[False, True]).head(_SHOWN)
    shown = pd.DataFrame(
        {
            "customer": shown_ids(first["customer_id"], catalog.settings),
            "tier": first["tier"].to_numpy(),
            "anniversary_on": first["anniversary_on"].to_numpy(),
            "years": first["years"].to_numpy(),
        }
    )
    return table(
        shown,
        say("retention-anniversaries", n=len(soon), day=day_in_words(day)),
        subtitle=say("retention-anniversaries-subtitle"),
        labels={"years": say("retention-years")},
        units={"years": "count"},
    )


@section()
def loyalty_export(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the list of tiers and anniversaries, which the run writes; nothing where there is none."""
    loyal = loyalty(catalog, last_days(catalog, period)[1])
    if loyal.empty:
        return None
    return export(loyal, "loyalty", say("retention-tiers-list"))


@section("no change of revenue")
def revenue_change_chart(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what made revenue differ from the period before, customer by customer; empty without orders of customers."""
    rows = _signed_parts(evaluate(catalog, list(PARTS), periods=period, first_days=catalog.days_so_far(period)))
    if pd.isna(rows.loc["revenue_change", "value"]) or rows["value"].isna().any():
        return None
    currency, before = catalog.settings.company.currency, beside(str(period.previous), str(period))
    title = revenue_change_message({str(name): float(x) for name, x in rows["value"].items()}, before, currency)
    scale = scale_of(rows.loc["revenue_change"], currency)
    days = catalog.days_so_far(period)
    shown = waterfall(
        rows,
        title,
        say("retention-change-subtitle", days=days or 0, period=period.label, before=before),
        catalog.settings,
        say("retention-change-caption", interval=scale.interval(*_interval_of_change(rows))),
        id="why-revenue",
    )
    return with_front_lines(shown, [reason_line(title, "why-revenue")])


@section("no change of revenue")
def revenue_change_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the same change for the month, the quarter and the year up to the end of the period, side by side."""
    last = min(period.end - timedelta(days=1), catalog.data_through or period.end)
    columns = {}
    for grain in _GRAINS:
        holding = Period.containing(last, grain)  # type: ignore[arg-type]
        days = (last - holding.start).days + 1
        so_far = days if days < holding.n_days else None
        rows = _signed_parts(evaluate(catalog, list(PARTS), periods=holding, first_days=so_far))
        if rows["value"].notna().all():
            before = beside(str(holding.previous), str(holding))
            name = say("retention-less", days=days if so_far else 0, period=holding.label, before=before)
            columns[name] = rows["value"]
    if not columns:
        return None
    frame = pd.DataFrame(columns).assign(part=[part_label(name) for name in PARTS]).set_index("part")
    return table(
        frame,
        say("retention-changes"),
        subtitle=say("retention-changes-subtitle"),
        caption=say("retention-changes-caption"),
        units=dict.fromkeys(columns, "money"),
        settings=catalog.settings,
    )


def _curve_title(curve: pd.DataFrame) -> str:
    reached = curve[curve["survival"] <= _HALF]
    if reached.empty:
        last = curve.iloc[-1]
        return say("retention-stay", share=f"{100 * last['survival']:.0f}", time=_duration_words(last["age"]))
    return say("retention-half", time=_duration_words(reached["age"].iloc[0]))


def _duration_words(days: float) -> str:
    months = round(days / (365.25 / 12))
    return counted(months, "months") if months >= 2 else counted(days, "days")


def _group_title(known: pd.DataFrame, by: str, test: pd.DataFrame) -> str:
    """Return what the log-rank test says, with the best and the worst group after a year if these two differ."""
    kind = by.replace("_", " ")
    if not test["p_value"].iloc[:1].lt(_SURE).any():
        return say("retention-groups-alike", kind=kind)
    groups = known[known["months"].between(1, 12)].groupby("months")["group"].nunique()
    year = known[known["months"] == groups.index[groups > 1].max()]
    title = say("retention-groups-differ", kind=kind)
    if year.empty:
        return title
    best, worst = year.loc[year["survival"].idxmax()], year.loc[year["survival"].idxmin()]
    pair = test[
        test["group"].isin([best["group"], worst["group"]]) & test["against"].isin([best["group"], worst["group"]])
    ]
    differ = pair[["p_value", "p_adjusted"]].max(axis=1).lt(_SURE).any()
    if not differ or round(100 * best["survival"]) == round(100 * worst["survival"]):
        return title
    return say(
        "retention-groups",
        months=counted(year["months"].iloc[0], "months"),
        best=str(best["group"]),
        kept=f"{100 * best['survival']:.0f}",
        worst=str(worst["group"]),
        least=f"{100 * worst['survival']:.0f}",
    )


def _unseen_words(catalog: Catalog, as_of: date) -> str:
    """Return a sentence where the latest renewals are not in the data and count as losses."""
    unseen = unseen_of(catalog)
    if unseen is None or unseen.first > as_of:
        return ""
    return say("retention-unseen", found=unseen.words)


def _test_words(test: pd.DataFrame | None, by: str) -> str:
    """Return the log-rank test of all groups, and the pairs that differ also after having looked at all of them."""
    if test is None:
        return ""
    kind = by.replace("_", " ")
    if test.empty:
        return say("retention-test-none", kind=kind)
    whole, pairs = test.iloc[0], test[test["p_adjusted"] < _SURE]
    apart = [
        say("retention-pair", one=str(row.group), other=str(row.against)) for row in pairs.head(_SHOWN).itertuples()
    ]
    return say(
        "retention-test",
        kind=kind,
        statistic=f"{whole['statistic']:.1f}",
        freedom=counted(int(whole["freedom"]), "degrees"),
        p="p < 0.001" if whole["p_value"] < 0.001 else f"p = {whole['p_value']:.2g}",
        pairs="whole" if len(test) == 1 else "some" if apart else "none",
        apart=joined(apart),
    )


def _point_words(row: Any) -> str:
    when = counted(row.months, "months") if row.months else say("retention-start")
    at_risk = counted(row.at_risk, "customers")
    return say("retention-point", share=f"{100 * row.survival:.0f}", when=when, customers=at_risk)


def _cohorts_title(cells: pd.DataFrame, noun: str) -> str:
    reached = 100 * cells.loc[cells["age"] == 3, "value"]
    if len(reached) < 2:
        return say("retention-cohorts-young", noun=noun)
    return say("retention-cohorts", noun=noun, least=f"{reached.min():.0f}", most=f"{reached.max():.0f}")


def _signed_parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the parts in order with their names, what was lost below zero; a part without customers is 0."""
    losses = [name for name, adds in PARTS.items() if not adds]
    parts = parts_of(rows, {name: part_label(name) for name in PARTS}, losses)
    if pd.notna(parts.loc["revenue_change", "value"]):
        nobody = (parts["status"] == "no data") & parts["reason"].str.startswith("no ")
        parts.loc[nobody, ["value", "low", "high"]] = 0.0
    return parts


def _interval_of_change(rows: pd.DataFrame) -> tuple[float, float]:
    change: Any = rows.loc["revenue_change"]
    return float(change["low"]), float(change["high"])
