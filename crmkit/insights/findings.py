"""The three to five sentences at the top of a page, and its headline, from a judged scorecard.

What is real comes first, the bad news before the good, then by how far the number moved in proportion; then missed
targets; then changes against the year before; and always, last, what did not move and what cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.sentences import (
    Finding,
    against_last_year,
    clause,
    closing,
    in_short,
    missed,
    moved,
    unmoved,
    without_news,
)
from crmkit.metrics.card import CARDS
from crmkit.metrics.formatting import beside, currency_of, is_number, joined, number_word
from crmkit.periods import Period
from crmkit.tables.validate import check_made_by

__all__ = ["Finding", "findings", "headline"]

_FEWEST = 3  # findings: in a quiet month the numbers an owner asks for first are stated, though nothing moved
_WATCHED = ("revenue", "churn_rate", "new_customers", "nps")
_FULL_MARKS_FOR_POINTS = 50.0  # a move of 50 points of NPS weighs as much as a doubling of any other number


def findings(scorecard: pd.DataFrame, *, currency: str | None = None, limit: int = 5) -> list[Finding]:
    """Return the headline findings of a judged scorecard, the most important first.

    Parameters
    ----------
    scorecard : DataFrame
        One row per metric, as :func:`crmkit.metrics.scorecard` returns it.
    currency : str or None
        ISO 4217 code for money; without it the one noted on the frame.
    limit : int
        Most findings to return, at least 2; what is beyond is named in one line.

    Returns
    -------
    list of Finding
        At least one: the last says what did not move, what cannot be told and what is not measured.

    Examples
    --------
    >>> import crmkit as ck
    >>> answers = pd.DataFrame({"response_id": ["1"], "survey": ["nps"], "score": [9]})
    >>> answers["responded_at"] = pd.to_datetime(["2026-10-05"])
    >>> for finding in findings(ck.scorecard(ck.connect({"survey_responses": answers}), "2026-10", metrics=["nps", "revenue"])):
    ...     print(finding.text)
    Too few customers to tell anything. Too few to tell: Net Promoter Score. Not measured: revenue.
    """
    rows, currency = _rows(scorecard), currency_of(scorecard, currency)
    real = _real(rows)
    off_target = [row for row in rows if _is_off_target(row) and row.verdict != "real"]
    told = {row.metric for row in (*real, *off_target)}
    since_last_year = [
        row for row in rows if row.year_verdict == "real" and row.metric not in told and _is_news(row.metric)
    ]
    since_last_year.sort(
        key=lambda row: (row.year_direction != "worse", -_weight(row.year_change, row.year_value, row.unit))
    )
    room = limit - 1
    in_full, in_brief = _shared_out([*real, *off_target], room)
    found = [
        moved(row, currency, is_first=place == 0) if row.verdict == "real" else missed(row, currency)
        for place, row in enumerate(in_full)
    ]
    if in_brief:
        kind = "Also real:" if all(row.verdict == "real" for row in in_brief) else "Also:"
        found.append(Finding(kind, f" {joined([in_short(row, currency) for row in in_brief])}."))
    found += [against_last_year(row, currency) for row in since_last_year][: max(0, min(2, room - len(found)))]
    if len(found) < _FEWEST - 1:
        told |= {finding.metric for finding in found}
        calm = [row for row in rows if row.status == "ok" and row.metric not in told and row.verdict != "real"]
        calm.sort(key=lambda row: _WATCHED.index(row.metric) if row.metric in _WATCHED else len(_WATCHED))
        found += [unmoved(row, currency) for row in calm][: _FEWEST - 1 - len(found)]
    return [*found, closing(rows, n_real=len(real), aside=_moved_without_news(rows))]


def headline(scorecard: pd.DataFrame) -> str:
    """Return the page's headline: "October 2026: more customers left; winning a customer got cheaper".

    Parameters
    ----------
    scorecard : DataFrame
        One row per metric, as :func:`crmkit.metrics.scorecard` returns it.

    Returns
    -------
    str

    Examples
    --------
    >>> import crmkit as ck
    >>> answers = pd.DataFrame({"response_id": ["1"], "survey": ["nps"], "score": [9]})
    >>> answers["responded_at"] = pd.to_datetime(["2026-10-05"])
    >>> headline(ck.scorecard(ck.connect({"survey_responses": answers}), "2026-10", metrics=["nps"]))
    'October 2026 so far: too few customers to tell anything'
    """
    rows = _rows(scorecard)
    real = _real(rows)
    bad = [row for row in real if row.direction == "worse"]
    good = [row for row in real if row.direction != "worse"]
    clauses = [clause(row) for row in ([*bad[:2], *good[:1]] if bad else good[:2])]
    n_missed = sum(_is_off_target(row) for row in rows)
    if not clauses:
        since = beside(rows[0].previous_period, rows[0].period)
        clauses = [f"no certain news since {since}" if _moved_without_news(rows) else without_news(rows)]
        if n_missed:
            clauses.append(f"{number_word(n_missed)} {'target' if n_missed == 1 else 'targets'} missed")
    so_far = " so far" if is_number(getattr(rows[0], "days_so_far", None)) else ""
    return f"{Period.parse(rows[0].period).label}{so_far}: {'; '.join(clauses)}"


def _rows(scorecard: pd.DataFrame) -> list[Any]:
    check_made_by("ck.scorecard(...)", scorecard, ["metric", "period", "verdict"], "A headline")
    if scorecard.empty:
        raise CrmkitError("The scorecard has no rows. Ask for at least one metric.")
    return list(scorecard.itertuples(index=False))


def _real(rows: Iterable[Any]) -> list[Any]:
    judged = [row for row in rows if row.verdict == "real" and _is_news(row.metric)]
    return sorted(
        judged, key=lambda row: (row.direction != "worse", -_weight(row.change, row.previous_value, row.unit))
    )


def _is_news(metric: str) -> bool:
    return metric not in CARDS or CARDS[metric].news


def _moved_without_news(rows: Iterable[Any]) -> list[str]:
    return [row.label for row in rows if row.verdict == "real" and not _is_news(row.metric)]


def _is_off_target(row: Any) -> bool:
    return row.target_verdict == "missed" and row.status == "ok"


def _shared_out(rows: list[Any], room: int) -> tuple[list[Any], list[Any]]:
    """Return the rows to word in full and those to name in one line; good news is not crowded out by the bad."""
    if len(rows) <= room:
        return rows, []
    in_full = rows[: room - 1]
    good = next((row for row in rows if row.verdict == "real" and row.direction != "worse"), None)
    if good is not None and good.metric not in {row.metric for row in in_full} and room > 2:
        in_full = [*in_full[:-1], good]
    named = {row.metric for row in in_full}
    return in_full, [row for row in rows if row.metric not in named]


def _weight(change: float, before: float, unit: str) -> float:
    if unit == "points":
        return abs(change) / _FULL_MARKS_FOR_POINTS
    return abs(change) / abs(before) if before else 1.0
