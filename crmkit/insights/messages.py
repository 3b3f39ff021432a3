"""Titles of charts and sections: the title is the finding, the subtitle the measure, the alternative text both in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from crmkit.insights import phrases
from crmkit.insights.findings import CALM, in_season
from crmkit.insights.phrases import mid_sentence, sentence_case
from crmkit.metrics.card import Card
from crmkit.metrics.engine.intervals import Z
from crmkit.metrics.engine.verdict import SIGNIFICANCE, benjamini_hochberg
from crmkit.metrics.formatting import Scale, common_scale, is_exact, is_number, joined, scale_for, scale_of
from crmkit.periods import Period
from crmkit.words import say

#: The parts of a change of revenue: the card, and whether it adds.
PARTS = {
    "revenue_from_new": True,
    "revenue_from_returning": True,
    "revenue_from_more": True,
    "revenue_lost_to_less": False,
    "revenue_lost_to_gone": False,
    "revenue_change_of_guests": True,
    "revenue_change": True,
}
_GREATEST = {"revenue_from_new": "new", "revenue_from_returning": "returning", "revenue_lost_to_gone": "gone"}


def part_label(name: str) -> str:
    """Return the name of a part of a change of revenue: "Came back"."""
    return say(f"chart-part-{name}")


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
    earlier = history["value"].iloc[:-1].dropna()
    values = {
        "label": row.label,
        "first": first,
        "last": last,
        "value": scale.words(row.value),
        "interval": ("" if is_exact(row) else str(scale.interval(row.low, row.high))) or "none",
    }
    alt = say("chart-history-alt", **values, **_range(earlier, scale))
    if row.target_verdict:
        verdict = row.target_verdict if row.target_verdict in ("met", "missed") else "close"
        alt = f"{alt} {say('chart-history-target', target=_target(row, currency), verdict=verdict)}"
    subtitle = say("chart-history-subtitle", definition=definition, first=first, last=last)
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
        say("chart-group-value", group=str(group[by]), value=scale.words(group["value"]))
        for _, group in unlike_the_whole(groups, row.value).iterrows()
    ]
    kind, month = by.replace("_", " "), Period.parse(row.period).label
    told = {"kind": kind, "whole": whole, "counted": card.counted}
    if differing:
        title = say("chart-groups-differ", n=len(differing), named=joined(differing), **told)
    else:
        title = say("chart-groups-alike", n=len(groups), **told)
    subtitle = say("chart-groups-subtitle", label=card.label, kind=kind, month=month, definition=card.definition)
    values = [
        f"{group[by]} {scale.words(group['value'])}" for _, group in groups.iterrows() if is_number(group["value"])
    ]
    said = {"label": sentence_case(name), "kind": kind, "month": month, "values": joined(values), "title": title}
    return Message(sentence_case(title), subtitle, say("chart-groups-alt", **said))


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
    told = {"counted": card.counted, "kind": kind}
    title = say("chart-parts", n=1 + len(others), first=first, others=joined(others), **told)
    alt = say("chart-parts-alt", **told | {"counted": sentence_case(card.counted)}, month=month, values=joined(values))
    return Message(title, say("chart-parts-subtitle", **told, month=month), alt)


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


def revenue_change_message(change: Mapping[str, float], before: str, currency: str | None = None) -> str:
    """Return by how much shop revenue changed, and the gains and losses.

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
    >>> lost = {"revenue_from_new": 50.0, "revenue_lost_to_gone": -80.0, "revenue_change": -30.0}
    >>> revenue_change_message(lost, "September", "EUR")
    'Shop revenue fell by €30 against September: €50 more from first-time buyers and €80 less from those who did not order'
    >>> gained = {"revenue_from_new": 50.0, "revenue_lost_to_less": -20.0, "revenue_change": 30.0}
    >>> revenue_change_message(gained, "September", "EUR")
    'Shop revenue rose by €30 against September: €50 more from first-time buyers and €20 less from all others'
    """
    largest = max((abs(amount) for amount in change.values()), default=0.0)
    scale = scale_for("money", largest, currency=currency, significant=3)
    net = change["revenue_change"]
    parts = {of_whom: change.get(name, 0.0) for name, of_whom in _GREATEST.items()}
    parts["others"] = net - sum(parts.values())  # so that the printed parts add up
    nothing = scale.words(0.0)
    clauses = [
        say("chart-revenue-part", whom=whom, more="yes" if amount > 0 else "no", amount=scale.words(abs(amount)))
        for whom, amount in parts.items()
        if scale.words(abs(amount)) != nothing
    ]
    way = "same" if scale.words(abs(net)) == nothing else "rose" if net > 0 else "fell"
    told = {"way": way, "size": scale.words(abs(net)), "period": before}
    return say("chart-revenue-with", **told, parts=joined(clauses)) if clauses else say("chart-revenue", **told)


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
        return say("chart-action-nobody-held-out")
    if len(known) > 1:
        return say("chart-actions-unknown", actions=joined(known["action"].tolist(), "or"))
    row: Any = next(known.itertuples())
    return say("chart-action-unknown", action=str(row.action), interval=_interval(row, currency) or "none")


def _history_title(row: Any, scale: Scale, earlier: pd.Series, currency: str | None) -> str:
    month = Period.parse(row.period).label
    if not is_number(row.value):
        return (
            say("chart-history-no-value", label=row.label, reason=row.reason)
            if row.reason
            else say("chart-history-none", label=row.label)
        )
    told = {"label": row.label, "value": scale.words(row.value), "month": month} | in_season(row)
    if row.verdict == "real":
        clause = sentence_case(phrases.moved(row.metric, row.label, rose=row.change > 0))
        before = scale.words(row.previous_value)
        return say("chart-history-real", clause=clause, before=before, **told, **_record(row, earlier))
    if row.target_verdict == "missed":
        return say("chart-history-missed", label=row.label, value=told["value"], target=_target(row, currency))
    if is_exact(row) and row.change == 0:
        return say("chart-history-same", **told)
    return say("chart-history-other", verdict=CALM.get(row.verdict, "none"), **told)


def _range(earlier: pd.Series, scale: Scale) -> dict[str, str]:
    """Return the least and the most of earlier values, and whether there are none, one or several."""
    if earlier.empty:
        return {"earlier": "none", "least": "", "most": ""}
    least, most = scale.words(earlier.min()), scale.words(earlier.max())
    return {"earlier": "one" if least == most else "range", "least": scale.number(earlier.min()), "most": most}


def _record(row: Any, earlier: pd.Series) -> dict[str, str]:
    """Return whether a value is the most or the least of its periods, and of how many; among few that is no news."""
    n, noun = len(earlier) + 1, Period.parse(row.period).noun
    is_long = n > 6
    record = "most" if is_long and row.value > earlier.max() else ""
    record = record or ("least" if is_long and row.value < earlier.min() else "none")
    return {"record": record, "span": say("chart-span", n=n, noun=noun)}


def _target(row: Any, currency: str | None) -> str:
    return scale_for(row.unit, row.target, currency=currency, significant=4).words(row.target)


def _effect(row: Any, currency: str | None, returned: float | None) -> str:
    scale = scale_for("money", row.value, low=row.low, high=row.high, currency=currency)
    told = {"action": str(row.action), "value": scale.words(abs(row.value)), "interval": _interval(row, currency)}
    if row.value <= 0:
        return say("chart-action-lost", **told)
    if returned is not None and returned < 0:
        return say("chart-action-lost-money", **told, **{"return": scale_for("share", returned).words(returned)})
    return say("chart-action-brought", **told)


def _interval(row: Any, currency: str | None) -> str:
    if not is_number(row.low) or not is_number(row.high):
        return ""
    return str(scale_for("money", row.value, low=row.low, high=row.high, currency=currency).interval(row.low, row.high))
