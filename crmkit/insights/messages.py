"""Titles of charts and sections: the title is the finding, the subtitle the measure, the alternative text both in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from crmkit.insights.findings import season
from crmkit.insights.phrases import mid_sentence, phrase_for, sentence_case
from crmkit.metrics.card import Card
from crmkit.metrics.engine.intervals import Z
from crmkit.metrics.engine.verdict import SIGNIFICANCE, benjamini_hochberg
from crmkit.metrics.formatting import Scale, beside, common_scale, is_exact, is_number, joined, scale_for, scale_of
from crmkit.periods import Period

#: The parts of a change of revenue: the card, its name, and whether it adds.
PARTS = {
    "revenue_from_new": ("New", True),
    "revenue_from_returning": ("Came back", True),
    "revenue_from_more": ("Buy more", True),
    "revenue_lost_to_less": ("Buy less", False),
    "revenue_lost_to_gone": ("Did not order", False),
    "revenue_change_of_guests": ("Guests", True),
    "revenue_change": ("Change", True),
}
_GREATEST = {
    "revenue_from_new": "first-time buyers",
    "revenue_from_returning": "those who came back",
    "revenue_lost_to_gone": "those who did not order",
}


@dataclass(frozen=True)
class Message:
    """Title, subtitle and alternative text of one chart; plain text."""

    title: str
    subtitle: str
    alt: str


def history_message(row: Any, history: pd.DataFrame, definition: str, currency: str | None = None) -> Message:
    """Word the chart of one metric over its periods.

    Parameters
    ----------
    row : row of a scorecard
        The judged metric, as from ``scorecard.itertuples()``.
    history : DataFrame
        One row per period of that metric, oldest first, as :func:`crmkit.metrics.engine.evaluate` returns it.
    definition : str
        What the metric counts, a sentence.
    currency : str or None
        ISO 4217 code for money.
    """
    scale = scale_of(row, currency)
    first, last = (Period.parse(history["period"].iloc[place]).label for place in (0, -1))
    subtitle = f"{definition} With 95 % intervals, {first} to {last}."
    earlier = history["value"].iloc[:-1].dropna()
    before = f"{_between(earlier, scale)} before, " if len(earlier) else ""
    interval = "" if is_exact(row) else scale.interval(row.low, row.high)
    alt = f"{row.label}, {first} to {last}: {before}{scale.words(row.value)} in {last}"
    alt += f" (95 % interval {interval})." if interval else "."
    if row.target_verdict:
        alt += f" Target {_target(row, currency)}: {row.target_verdict}."
    return Message(_history_title(row, scale, earlier, currency), subtitle, alt)


def group_message(groups: pd.DataFrame, by: str, row: Any, card: Card, currency: str | None = None) -> Message:
    """Word the chart of one metric by group: which groups differ from the whole by more than chance.

    Parameters
    ----------
    groups : DataFrame
        One row per group of one period, as :func:`crmkit.metrics.engine.evaluate` returns it with ``by``.
    by : str
        The column of the groups.
    row : row of a scorecard
        The metric over all groups.
    card : Card
        The metric.
    currency : str or None
        ISO 4217 code for money.
    """
    scale = common_scale(groups.itertuples(index=False), currency)
    name, whole = mid_sentence(card.label), scale_of(row, currency).words(row.value)  # as on its tile
    differing = [
        f"{group[by]} ({scale.words(group['value'])})" for _, group in unlike_the_whole(groups, row.value).iterrows()
    ]
    kind = by.replace("_", " ")
    if differing:
        verb = "differs" if len(differing) == 1 else "differ"
        title = f"{joined(differing)} {verb} from the {whole} of all {card.counted}"
    else:
        together = f", all {len(groups)} compared together" if len(groups) > 2 else ""
        title = f"No {kind} differs from the {whole} of all {card.counted} by more than chance{together}"
    month = Period.parse(row.period).label
    subtitle = f"{card.label} by {kind}, {month}, with 95 % intervals. {card.definition}"
    values = [
        f"{group[by]} {scale.words(group['value'])}" for _, group in groups.iterrows() if is_number(group["value"])
    ]
    return Message(
        sentence_case(title), subtitle, f"{sentence_case(name)} by {kind}, {month}: {joined(values)}. {title}."
    )


def parts_message(groups: pd.DataFrame, by: str, row: Any, card: Card, currency: str | None = None) -> Message:
    """Word the chart of a metric whose groups are parts of one whole: the largest parts. Arguments as for group_message."""
    ordered = groups.sort_values("value", ascending=False, kind="stable")
    scale, kind, month = (
        common_scale(groups.itertuples(index=False), currency),
        by.replace("_", " "),
        Period.parse(row.period).label,
    )
    values = [f"{group[by]} {scale.words(group['value'])}" for _, group in ordered.iterrows()]
    first, *others = values[:3]
    title = f"Of all {card.counted}, the largest part by {kind} is {first}" + (
        f", then {joined(others)}" if others else ""
    )
    subtitle = f"How {card.counted} divide by {kind}, {month}, with 95 % intervals."
    return Message(title, subtitle, f"{sentence_case(card.counted)} by {kind}, {month}: {joined(values)}.")


def unlike_the_whole(groups: pd.DataFrame, whole: float) -> pd.DataFrame:
    """Return the groups whose value differs from the whole's by more than chance, all groups tested as one family.

    The error of a group is the distance from its value to the limit that faces the whole, which is taken as known.
    """
    usable = groups[(groups["status"] == "ok") & groups[["value", "low", "high"]].notna().all(axis=1)]
    away = usable["value"] - whole
    facing = np.where(away > 0, usable["value"] - usable["low"], usable["high"] - usable["value"])
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = np.nan_to_num(2 * ndtr(-np.abs(away) / (facing / Z)), nan=1.0)
    return usable[benjamini_hochberg(p_values) <= SIGNIFICANCE].sort_values("value", ascending=False)


def turnover_message(change: Mapping[str, float], before: str, currency: str | None = None) -> str:
    """Return by how much revenue changed, and the gains and losses.

    Parameters
    ----------
    change : mapping of card to amount
        Signed amounts: losses are negative [currency].
    before : str
        Name of the period before.
    currency : str or None
        ISO 4217 code.

    Examples
    --------
    >>> turnover_message({"revenue_from_new": 50.0, "revenue_lost_to_gone": -80.0, "revenue_change": -30.0}, "September", "EUR")
    'Shop revenue fell by €30 against September: €50 more from first-time buyers and €80 less from those who did not order'
    >>> turnover_message({"revenue_from_new": 50.0, "revenue_lost_to_less": -20.0, "revenue_change": 30.0}, "September", "EUR")
    'Shop revenue rose by €30 against September: €50 more from first-time buyers and €20 less from all others'
    """
    largest = max((abs(amount) for amount in change.values()), default=0.0)
    scale = scale_for("money", largest, currency=currency, significant=3)
    net = change["revenue_change"]
    parts = {of_whom: change.get(name, 0.0) for name, of_whom in _GREATEST.items()}
    parts["all others"] = net - sum(parts.values())  # so that the printed parts add up
    clauses = [
        f"{scale.words(abs(amount))} {'more' if amount > 0 else 'less'} from {of_whom}"
        for of_whom, amount in parts.items()
        if scale.words(abs(amount)) != scale.words(0.0)
    ]
    by = "" if scale.words(abs(net)) == scale.words(0.0) else f" by {scale.words(abs(net))}"
    moved = ("rose" if net > 0 else "fell") if by else "stayed as it was"
    against = f"{moved}{by} against {before}" if by else f"{moved} in {before}"
    return f"Shop revenue {against}" + (f": {joined(clauses)}" if clauses else "")


def experiments_message(
    brought: pd.DataFrame, currency: str | None = None, returns: Mapping[str, float] | None = None
) -> str:
    """Return which actions had an effect beyond chance, and for which that cannot be judged.

    Parameters
    ----------
    brought : DataFrame
        One row per action: action, value, low, high [currency per customer treated].
    currency : str or None
        ISO 4217 code.
    returns : mapping of action to share, or None
        The return on the cost of each action, where it is known: below zero it lost money, whatever it brought.

    Examples
    --------
    >>> row = {"action": "voucher", "value": 4.6, "low": 1.2, "high": 8.0}
    >>> experiments_message(pd.DataFrame([row]), "EUR")
    'Voucher brought €5 per customer (€1 to €8) beyond what would have come anyway'
    >>> experiments_message(pd.DataFrame([row]), "EUR", {"voucher": -0.37})
    'Voucher lost money: it brought €5 per customer (€1 to €8), at a return of −37 % on its cost'
    >>> experiments_message(pd.DataFrame([row | {"low": -3.0}]), "EUR")
    'Whether voucher brought anything cannot be told yet: anything from −€3 to €8 per customer is possible'
    """
    real = brought[(brought["low"] > 0) | (brought["high"] < 0)]
    if len(real):
        return sentence_case(
            joined([_effect(row, currency, (returns or {}).get(str(row.action))) for row in real.itertuples()])
        )
    known = brought[brought["value"].notna()]
    if known.empty:
        return "Nobody was held out, so what the actions brought is not known"
    if len(known) > 1:
        return f"Whether {joined(known['action'].tolist(), 'or')} brought anything cannot be told yet"
    row: Any = next(known.itertuples())
    interval = _interval(row, currency)
    by_chance = f": anything from {interval} per customer is possible" if interval else ""
    return f"Whether {row.action} brought anything cannot be told yet{by_chance}"


def _history_title(row: Any, scale: Scale, earlier: pd.Series, currency: str | None) -> str:
    month, before = Period.parse(row.period).label, beside(row.previous_period, row.period)
    if not is_number(row.value):
        return f"{row.label}: {row.reason or 'no value'}"
    if row.verdict == "real":
        phrase = phrase_for(row.metric, row.label)
        clause = phrase.rose if row.change > 0 else phrase.fell
        values = f"{scale.words(row.value)} in {month} after {scale.words(row.previous_value)} in {before}"
        words = season(row)
        return f"{sentence_case(clause)}: {values}{_record(row, earlier)}{f', {words}' if words else ''}"
    if row.target_verdict == "missed":
        return f"{row.label} missed the target: {scale.words(row.value)} against {_target(row, currency)}"
    if is_exact(row) and row.change == 0:
        return f"{row.label}: {scale.words(row.value)} in {month}, as in {before}"
    ending = {
        "within noise": f"no further from {before} than chance goes",
        "no large change": f"no large change from {before}",
        "too few to tell": f"too few to tell a change from {before}",
    }
    return f"{row.label}: {scale.words(row.value)} in {month}, {ending.get(row.verdict, 'nothing to compare with')}"


def _between(values: pd.Series, scale: Scale) -> str:
    least, most = scale.words(values.min()), scale.words(values.max())
    return most if least == most else f"between {scale.number(values.min())} and {most}"


def _record(row: Any, earlier: pd.Series) -> str:
    if len(earlier) < 6:  # a record among few periods is no news
        return ""
    span = f"{len(earlier) + 1} {Period.parse(row.period).noun}s"
    if row.value > earlier.max():
        return f", the most in {span}"
    return f", the least in {span}" if row.value < earlier.min() else ""


def _target(row: Any, currency: str | None) -> str:
    return scale_for(row.unit, row.target, currency=currency, significant=4).words(row.target)


def _effect(row: Any, currency: str | None, returned: float | None) -> str:
    scale = scale_for("money", row.value, low=row.low, high=row.high, currency=currency)
    if row.value > 0:
        if returned is not None and returned < 0:
            share = scale_for("share", returned).words(returned)
            brought = f"it brought {scale.words(row.value)} per customer ({_interval(row, currency)})"
            return f"{row.action} lost money: {brought}, at a return of {share} on its cost"
        gained = f"{row.action} brought {scale.words(row.value)} per customer"
        return f"{gained} ({_interval(row, currency)}) beyond what would have come anyway"
    lost = f"{row.action} lost {scale.words(-row.value)} per customer"
    return f"{lost} ({_interval(row, currency)} brought): without it more would have come"


def _interval(row: Any, currency: str | None) -> str:
    if not is_number(row.low) or not is_number(row.high):
        return ""
    return str(scale_for("money", row.value, low=row.low, high=row.high, currency=currency).interval(row.low, row.high))
