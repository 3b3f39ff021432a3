"""What hangs on each change: the money at stake and how sure it is, by which the front page ranks findings.

The money at stake is what a period like this one gains or loses by the change, to put changes in order and for nothing
else. An amount is its own stake; a rate of those who stay counts on the turnover, a new customer as an average one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmkit.insights.findings import Finding, moved, real_changes
from crmkit.metrics.card import CARDS
from crmkit.metrics.formatting import currency_of, is_number

# A metric that is about the same thing as those of another topic: of one thing one change is told.
_TOPICS = {
    "churned_mrr": "retention",
    "revenue_lost_to_gone": "retention",
    "customer_acquisition_cost": "marketing",
    "payback_months": "marketing",
    "revenue_from_new": "acquisition",
}


@dataclass(frozen=True)
class Change:
    """A finding about a change, and what puts it in order.

    Attributes
    ----------
    finding : Finding
    topic : str
        What it is about: of two findings about one thing an owner reads one.
    stake : float or None
        Money that the change makes in a period like this one [currency]; None where it has no price.
    p_value : float
        Of the change against the period before; 0 of an exact number.
    is_seasonal : bool
        Whether the same period of the year before does not confirm the change.
    """

    finding: Finding
    topic: str
    stake: float | None
    p_value: float
    is_seasonal: bool


def changes_at_stake(scorecard: pd.DataFrame, *, currency: str | None = None) -> list[Change]:
    """Return the real changes of a judged scorecard with what hangs on each.

    Parameters
    ----------
    scorecard : DataFrame
        From :func:`crmkit.scorecard`.
    currency : str, optional
        ISO 4217 code for money; without it the one noted on the frame.

    Returns
    -------
    list of Change
        Empty where nothing has certainly moved.

    Examples
    --------
    >>> import crmkit as ck
    >>> answers = pd.DataFrame({"response_id": ["1"], "survey": ["nps"], "score": [9]})
    >>> answers["responded_at"] = pd.to_datetime(["2026-10-05"])
    >>> changes_at_stake(ck.scorecard(ck.connect({"survey_responses": answers}), "2026-10", metrics=["nps"]))
    []
    """
    currency = currency_of(scorecard, currency)
    values = {str(row.metric): float(row.value) for row in scorecard.itertuples(index=False) if is_number(row.value)}
    return [
        Change(
            moved(row, currency, is_first=False),
            _TOPICS.get(row.metric, row.topic),
            _stake(row, values),
            float(row.p_value) if is_number(row.p_value) else 0.0,
            is_seasonal,
        )
        for row, is_seasonal in real_changes(scorecard)
    ]


def _stake(row: Any, values: Mapping[str, float]) -> float | None:
    change = abs(row.change)
    if row.unit == "money" and row.metric in CARDS and CARDS[row.metric].additive:
        return float(change)
    turnover = values.get("turnover", values.get("revenue"))
    if row.topic == "retention" and row.unit == "share" and turnover is not None:
        return float(change * turnover)
    if row.metric == "new_customers" and turnover is not None and (active := values.get("active_customers")):
        return float(change * turnover / active)
    if row.metric == "customer_acquisition_cost" and "new_customers" in values:
        return float(change * values["new_customers"])
    return None
