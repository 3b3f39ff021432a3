"""How a metric's movement is said: in the words of the phrase book, or for a card that is not in it by its label."""

from __future__ import annotations

import re

from crmkit.insights.phrase import Phrase
from crmkit.insights.phrase_book import PHRASES


def phrase_for(metric: str, label: str) -> Phrase:
    """Return the words for a metric; for one that is not in the book they are made from its label.

    Examples
    --------
    >>> phrase_for("churn_rate", "Customers lost").rose
    'more customers left'
    >>> phrase_for("late_parcels", "Late parcels").fell, phrase_for("late_parcels", "Late parcels").states
    ('late parcels fell', 'Late parcels: {value}')
    """
    if metric in PHRASES:
        return PHRASES[metric]
    inside = mid_sentence(label)
    literal = label.replace("{", "{{").replace("}", "}}")  # a label is data, never a format string
    return Phrase(f"{literal}: {{value}}", f"{inside} rose", f"{inside} fell")


def mid_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence: "average order value", but "Net Promoter Score", "NPS by e-mail".

    Examples
    --------
    >>> mid_sentence("Average order value"), mid_sentence("Net Promoter Score"), mid_sentence("NPS by e-mail")
    ('average order value', 'Net Promoter Score', 'NPS by e-mail')
    """
    first, *others = label.split(" ")
    is_name = re.fullmatch(r"\w[^A-Z]*", first) is None or any(word[:1].isupper() for word in others)
    return label if is_name else label[:1].lower() + label[1:]


def sentence_case(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]
