"""How often two entries of one person agree, learned from the candidate pairs, starting from what is usual.

Where many people are in twice, the pairs decide; where hardly anybody is, the usual stands. Without it, the model takes
what it finds most often among its candidates for one person: namesakes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MOST_ROUNDS = 300
_CLOSE_ENOUGH = 1e-6  # of the share of pairs that are one person
_SAME, _OTHER = 0.8, 0.1  # of pairs of one person: the closest level, and no agreement; the rest lies between
_USUAL_PAIRS = 50.0  # as many pairs of one person as the usual weighs
_FINENESS = 4  # steps of rarity per bit, for learning alone

Numbers = NDArray[np.float64]


def same_person(
    levels: pd.DataFrame, rarity: Numbers, strangers: Mapping[str, Numbers], n_people: int
) -> tuple[Numbers, dict[str, Numbers]]:
    """Return the probability that each pair is one person, and how often such pairs agree at each level.

    Parameters
    ----------
    levels : DataFrame
        One row per candidate pair, one column per thing compared: the level of agreement, 0 for none, -1 if unknown.
    rarity : array
        By how much what the pair agrees in is rarer than usual [bits].
    strangers : mapping of str to array
        How often strangers agree at each level, from no agreement up [0..1].
    n_people : int
        People, of whom all pairs that are no candidates are strangers.

    Returns
    -------
    (array of float, dict of str to array)

    References
    ----------
    Fellegi and Sunter (1969), A theory for record linkage, JASA 64(328); maximum a posteriori by expectation and
    maximisation, with Dirichlet priors of the weight of fifty pairs.

    Examples
    --------
    >>> levels = pd.DataFrame({"name": [1, 1], "phone": [1, 0]})
    >>> rare = {"name": np.array([0.99, 0.01]), "phone": np.array([0.999, 0.001])}
    >>> same_person(levels, np.zeros(2), rare, 20)[0].round(2).tolist()
    [1.0, 0.09]
    """
    patterns = levels.assign(rarity=np.round(rarity * _FINENESS) / _FINENESS)
    counted = patterns.groupby(list(patterns.columns), as_index=False).size()
    usual = {name: _usual(len(often)) for name, often in strangers.items()}
    same, share = dict(usual), 1.0 / n_people
    for _ in range(_MOST_ROUNDS):
        weight = counted["size"].to_numpy() * _probability(
            counted, counted["rarity"].to_numpy(), same, strangers, share
        )
        before, share = share, _share(float(weight.sum()), n_people)
        same = {name: _frequencies(counted[name].to_numpy(), weight, usual[name]) for name in usual}
        if abs(share - before) < _CLOSE_ENOUGH * share:
            break
    return _probability(levels, rarity, same, strangers, share), same


def _usual(n_levels: int) -> Numbers:
    between = np.full(n_levels - 2, (1 - _SAME - _OTHER) / max(n_levels - 2, 1))
    return np.r_[_OTHER, between, _SAME if n_levels > 2 else 1 - _OTHER]


def _probability(
    levels: pd.DataFrame, rarity: Numbers, same: Mapping[str, Numbers], strangers: Mapping[str, Numbers], share: float
) -> Numbers:
    bits = np.log2(share / (1 - share)) + rarity
    for name, often in strangers.items():
        level = levels[name].to_numpy()
        bits = bits + np.where(level < 0, 0.0, np.log2(same[name] / often)[np.maximum(level, 0)])
    return np.asarray(1 / (1 + np.exp2(-np.clip(bits, -200, 200))))


def _share(n_pairs: float, n_people: int) -> float:
    """Return the share of all pairs that are one person; that one in a hundred is in twice is what stands to reason."""
    return float(np.clip((n_pairs + max(1.0, n_people / 100)) / (n_people * (n_people - 1) / 2), 1e-12, 0.5))


def _frequencies(level: NDArray[np.int64], weight: Numbers, usual: Numbers) -> Numbers:
    counts = np.bincount(level[level >= 0], weight[level >= 0], len(usual)) + _USUAL_PAIRS * usual
    return np.asarray(counts / counts.sum())
