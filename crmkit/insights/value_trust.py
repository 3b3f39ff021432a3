"""What to say of how far a forecast of value can be trusted: who stays, what was foreseen before, how it is computed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.insights.phrases import sentence_case
from crmkit.metrics.nouns import counted, joined
from crmkit.predictions.value_backtest import BOOSTED, OURS
from crmkit.predictions.value_summary import ValueSummary


def survival_message(curves: pd.DataFrame, by: str) -> str:
    """Return the message of curves of who is still there: after a year, the best and the worst group."""
    year = curves[curves["month"] == 12].drop_duplicates("group")
    if year.empty:
        return f"How long subscribers stay, by {by}"
    best, worst = year.loc[year["value"].idxmax()], year.loc[year["value"].idxmin()]
    guess = " (a forecast)" if best["extrapolated"] or worst["extrapolated"] else ""
    if len(year) == 1:
        return f"After a year {best['value'] * 100:.0f} % of the subscribers are still there{guess}"
    shares = f"{best['group']} keeps {best['value'] * 100:.0f} % for a year, {worst['group']} {worst['value'] * 100:.0f} %{guess}"
    shares = sentence_case(shares)
    return shares if best["low"] > worst["high"] else f"{shares}: too close to tell apart"


def odds_message(odds: pd.DataFrame) -> str:
    """Return the message of the odds of not renewing: the level that differs most, if any differs for certain."""
    sure = odds[(odds["low"] > 1) | (odds["high"] < 1)]
    if sure.empty:
        return "No plan or channel goes with leaving clearly sooner than another"
    row = sure.iloc[int(np.abs(np.log(sure["odds_ratio"].to_numpy(dtype=float))).argmax())]
    likely = "less" if row["odds_ratio"] < 1 else "more"
    than = f"{likely} likely to end than one of {row['compared_with']}: {row['odds_ratio']:.2g} times the odds"
    return f"A subscription of {row['level']} is {than}"


def backtest_message(backtest: pd.DataFrame) -> str:
    """Return the message of the back-test: by how much the totals were missed, and whether a simpler way did better."""
    if backtest.empty:
        return "The data are too young to judge the forecast by what came"
    ours = backtest[backtest["method"] == OURS]
    off = ((ours["predicted"] - ours["actual"]) / ours["actual"].where(ours["actual"] != 0)).dropna()
    if off.empty:
        return "Nothing came that the forecast could be judged by"
    errors = backtest.groupby("method")["mae"].mean()
    best = str(errors.idxmin())
    by_customer = (
        "no other way was nearer for the single customer"
        if best == OURS
        else f"{_lower(best)} was nearer for the single customer"
    )
    days = "On past days" if len(off) > 1 else "On the one past day"
    return f"{days} the total was missed by {_misses(off)}; {by_customer}"


def value_method(summary: ValueSummary) -> list[str]:
    """Return how the value is computed, in paragraphs for an owner.

    Parameters
    ----------
    summary : ValueSummary
    """
    return [
        "The value of a customer is what she is expected to bring from the last day of the period on: for each month ahead, "
        "the chance that she still orders or still subscribes, times what she brings, discounted "
        f"at {summary.discount_rate * 100:.0f} % a year (what comes later counts for less) and added up over "
        f"{counted(summary.horizon, 'months')}. "
        "Who shops and subscribes brings both. A running term is paid already: the next payment comes with the renewal. "
        "A known notice ends the payments.",
        "Orders are foreseen by a model of repeat buying and a Gamma-Gamma model of money per order day (several orders of "
        "a day are one, refunds lower the mean); renewals by a model in which subscribers differ in their risk. Nothing "
        "after the last day of the period is used. The interval of a customer is that of what she will really bring; that "
        "of the total comes from possible futures of all of them.",
        "Whoever has given no notice late in a term is likelier to renew. Prices, plans and orders go on growing as they did "
        "for the same customers before; what customers bring in a way that is new to them (a first order, a subscription "
        "taken up, or taken up again) is what others like them brought a year ago.",
        "To the chance of each customer and the doubt of the models comes what moves all at once and no model knows of: by "
        "as much as the totals of past days were missed, and where no past day can be judged by 3 % a year. A rise in prices "
        "such as there was none before stands outside the intervals.",
    ]


def _misses(off: pd.Series) -> str:
    """Return by how much totals were missed: "+2 %, −1 % and 0 %", or "−1 % each time"."""
    told = [_percent(each) for each in off]
    return f"{told[0]} each time" if len(told) > 1 and len(set(told)) == 1 else joined(told)


def _percent(share: float) -> str:
    rounded = int(np.round(share * 100))
    return f"{rounded:+d}\N{NO-BREAK SPACE}%".replace("-", "−") if rounded else "0 %"


def _lower(method: str) -> str:
    return "gradient boosting" if method == BOOSTED else "last year's pace"
