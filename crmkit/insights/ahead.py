"""Sentences on the months ahead: what the year brings, and in how many futures its goals are reached."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.insights.findings import Finding
from crmkit.metrics.formatting import counted, is_number, scale_for
from crmkit.periods import Period


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


def ahead_headline(outlook: pd.DataFrame, currency: str | None = None) -> str:
    """Return the headline of the page: the year's turnover, or the first number that there is.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`crmkit.ahead`.
    currency : str, optional
        ISO 4217 code.
    """
    years = outlook[(outlook["kind"] == "year") & (outlook["status"] == "ok")]
    if years.empty:
        few = outlook[outlook["status"] == "too few"]
        return (
            "There are too few months to look ahead"
            if len(few)
            else "Nothing is recorded that could be looked ahead to"
        )
    row = years.iloc[0].to_dict()
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    return f"{row['label']} of {_year(row)} is on the way to {scale.words(row['value'])}"


def ahead_findings(outlook: pd.DataFrame, remarks: list[str], currency: str | None = None) -> list[Finding]:
    """Return up to five findings: the next month, the goals of the year, what was out of the ordinary, what is not known.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`crmkit.ahead`.
    remarks : list of str
        From :func:`unusual_sentences` and :func:`shift_sentences`.
    currency : str, optional
        ISO 4217 code.
    """
    known = outlook[outlook["status"] == "ok"]
    if known.empty:
        return [Finding("There is no forecast yet.", f" {reason}." if (reason := _first_reason(outlook)) else "")]
    first, years = known[known["kind"] == "month"].iloc[0].to_dict(), known[known["kind"] == "year"]
    found = [Finding(_next_month(first, currency), _within(first, currency))]
    goals = goal_sentences(known, currency)
    found += [Finding(goal) for goal in goals[:2]]
    if not goals and len(years):
        row = years.iloc[0].to_dict()
        found.append(Finding(year_sentence(row, currency) + ".", " No goal is set for it."))
    found += [Finding(remark) for remark in remarks[:2]]
    if first["reason"]:
        found.append(Finding("The record is short:", f" {first['reason']}."))
    return found[:5]


def chart_message(rows: pd.DataFrame, currency: str | None = None) -> str:
    """Return the title of the chart of one number.

    Parameters
    ----------
    rows : DataFrame
        Its months ahead, from :func:`crmkit.ahead`.
    currency : str, optional
        ISO 4217 code.
    """
    first, last = rows.iloc[0].to_dict(), rows.iloc[-1].to_dict()
    scales = [scale_for(r["unit"], r["value"], low=r["low"], high=r["high"], currency=currency) for r in (first, last)]
    said = f"{first['label']}: {scales[0].words(first['value'])} expected in {_month(first)}"
    return said if len(rows) == 1 else f"{said}, {scales[1].words(last['value'])} in {_month(last)}"


def year_message(years: pd.DataFrame) -> str:
    """Return the title of the table of the year.

    Parameters
    ----------
    years : DataFrame
        The rows of a year, from :func:`crmkit.ahead`.

    Examples
    --------
    >>> year_message(pd.DataFrame({"period": ["2026"] * 3, "reached": [0.3, 0.8, None]}))
    'Of two goals of 2026 one is likely to be reached'
    """
    from crmkit.metrics.formatting import number_word

    goals = years["reached"].dropna()
    if goals.empty:
        return f"The next month and {_year(years.iloc[0].to_dict())}"
    likely = int((goals > 0.5).sum())
    verb = "is" if likely in (0, 1) else "are"
    some = "none" if not likely else number_word(likely)
    what = "the one goal" if len(goals) == 1 else f"{number_word(len(goals))} goals"
    if len(goals) == 1:
        return f"The goal of {_year(years.iloc[0].to_dict())} is {'likely' if likely else 'not likely'} to be reached"
    return f"Of {what} of {_year(years.iloc[0].to_dict())} {some} {verb} likely to be reached"


def unusual_sentences(unusual: pd.DataFrame, currency: str | None = None) -> list[str]:
    """Return a sentence for each number of the month that lies outside what the months before let expect.

    Parameters
    ----------
    unusual : DataFrame
        From :func:`crmkit.predictions.ahead.back_test.unusual_months`.
    currency : str, optional
        ISO 4217 code.
    """
    sentences = []
    for row in unusual.to_dict("records"):
        scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
        side = "above" if row["actual"] > row["high"] else "below"
        sentences.append(
            f"{row['label']} of {_month(row)} ({scale.words(row['actual'])}) lies {side} what the months before let expect "
            f"({scale.interval(row['low'], row['high'])})."
        )
    return sentences


def shift_sentences(shifts: pd.DataFrame, currency: str | None = None) -> list[str]:
    """Return a sentence for each number that came to another level.

    Parameters
    ----------
    shifts : DataFrame
        From :func:`crmkit.level_shifts`.
    currency : str, optional
        ISO 4217 code.
    """
    sentences = []
    for row in shifts.to_dict("records"):
        way = "higher" if row["growth"] > 0 else "lower"
        share = abs(row["growth"]) * 100
        sentences.append(
            f"{row['label']} has been on a level {share:.0f} % {way} since {_month(row)}, season and growth apart."
        )
    return sentences


def backtest_message(tested: pd.DataFrame) -> str:
    """Return how many of the forecasts of past months held.

    Parameters
    ----------
    tested : DataFrame
        From :func:`crmkit.ahead_backtest`, with inside, missed and naive_missed.
    """
    n, held = len(tested), int(tested["inside"].sum())
    return f"Of {counted(n, 'forecasts')} of past months {held:,} would have held their interval of 95 %"


def ahead_method(outlook: pd.DataFrame) -> list[str]:
    """Return how the months ahead are forecast, as paragraphs for the note on methods.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`crmkit.ahead`.
    """
    n_months = int(outlook["n_months"].max()) if len(outlook) else 0
    return [
        f"What lies ahead rests on {counted(n_months, 'months')} on record at most. Three forecasts are combined: the same "
        "month of last year with the growth since, exponential smoothing with a damped trend, and the Theta method. The "
        "season is taken out first and added again, drawn towards none as long as two years do not agree on it.",
        "The intervals are as wide as such forecasts have missed: how errors grow with the months ahead, the length of the "
        "record and the restlessness of the series was learned from some 450 monthly series of two forecasting competitions "
        "(M3 and Tourism), and is set by the unrest of this company's own months.",
        "Goals are judged by 4,000 possible futures in which months that follow each other miss together. A goal of the year is "
        "a target of the settings; one for a month counts twelve times. Orders and new customers are forecast per usual "
        "day, so that the number of weekends, and of public holidays where the settings name a country, counts.",
        "A price rise, a campaign or a new shop such as there was none before stands outside the intervals.",
    ]


def _next_month(row: dict[Any, Any], currency: str | None) -> str:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    return f"{_month(row)} is expected to bring {scale.words(row['value'])} of {_in_sentence(row['label'])}"


def _within(row: dict[Any, Any], currency: str | None) -> str:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    return (
        f", in 8 of 10 futures {scale.interval(row['low_80'], row['high_80'])}. "
        f"In 1 of 20 it lies outside {scale.interval(row['low'], row['high'])}."
    )


def _in_sentence(label: str) -> str:
    return label[:1].lower() + label[1:]


def _month(row: dict[Any, Any]) -> str:
    return Period.parse(str(row["period"])).label


def _first_reason(outlook: pd.DataFrame) -> str:
    return str(outlook["reason"].iloc[0]) if len(outlook) else ""


def _year(row: dict[Any, Any]) -> str:
    text = str(row["period"])
    return f"the fiscal year {text[2:]}" if text.startswith("FY") else text


def _target(row: dict[Any, Any], currency: str | None) -> str:
    return scale_for(row["unit"], row["target"], currency=currency, significant=4).words(row["target"])
