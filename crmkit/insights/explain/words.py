"""Why a number moved, in sentences that an owner can read."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.insights.explain.places import MIX, RATE
from crmkit.metrics.card import cards
from crmkit.metrics.engine.groups import SMALL_GROUPS, UNKNOWN_GROUP
from crmkit.metrics.formatting import Scale, joined, scale_for
from crmkit.periods import Period

ASSOCIATION = "What moved together need not be cause and effect: these parts say where the change is, not why."
NO_CAUSE = "No single cause stands out."
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
        return [f"{card.label}: the change from {then.label} to {now.label} is not known ({whole['reason']})."]
    scale = scale or _scale(card.unit, whole, currency)
    sentences = [_change(card.label, whole, scale, now, then)]
    if whole["reason"]:
        sentences.append(f"Note: {whole['reason']}.")
    if not whole["change"]:
        return sentences
    sentences += _mechanism(explanation[explanation["part"] == "mechanism"], scale)
    return sentences + _places(explanation[explanation["part"] == "place"], whole, scale)


def cause_in_words(explanation: pd.DataFrame, currency: str | None = None, scale: Scale | None = None) -> str:
    """Return the one place that stands out, as a sentence; :data:`NO_CAUSE` where none does.

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
        return NO_CAUSE
    scale = scale or _scale(card.unit, whole, currency)
    return _place(first.iloc[0], whole, scale)


def _scale(unit: str, whole: pd.Series, currency: str | None) -> Scale:
    """Return how the number is printed: fine enough for a fifth of its change."""
    reach = abs(whole["change"]) / 5
    return scale_for(unit, whole["now"], low=whole["now"] - reach, high=whole["now"] + reach, currency=currency)


def _change(label: str, whole: pd.Series, scale: Scale, now: Period, then: Period) -> str:
    if scale.words(whole["now"]) == scale.words(whole["before"]):
        return f"{label} stayed at {scale.words(whole['now'])} from {then.label_beside(now)} to {now.label}."
    verb = "rose" if whole["change"] > 0 else "fell"
    limits = [scale.change(whole[side]) for side in ("low", "high")]
    interval = f"; 95 % interval of the change {limits[0]} to {limits[1]}" if all(limits) else ""
    change = scale.change(whole["change"], (whole["now"], whole["before"]))
    before, after = scale.words(whole["before"]), scale.words(whole["now"])
    return f"{label} {verb} from {before} in {then.label_beside(now)} to {after} in {now.label} ({change}{interval})."


def _mechanism(parts: pd.DataFrame, scale: Scale) -> list[str]:
    said = []
    for by, rows in parts.groupby("by", sort=False):
        moved = rows[rows["change"] != 0]
        largest = moved.sort_values("change", key=lambda change: -change.abs(), kind="stable")
        shown = zip(largest["group"].iloc[:_MOST_PARTS], largest["change"].iloc[:_MOST_PARTS], strict=True)
        named = [f"{group} {scale.change(float(change))}" for group, change in shown]
        rest = largest["change"].iloc[_MOST_PARTS:]
        named += [f"all else {scale.change(rest.sum())}"] if len(rest) else []
        if named:
            said.append(f"By {by}: {joined(named)}.")
    return said


def _places(places: pd.DataFrame, whole: pd.Series, scale: Scale) -> list[str]:
    if places.empty:
        return ["Where it happened is not known: there is no column to look at with groups large enough to show."]
    if places["change"].isna().all():
        return [f"By place it cannot be split: {places['reason'].iloc[0]}."]
    found = places[places["place"].notna()].sort_values("place")
    if found.empty:
        groups, columns = places.drop_duplicates(["by", "group"]), list(dict.fromkeys(places["by"]))
        looked = f"{len(groups)} groups of {_columns(columns)}"
        return [f"{NO_CAUSE} It is spread evenly: of {looked} none moved apart from the others by more than chance."]
    return [*(_place(row, whole, scale) for _, row in found.iterrows()), ASSOCIATION]


def _place(row: pd.Series, whole: pd.Series, scale: Scale) -> str:
    where = group_in_words(row["by"], row["group"])
    part = scale.change(row["change"])
    of_all = scale.change(whole["change"], (whole["now"], whole["before"]))
    if row["effect"] == MIX:
        share = scale_for("share", row["now"], low=row["before"], high=row["now"])
        verb = "larger" if row["now"] > row["before"] else "smaller"
        moved = f"{share.words(row['before'])} to {share.words(row['now'])}"
        return f"Apart from all others, {where} became a {verb} part of all ({moved}): {part} of {of_all}."
    moved = f"{scale.words(row['before'])} to {scale.words(row['now'])}"
    if row["effect"] == RATE and row["excess"] * whole["change"] < 0:
        return f"The change lies elsewhere than with {where}, which went from {moved}: {part} of {of_all}."
    if row["effect"] == RATE:
        return f"Apart from all others, {where} went from {moved}: {part} of {of_all}."
    like_others = scale.change(row["change"] - row["excess"])
    return (
        f"Apart from all others, {where} went from {moved}: {part} of {of_all}, where {like_others} would be its share."
    )


def group_in_words(column: str, group: str) -> str:
    """Return a group as a reader calls it.

    Examples
    --------
    >>> group_in_words("company_size", "10-49"), group_in_words("plan", "(unknown)"), group_in_words("is_gift", "true")
    ('company size "10-49"', 'those without a known plan', 'is gift "yes"')
    """
    name = column.replace("_", " ")
    if group == UNKNOWN_GROUP:
        return f"those without a known {name}"
    if group == SMALL_GROUPS:
        return f"the small groups of {name}"
    shown = {"true": "yes", "false": "no"}.get(group, group)
    return f'{name} "{shown}"'


def _columns(columns: Sequence[str]) -> str:
    named = [column.replace("_", " ") for column in columns]
    return joined(named) if len(named) <= 6 else f"{len(named)} columns"
