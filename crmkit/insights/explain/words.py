"""Why a number moved, in sentences that an owner can read."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.insights.explain.places import MIX, RATE
from crmkit.metrics.card import cards
from crmkit.metrics.engine.groups import SMALL_GROUPS, UNKNOWN_GROUP
from crmkit.metrics.formatting import Scale, joined, scale_for
from crmkit.periods import Period
from crmkit.words import say

_MOST_PARTS = 4


def explanation_in_words(
    explanation: pd.DataFrame, currency: str | None = None, scale: Scale | None = None
) -> list[str]:
    """Return what :func:`crmkit.explain` found as sentences: the change, how it came about, and where it stands out.

    Parameters
    ----------
    explanation : DataFrame
        From :func:`crmkit.explain`.
    currency : str, optional
        ISO 4217 code.
    scale : Scale, optional
        How its numbers are printed elsewhere.

    Returns
    -------
    list of str
    """
    (card,) = cards(explanation["metric"].iloc[0])
    whole = explanation.iloc[0]
    now, then = Period.parse(whole["period"]), Period.parse(whole["against"])
    if whole["change"] != whole["change"]:
        return [say("explain-unknown", label=card.label, before=then.label, period=now.label, reason=whole["reason"])]
    scale = scale or _scale(card.unit, whole, currency)
    sentences = [_change(card.label, whole, scale, now, then)]
    if whole["reason"]:
        sentences.append(say("explain-note", reason=whole["reason"]))
    if not whole["change"]:
        return sentences
    sentences += _mechanism(explanation[explanation["part"] == "mechanism"], scale)
    return sentences + _places(explanation[explanation["part"] == "place"], whole, scale)


def cause_in_words(explanation: pd.DataFrame, currency: str | None = None, scale: Scale | None = None) -> str:
    """Return the one place that stands out, as a sentence; where none does, that no cause stands out.

    Parameters
    ----------
    explanation : DataFrame
        From :func:`crmkit.explain`.
    currency : str, optional
        ISO 4217 code.
    scale : Scale, optional
        How its numbers are printed elsewhere.
    """
    (card,) = cards(explanation["metric"].iloc[0])
    whole = explanation.iloc[0]
    first = explanation[explanation["place"] == 1]
    if first.empty:
        return say("explain-no-cause")
    scale = scale or _scale(card.unit, whole, currency)
    return _place(first.iloc[0], whole, scale)


def _scale(unit: str, whole: pd.Series, currency: str | None) -> Scale:
    """Return how the number is printed: fine enough for a fifth of its change."""
    reach = abs(whole["change"]) / 5
    return scale_for(unit, whole["now"], low=whole["now"] - reach, high=whole["now"] + reach, currency=currency)


def _change(label: str, whole: pd.Series, scale: Scale, now: Period, then: Period) -> str:
    told = {"label": label, "before": then.label_beside(now), "period": now.label}
    if scale.words(whole["now"]) == scale.words(whole["before"]):
        return say("explain-same", **told, value=scale.words(whole["now"]))
    limits = [scale.change(whole[side]) for side in ("low", "high")]
    return say(
        "explain-moved",
        **told,
        way="rose" if whole["change"] > 0 else "fell",
        interval=say("explain-interval", low=limits[0], high=limits[1]) if all(limits) else "none",
        then=scale.words(whole["before"]),
        now=scale.words(whole["now"]),
        change=scale.change(whole["change"], (whole["now"], whole["before"])),
    )


def _mechanism(parts: pd.DataFrame, scale: Scale) -> list[str]:
    said = []
    for by, rows in parts.groupby("by", sort=False):
        moved = rows[rows["change"] != 0]
        largest = moved.sort_values("change", key=lambda change: -change.abs(), kind="stable")
        shown = zip(largest["group"].iloc[:_MOST_PARTS], largest["change"].iloc[:_MOST_PARTS], strict=True)
        named = [f"{group} {scale.change(float(change))}" for group, change in shown]
        rest = largest["change"].iloc[_MOST_PARTS:]
        named += [say("explain-rest", change=scale.change(rest.sum()))] if len(rest) else []
        if named:
            said.append(say("explain-parts", by=str(by), parts=joined(named)))
    return said


def _places(places: pd.DataFrame, whole: pd.Series, scale: Scale) -> list[str]:
    if places.empty:
        return [say("explain-no-column")]
    if places["change"].isna().all():
        return [say("explain-no-split", reason=places["reason"].iloc[0])]
    found = places[places["place"].notna()].sort_values("place")
    if found.empty:
        groups, columns = places.drop_duplicates(["by", "group"]), list(dict.fromkeys(places["by"]))
        return [say("explain-even", groups=len(groups), columns=_columns(columns))]
    return [*(_place(row, whole, scale) for _, row in found.iterrows()), say("explain-association")]


def _place(row: pd.Series, whole: pd.Series, scale: Scale) -> str:
    told = {
        "where": group_in_words(row["by"], row["group"]),
        "part": scale.change(row["change"]),
        "all": scale.change(whole["change"], (whole["now"], whole["before"])),
    }
    if row["effect"] == MIX:
        share = scale_for("share", row["now"], low=row["before"], high=row["now"])
        way = "larger" if row["now"] > row["before"] else "smaller"
        return say("explain-place-mix", **told, way=way, then=share.words(row["before"]), now=share.words(row["now"]))
    told |= {"then": scale.words(row["before"]), "now": scale.words(row["now"])}
    if row["effect"] == RATE and row["excess"] * whole["change"] < 0:
        return say("explain-place-against", **told)
    if row["effect"] == RATE:
        return say("explain-place-rate", **told)
    return say("explain-place-sum", **told, share=scale.change(row["change"] - row["excess"]))


def group_in_words(column: str, group: str) -> str:
    """Return a group as a reader calls it.

    Examples
    --------
    >>> group_in_words("company_size", "10-49"), group_in_words("plan", "(unknown)"), group_in_words("is_gift", "true")
    ('company size "10-49"', 'those without a known plan', 'is gift "yes"')
    """
    name = column.replace("_", " ")
    if group == UNKNOWN_GROUP:
        return say("explain-group-unknown", column=name)
    if group == SMALL_GROUPS:
        return say("explain-group-small", column=name)
    if group in ("true", "false"):
        return say("explain-group-yes" if group == "true" else "explain-group-no", column=name)
    return say("explain-group", column=name, group=group)


def _columns(columns: Sequence[str]) -> str:
    named = [column.replace("_", " ") for column in columns]
    return joined(named) if len(named) <= 6 else say("explain-columns", n=len(named))
