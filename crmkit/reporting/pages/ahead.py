"""The sections of the page on what lies ahead: the months to come, the year against its goals, how far to trust it."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.ahead import (
    ahead_findings,
    ahead_headline,
    backtest_message,
    chart_message,
    in_ten,
    shift_sentences,
    unusual_sentences,
    year_message,
)
from crmkit.insights.ahead import ahead_method as ahead_method
from crmkit.metrics.formatting import is_number, scale_for
from crmkit.periods import Period, PeriodLike, last_day, months_before
from crmkit.predictions.ahead.back_test import ahead_backtest, level_shifts, unusual_months
from crmkit.predictions.ahead.past_months import past_months
from crmkit.reporting.display.figures import figure
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.opening import opening, table_names
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages.section import section
from crmkit.tables.catalog import Catalog

_PAST_MONTHS = 24  # of the chart
_RECENT = 12  # months in which a new level is news


@section()
def ahead_opening(catalog: Catalog, period: PeriodLike, outlook: pd.DataFrame) -> Fragment:
    """Return the top of the page: what the next month and the year bring, and what was out of the ordinary.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`crmkit.ahead`.
    """
    currency = catalog.settings.company.currency
    known = list(dict.fromkeys(outlook.loc[outlook["status"] == "ok", "metric"]))
    day = last_day(catalog.data_through, period)
    unusual = unusual_months(ahead_backtest(catalog, known, as_of=day), period) if known else pd.DataFrame()
    remarks = unusual_sentences(unusual, currency)
    if known:
        shifts = level_shifts(catalog, known, as_of=day)
        recent = [Period.parse(text).end > months_before(day, _RECENT) for text in shifts["period"]]
        remarks += shift_sentences(shifts[recent], currency)
    return opening(
        settings=catalog.settings,
        title=ahead_headline(outlook, currency),
        findings=ahead_findings(outlook, remarks, currency),
        data_through=catalog.data_through,
        needs=" or ".join(_lacking(outlook)) if not known else "",
    )


@section("no forecast")
def ahead_chart(catalog: Catalog, period: PeriodLike, outlook: pd.DataFrame, metric: str = "") -> Fragment | None:
    """Return the picture of the months that came and those to come of one number.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`crmkit.ahead`.
    metric : str
        Its name; without it the first of the outlook.
    """
    from crmkit.plots import plot_ahead

    rows = outlook[(outlook["kind"] == "month") & (outlook["status"] == "ok")]
    rows = rows[rows["metric"] == (metric or (rows["metric"].iloc[0] if len(rows) else ""))]
    if rows.empty:
        return None
    name, currency = str(rows["metric"].iloc[0]), catalog.settings.company.currency
    past = past_months(catalog, (name,), last_day(catalog.data_through, period))[name]
    values = past.values[-_PAST_MONTHS:]
    before = [str(past.last.shift(1 - len(values) + step)) for step in range(len(values))]
    came = pd.DataFrame({"period": before, "value": values, "unit": rows["unit"].iloc[0], "came": True})
    came = came.assign(**dict.fromkeys(["low_80", "high_80", "low", "high"], came["value"]))
    months = pd.concat([came, rows.assign(came=False)[list(came)]], ignore_index=True)
    title = chart_message(rows, currency)
    return figure(
        plot_ahead(months, currency=currency),
        title,
        f"{rows['label'].iloc[0]} by month: what came, and what is to come with intervals of 80 and 95 %",
        alt=f"{rows['label'].iloc[0]} by month. {title}.",
        data=months[["period", "value", "low_80", "high_80", "low", "high"]],
        settings=catalog.settings,
        units=dict.fromkeys(["value", "low_80", "high_80", "low", "high"], str(rows["unit"].iloc[0])),
        labels={"period": "Month", "low_80": "80 %: from", "high_80": "to", "low": "95 %: from", "high": "to"},
        id=f"ahead-{name}",
    )


@section("no forecast")
def ahead_year(
    catalog: Catalog, outlook: pd.DataFrame, *, limit: int | None = None, title: str = ""
) -> Fragment | None:
    """Return what the next month and the year bring of each number, beside the goal of the year.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`crmkit.ahead`.
    limit : int or None
        Most numbers to show: those with a goal first, then in the order of the outlook; all without.
    title : str
        Heading; without it, whether the goals will be reached.
    """
    known = outlook[outlook["status"] == "ok"]
    years, first = known[known["kind"] == "year"], known[known["step"] == 1].drop_duplicates("metric")
    if years.empty:
        return None
    shown_years = years.sort_values("reached", key=lambda reached: reached.isna(), kind="stable").head(
        limit or len(years)
    )
    currency = catalog.settings.company.currency
    by_metric = first.set_index("metric")
    rows = []
    for row in shown_years.to_dict("records"):
        following = by_metric.loc[row["metric"]]
        goal = scale_for(row["unit"], row["target"], currency=currency, significant=4).words(row["target"])
        rows.append(
            [row["label"], *_said(following, currency), *_said(row, currency)]
            + ([goal, in_ten(row["reached"])] if is_number(row["reached"]) else ["", ""])
        )
    month, year = Period.parse(str(first["period"].iloc[0])), str(years["period"].iloc[0])
    columns = ["Number", month.label, "In 8 of 10 futures", year, "In 8 of 10 futures ", "Goal", "Reached in"]
    shown = pd.DataFrame(rows, columns=columns)
    if not (shown["Goal"] != "").any():
        shown = shown.drop(columns=["Goal", "Reached in"])
    return table(
        shown,
        title or year_message(years),
        subtitle="What is to come is as likely to be surpassed as not; of the year what came already is in it",
        caption="Of recurring revenue and active customers the year is its last month. A goal is a [[targets]] of the settings.",
        settings=catalog.settings,
    )


@section("no forecast")
def ahead_months(catalog: Catalog, outlook: pd.DataFrame) -> Fragment | None:
    """Return every month ahead of every number.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`crmkit.ahead`.
    """
    rows = outlook[outlook["kind"] == "month"]
    if rows.empty:
        return None
    currency = catalog.settings.company.currency
    lines = []
    for row in rows.to_dict("records"):
        if row["status"] != "ok":
            lines.append([row["label"], row["period"], "", "", "", row["reason"]])
            continue
        scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
        within = [scale.interval(row["low_80"], row["high_80"]), scale.interval(row["low"], row["high"])]
        lines.append([row["label"], row["period"], scale.words(row["value"]), *within, row["reason"]])
    shown = pd.DataFrame(lines, columns=["Number", "Month", "Expected", "80 %", "95 %", "Note"])
    if not (shown["Note"] != "").any():
        shown = shown.drop(columns="Note")
    n_months = int(rows["n_months"].max())
    return table(
        shown,
        "Month by month",
        subtitle=f"With intervals of 80 and 95 %, from up to {n_months} months on record",
        settings=catalog.settings,
    )


@section("no back-test")
def ahead_backtest_table(catalog: Catalog, period: PeriodLike, outlook: pd.DataFrame) -> Fragment | None:
    """Return how forecasts of past months would have held.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`crmkit.ahead`.
    """
    known = list(dict.fromkeys(outlook.loc[outlook["status"] == "ok", "metric"]))
    if not known:
        return None
    tested = ahead_backtest(catalog, known, as_of=last_day(catalog.data_through, period))
    if tested.empty:
        return None
    tested = tested.assign(
        inside=tested["actual"].between(tested["low"], tested["high"]),
        inside_80=tested["actual"].between(tested["low_80"], tested["high_80"]),
        missed=(tested["actual"] - tested["value"]).abs(),
        naive_missed=(tested["actual"] - tested["naive"]).abs(),
    )
    by = tested.groupby("label", sort=False)
    size = by["actual"].mean().abs()
    shown = pd.DataFrame(
        {
            "Number": size.index,
            "n": by.size().to_numpy(),
            "inside_80": by["inside_80"].mean().to_numpy(),
            "inside": by["inside"].mean().to_numpy(),
            "missed": (by["missed"].mean() / size).to_numpy(),
            "naive_missed": (by["naive_missed"].mean() / size).to_numpy(),
        }
    )
    return table(
        shown,
        backtest_message(tested),
        subtitle="Forecasts of up to six months, made at the end of each of the last months from what was known of the months "
        "before",
        units={"n": "count", **dict.fromkeys(["inside_80", "inside", "missed", "naive_missed"], "share")},
        labels={
            "n": "Months forecast",
            "inside_80": "In their 80 %",
            "inside": "In their 95 %",
            "missed": "Missed by",
            "naive_missed": "Last year again by",
        },
        settings=catalog.settings,
    )


def _said(row: pd.Series | dict, currency: str) -> list[str]:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    return [scale.words(row["value"]), scale.interval(row["low_80"], row["high_80"])]


def _lacking(outlook: pd.DataFrame) -> list[str]:
    named = [name for reason in outlook["reason"] for name in table_names(str(reason).removeprefix("needs "))]
    return list(dict.fromkeys(named)) or ["orders", "subscription_terms"]
