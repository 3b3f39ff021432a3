"""Counts with their nouns, and periods beside each other: "1 answer", "118 answers", "on September"."""

from __future__ import annotations

from math import isfinite
from numbers import Real
from typing import TypeGuard

from crmkit.periods import Period

_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "series": "series"}
# What follows the noun in "customers at start", "terms due": the noun is the last word before it. So does every word
# in -ed: "leads converted".
_AFTER_NOUN = frozenset(
    "active at by drawn due for from held in left lost of on out paying per read sent that to who whose with without won".split()
)
_NUMBER_WORDS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()


def counted(n: float | None, nouns: str) -> str:
    """Return a count with its noun, in the singular where it is one; "" where the count is missing.

    Examples
    --------
    >>> counted(118, "answers"), counted(1, "customers at start"), counted(0, "answers"), counted(4742.0, "customers")
    ('118 answers', '1 customer at start', 'no answers', '4,742 customers')
    """
    if not is_number(n):
        return ""
    whole = round(float(n))
    if whole == 0:
        return none_of(nouns)
    return f"{whole:,} {singular(nouns) if whole == 1 else nouns}".strip()


def none_of(nouns: str) -> str:
    """Return that there is none: "no answers", "no orders or refunds"."""
    return f"no {nouns.replace(' and ', ' or ')}".strip()


def singular(nouns: str) -> str:
    """Return an English plural in the singular; phrases keep what follows the noun.

    Examples
    --------
    >>> singular("answers"), singular("people asked"), singular("customers at start"), singular("orders and refunds")
    ('answer', 'person asked', 'customer at start', 'order or refund')
    >>> singular("leads converted"), singular("customers whose payment changed")
    ('lead converted', 'customer whose payment changed')
    """
    if " and " in nouns:
        return " or ".join(singular(part) for part in nouns.split(" and "))
    words = nouns.split(" ")
    end = next((place for place, word in enumerate(words) if place and _follows_noun(word)), len(words))
    return " ".join([*words[: end - 1], _singular_word(words[end - 1]), *words[end:]])


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value can be printed: a number that is not NaN and not infinite."""
    return isinstance(value, Real) and isfinite(value)


def number_word(n: int) -> str:
    """Return "no", "one" to "twenty", and digits beyond: counts inside a sentence."""
    return _NUMBER_WORDS[n] if 0 <= n < len(_NUMBER_WORDS) else f"{n:,}"


def beside(period: str, other: str) -> str:
    """Return a period's name as short as ``other`` allows.

    Examples
    --------
    >>> beside("2026-09", "2026-10"), beside("2025-10", "2026-10"), beside("2026-Q2", "2026-Q3")
    ('September', 'October 2025', 'Q2 2026')
    """
    return Period.parse(period).label_beside(Period.parse(other))


def joined(items: list[str], last: str = "and") -> str:
    """Return a list in words: "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def _follows_noun(word: str) -> bool:
    return word in _AFTER_NOUN or word.endswith("ed")


def _singular_word(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
