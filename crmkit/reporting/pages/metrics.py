"""The sections that any metric can have on any page: its history, its values by group, as a chart or as a table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError, UnknownName
from crmkit.insights.findings import findings
from crmkit.insights.messages import group_message, history_message, parts_message
from crmkit.metrics.card import cards
from crmkit.metrics.cards.margins import assumed_margin
from crmkit.metrics.cards.pipeline import stage_order
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.engine.groups import are_parts_of_whole
from crmkit.metrics.formatting import is_exact, scale_for
from crmkit.periods import PeriodLike
from crmkit.reporting.display.figures import figure
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import EMPTY, table
from crmkit.reporting.pages.section import section
from crmkit.settings import Settings
from crmkit.tables.catalog import Catalog


def history_chart(
    metric: str, scorecard: pd.DataFrame, history: pd.DataFrame, settings: Settings | None = None
) -> Fragment:
    """Return one metric over the periods of ``history``: chart, message, and the numbers behind a fold.

    Parameters
    ----------
    metric : str
        Name of the metric.
    scorecard : DataFrame
        From :func:`crmkit.scorecard`.
    history : DataFrame
        From :func:`crmkit.evaluate`, the scorecard's period last.
    settings : Settings, optional
        For the currency.

    Returns
    -------
    Fragment

    Raises
    ------
    UnknownName
        If the metric is not on the scorecard.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> catalog = ck.connect({"orders": orders})
    >>> history = ck.evaluate(catalog, "revenue", periods="2026-09..2026-10")
    >>> history_chart("revenue", ck.scorecard(catalog, "2026-10", metrics="revenue", history=history), history, catalog.settings)
    <crmkit figure: Shop revenue: €30 in October 2026, nothing to compare with>
    """
    from crmkit.plots import plot_history

    row = _row_of(scorecard, metric)
    currency = settings.company.currency if settings else None
    past = history[history["metric"] == metric]
    card = cards(metric)[0]
    message = history_message(row, past, card.definition, currency)
    target = None if pd.isna(row.target) else row.target
    axes = plot_history(past, target=target, tone=row.direction, currency=currency)
    numbers = past[["period", "value", "low", "high", "n", "unit", "status", "reason"]].iloc[::-1]
    return figure(
        axes,
        message.title,
        message.subtitle,
        alt=message.alt,
        data=numbers,
        settings=settings,
        id=f"chart-{metric}",
    )


def finding_charts(
    scorecard: pd.DataFrame, history: pd.DataFrame, settings: Settings | None = None, *, limit: int = 3, start: int = 0
) -> Fragment:
    """Return one chart per headline finding, in the order of the findings.

    Parameters
    ----------
    scorecard, history : DataFrame
        As in :func:`history_chart`.
    settings : Settings, optional
        For the currency.
    limit : int
        Most charts to draw, those before ``start`` included.
    start : int
        Findings to leave out, whose charts stand elsewhere on the page.

    Returns
    -------
    Fragment
        Empty if no finding is about a metric.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> catalog = ck.connect({"orders": orders})
    >>> history = ck.evaluate(catalog, "revenue", periods="2026-09..2026-10")
    >>> ck.pages.finding_charts(ck.scorecard(catalog, "2026-10", metrics="revenue", history=history), history)
    <crmkit finding charts>
    """
    metrics = [finding.metric for finding in findings(scorecard) if finding.metric][start:limit]
    charts = [history_chart(metric, scorecard, history, settings) for metric in metrics]
    return Fragment("\n".join(chart.html for chart in charts), "finding charts")


@section("no chart")
def group_chart(catalog: Catalog, metric: str, by: str, scorecard: pd.DataFrame) -> Fragment | None:
    """Return one metric of the scorecard's period by the values of a column, against the whole.

    Parameters
    ----------
    metric, by : str
        Name of the metric, and of the column to split it by.
    """
    from crmkit.plots import plot_groups

    row = _row_of(scorecard, metric)
    try:
        groups = evaluate(catalog, metric, periods=row.period, by=by)
    except UnknownName:
        raise
    except CrmkitError:  # the data have no such column: a page for other data has the chart
        return None
    groups = groups[groups["value"].notna()]
    if len(groups) < 2 or pd.isna(row.value):
        return None
    currency = catalog.settings.company.currency
    card = cards(metric)[0]
    parts = are_parts_of_whole(catalog, card)  # groups that are parts of one whole differ from it of course
    message = (parts_message if parts else group_message)(groups, by, row, card, currency)
    overall = None if parts else row.value
    axes = plot_groups(groups.drop(columns=["metric", "period"]), overall=overall, currency=currency)
    numbers = groups[[by, "value", "low", "high", "n", "unit", "status", "reason"]]
    return figure(axes, message.title, message.subtitle, alt=message.alt, data=numbers, settings=catalog.settings)


@section("no table")
def group_table(
    catalog: Catalog, metrics: str | list[str], by: str, period: PeriodLike, *, title: str, subtitle: str = ""
) -> Fragment | None:
    """Return metrics of a period by the values of a column; empty where none of them can be split so.

    Parameters
    ----------
    metrics : str or list of str
    by : str
        The column.
    title, subtitle : str
        As of :func:`crmkit.reporting.pages.table`.
    """
    try:
        rows = evaluate(catalog, metrics, periods=period, by=by)
    except UnknownName:
        raise
    except CrmkitError:  # the data have no such column: a page for other data has the table
        return None
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return None
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
    return table(frame, title, subtitle=(subtitle or f"{period.label}, with 95 % intervals.") + assumed_margin(rows))


def _row_of(scorecard: pd.DataFrame, metric: str) -> Any:
    rows = scorecard[scorecard["metric"] == metric]
    if rows.empty:
        raise UnknownName("metric on this scorecard", metric, scorecard["metric"])
    return next(rows.itertuples(index=False))


def _with_interval(row: pd.Series, currency: str) -> str:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    interval = "" if is_exact(row) else scale.interval(row["low"], row["high"])
    parts = [scale.words(row["value"]), f"({interval})" if interval else ""]
    return " ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts if part)  # a number stays on its line
