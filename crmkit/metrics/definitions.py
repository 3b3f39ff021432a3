"""Disputed definitions are switches: which convention each metric follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crmkit.errors import Problems, did_you_mean
from crmkit.metrics.card import CARDS, Card


def in_force(chosen: Sequence[Card], definitions: Mapping[str, str]) -> list[Card]:
    """Return the cards under the conventions that ``definitions`` names, by metric; formula and all.

    Raises
    ------
    Problems
        With each definition that there is not.

    Examples
    --------
    >>> import crmkit as ck
    >>> (card,) = in_force(ck.cards("churn_rate"), {"churn_rate": "daily_rates"})
    >>> card.formula
    'churn rate = sum over the days of customers lost / customers at the start of the day'
    """
    problems = [problem for item in definitions.items() if (problem := _problem(*item))]
    if problems:
        raise Problems("definitions", problems)
    return [under(card, definitions.get(card.name, card.convention)) for card in chosen]


def under(card: Card, convention: str) -> Card:
    """Return the card under another of its conventions."""
    if convention == card.convention:
        return card
    name = card.formula.partition(" = ")[0]
    return replace(card, convention=convention, formula=f"{name} = {card.conventions[convention]}")


def _problem(metric: str, convention: str) -> str:
    if metric not in CARDS:
        return f"'{metric}' is not a metric. {did_you_mean(metric, CARDS)}"
    known = CARDS[metric].conventions
    if not known:
        return f"{metric} has one definition only; take the line away."
    return "" if convention in known else f"{metric}: '{convention}' is not one of {', '.join(known)}."
