"""Names for segments by rule: the two things that set each apart most, in an owner's words."""

from __future__ import annotations

import pandas as pd

from crmkit.models.segment_space import SegmentSpace
from crmkit.models.spells import Array

EVERYBODY = "All customers"
_APART = 0.4  # robust standard deviations from the middle of all customers
# What a low and a high value is called, and whether the word can end a name.
_WORDS = {
    "days_since_order": ("recent", "lapsing", False),
    "tenure_days": ("new", "long-standing", False),
    "n_orders": ("occasional", "frequent", False),
    "revenue": ("small spenders", "big spenders", True),
    "average_order_value": ("small spenders", "big spenders", True),
}


def segment_names(space: SegmentSpace, centres: Array, middle: Array) -> list[str]:
    """Return a name for each centre, no two alike.

    Parameters
    ----------
    space : SegmentSpace
    centres : array (k, coordinates)
    middle : array (coordinates,)
        Mean of all customers.

    Examples
    --------
    >>> X = pd.DataFrame({"days_since_order": [5, 10, 200, 240] * 9, "revenue": [10.0, 20.0, 900.0, 800.0] * 9})
    >>> space = SegmentSpace.learned(X)
    >>> points = space.matrix(X)
    >>> segment_names(space, points[[0, 2]], points.mean(axis=0))
    ['Recent small spenders', 'Lapsing big spenders']
    """
    if len(centres) < 2:
        return [EVERYBODY]
    told: list[str] = []
    for centre in centres:
        apart = pd.Series(centre - middle, index=space.columns)
        ordered = apart[apart.abs() >= _APART].abs().sort_values(ascending=False, kind="stable").index
        words = [_word(str(name), apart[name]) for name in ordered]
        names = [_joined(words[:n]) for n in range(min(2, len(words)), len(words) + 1)] or ["Average customers"]
        fresh = [name for name in names if name not in told]
        told.append(fresh[0] if fresh else _numbered(names[0], told))
    return told


def _word(name: str, apart: float) -> tuple[str, bool]:
    if name in _WORDS:
        low, high, is_noun = _WORDS[name]
        return (high if apart > 0 else low), is_noun
    words = name.removeprefix("n_").replace("_", " ")
    if " = " in words:
        column, level = words.split(" = ", 1)
        return f"{'mostly' if apart > 0 else 'not'} {column} {level}", False
    return f"{'high' if apart > 0 else 'low'} {words}", False


def _joined(words: list[tuple[str, bool]]) -> str:
    nouns = list(dict.fromkeys(word for word, is_noun in words if is_noun))[:1]
    others = list(dict.fromkeys(word for word, is_noun in words if not is_noun))
    name = " ".join([", ".join(others), *(nouns or ["buyers"])]).strip()
    return name[:1].upper() + name[1:]


def _numbered(name: str, told: list[str]) -> str:
    return next(f"{name} {n}" for n in range(2, len(told) + 3) if f"{name} {n}" not in told)
