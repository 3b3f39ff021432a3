"""Customers to call back: detractors, dissatisfied customers and those with overdue tickets, the most valuable first."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.engine.evaluate import fetch
from crmkit.periods import Period, PeriodLike, last_day
from crmkit.predictions.runner.store import latest_predictions
from crmkit.predictions.segments.assignment import customers_on
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import day
from crmkit.words import say

#: Days after which a ticket that is still open is overdue.
OVERDUE_DAYS = 7
_LOW = {"nps": 645, "csat": 495, "ces": 495}
_PAID = "turnover_12_months"


@checked
def follow_up_list(catalog: Catalog, period: PeriodLike, *, comments: bool = False) -> pd.DataFrame:
    """Return the customers to follow up, the most valuable first.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10": low answers of this period, and tickets open at its end for more than seven days.
    comments : bool
        Whether to add the last comment of each customer; it is free text and may hold personal data.

    Returns
    -------
    DataFrame
        One row per customer: customer_id, reasons (such as "Would not recommend you (NPS 3 of 10)"), last_on (day of
        the last reason), touchpoint (of the last low answer), worth [currency, expected from now on; where it was predicted],
        turnover_12_months [currency, orders and paid terms up to the end of the period] and, if asked for, comment. Low
        answers of which nobody knows who gave them follow, one row each, the lowest first: with an empty customer_id and
        their response_id, which is the first column then.

    Examples
    --------
    >>> import crmkit as ck
    >>> answers = pd.DataFrame({"response_id": ["1"], "survey": ["nps"], "score": [3.0], "customer_id": ["a"],
    ...                         "responded_at": pd.to_datetime(["2026-10-05"]), "scale_min": [0], "scale_max": [10]})
    >>> follow_up_list(ck.connect({"survey_responses": answers}), "2026-10")["reasons"].tolist()
    ['Would not recommend you (NPS 3 of 10)']
    """
    return memoize(catalog, _listed, period, comments)


def _listed(catalog: Catalog, period: Period, comments: bool) -> pd.DataFrame:
    columns = [
        "customer_id",
        "reasons",
        "last_on",
        "touchpoint",
        _PAID,
        *(["comment"] if comments else []),
    ]
    until = last_day(catalog.data_through, period)
    found = [rows for rows in (_low_answers(catalog, period), _overdue(catalog, until)) if len(rows)]
    if not found:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(found, ignore_index=True)
    unknown = rows["customer_id"].isna()
    if unknown.all():
        return _of_nobody(rows, columns)
    nobody, rows = rows[unknown], rows[~unknown]
    rows = rows.sort_values(["customer_id", "on", "reason"], kind="stable")  # a database returns rows in any order
    people = rows.groupby("customer_id").agg(
        reasons=("reason", lambda reasons: "; ".join(dict.fromkeys(reasons))),
        last_on=("on", "max"),
        touchpoint=("touchpoint", "last"),
        comment=("comment", "last"),
    )
    money = _money(catalog, until)
    for name, amounts in money.items():
        people[name] = amounts.reindex(people.index).fillna(0.0).round(2)
    ordered = people.reset_index().sort_values([*money, "customer_id"], ascending=[*[False] * len(money), True])
    places = [*columns[: columns.index(_PAID)], *money, *columns[columns.index(_PAID) + 1 :]]
    frame = ordered[places].reset_index(drop=True)
    if len(nobody):
        apart = _of_nobody(nobody, places)
        frame = pd.concat([frame.assign(response_id=None), apart.astype(frame.dtypes.to_dict() | {_PAID: float})])
        frame = frame[["response_id", *places]].reset_index(drop=True)
    frame.attrs["currency"] = catalog.settings.company.currency
    return frame


def _of_nobody(answers: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return the low answers of a firm that does not record who gave them, the lowest and latest first."""
    listed = answers.sort_values(["position", "on", "response_id"], ascending=[True, False, True], kind="stable")
    listed = listed.rename(columns={"reason": "reasons", "on": "last_on"})
    return listed.reindex(columns=["response_id", *columns]).reset_index(drop=True)


def _low_answers(catalog: Catalog, period: Period) -> pd.DataFrame:
    empty = pd.DataFrame(columns=["customer_id", "on", "reason", "touchpoint", "comment", "position", "response_id"])
    try:
        answers = catalog.table("survey_answers")
    except NotMeasured:
        return empty
    said_on = day(answers.responded_at)
    inside = (said_on >= period.start) & (said_on < period.end) & answers.is_last
    low: Any = None
    for survey, limit in _LOW.items():
        of_survey = (answers.survey == survey) & (answers.position * 1000 < limit)
        low = of_survey if low is None else low | of_survey
    wanted = [name for name in ("customer_id", "touchpoint", "comment", "scale_max") if name in answers.columns]
    found = fetch(
        answers.filter(inside & low).select("response_id", "survey", "score", "position", *wanted, on=said_on)
    )
    found = found.reindex(columns=[*empty.columns.drop("reason"), "survey", "score", "scale_max"])
    reasons = [_reason(row) for row in found.itertuples(index=False)]
    return found.assign(reason=reasons, on=pd.to_datetime(found["on"]))[empty.columns]


def _reason(row: Any) -> str:
    score = f"{row.score:g}"
    if pd.isna(row.scale_max):
        return say("voice-low", survey=row.survey, score=score)
    return say("voice-low-of", survey=row.survey, score=score, most=f"{row.scale_max:g}")


def _overdue(catalog: Catalog, last_day: date) -> pd.DataFrame:
    columns = ["customer_id", "on", "reason", "touchpoint", "comment"]
    if "tickets" not in catalog.names or "resolved_at" not in catalog.table("tickets").columns:
        return pd.DataFrame(columns=columns)
    t = catalog.table("tickets")
    opened, resolved = day(t.opened_at), day(t.resolved_at)
    is_open = (opened < last_day - timedelta(days=OVERDUE_DAYS)) & (resolved.isnull() | (resolved > last_day))
    found = fetch(t.filter(is_open).select("customer_id", on=opened))
    days = [(last_day - pd.Timestamp(on).date()).days for on in found["on"]]
    reasons = [say("voice-overdue", n=n) for n in days]
    return found.assign(reason=reasons, on=pd.to_datetime(found["on"]), touchpoint=None, comment=None)[columns]


def _money(catalog: Catalog, last_day: date) -> dict[str, pd.Series]:
    """Return what each customer is worth, if that was predicted, and what each brought in 12 months, by column."""
    money = {}
    if "customer_scores" in catalog.names:
        scores = latest_predictions(catalog.frame("customer_scores"), "value", last_day)
        if len(scores):
            money["worth"] = scores.set_index("customer_id")["value"].astype(float)
    with suppress(NotMeasured):
        money[_PAID] = customers_on(catalog, last_day)["revenue"]
    return money
