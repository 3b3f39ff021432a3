"""Charts with their message: one metric over time or by group, titled with what it shows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError, UnknownName
from crmkit.insights.findings import findings
from crmkit.insights.messages import group_message, history_message, parts_message
from crmkit.metrics.cards import cards
from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.splits import divides
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
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
    >>> book = ck.connect({"orders": orders})
    >>> history = ck.evaluate(book, "revenue", periods="2026-09..2026-10")
    >>> history_chart("revenue", ck.scorecard(book, "2026-10", "revenue", history), history, book.settings)
    <crmkit figure: Revenue: €30 in October 2026, nothing to compare with>
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
    return figure(axes, message.title, message.subtitle, alt=message.alt, data=numbers, settings=settings)


def finding_charts(
    scorecard: pd.DataFrame, history: pd.DataFrame, settings: Settings | None = None, limit: int = 3
) -> Fragment:
    """Return one chart per headline finding, in the order of the findings.

    Parameters
    ----------
    scorecard, history : DataFrame
        As in :func:`history_chart`.
    settings : Settings, optional
        For the currency.
    limit : int
        Most charts to draw.

    Returns
    -------
    Fragment
        Empty if no finding is about a metric.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> book = ck.connect({"orders": orders})
    >>> history = ck.evaluate(book, "revenue", periods="2026-09..2026-10")
    >>> ck.finding_charts(ck.scorecard(book, "2026-10", "revenue", history), history)
    <crmkit finding charts>
    """
    told = [finding.metric for finding in findings(scorecard) if finding.metric][:limit]
    charts = [history_chart(metric, scorecard, history, settings) for metric in told]
    return Fragment("\n".join(chart.html for chart in charts), "finding charts")


def group_chart(catalog: Catalog, metric: str, by: str, scorecard: pd.DataFrame) -> Fragment:
    """Return one metric of the scorecard's period by the values of a column, against the whole.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    metric, by : str
        Name of the metric, and of the column to split it by.
    scorecard : DataFrame
        From :func:`crmkit.scorecard`.

    Returns
    -------
    Fragment
        Empty where the metric cannot be split so.
    """
    from crmkit.plots import plot_groups

    row = _row_of(scorecard, metric)
    try:
        groups = evaluate(catalog, metric, periods=row.period, by=by)
    except CrmkitError:  # the data have no such column: a page for other data has the chart
        return Fragment("", "no chart")
    groups = groups[groups["value"].notna()]
    if len(groups) < 2 or pd.isna(row.value):
        return Fragment("", "no chart")
    currency = catalog.settings.company.currency
    card = cards(metric)[0]
    parts = divides(catalog, card)  # groups that are parts of one whole differ from it of course
    message = (parts_message if parts else group_message)(groups, by, row, card, currency)
    overall = None if parts else row.value
    axes = plot_groups(groups.drop(columns=["metric", "period"]), overall=overall, currency=currency)
    numbers = groups[[by, "value", "low", "high", "n", "unit", "status", "reason"]]
    return figure(axes, message.title, message.subtitle, alt=message.alt, data=numbers, settings=catalog.settings)


def _row_of(scorecard: pd.DataFrame, metric: str) -> Any:
    rows = scorecard[scorecard["metric"] == metric]
    if rows.empty:
        raise UnknownName("metric on this scorecard", metric, scorecard["metric"])
    return next(rows.itertuples(index=False))
