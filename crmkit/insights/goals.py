"""The titles of the sections on targets, budgets and interactions that precede a win."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.insights.phrases import sentence_case
from crmkit.metrics.formatting import in_words, is_number, joined, number_word, scale_for

_TOO_FEW, _NO_VERDICT, _NO_NUMBER = "too few cases to judge", "no interval to judge by", "no number"
_IN_ORDER = ("met", "missed", "too close to call", _TOO_FEW, _NO_VERDICT, _NO_NUMBER)


def goals_message(goals: pd.DataFrame) -> str:
    """Return how many targets were met, missed, and too close to call.

    Parameters
    ----------
    goals : DataFrame
        From :func:`crmkit.goals`.

    Examples
    --------
    >>> columns = ["target_verdict", "value", "status"]
    >>> rows = [("missed", 7.0, "ok"), ("met", 0.9, "ok"), ("", 19.0, "too few"), ("", None, "no data")]
    >>> goals_message(pd.DataFrame(rows, columns=columns))
    'Of four targets one was met, one was missed, one had too few cases to judge and one had no number'
    """
    if goals.empty:
        return "No target is set"
    verdicts = [_judged(row) for row in goals.to_dict("records")]
    if len(verdicts) == 1:
        return f"The one target {_clause(verdicts[0], 1)}"
    parts = [f"{number_word(n)} {_clause(verdict, n)}" for verdict in _IN_ORDER if (n := verdicts.count(verdict))]
    return f"Of {number_word(len(verdicts))} targets {joined(parts)}"


def budget_message(report: pd.DataFrame, currency: str | None = None) -> str:
    """Return how much of the first budget was spent, and which other budgets were overspent.

    Parameters
    ----------
    report : DataFrame
        From :func:`crmkit.budget_report`.
    currency : str or None
        ISO 4217 code.

    Examples
    --------
    >>> line = {"purpose": "acquisition", "channel": "all", "budget": 800.0, "spent": 600.0, "left": 200.0, "used": 0.75}
    >>> budget_message(pd.DataFrame([line]), "EUR")
    '€600 of €800 for acquisition was spent, 75 %'
    """
    if report.empty:
        return "No budget is set for these days"
    first = report.iloc[0]
    spent, budget = (in_words(first[name], "money", currency=currency) for name in ("spent", "budget"))
    of_what = first["purpose"] if first["channel"] == "all" else first["channel"]
    used = f", {scale_for('share', first['used'], significant=2).words(first['used'])}" if first["budget"] else ""
    over = report.loc[report["left"] < 0, "channel"].tolist()
    over = [name for name in over if name not in (first["channel"], "all")]
    return f"{spent} of {budget} for {of_what} was spent{used}" + (f"; overspent: {joined(over)}" if over else "")


def precedents_message(compared: pd.DataFrame) -> str:
    """Return which kinds of interaction go together with more, or fewer, wins.

    Parameters
    ----------
    compared : DataFrame
        From :func:`crmkit.events_before_win`.

    Examples
    --------
    >>> row = {"kind": "visit", "win_rate_with": 0.66, "win_rate_without": 0.44, "difference": 0.22, "verdict": "real"}
    >>> precedents_message(pd.DataFrame([row]))
    'Deals with a visit (66 % against 44 %) before the decision were won more often'
    """
    if compared.empty:
        return "No deal that was decided saw an interaction before"
    real = compared[compared["verdict"] == "real"]
    if real.empty:
        n_few = int((compared["verdict"] == "too few to tell").sum())
        too_few = "too few deals to tell which kinds of event go together with wins" if n_few else ""
        return sentence_case(too_few or "No kind of event goes together with more or fewer wins than chance would give")
    clauses = []
    for how, rows in (("more", real[real["difference"] > 0]), ("less", real[real["difference"] < 0])):
        if len(rows):
            kinds = joined([_with_and_without(row) for row in rows.to_dict("records")], "or")
            clauses.append(f"with {kinds} before the decision were won {how} often")
    return f"Deals {'; those '.join(clauses)}"


def _judged(row: dict[Any, Any]) -> str:
    if not is_number(row["value"]):
        return _NO_NUMBER
    return row["target_verdict"] or (_TOO_FEW if row["status"] == "too few" else _NO_VERDICT)


def _clause(verdict: str, n: int) -> str:
    if verdict in (_TOO_FEW, _NO_VERDICT, _NO_NUMBER):
        return f"had {verdict}"
    return f"{'was' if n == 1 else 'were'} {verdict}"


def _with_and_without(row: dict[Any, Any]) -> str:
    rates = f"{_percent(row['win_rate_with'])} against {_percent(row['win_rate_without'])}"
    return f"{_article(row['kind'])} {row['kind']} ({rates})"


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"


def _percent(share: float) -> str:
    return in_words(round(float(share), 2), "share")
