"""The sections on targets and budgets, and on the events that precede a win."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from crmkit.insights.goals import budget_message, goals_message, precedents_message
from crmkit.metrics.analyses.events_before_win import events_before_win
from crmkit.metrics.analyses.goals import budget_report, goals
from crmkit.metrics.formatting import is_number, scale_for
from crmkit.periods import Period, PeriodLike
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import EMPTY, table
from crmkit.reporting.pages.section import section
from crmkit.tables.catalog import Catalog
from crmkit.words import say


@section("no targets")
def goals_table(catalog: Catalog, scorecard: pd.DataFrame) -> Fragment | None:
    """Return targets against what was reached; empty where no target is set."""
    reached = goals(scorecard)
    if reached.empty:
        return None
    currency = catalog.settings.company.currency
    rows = [_goal(row, currency) for row in reached.itertuples(index=False)]
    so_far = scorecard["days_so_far"].notna().any()
    period = Period.parse(scorecard["period"].iloc[0], catalog.settings.company.fiscal_year_start)
    return table(
        pd.DataFrame(rows, columns=["Metric", "Reached", "95 % interval", "Target", "Verdict"]),
        goals_message(reached),
        subtitle=say("scorecard-goals-subtitle", period=period.label),
        caption=say("scorecard-goals-running", period=period.noun) if so_far else "",
    )


@section("no budgets")
def budget_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what was spent against the budgets; empty where none is set."""
    report = budget_report(catalog, period)
    if report.empty:
        return None
    money = dict.fromkeys(["budget", "spent", "left"], "money")
    so_far = catalog.days_so_far(period) or 0
    return table(
        report[["channel", "purpose", "budget", "spent", "left", "used"]],
        budget_message(report, catalog.settings.company.currency),
        subtitle=say("scorecard-budgets-subtitle", days=so_far, of=period.n_days, period=period.label),
        units=money | {"used": "share"},
        settings=catalog.settings,
    )


@section("no interactions")
def precedents_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the win rate with and without each kind of event; empty where deals or interactions are not recorded.

    Parameters
    ----------
    period : str, Period or pair of days
        Such as "2026-10"; deals decided in the year that ends with it are counted, as a month has too few.
    """
    year = Period.parse(f"{period.year_before.end}..{period.end - timedelta(days=1)}")
    decided = period if period.n_days >= year.n_days else year
    span = "period" if decided is period else "year"
    compared = events_before_win(catalog, decided)
    if compared.empty:
        return None
    names = {
        "kind": "Kind",
        "n_with": "Deals with",
        "win_rate_with": "Won with",
        "n_without": "Deals without",
        "win_rate_without": "Won without",
    }
    frame = (
        compared[list(names)].rename(columns=names).assign(Difference=[_points(row) for row in compared.itertuples()])
    )
    return table(
        frame.assign(Verdict=compared["verdict"].str.capitalize()),
        precedents_message(compared),
        subtitle=say("scorecard-precedents-subtitle", span=span, period=decided.label),
        caption=say("scorecard-precedents-caption"),
        units={"Won with": "share", "Won without": "share", "Deals with": "count", "Deals without": "count"},
    )


def _goal(row: object, currency: str) -> list[str]:
    r: pd.Series = row  # type: ignore[assignment]
    scale = scale_for(r.unit, r.value, low=r.low, high=r.high, currency=currency)
    target = scale_for(r.unit, r.target, currency=currency, significant=4).words(r.target)
    verdict = r.target_verdict.capitalize() or _not_judged(r)
    if not is_number(r.value):
        return [r.label, EMPTY, "", target, verdict]
    return [r.label, scale.words(r.value), scale.interval(r.low, r.high), target, verdict]


def _not_judged(row: pd.Series) -> str:
    few = is_number(row.value) and row.status == "too few"
    told = say("scorecard-not-judged", why="few" if few else "other")
    return say("scorecard-not-judged-because", told=told, reason=row.reason) if row.reason else told


def _points(row: object) -> str:
    r: pd.Series = row  # type: ignore[assignment]
    if not (is_number(r.difference) and is_number(r.low) and is_number(r.high)):
        return EMPTY
    return f"{100 * r.difference:+.0f} points ({100 * r.low:+.0f} to {100 * r.high:+.0f})".replace("-", "−")
