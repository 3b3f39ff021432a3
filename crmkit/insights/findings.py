"""The three to five sentences at the top of a page, and its headline, from a judged scorecard.

Real changes come first, bad news before good, then by how far the number moved in proportion; then missed targets; then
changes against the year before; and last, what did not move and what cannot be judged. A change since the month before
that is not one against the same month of the year before may be the season: it is told with both comparisons, after the
others, and is neither for the better nor for the worse. A number of which more is neither good nor bad comes last and is
in no headline. Of two numbers that tell one change, only the first is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights import phrases
from crmkit.insights.phrases import mid_sentence, sentence_case
from crmkit.metrics.card import CARDS
from crmkit.metrics.engine.verdict import SEASONAL
from crmkit.metrics.formatting import (
    beside,
    counted,
    currency_of,
    is_exact,
    is_number,
    joined,
    scale_for,
    scale_of,
)
from crmkit.periods import Period
from crmkit.tables.validate import check_made_by
from crmkit.words import say

__all__ = ["Finding", "findings", "headline"]
_FEWEST = 3  # findings: if fewer numbers moved, those an owner asks for first are stated as well
_WATCHED = ("turnover", "revenue", "churn_rate", "new_customers", "nps")
_MOST_IN_BRIEF = 3  # changes in the line that names those which have no line of their own
_POINTS_OF_A_DOUBLING = 50.0  # a change of 50 points of NPS ranks like a doubling of any other number
_RETURN_ON_ACTIONS = "incremental_roi"
_BROUGHT = frozenset({"incremental_value_per_customer", "incremental_value", "incremental_margin"})
_SEASONS = {  # what the year before says of a change that is real against the period before
    "within noise": "noise",
    "no large change": "small",
    "too few to tell": "few",
    "real": "opposite",
}
CALM = {  # the verdicts on a change that is not real, as messages name them
    "within noise": "noise",
    "no large change": "small",
    "too few to tell": "few",
    SEASONAL: "season",
}


@dataclass(frozen=True)
class Finding:
    """One or two sentences: what happened in bold, then the comparison, the interval and the number of cases.

    Attributes
    ----------
    bold, rest : str
        Plain text, to be read one after the other.
    metric : str
        Name of the metric it is about, empty for the closing summary.
    tone : str
        ``worse``, ``better``, ``changed`` or empty.
    """

    bold: str
    rest: str = ""
    metric: str = ""
    tone: str = ""

    @property
    def first_sentence(self) -> str:
        """What follows the bold part up to the end of its sentence, which is all that a front page says."""
        head, stop, _ = ("" if self.bold.endswith((".", "!", "?")) else self.rest).partition(". ")
        return head + stop.strip()

    @property
    def text(self) -> str:
        """The whole finding as one text."""
        return self.bold + self.rest


def findings(scorecard: pd.DataFrame, *, currency: str | None = None, limit: int = 5) -> list[Finding]:
    """Return the headline findings of a judged scorecard, the most important first.

    Parameters
    ----------
    scorecard : DataFrame
        One row per metric, as :func:`crmkit.metrics.scorecard` returns it.
    currency : str or None
        ISO 4217 code for money; without it the one noted on the frame.
    limit : int
        Most findings to return, at least 2; further ones are named in one line.

    Returns
    -------
    list of Finding
        At least one: the last says what did not move, what cannot be judged and what is not measured.

    Examples
    --------
    >>> import crmkit as ck
    >>> answers = pd.DataFrame({"response_id": ["1"], "survey": ["nps"], "score": [9]})
    >>> answers["responded_at"] = pd.to_datetime(["2026-10-05"])
    >>> for finding in findings(ck.scorecard(ck.connect({"survey_responses": answers}), "2026-10", metrics=["nps", "revenue"])):
    ...     print(finding.text)
    Too few customers to tell anything. Too few to tell: Net Promoter Score. Not measured: shop revenue.
    """
    rows, currency = _rows(scorecard), currency_of(scorecard, currency)
    real = _real(rows)
    off_target = [row for row in rows if _is_off_target(row) and row.verdict != "real"]
    covered = {row.metric for row in (*real, *off_target)}
    year_directions = {row.metric: row.year_direction for row in rows if row.year_verdict == "real"}
    since_last_year = [
        row
        for row in rows
        if row.year_verdict == "real"
        and row.metric not in covered
        and _is_news(row.metric)
        and not _is_told(row, year_directions)
    ]
    since_last_year.sort(
        key=lambda row: (
            _is_neutral(row),
            row.year_direction != "worse",
            -_weight(row.year_change, row.year_value, row.unit),
        )
    )
    room = limit - 1
    in_full, in_brief = _split([*real, *off_target], room)
    found = [
        moved(row, currency, is_first=place == 0) if row.verdict == "real" else missed(row, currency)
        for place, row in enumerate(in_full)
    ]
    if in_brief:
        real_only = "yes" if all(row.verdict == "real" for row in in_brief) else "no"
        changes = say("findings-also.changes", changes=joined(_in_brief(in_brief, currency)))
        found.append(Finding(say("findings-also.what", real=real_only), changes))
    found += [against_last_year(row, currency) for row in since_last_year][: max(0, min(2, room - len(found)))]
    if len(found) < _FEWEST - 1:
        covered |= {finding.metric for finding in found}
        calm = [row for row in rows if row.status == "ok" and row.metric not in covered and row.verdict != "real"]
        calm.sort(key=lambda row: _WATCHED.index(row.metric) if row.metric in _WATCHED else len(_WATCHED))
        found += [unmoved(row, currency) for row in calm][: _FEWEST - 1 - len(found)]
    return [*found, closing(rows, n_real=len(real), not_news=_moved_without_news(rows))]


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
    real = [row for row in _real(rows) if not _is_neutral(row)]
    lasting = [row for row in real if not season(row)]
    bad = [row for row in lasting if row.direction == "worse"]
    good = [row for row in lasting if row.direction != "worse"]
    told = [*bad[:2], *good[:1]] if bad else good[:2]
    clauses = [_with_year(row) for row in told or real[:2]]
    n_missed = sum(_is_off_target(row) for row in rows)
    if not clauses:
        since = beside(rows[0].previous_period, rows[0].period)
        no_news = say("findings-no-certain-news", period=since)
        clauses = [no_news if _moved_without_verdict(rows) else without_news(rows)]
        if n_missed:
            clauses.append(say("findings-targets-missed", n=n_missed))
    running = "yes" if is_number(getattr(rows[0], "days_so_far", None)) else "no"
    label = Period.parse(rows[0].period).label
    return say("findings-headline", period=label, running=running, clauses="; ".join(clauses))


def real_changes(scorecard: pd.DataFrame) -> list[tuple[Any, bool]]:
    """Return the rows whose change since the period before is real, news and good or bad, and whether it may be the season."""
    return [(row, bool(season(row))) for row in _real(_rows(scorecard)) if not _is_neutral(row)]


def _rows(scorecard: pd.DataFrame) -> list[Any]:
    check_made_by("ck.scorecard(...)", scorecard, ["metric", "period", "verdict"], "A headline")
    if scorecard.empty:
        raise CrmkitError("The scorecard has no rows. Ask for at least one metric.")
    return list(scorecard.itertuples(index=False))


def _real(rows: Iterable[Any]) -> list[Any]:
    rows = list(rows)
    lost = _lost_money(rows)
    rows = [
        row._replace(direction="worse") if row.metric in lost and row.direction == "better" else row for row in rows
    ]
    judged = [row for row in rows if row.verdict == "real" and _is_news(row.metric)]
    directions = {row.metric: row.direction for row in judged}

    def rank(row: Any) -> tuple[bool, bool, bool, float]:
        weight = _weight(row.change, row.previous_value, row.unit)
        return _is_neutral(row), bool(season(row)), row.direction != "worse", -weight

    return sorted((row for row in judged if not _is_told(row, directions)), key=rank)


def _is_neutral(row: Any) -> bool:
    """Return whether more of a number is neither good nor bad."""
    return getattr(row, "better", "") == "neither"


def _is_told(row: Any, directions: Mapping[str, str]) -> bool:
    """Return whether the change of another number, which moved the same way for the firm, says the same."""
    of = CARDS[row.metric].restates if row.metric in CARDS else ""
    return bool(of) and directions.get(of) == row.direction


def _lost_money(rows: Iterable[Any]) -> frozenset[str]:
    """Return the numbers on what actions brought, if they cost more than that: what rose is then no good news."""
    returned = {row.metric: row.value for row in rows if row.status == "ok"}.get(_RETURN_ON_ACTIONS)
    return _BROUGHT if is_number(returned) and returned < 0 else frozenset()


def season(row: Any) -> str:
    """Return how a change that is real against the period before differs from that against a year before; else empty.

    A change that was found to go beyond the one usual at that time of the year is not the season.

    Returns
    -------
    str
        ``noise``, ``small``, ``few`` or ``opposite``: what the message about the season says.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> season(SimpleNamespace(period="2026-01", year_period="2025-01", year_verdict="within noise"))
    'noise'
    """
    if is_number(getattr(row, "usual_change", None)):
        return ""
    verdict = getattr(row, "year_verdict", "no comparison")
    if verdict == "real" and row.year_change * row.change > 0:
        return ""
    return _SEASONS.get(verdict, "")


def in_season(row: Any) -> dict[str, str]:
    """Return the values by which a message tells the season: which, since when, and the period of a year before."""
    year = beside(row.year_period, row.period) if season(row) else ""
    return {"season": season(row) or "none", "period": beside(row.previous_period, row.period), "year": year}


def _with_year(row: Any) -> str:
    """Return what happened, and what the year before says of it."""
    return say("findings-clause", clause=clause(row), **in_season(row))


def _is_news(metric: str) -> bool:
    return metric not in CARDS or CARDS[metric].news


def _moved_without_news(rows: Iterable[Any]) -> list[str]:
    return [row.label for row in rows if row.verdict == "real" and not _is_news(row.metric)]


def _moved_without_verdict(rows: Iterable[Any]) -> bool:
    return any(row.verdict == "real" and (_is_neutral(row) or not _is_news(row.metric)) for row in rows)


def _is_off_target(row: Any) -> bool:
    return row.target_verdict == "missed" and row.status == "ok"


def _split(rows: list[Any], room: int) -> tuple[list[Any], list[Any]]:
    """Return the rows to word in full and those to name in one line; at least one good change is worded in full."""
    if len(rows) <= room:
        return rows, []
    in_full = rows[: room - 1]
    good = next(
        (row for row in rows if row.verdict == "real" and row.direction != "worse" and not _is_neutral(row)), None
    )
    if good is not None and good.metric not in {row.metric for row in in_full} and room > 2:
        in_full = [*in_full[:-1], good]
    named = {row.metric for row in in_full}
    return in_full, [row for row in rows if row.metric not in named]


def _in_brief(rows: list[Any], currency: str | None) -> list[str]:
    """Return what happened, each in half a line; of many the first few, as the tiles have all of them."""
    shown = rows if len(rows) <= _MOST_IN_BRIEF else rows[: _MOST_IN_BRIEF - 1]
    more = [say("findings-more", n=len(rows) - len(shown))] if len(shown) < len(rows) else []
    return [*(in_short(row, currency) for row in shown), *more]


def _weight(change: float, before: float, unit: str) -> float:
    if unit == "points":
        return abs(change) / _POINTS_OF_A_DOUBLING
    return abs(change) / abs(before) if before else 1.0


def moved(row: Any, currency: str | None, *, is_first: bool) -> Finding:
    """Word a real change against the period before; the first one explains what real means."""
    scale, evidence = scale_of(row, currency), _evidence(row, scale_of(row, currency))
    told = {"direction": row.direction, **evidence}
    if season(row):
        why = say("findings-may-be-season", then=scale.words(row.year_value), **in_season(row), **evidence)
    elif is_first and is_exact(row):
        why = say("findings-first-exact", **told)
    elif is_first:
        basis = evidence["basis"] if row.n else ""
        known = "interval" if evidence["interval"] else "none"
        why = say("findings-first", **told | {"basis": basis or "none", "evidence": known})
    else:
        why = say("findings-also-real", **told)
    sentences = [_since(row, scale), why]
    if row.metric in _BROUGHT and row.direction == "worse" and row.change > 0:
        sentences.append(say("findings-lost-money"))
    if row.target_verdict == "missed":
        sentences.append(say("findings-target-too", target=_target(row, currency)))
    what = say("findings-moved.what", stated=_stated(row, scale))
    return Finding(what, " ".join(sentences), row.metric, "changed" if season(row) else row.direction)


def missed(row: Any, currency: str | None) -> Finding:
    """Word a missed target."""
    scale, label, target = scale_of(row, currency), sentence_case(row.label), _target(row, currency)
    side = "above" if row.value > row.target else "below"
    rest = say("findings-missed.evidence", side=side, value=scale.words(row.value), **_evidence(row, scale))
    return Finding(say("findings-missed.what", label=label, target=target), rest, row.metric, "worse")


def in_short(row: Any, currency: str | None) -> str:
    """Return what happened in half a line, for a list of further findings."""
    scale = scale_of(row, currency)
    value = scale.words(row.value)
    if row.verdict == "real":
        change = scale.change(row.change, (row.value, row.previous_value))
        return say("findings-brief", clause=clause(row), value=value, change=change, **in_season(row))
    return say("findings-missed-brief", label=mid_sentence(row.label), value=value, target=_target(row, currency))


def against_last_year(row: Any, currency: str | None) -> Finding:
    """Word a real change against the same period a year before."""
    scale, year = scale_of(row, currency), beside(row.year_period, row.period)
    way = "up" if row.year_change > 0 else "down"
    what = say("findings-year.what", way=way, label=sentence_case(row.label), year=year)
    now, then = scale.words(row.value), scale.words(row.year_value)
    rest = say("findings-year.values", value=now, then=then, direction=row.year_direction)
    return Finding(what, rest, row.metric, row.year_direction)


def unmoved(row: Any, currency: str | None) -> Finding:
    """Word a number that did not change beyond chance, for a month in which few did."""
    scale, verdict, then = scale_of(row, currency), CALM.get(row.verdict, "none"), ""
    if verdict != "none":
        then = scale.words(row.previous_value)
        verdict = "same" if scale.words(row.value) == then else verdict
    period = beside(row.previous_period, row.period)
    rest = say("findings-unmoved", verdict=verdict, then=then, period=period, **_evidence(row, scale))
    return Finding(_stated(row, scale), rest, row.metric)


def closing(rows: list[Any], *, n_real: int, not_news: Sequence[str] = ()) -> Finding:
    """Word what did not move, what cannot be judged and what is not measured.

    ``not_news`` are the labels of numbers that did move but whose changes are no news.
    """
    since = beside(rows[0].previous_period, rows[0].period)
    within = [row for row in rows if row.verdict in ("within noise", "no large change")]
    seasonal = [row.label for row in rows if row.verdict == SEASONAL and _is_news(row.metric)]
    without = without_news(rows)
    is_too_few = not within and not n_real and not not_news and without == say("findings-too-few-moved")
    few = [row.label for row in rows if row.verdict == "too few to tell" or row.status == "too few"]
    lists = {
        "findings-closing-seasonal": seasonal,
        "findings-closing-few": [] if is_too_few else few,
        "findings-closing-empty": [row.label for row in rows if row.status in ("no data", "not reached")],
        "findings-closing-missing": [row.label for row in rows if row.status == "not measured"],
    }
    sentences = [_noise(within, "yes" if n_real else "no")]
    sentences += [say("findings-closing-chance", period=since)] if is_too_few and few else []
    sentences += [say(message, named=_named(labels)) for message, labels in lists.items() if labels]
    rest = "".join(f" {sentence}" for sentence in sentences if sentence)
    calm = "findings-closing-season" if seasonal else "findings-closing-calm" if within else ""
    return Finding(_closing(since, without, calm=calm, is_else=n_real > 0, apart=list(not_news)), rest)


def _closing(since: str, without: str, *, calm: str, is_else: bool, apart: list[str]) -> str:
    """Word the first sentence of what did not move."""
    if calm:
        message = calm
    elif is_else:
        message = "findings-closing-other"
    elif apart and without == say("findings-too-few-moved"):
        return say("findings-closing-none-apart", period=since, named=_named(apart))
    else:
        message, without = "findings-closing-without", without if apart else sentence_case(without)
    values: dict[str, str] = {"period": since, "else": "yes" if is_else else "no", "clause": without}
    return say(f"{message}-apart", named=_named(apart), **values) if apart else say(message, **values)


def _noise(within: list[Any], is_else: str) -> str:
    """Word how many numbers changed by no more than chance; numbers that are equal did not change."""
    n = sum(row.change != 0 for row in within)
    number = sentence_case(say("findings-number", n=n))
    return say("findings-closing-noise", n=n, number=number, **{"else": is_else}) if n else ""


def clause(row: Any) -> str:
    """Return the clause for a headline: "more customers left"."""
    if row.metric in _BROUGHT and row.direction == "worse" and row.change > 0:
        return say("findings-actions-lost")
    return phrases.moved(row.metric, row.label, rose=row.change > 0)


def without_news(rows: list[Any]) -> str:
    """Return the clause for a headline when nothing moved for real."""
    verdicts = {row.verdict for row in rows}
    if SEASONAL in verdicts:
        return say("findings-nothing-beyond-season")
    if verdicts & {"within noise", "no large change"}:
        return say("findings-nothing-moved")
    if "too few to tell" in verdicts:
        return say("findings-too-few-moved")
    statuses = {row.status for row in rows}
    if "ok" in statuses:
        return say("findings-nothing-to-compare")
    return say("findings-too-few") if "too few" in statuses else say("findings-no-data")


def _stated(row: Any, scale: Any) -> str:
    is_bare = row.unit in ("per customer", "per week")  # the message itself names the unit
    value = scale.number(row.value) if is_bare else scale.words(row.value)
    n = 1 if value == "1" else round(row.value) if row.unit == "count" else row.value
    return phrases.stated(row.metric, row.label, value, n)


def _since(row: Any, scale: Any) -> str:
    way, before = "up" if row.change > 0 else "down", scale.words(row.previous_value)
    if before == scale.words(row.value):  # a change smaller than the digits printed
        way = f"slightly-{way}"
    period, size = beside(row.previous_period, row.period), scale.size(row.change)
    return say("findings-moved.since", way=way, before=before, period=period, size=size)


def _evidence(row: Any, scale: Any) -> dict[str, str]:
    """Return the interval and the number of cases as the values of a message, and which of them there are.

    An interval that equals the value, as for money spent, is none; so is a count of what the value counts.
    """
    interval = str(scale.interval(row.low, row.high))
    interval = "" if interval == scale.words(row.value) else interval
    basis = "" if row.unit == "count" and row.n == row.value else counted(row.n, row.counted)
    known = "both" if interval and basis else "interval" if interval else "basis" if basis else "none"
    return {"interval": interval, "basis": basis, "evidence": known}


def _target(row: Any, currency: str | None) -> str:
    return scale_for(row.unit, row.target, currency=currency, significant=4).words(row.target)


def _named(labels: list[str]) -> str:
    shown = [mid_sentence(label) for label in labels]
    return joined(shown if len(shown) <= 3 else [*shown[:2], say("findings-more", n=len(shown) - 2)])
