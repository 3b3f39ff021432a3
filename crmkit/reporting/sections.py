"""Sections that are a table with its message: targets, budgets, what precedes a win, a metric by group as counts."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.goals import budget_message, goals_message, precedents_message
from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.goals import budget_report, goals
from crmkit.metrics.nouns import is_number
from crmkit.metrics.precedents import events_before_win
from crmkit.metrics.stages import stage_order
from crmkit.metrics.wording import is_exact, scale_for
from crmkit.periods import Period
from crmkit.reporting.cell_words import EMPTY
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_ASSOCIATION = (
    "An association, not an effect: colleagues visit where there is something to win, and a deal that lasts longer sees "
    "more of everything. Only what happened before the decision is counted."
)


def goals_table(catalog: Catalog, scorecard: pd.DataFrame) -> Fragment:
    """Return targets against what was reached; empty where no target is set.

    Parameters
    ----------
    catalog : Catalog
    scorecard : DataFrame
        From :func:`crmkit.scorecard`.
    """
    reached = goals(scorecard)
    if reached.empty:
        return Fragment("", "no targets")
    currency = catalog.settings.company.currency
    rows = [_goal(row, currency) for row in reached.itertuples(index=False)]
    so_far = scorecard["days_so_far"].notna().any()
    caption = "The month is still running: of a sum, such as new customers, the target is its part for the days so far."
    period = Period.parse(scorecard["period"].iloc[0], catalog.settings.company.fiscal_year_start)
    return table(
        pd.DataFrame(rows, columns=["Metric", "Reached", "95 % interval", "Target", "Verdict"]),
        goals_message(reached),
        subtitle=f"Targets of the settings for {period.label}. Met or missed only where the whole interval lies on one side.",
        caption=caption.replace("month", period.noun) if so_far else "",
    )


def budget_table(catalog: Catalog, period: Period) -> Fragment:
    """Return what was spent against the budgets; empty where none is set.

    Parameters
    ----------
    catalog : Catalog
    period : Period
    """
    report = budget_report(catalog, period)
    if report.empty:
        return Fragment("", "no budgets")
    money = dict.fromkeys(["budget", "spent", "left"], "money")
    so_far = catalog.days_so_far(period)
    days = (
        f"the first {so_far} of {period.n_days} days of {period.label}, budgets their part of it"
        if so_far
        else period.label
    )
    return table(
        report[["channel", "purpose", "budget", "spent", "left", "used"]],
        budget_message(report, catalog.settings.company.currency),
        subtitle=f"Costs against the budgets of the settings, {days}.",
        units=money | {"used": "share"},
        settings=catalog.settings,
    )


def precedents_table(catalog: Catalog, period: Period) -> Fragment:
    """Return the win rate with and without each kind of event; empty where deals or interactions are not recorded.

    Parameters
    ----------
    catalog : Catalog
    period : Period
        Deals decided in the year that ends with it: a month has too few.
    """
    year = Period.parse(f"{period.year_before.end}..{period.end - timedelta(days=1)}")
    decided = period if period.n_days >= year.n_days else year
    when = f"in {decided.label}" if decided is period else f"from {decided.label}"
    compared = events_before_win(catalog, decided)
    if compared.empty:
        return Fragment("", "no interactions")
    names = {"kind": "Kind", "n_with": "Deals with", "win_rate_with": "Won with", "n_without": "Deals without",
             "win_rate_without": "Won without"}  # fmt: skip
    frame = (
        compared[list(names)].rename(columns=names).assign(Difference=[_points(row) for row in compared.itertuples()])
    )
    return table(
        frame.assign(Verdict=compared["verdict"].str.capitalize()),
        precedents_message(compared),
        subtitle=f"Share won of the deals decided {when}, with and without each kind of interaction, and the "
        "difference with its 95 % interval.",
        caption=_ASSOCIATION,
        units={"Won with": "share", "Won without": "share", "Deals with": "count", "Deals without": "count"},
    )


def group_table(
    catalog: Catalog, metrics: str | list[str], by: str, period: Period, title: str, subtitle: str = ""
) -> Fragment:
    """Return metrics of a period by the values of a column; empty where none of them can be split so.

    Parameters
    ----------
    catalog : Catalog
    metrics : str or list of str
    by : str
        The column.
    period : Period
    title, subtitle : str
        As of :func:`crmkit.table`.
    """
    from crmkit.metrics.cards import cards

    try:
        rows = evaluate(catalog, metrics, periods=period, by=by)
    except CrmkitError:  # the data have no such column: a page for other data has the table
        return Fragment("", "no table")
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return Fragment("", "no table")
    currency, wide = catalog.settings.company.currency, {}
    for card in cards(metrics):
        own = rows[rows["metric"] == card.name].set_index(by)
        wide[card.label] = (
            own.apply(lambda row: _with_interval(row, currency), axis=1) if len(own) else pd.Series(dtype=str)
        )
    frame = pd.DataFrame(wide).fillna(EMPTY)
    if by == "stage":  # as deals pass them, not by the alphabet
        known = [stage for stage in stage_order(catalog) if stage in frame.index]
        frame = frame.reindex([*known, *(stage for stage in frame.index if stage not in known)])
    else:  # "(unknown)" and "(small groups)" come before all names in the alphabet, and are the least telling
        frame = frame.reindex(sorted(frame.index, key=lambda name: str(name).startswith("(")))
    frame.index.name = by
    return table(frame, title, subtitle=subtitle or f"{period.label}, with 95 % intervals.")


def _with_interval(row: pd.Series, currency: str) -> str:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    interval = "" if is_exact(row) else scale.interval(row["low"], row["high"])
    parts = [scale.words(row["value"]), f"({interval})" if interval else ""]
    return " ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts if part)  # a number stays on its line


def _goal(row: object, currency: str) -> list[str]:
    r: pd.Series = row  # type: ignore[assignment]
    scale = scale_for(r.unit, r.value, low=r.low, high=r.high, currency=currency)
    target = scale_for(r.unit, r.target, currency=currency, significant=4).words(r.target)
    verdict = r.target_verdict.capitalize() or _not_judged(r)
    if not is_number(r.value):
        return [r.label, EMPTY, "", target, verdict]
    return [r.label, scale.words(r.value), scale.interval(r.low, r.high), target, verdict]


def _not_judged(row: pd.Series) -> str:
    told = "Too few to judge" if is_number(row.value) and row.status == "too few" else "No verdict"
    return f"{told}: {row.reason}" if row.reason else told


def _points(row: object) -> str:
    r: pd.Series = row  # type: ignore[assignment]
    if not (is_number(r.difference) and is_number(r.low) and is_number(r.high)):
        return EMPTY
    return f"{100 * r.difference:+.0f} points ({100 * r.low:+.0f} to {100 * r.high:+.0f})".replace("-", "−")
