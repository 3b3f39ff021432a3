"""The section on revised numbers: whether last month's numbers are those that its report gave, and if not, why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from crmkit.insights.revisions import changed_inputs, revision_sentence
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.periods import Period
from crmkit.reporting.display.html import Fragment, filled
from crmkit.reporting.runner.numbers import PageNumbers, inputs_of_numbers, numbers_of, reported_numbers
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.words import say


@checked
def revisions(
    catalog: Catalog, scorecard: pd.DataFrame, *, reports: str = "", history: pd.DataFrame | None = None
) -> Fragment:
    """Compare the numbers of the period before with those that its report gave, and say what was revised.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    scorecard : DataFrame
        From :func:`crmkit.scorecard`; its numbers go along with the page, for the comparison in the next period.
    reports : str
        Folder of all reports; empty: that of the settings.
    history : DataFrame, optional
        From :func:`crmkit.evaluate`; what it does not hold is evaluated here.

    Returns
    -------
    Fragment
        Empty if the period before was not reported.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> catalog = ck.connect({"orders": orders})
    >>> revisions(catalog, ck.scorecard(catalog, "2026-10", metrics="revenue"), reports="nowhere")
    <crmkit revisions>
    """
    first = scorecard.iloc[0]
    before = Period.parse(first["previous_period"], catalog.settings.company.fiscal_year_start)
    so_far = first.get("days_so_far")
    numbers = numbers_of(catalog, scorecard, None if pd.isna(so_far) else int(so_far))
    now = inputs_of_numbers(catalog)
    folder = Path(reports) if reports else catalog.settings.path("reports")
    then = reported_numbers(folder / str(before))
    html = ""
    if then:
        current = numbers_of(catalog, _evaluated(catalog, scorecard, before, history))
        currency = catalog.settings.company.currency
        revised_numbers = {
            metric: revision_sentence(then[metric][0], current[metric], changed_inputs(then[metric][1], now), currency)
            for metric in current
            if metric in then
        }
        html = _section(before.label, [text for text in revised_numbers.values() if text], len(revised_numbers))
    return PageNumbers(html, "revisions", {"numbers": numbers, "made_from": now})


def _evaluated(catalog: Catalog, scorecard: pd.DataFrame, before: Period, history: pd.DataFrame | None) -> pd.DataFrame:
    """Return the numbers of the period before, whole: the history of a period that is running is cut to its days."""
    known = pd.DataFrame() if history is None else history[history["period"] == str(before)]
    is_running = scorecard["days_so_far"].notna().any()
    if is_running or set(known.get("metric", ())) != set(scorecard["metric"]):
        return evaluate(catalog, list(scorecard["metric"]), periods=before)
    return known


def _section(label: str, points: list[str], n_compared: int) -> str:
    if points:
        said = say("revision-section-changed", n=len(points), period=label)
    else:
        said = say("revision-section-same", period=label, compared=f"{n_compared:,}")
    foot: dict[str, Any] = {"terms": [], "terms_title": "", "is_open": False}
    return str(filled("notes", id="revisions", title=say("revision-title"), paragraphs=[said], points=points, **foot))
