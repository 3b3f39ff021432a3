"""The sentences: one function for each kind of finding, from one row of the judged scorecard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crmkit.insights.phrases import mid_sentence, phrase_for, sentence_case
from crmkit.metrics.formatting import beside, counted, is_exact, joined, number_word, scale_for, scale_of

_TOO_FEW = "Too few customers to tell whether anything moved."
_FOR_THE = {"worse": ", for the worse", "better": ", for the better"}


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


def moved(row: Any, currency: str | None, *, is_first: bool) -> Finding:
    """Word a real change against the period before; the first one explains what real means."""
    scale, before = scale_of(row, currency), beside(row.previous_period, row.period)
    rest = f", {_since(row, scale)} in {before}. "
    sure, basis = _interval(row, scale), _basis(row)
    verdict = f"real{_FOR_THE.get(row.direction, '')}"
    if is_first and is_exact(row):
        rest += f"The change is {verdict}: the number is known exactly and moved as far as matters."
    elif is_first:
        known = f"with {basis}, " if basis and row.n else ""
        rest += f"The change is {verdict}: {known}chance alone would rarely move it this far"
        rest += f" (95 % interval {sure})." if sure else "."
    else:
        rest += f"Also {verdict}"
        rest += f" (95 % interval {', from '.join(part for part in (sure, basis) if part)})." if sure else "."
    if row.target_verdict == "missed":
        rest += f" The target of {_target(row, currency)} was missed."
    return Finding(_stated(row, scale), rest, row.metric, row.direction)


def missed(row: Any, currency: str | None) -> Finding:
    """Word a missed target."""
    scale = scale_of(row, currency)
    side = "above" if row.value > row.target else "below"
    sure = ", ".join(part for part in (_interval(row, scale), _basis(row)) if part)
    return Finding(
        f"{sentence_case(row.label)} missed the target of {_target(row, currency)}",
        f": {scale.words(row.value)}{f' ({sure})' if sure else ''}, the whole interval lies {side} the target.",
        row.metric,
        "worse",
    )


def unmoved(row: Any, currency: str | None) -> Finding:
    """Word a number that did not move for real, for a month in which little did."""
    scale, before = scale_of(row, currency), beside(row.previous_period, row.period)
    sure = ", ".join(part for part in (_interval(row, scale), _basis(row)) if part)
    rest = f" ({sure})" if sure else ""
    if row.verdict in ("within noise", "too few to tell"):
        difference = "no different" if row.verdict == "within noise" else "too few to tell it"
        now, then = scale.words(row.value), scale.words(row.previous_value)
        rest += f", as in {before}" if now == then else f", {difference} from {then} in {before}"
    return Finding(_stated(row, scale), f"{rest}.", row.metric)


def against_last_year(row: Any, currency: str | None) -> Finding:
    """Word a real change against the same period a year before."""
    scale = scale_of(row, currency)
    verb = "rose" if row.year_change > 0 else "fell"
    return Finding(
        f"{sentence_case(row.label)} {verb} against {beside(row.year_period, row.period)}",
        f": {scale.words(row.value)} now, {scale.words(row.year_value)} then. "
        f"That is real{_FOR_THE.get(row.year_direction, '')}.",
        row.metric,
        row.year_direction,
    )


def closing(rows: list[Any], *, n_real: int, aside: Sequence[str] = ()) -> Finding:
    """Word what did not move, what cannot be told and what is not measured.

    ``aside`` are the labels of numbers that did move, and whose changes make no news.
    """
    within = [row for row in rows if row.verdict == "within noise"]
    few = [row.label for row in rows if row.verdict == "too few to tell" or row.status == "too few"]
    since = beside(rows[0].previous_period, rows[0].period)
    if within:
        bold = f"Nothing{' else' if n_real else ''} moved beyond chance since {since}."
        rest = _noise(within, " other" if n_real else "")
    else:
        bold = f"No other change since {since} is certain." if n_real else sentence_case(without_news(rows)) + "."
        rest = ""
    if aside:
        bold = f"No change since {since} is certain." if bold == _TOO_FEW else bold
        bold = f"Apart from {_named(list(aside))}, {bold[:1].lower()}{bold[1:]}"
    if few and bold == _TOO_FEW:
        rest += f" Chance alone could have made every change since {since}."
    elif few:
        rest += f" Too few to tell: {_named(few)}."
    empty = [row.label for row in rows if row.status in ("no data", "not reached")]
    rest += f" No value: {_named(empty)}." if empty else ""
    missing = [row.label for row in rows if row.status == "not measured"]
    rest += f" Not measured: {_named(missing)}." if missing else ""
    return Finding(bold, rest)


def _noise(within: list[Any], other: str) -> str:
    """Word how many numbers changed, and not by more than chance; those that stayed as they were did not change."""
    n = sum(row.change != 0 for row in within)
    if not n:
        return ""
    changed = f" {sentence_case(number_word(n))}{other} {'number' if n == 1 else 'numbers'} changed, "
    return changed + ("and not by more than chance would." if n == 1 else "none by more than chance would.")


def without_news(rows: list[Any]) -> str:
    """Return the clause for a headline when nothing moved for real."""
    verdicts = {row.verdict for row in rows}
    if "within noise" in verdicts:
        return "nothing moved beyond chance"
    if "too few to tell" in verdicts:
        return _TOO_FEW[:1].lower() + _TOO_FEW[1:-1]
    statuses = {row.status for row in rows}
    if "ok" in statuses:
        return "nothing to compare with yet"
    return "too few customers to tell anything" if "too few" in statuses else "no data"


def _since(row: Any, scale: Any) -> str:
    way, before = "up" if row.change > 0 else "down", scale.words(row.previous_value)
    if before == scale.words(row.value):  # a change smaller than the digits printed
        return f"{way} by {scale.size(row.change)} from what it was"
    return f"{way} from {before}"


def _interval(row: Any, scale: Any) -> str:
    """Return the interval in words; empty where it says no more than the value: money spent is known exactly."""
    interval = str(scale.interval(row.low, row.high))
    return "" if interval == scale.words(row.value) else interval


def _basis(row: Any) -> str:
    return "" if row.unit == "count" and row.n == row.value else counted(row.n, row.counted)  # 286 of 286 says nothing


def _named(labels: list[str]) -> str:
    shown = [mid_sentence(label) for label in labels]
    return joined(shown if len(shown) <= 3 else [*shown[:2], f"{number_word(len(shown) - 2)} more"])


def _stated(row: Any, scale: Any) -> str:
    phrase = phrase_for(row.metric, row.label)
    value = counted(row.value, phrase.nouns) if phrase.nouns else scale.words(row.value)
    if row.unit in ("per customer", "per week") and "{value} " in phrase.states:
        value = scale.number(row.value)  # the phrase says what it is per
    states = phrase.states.replace("{value} times", "once") if value == "1" else phrase.states
    return sentence_case(states.format(value=value))


def clause(row: Any) -> str:
    """Return the clause for a headline: "more customers left"."""
    phrase = phrase_for(row.metric, row.label)
    return phrase.rose if row.change > 0 else phrase.fell


def in_short(row: Any, currency: str | None) -> str:
    """Return what happened in half a line, for a list of further findings."""
    scale = scale_of(row, currency)
    if row.verdict == "real":
        return f"{clause(row)} ({scale.words(row.value)}, {scale.change(row.change, (row.value, row.previous_value))})"
    return f"{mid_sentence(row.label)} missed the target ({scale.words(row.value)} against {_target(row, currency)})"


def _target(row: Any, currency: str | None) -> str:
    return scale_for(row.unit, row.target, currency=currency, significant=4).words(row.target)
