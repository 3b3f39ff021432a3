"""The three to five sentences at the top of a page, and its headline, from a judged scorecard.

What is real comes first, the bad news before the good, then by how far the number moved in proportion; then missed
targets; then changes against the year before; and always, last, what did not move and what cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.phrases import mid_sentence, phrase_for, sentence_case
from crmkit.metrics.nouns import beside, counted, is_number, joined, number_word
from crmkit.metrics.wording import currency_of, scale_for, scale_of
from crmkit.periods import Period

_FOR_THE = {"worse": ", for the worse", "better": ", for the better"}
_FULL_MARKS_FOR_POINTS = 50.0  # a move of 50 points of NPS weighs as much as a doubling of any other number


@dataclass(frozen=True)
class Finding:
    """One sentence or two: what happened in bold, then against what, how sure, from how many.

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
        Most findings to return, at least 2; what is beyond is named in one line.

    Returns
    -------
    list of Finding
        At least one: the last says what did not move, what cannot be told and what is not measured.
    """
    rows, currency = _rows(scorecard), currency_of(scorecard, currency)
    real = _real(rows)
    missed = [row for row in rows if row.target_verdict == "missed" and row not in real]
    told = {row.metric for row in (*real, *missed)}
    since_last_year = [row for row in rows if row.year_verdict == "real" and row.metric not in told]
    since_last_year.sort(
        key=lambda row: (row.year_direction != "worse", -_weight(row.year_change, row.year_value, row.unit))
    )
    found = [_moved(row, currency, is_first=place == 0) for place, row in enumerate(real)]
    found += [_missed(row, currency) for row in missed]
    room = limit - 1
    if len(found) > room:
        beyond = [_in_short(row) for row in (*real, *missed)[room - 1 :]]
        found = [*found[: room - 1], Finding("Also:", f" {joined(beyond)}.")]
    found += [_against_last_year(row, currency) for row in since_last_year][: max(0, min(2, room - len(found)))]
    return [*found, _closing(rows, n_real=len(real))]


def headline(scorecard: pd.DataFrame) -> str:
    """Return the page's headline: "October 2026: more customers left; winning a customer got cheaper"."""
    rows = _rows(scorecard)
    clauses = [_clause(row) for row in _real(rows)[:2]]
    n_missed = sum(row.target_verdict == "missed" for row in rows)
    if not clauses:
        clauses = [_without_news(rows)]
        if n_missed:
            clauses.append(f"{number_word(n_missed)} {'target' if n_missed == 1 else 'targets'} missed")
    return f"{Period.parse(rows[0].period).label}: {'; '.join(clauses)}"


def _rows(scorecard: pd.DataFrame) -> list[Any]:
    if scorecard.empty:
        raise CrmkitError("The scorecard has no rows. Ask for at least one metric.")
    return list(scorecard.itertuples(index=False))


def _real(rows: Iterable[Any]) -> list[Any]:
    moved = [row for row in rows if row.verdict == "real"]
    return sorted(moved, key=lambda row: (row.direction != "worse", -_weight(row.change, row.previous_value, row.unit)))


def _weight(change: float, before: float, unit: str) -> float:
    if unit == "points":
        return abs(change) / _FULL_MARKS_FOR_POINTS
    return abs(change) / abs(before) if before else 1.0


def _moved(row: Any, currency: str | None, *, is_first: bool) -> Finding:
    scale, before = scale_of(row, currency), beside(row.previous_period, row.period)
    rest = f", {'up' if row.change > 0 else 'down'} from {scale.words(row.previous_value)} in {before}. "
    sure, basis = scale.interval(row.low, row.high), counted(row.n, row.counted)
    verdict = f"real{_FOR_THE.get(row.direction, '')}"
    if is_first:
        rest += (
            f"The change is {verdict}: {f'with {basis}, ' if basis else ''}chance alone would rarely move it this far"
        )
        rest += f" (95 % interval {sure})." if sure else "."
    else:
        rest += f"Also {verdict}"
        rest += f" (95 % interval {', from '.join(part for part in (sure, basis) if part)})." if sure else "."
    if row.target_verdict == "missed":
        rest += f" The target of {_target(row, currency)} was missed."
    return Finding(_stated(row, scale), rest, row.metric, row.direction)


def _missed(row: Any, currency: str | None) -> Finding:
    scale = scale_of(row, currency)
    side = "above" if row.value > row.target else "below"
    sure = ", ".join(part for part in (scale.interval(row.low, row.high), counted(row.n, row.counted)) if part)
    return Finding(
        f"{sentence_case(row.label)} missed its target of {_target(row, currency)}",
        f": {scale.words(row.value)}{f' ({sure})' if sure else ''}, the whole interval lies {side} the target.",
        row.metric,
        "worse",
    )


def _against_last_year(row: Any, currency: str | None) -> Finding:
    scale = scale_of(row, currency)
    verb = "rose" if row.year_change > 0 else "fell"
    return Finding(
        f"{sentence_case(row.label)} {verb} against {beside(row.year_period, row.period)}",
        f": {scale.words(row.value)} now, {scale.words(row.year_value)} then. "
        f"That is real{_FOR_THE.get(row.year_direction, '')}.",
        row.metric,
        row.year_direction,
    )


def _closing(rows: list[Any], *, n_real: int) -> Finding:
    within = sum(row.verdict == "within noise" for row in rows)
    few = [row.label for row in rows if row.verdict == "too few to tell"]
    if within:
        other = " other" if n_real else ""
        numbers = "number" if within == 1 else "numbers"
        since = beside(rows[0].previous_period, rows[0].period)
        bold = f"Nothing{' else' if n_real else ''} moved beyond chance since {since}."
        rest = f" {sentence_case(number_word(within))}{other} {numbers} changed, "
        rest += "and not by more than chance would." if within == 1 else "none by more than chance would."
    else:
        bold, rest = sentence_case(_without_news(rows)) + "." if not n_real else "No other number can be compared.", ""
    if few:
        rest += f" Too few to tell: {_named(few)}."
    empty = [row.label for row in rows if row.status in ("no data", "too few", "not reached")]
    rest += f" No value: {_named(empty)}." if empty else ""
    missing = [row.label for row in rows if row.status == "not measured"]
    rest += f" Not measured: {_named(missing)}." if missing else ""
    return Finding(bold, rest)


def _without_news(rows: list[Any]) -> str:
    verdicts = {row.verdict for row in rows}
    if "within noise" in verdicts:
        return "nothing moved beyond chance"
    if "too few to tell" in verdicts:
        return "too few to tell whether anything moved"
    return "nothing to compare with yet" if any(is_number(row.value) for row in rows) else "no data"


def _named(labels: list[str]) -> str:
    shown = [mid_sentence(label) for label in labels]
    return joined(shown if len(shown) <= 3 else [*shown[:2], f"{number_word(len(shown) - 2)} more"])


def _stated(row: Any, scale: Any) -> str:
    phrase = phrase_for(row.metric, row.label)
    value = counted(row.value, phrase.nouns) if phrase.nouns else scale.words(row.value)
    if row.unit == "per customer" and "times" in phrase.states:
        value = scale.number(row.value)
    return sentence_case(phrase.states.format(value=value))


def _clause(row: Any) -> str:
    phrase = phrase_for(row.metric, row.label)
    return phrase.rose if row.change > 0 else phrase.fell


def _in_short(row: Any) -> str:
    return _clause(row) if row.verdict == "real" else f"{mid_sentence(row.label)} missed its target"


def _target(row: Any, currency: str | None) -> str:
    return scale_for(row.unit, row.target, currency=currency, significant=4).words(row.target)
