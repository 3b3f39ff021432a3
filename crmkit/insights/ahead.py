"""Sentences on the months ahead: what the year brings, and in how many futures its goals are reached."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.metrics.formatting import is_number, scale_for


def goal_sentences(rows: pd.DataFrame, currency: str | None = None) -> list[str]:
    """Return a sentence for each number that has a goal for the year.

    Parameters
    ----------
    rows : DataFrame
        From :func:`crmkit.ahead`.
    currency : str, optional
        ISO 4217 code.

    Examples
    --------
    >>> row = {"kind": "year", "period": "2026", "label": "Turnover", "unit": "money", "value": 1_150_000.0, "status": "ok"}
    >>> row |= {"low": 1_050_000.0, "high": 1_250_000.0, "low_80": 1_090_000.0, "high_80": 1_210_000.0}
    >>> rows = pd.DataFrame([row | {"target": 1_200_000.0, "reached": 0.31}])
    >>> goal_sentences(rows, "EUR")
    ['Turnover of 2026: the goal of €1.2 million is reached in 3 of 10 futures.']
    """
    return [
        f"{row['label']} of {_year(row)}: the goal of {_target(row, currency)} is reached in {in_ten(row['reached'])}."
        for row in rows.to_dict("records")
        if row["kind"] == "year" and is_number(row["reached"])
    ]


def in_ten(share: float) -> str:
    """Return a share of futures in words, never as certain.

    Examples
    --------
    >>> in_ten(0.31), in_ten(0.97), in_ten(0.004)
    ('3 of 10 futures', 'more than 9 of 10 futures', 'fewer than 1 of 10 futures')
    """
    if share > 0.95:
        return "more than 9 of 10 futures"
    if share < 0.05:
        return "fewer than 1 of 10 futures"
    return f"{max(round(share * 10), 1)} of 10 futures"


def year_sentence(row: dict[Any, Any], currency: str | None = None) -> str:
    """Return what the year brings of one number.

    Parameters
    ----------
    row : mapping
        The row of a year from :func:`crmkit.ahead`.
    currency : str, optional
        ISO 4217 code.
    """
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    said = (
        f"{row['label']} of {_year(row)} comes to {scale.words(row['value'])}, "
        f"and in 8 of 10 futures to {scale.interval(row['low_80'], row['high_80'])}"
    )
    if is_number(row["so_far"]) and row["so_far"] and row["step"]:
        said += f"; {scale.words(row['so_far'])} of it came already"
    if is_number(row["reached"]):
        said += f". The goal of {_target(row, currency)} is reached in {in_ten(row['reached'])}"
    return said


def _year(row: dict[Any, Any]) -> str:
    text = str(row["period"])
    return f"the fiscal year {text[2:]}" if text.startswith("FY") else text


def _target(row: dict[Any, Any], currency: str | None) -> str:
    return scale_for(row["unit"], row["target"], currency=currency, significant=4).words(row["target"])
