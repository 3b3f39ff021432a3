"""The titles of the sections on targets, budgets and interactions that precede a win."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.metrics.formatting import in_words, is_number, joined, scale_for
from crmkit.words import say

_IN_ORDER = ("met", "missed", "close", "few", "exact", "empty")  # verdicts as the messages name them
_VERDICTS = {"met": "met", "missed": "missed", "too close to call": "close"}


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
        return say("goals-none")
    verdicts = [_judged(row) for row in goals.to_dict("records")]
    if len(verdicts) == 1:
        return say("goals-one", verdict=verdicts[0])
    counts = {verdict: verdicts.count(verdict) for verdict in _IN_ORDER}
    parts = [say("goals-part", verdict=verdict, n=n) for verdict, n in counts.items() if n]
    return say("goals-several", n=len(verdicts), verdicts=joined(parts))


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
        return say("goals-no-budget")
    first = report.iloc[0]
    spent, budget = (in_words(first[name], "money", currency=currency) for name in ("spent", "budget"))
    of_what = first["purpose"] if first["channel"] == "all" else first["channel"]
    used = scale_for("share", first["used"], significant=2).words(first["used"]) if first["budget"] else "none"
    over = report.loc[report["left"] < 0, "channel"].tolist()
    over = [name for name in over if name not in (first["channel"], "all")]
    told = {"spent": spent, "budget": budget, "purpose": str(of_what), "used": used}
    return say("goals-overspent", **told, over=joined(over)) if over else say("goals-spent", **told)


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
        return say("goals-no-interaction")
    real = compared[compared["verdict"] == "real"]
    if real.empty:
        n_few = int((compared["verdict"] == "too few to tell").sum())
        return say("goals-too-few-deals") if n_few else say("goals-no-kind")
    more = [_with_and_without(row) for row in real[real["difference"] > 0].to_dict("records")]
    less = [_with_and_without(row) for row in real[real["difference"] < 0].to_dict("records")]
    if more and less:
        return say("goals-both", more=joined(more, "or"), less=joined(less, "or"))
    return say("goals-more", more=joined(more, "or")) if more else say("goals-less", less=joined(less, "or"))


def _judged(row: dict[Any, Any]) -> str:
    """Return the verdict on a target as the messages name it."""
    if not is_number(row["value"]):
        return "empty"
    return _VERDICTS.get(row["target_verdict"], "few" if row["status"] == "too few" else "exact")


def _with_and_without(row: dict[Any, Any]) -> str:
    rates = {"with": _percent(row["win_rate_with"]), "without": _percent(row["win_rate_without"])}
    vowel = "yes" if row["kind"][:1].lower() in "aeiou" else "no"
    return say("goals-kind", kind=row["kind"], vowel=vowel, **rates)


def _percent(share: float) -> str:
    return in_words(round(float(share), 2), "share")
