"""Matching of segments over time, by distance of centres or by shared customers; and names for segments."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from crmkit.models.arrays import Array
from crmkit.models.segments.feature_space import SegmentSpace


def match_centres(before: Array, now: Array) -> np.ndarray:
    """Return for each earlier centre the number of the present centre that it matches, -1 for none.

    The pairs have the least sum of squared distances (Hungarian method).

    Parameters
    ----------
    before, now : array (k, coordinates)
        Centres in one space; their numbers may differ.

    References
    ----------
    Kuhn (1955), Naval Research Logistics Quarterly 2, 83-97.

    Examples
    --------
    >>> match_centres(np.array([[0.0, 0.0], [4.0, 4.0]]), np.array([[4.2, 4.0], [9.0, 9.0], [0.1, 0.0]])).tolist()
    [2, 0]
    """
    matched = np.full(len(before), -1)
    if len(before) and len(now):
        rows, columns = linear_sum_assignment(cdist(before, now, "sqeuclidean"))
        matched[rows] = columns
    return matched


def match_labels(before: np.ndarray, now: np.ndarray, n_before: int, n_now: int, least: float = 0.5) -> list[int]:
    """Return for each earlier segment the present one that it matches, -1 for none, by the customers they share.

    The pairs share most customers in all (Hungarian method), which also works where the two were learned in different
    spaces. Segments that share less than ``least`` of the smaller one do not match.

    Parameters
    ----------
    before, now : array of int
        Segment of the same customers in the same order.
    n_before, n_now : int
        How many segments there are.
    least : float
        Share of the smaller one.

    References
    ----------
    Kuhn (1955), Naval Research Logistics Quarterly 2, 83-97.

    Examples
    --------
    >>> match_labels(np.array([0, 0, 0, 1, 1]), np.array([1, 1, 0, 0, 0]), 2, 2)
    [1, 0]
    """
    shared = np.zeros((n_before, n_now))
    np.add.at(shared, (before, now), 1)
    smaller = np.minimum(shared.sum(axis=1)[:, None], shared.sum(axis=0)[None, :])
    matched = np.full(n_before, -1)
    for row, column in zip(*linear_sum_assignment(-shared), strict=True):
        if shared[row, column] > 0 and shared[row, column] >= least * smaller[row, column]:
            matched[row] = column
    return [int(each) for each in matched]


# Names by rule: the two features in which a segment differs most from all customers


EVERYBODY = "All customers"
_APART = 0.4  # robust standard deviations from the middle of all customers
# The words for a low and a high value, and whether the word can end a name.
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
    names_so_far: list[str] = []
    for centre in centres:
        apart = pd.Series(centre - middle, index=space.columns)
        ordered = apart[apart.abs() >= _APART].abs().sort_values(ascending=False, kind="stable").index
        words = [_word(str(name), apart[name]) for name in ordered]
        names = [_joined(words[:n]) for n in range(min(2, len(words)), len(words) + 1)] or ["Average customers"]
        fresh = [name for name in names if name not in names_so_far]
        names_so_far.append(fresh[0] if fresh else _numbered(names[0], names_so_far))
    return names_so_far


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


def _numbered(name: str, names_so_far: list[str]) -> str:
    return next(f"{name} {n}" for n in range(2, len(names_so_far) + 3) if f"{name} {n}" not in names_so_far)
