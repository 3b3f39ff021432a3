"""The few numbers that an owner reads first: value, interval, a year's line, the change and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.insights.findings import findings
from crmkit.insights.sentiment import Remark
from crmkit.metrics.formatting import currency_of, is_number
from crmkit.reporting.display.front import FrontLine, with_front_lines
from crmkit.reporting.display.html import Fragment, drawn
from crmkit.reporting.display.tiles import tile_of
from crmkit.settings import Settings

# Money, customers, those who come and go, what they say: where a firm has them, they are the first in every period.
WATCHED = (
    "turnover",
    "recurring_revenue",
    "revenue",
    "active_customers",
    "new_customers",
    "churn_rate",
    "nps",
    "csat",
    "margin",
    "n_orders",
)


def key_numbers(
    scorecard: pd.DataFrame,
    history: pd.DataFrame | None = None,
    settings: Settings | None = None,
    *,
    limit: int = 3,
    remarks: Mapping[str, Remark] | None = None,
) -> Fragment:
    """Return the most important numbers of a scorecard as small tiles, which the front page may take.

    Parameters
    ----------
    scorecard : DataFrame
        One row per metric, judged, from :func:`crmkit.scorecard`.
    history : DataFrame or None
        From :func:`crmkit.evaluate`, for the lines; as of :func:`crmkit.pages.tiles`.
    settings : Settings or None
        For the currency.
    limit : int
        Most numbers to show: first those that every owner watches, then those that the findings are about.
    remarks : mapping of metric to Remark, or None
        How far a number can be trusted, as of :func:`crmkit.pages.tiles`.

    Returns
    -------
    Fragment
        Empty where no number has a value.

    Examples
    --------
    >>> card = {"metric": "csat", "label": "Satisfied customers", "topic": "voice", "period": "2026-10", "unit": "share"}
    >>> card |= {"value": None, "low": None, "high": None, "status": "not measured", "reason": "needs survey_responses"}
    >>> key_numbers(pd.DataFrame([card | {"verdict": "no comparison"}]))
    <crmkit no numbers>
    """
    rows: dict[str, Any] = {str(row.metric): row for row in scorecard.itertuples(index=False) if is_number(row.value)}
    if not rows:
        return Fragment("", "no numbers")
    currency = currency_of(scorecard, settings.company.currency if settings is not None else None)
    shown = [
        tile_of(rows[metric], history, currency, (remarks or {}).get(metric)) | {"href": f"#tile-{metric}"}
        for metric in _most_important(scorecard, rows)[:limit]
    ]
    lines = [FrontLine("number", tile["label"], metric=tile["metric"], number=_plain(tile)) for tile in shown]
    return with_front_lines(drawn("key_numbers", f"key numbers: {len(shown)}", tiles=shown, is_front=False), lines)


def _most_important(scorecard: pd.DataFrame, rows: Mapping[str, Any]) -> list[str]:
    told = [finding.metric for finding in findings(scorecard)]
    known = [metric for metric in (*WATCHED, *told) if metric in rows]
    rest = sorted(rows, key=lambda metric: (rows[metric].status != "ok", not getattr(rows[metric], "headline", True)))
    return list(dict.fromkeys([*known, *rest]))


def _plain(tile: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tile as JSON, with what a small tile shows and nothing else."""
    spark = tile["spark"]
    kept = {name: tile[name] for name in ("metric", "label", "tone", "number", "unit", "interval", "is_doubted")}
    return kept | {
        "main": tile["main"],
        "spark": spark and {"svg": str(spark.svg), "first": spark.first, "last": spark.last},
    }
