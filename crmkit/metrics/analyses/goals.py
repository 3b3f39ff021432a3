"""Targets compared with the values reached, and budgets with the money spent."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.engine.evaluate import fetch
from crmkit.periods import Period, PeriodLike
from crmkit.settings import Budget, prorated
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import day, where
from crmkit.tables.validate import check_made_by

_ORDER = {"missed": 0, "too close to call": 1, "": 2, "met": 3}


def goals(scorecard: pd.DataFrame) -> pd.DataFrame:
    """Return every metric that has a target, with the verdict on it; missed targets first.

    Parameters
    ----------
    scorecard : DataFrame
        From :func:`crmkit.scorecard`. In a period that is running, the target of a sum is its part for the days so far.

    Returns
    -------
    DataFrame
        One row per metric with a target: metric, label, period, value, low, high, target, gap (value less target) [unit],
        unit, better, n [count], status, reason, target_verdict ("met", "missed", "too close to call", or "" where there
        is no number).

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> ck.goals(ck.scorecard(ck.connect({"orders": orders}), "2026-10")).empty
    True
    """
    columns = [
        "metric",
        "label",
        "period",
        "value",
        "low",
        "high",
        "target",
        "gap",
        "unit",
        "better",
        "n",
        "status",
        "reason",
        "target_verdict",
    ]
    check_made_by("ck.scorecard(...)", scorecard, ["target", "target_verdict"], "goals")
    rows = scorecard[scorecard["target"].notna()]
    rows = rows.assign(gap=rows["value"] - rows["target"])
    rows = rows.sort_values("target_verdict", key=lambda verdicts: verdicts.map(_ORDER), kind="stable")
    return rows[columns].reset_index(drop=True)


@checked
def budget_report(catalog: Catalog, period: PeriodLike) -> pd.DataFrame:
    """Compare the money spent in a period with the budgets of the settings, line by line.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10"; of one that is running, the budget is its part for the days so far.

    Returns
    -------
    DataFrame
        One row per purpose and channel that has a budget in these days, the budget of all channels first: purpose,
        channel ("all" for all channels), budget, spent, left [currency], used [share]. Empty without budgets or costs.
    """
    columns = ["purpose", "channel", "budget", "spent", "left", "used"]
    so_far = catalog.days_so_far(period)
    end = period.end if so_far is None else period.start + timedelta(days=so_far)
    lines = _lines(catalog.settings.budgets, period, end)
    spent = _spent(catalog, period, end) if lines else None
    if spent is None:
        return pd.DataFrame(columns=columns)
    records = []
    for (purpose, channel), budget in lines.items():
        own = spent[spent["purpose"] == purpose]
        amount = float((own if channel is None else own[own["channel"] == channel])["amount"].sum())
        used = amount / budget if budget else np.nan
        records.append([purpose, channel or "all", budget, amount, budget - amount, used])
    report = pd.DataFrame(records, columns=columns)
    report.attrs["currency"] = catalog.settings.company.currency
    return report


def _lines(budgets: tuple[Budget, ...], period: Period, end: date) -> dict[tuple[str, str | None], float]:
    keys = sorted({(b.purpose, b.channel) for b in budgets}, key=lambda key: (key[0], key[1] or ""))
    lines: dict[tuple[str, str | None], float] = {}
    for key in keys:
        amounts = [(b, b.amount, b.per) for b in budgets if (b.purpose, b.channel) == key]
        planned = prorated(amounts, period.start, end)
        if planned is not None:
            lines[key] = planned
    return lines


def _spent(catalog: Catalog, period: Period, end: date) -> pd.DataFrame | None:
    try:
        costs = catalog.table("costs")
    except NotMeasured:
        return None
    inside = costs.filter((day(costs.spent_at) >= period.start) & (day(costs.spent_at) < end))
    keys = ["purpose", *(["channel"] if "channel" in costs.columns else [])]
    spent = fetch(inside.group_by(keys).aggregate(amount=where(None, inside.amount).sum()))
    return spent if "channel" in spent else spent.assign(channel=None)
