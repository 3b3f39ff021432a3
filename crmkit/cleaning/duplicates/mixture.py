"""How probable it is that two entries are one person, and not strangers or two people of one household.

Fellegi and Sunter's model knows two kinds of pairs. With two, a town of couples is taken for a town of duplicates: family
name, address and telephone agree far more often than among strangers. So there are three kinds here: strangers, one person,
and one household (couples, families, flatmates, colleagues of one firm), which is a mixture itself: twins share the
date of birth and not the first name, father and son of one name the first name and not the date of birth, all others neither.

What strangers share is measured on random pairs. How many pairs of the other kinds there are, and in what they agree, is
learned from all candidates by expectation and maximisation, beginning with usual values that weigh as much as fifty pairs.
A file without any household thereby shows it, and needs fewer questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_MOST_ROUNDS = 300
_CLOSE_ENOUGH = 1e-6  # of the share of pairs that are one person
_SAME, _OTHER = 0.8, 0.1  # of pairs of one person: the closest level, and no agreement; the rest lies between
_USUAL_PAIRS = 50.0  # as many pairs as the usual weighs
_FINENESS = 4  # steps of rarity per bit, for learning alone
_HOUSEHOLD: dict[str, tuple[float, ...]] = {
    "family": (0.2, 0.02, 0.03, 0.75),
    "words": (0.05, 0.02, 0.03, 0.1, 0.8),
    "email": (0.8, 0.03, 0.02, 0.15),
    "phone": (0.45, 0.05, 0.5),
}
"""How often two people of one household usually agree, from no agreement up, until the pairs say otherwise."""
_HOUSEMATES = 0.3  # pairs of one household per entry, which fifty entries weigh
_USUAL_ENTRIES = 50.0
_TWINS, _NAMESAKES = 0.03, 0.01  # of pairs of one household: twins; father and son, or mother and daughter, of one name
_TWIN_NAMES_ALIKE = 0.1  # as of Lena and Lene
_NAMESAKE_NAMES_ALIKE = 0.1  # as of Hans and Johannes
_TWIN_BIRTH_SAME = 0.95  # the rest is mistyped
_CAUTION_STRANGERS = 10.0
_CAUTION_HOUSEHOLDS = 3.0


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned about pairs.

    Attributes
    ----------
    probability : array of float
        That each pair is one person [0..1].
    cautious : array of float
        The same if strangers agreed by chance ten times as often as measured, since what they share is not independent,
        and if there were three times as many households [0..1].
    same : dict of str to array of float
        How often pairs of one person agree at each level, from no agreement up [0..1].
    """

    probability: Numbers
    cautious: Numbers
    same: dict[str, Numbers]


def same_person(
    levels: pd.DataFrame, rarity: pd.DataFrame, strangers: Mapping[str, Numbers], n_people: int, n_placed: float
) -> Learned:
    """Return the probability that each pair is one person.

    Parameters
    ----------
    levels : DataFrame
        One row per candidate pair, one column per thing compared: the level of agreement, 0 for none, -1 if unknown.
    rarity : DataFrame
        By how much what the pair agrees in is rarer than usual: given (the first name), other (all else) [bits].
    strangers : mapping of str to array
        How often strangers agree at each level, from no agreement up [0..1].
    n_people : int
        Entries, of whom all pairs that are no candidates are strangers.
    n_placed : float
        Entries with an address or a telephone number, without which no household can be seen.

    References
    ----------
    Fellegi and Sunter (1969), A theory for record linkage, JASA 64(328); maximum a posteriori by expectation and
    maximisation, with Dirichlet priors of the weight of fifty pairs.

    Examples
    --------
    >>> levels = pd.DataFrame({"name": [1, 1], "phone": [1, 0]})
    >>> rare = {"name": np.array([0.99, 0.01]), "phone": np.array([0.999, 0.001])}
    >>> same_person(levels, pd.DataFrame({"given": [0.0, 0.0], "other": 0.0}), rare, 20, 20).probability.round(2).tolist()
    [1.0, 0.09]
    """
    patterns = levels.assign(**{f"rarity_{name}": np.round(rarity[name] * _FINENESS) / _FINENESS for name in rarity})
    counted = patterns.groupby(list(patterns.columns), as_index=False).size()
    counted_rarity = counted[["rarity_given", "rarity_other"]].set_axis(["given", "other"], axis=1)
    size = counted["size"].to_numpy(float)
    usual = _Kinds.usual(strangers, n_people, n_placed)
    kinds = usual
    for _ in range(_MOST_ROUNDS):
        of_kind = kinds.probabilities(counted, counted_rarity)
        before, kinds = kinds, usual.learned(counted, *(size * of_kind[name] for name in ("same", "household")))
        if abs(kinds.share_same - before.share_same) < _CLOSE_ENOUGH * kinds.share_same:
            break
    return Learned(
        kinds.probabilities(levels, rarity)["same"],
        kinds.probabilities(levels, rarity, cautious=True)["same"],
        kinds.same,
    )


@dataclass(frozen=True, eq=False)
class _Kinds:
    """How often pairs of each kind agree at each level, and the shares of pairs that are one person or one household."""

    strangers: Mapping[str, Numbers]
    same: dict[str, Numbers]
    household: dict[str, Numbers]
    share_same: float
    share_household: float
    n_people: int
    n_placed: float

    @classmethod
    def usual(cls, strangers: Mapping[str, Numbers], n_people: int, n_placed: float) -> _Kinds:
        same = {name: _usual(len(often)) for name, often in strangers.items()}
        own = ("given", "birth")  # of which people of one household share no more than strangers, but for some
        household = {
            name: np.array(_HOUSEHOLD.get(name, often)) for name, often in strangers.items() if name not in own
        }
        return cls(strangers, same, household, 1 / n_people, min(_HOUSEMATES / n_people, 0.3), n_people, n_placed)

    def learned(self, counted: pd.DataFrame, one_person: Numbers, one_household: Numbers) -> _Kinds:
        """Return what the weights of the counted patterns say, beginning with these usual values."""
        n, n_pairs = self.n_people, self.n_people * (self.n_people - 1) / 2
        # A household shows only if both have told where they live: of n entries as many as if these alone were there.
        n_seen = self.n_placed**2 / n
        places = [name for name in ("words", "phone") if name in counted]
        seen = (counted[places] >= 0).any(axis=1).to_numpy()
        housemates = (one_household[seen].sum() + _HOUSEMATES * _USUAL_ENTRIES) / (n_seen + _USUAL_ENTRIES)
        return _Kinds(
            self.strangers,
            {name: _frequencies(counted[name].to_numpy(), one_person, usual) for name, usual in self.same.items()},
            {
                name: _frequencies(counted[name].to_numpy(), one_household, usual)
                for name, usual in self.household.items()
            },
            # That one entry in a hundred is a double is what stands to reason.
            float(np.clip((one_person.sum() + max(1.0, n / 100)) / n_pairs, 1e-12, 0.4)),
            float(np.clip(housemates * n / n_pairs, 1e-12, 0.4)),
            n,
            self.n_placed,
        )

    def probabilities(self, levels: pd.DataFrame, rarity: pd.DataFrame, cautious: bool = False) -> dict[str, Numbers]:
        """Return the probability of each kind for each pair."""
        more = (_CAUTION_STRANGERS, _CAUTION_HOUSEHOLDS) if cautious else (1.0, 1.0)
        bits = {
            "same": self._bits(self.same, levels) + np.log2(self.share_same),
            "strangers": self._bits(self.strangers, levels)
            - rarity["given"].to_numpy()
            - rarity["other"].to_numpy()
            + np.log2((1 - self.share_same - self.share_household) * more[0]),
            "household": self._household_bits(levels, rarity["given"].to_numpy())
            + np.log2(self.share_household * more[1]),
        }
        highest = np.maximum.reduce(list(bits.values()))
        weights = {kind: np.exp2(each - highest) for kind, each in bits.items()}
        total = sum(weights.values())
        return {kind: np.asarray(each / total) for kind, each in weights.items()}

    def _bits(self, often: Mapping[str, Numbers], levels: pd.DataFrame) -> Numbers:
        bits = np.zeros(len(levels))
        for name, each in often.items():
            bits += _at_level(np.log2(each), levels[name].to_numpy())
        return bits

    def _household_bits(self, levels: pd.DataFrame, rarity: Numbers) -> Numbers:
        given = self.strangers.get("given")
        birth = self.strangers.get("birth")
        ones = np.ones(len(levels))
        ordinary, twins, namesakes = ones * (1.0 - _TWINS - _NAMESAKES), ones * _TWINS, ones * _NAMESAKES
        if given is not None:
            level = levels["given"].to_numpy()
            by_chance = np.exp2(_at_level(np.log2(given), level) - np.where(level > 0, rarity, 0.0))
            ordinary = ordinary * by_chance
            twins = twins * np.where(level < 0, 1.0, _shared(len(given), 0.0, _TWIN_NAMES_ALIKE)[level])
            namesakes = namesakes * np.where(
                level < 0, 1.0, _shared(len(given), 1 - _NAMESAKE_NAMES_ALIKE, _NAMESAKE_NAMES_ALIKE)[level]
            )
        if birth is not None:
            level = levels["birth"].to_numpy()
            by_chance = np.exp2(_at_level(np.log2(birth), level))
            ordinary, namesakes = ordinary * by_chance, namesakes * by_chance
            twins = twins * np.where(level < 0, 1.0, _shared(len(birth), _TWIN_BIRTH_SAME, 1 - _TWIN_BIRTH_SAME)[level])
        return self._bits(self.household, levels) + np.log2(ordinary + twins + namesakes)


def _at_level(bits: Numbers, level: NDArray[np.int64]) -> Numbers:
    return np.where(level < 0, 0.0, bits[np.maximum(level, 0)])


def _shared(n_levels: int, same: float, alike: float) -> Numbers:
    """Return how often two people agree at each level who agree fully or partly in given shares."""
    between = np.full(n_levels - 2, alike / max(n_levels - 2, 1))
    return np.r_[1 - same - between.sum(), between, same]


def _usual(n_levels: int) -> Numbers:
    between = np.full(n_levels - 2, (1 - _SAME - _OTHER) / max(n_levels - 2, 1))
    return np.r_[_OTHER, between, _SAME if n_levels > 2 else 1 - _OTHER]


def _frequencies(level: NDArray[np.int64], weight: Numbers, usual: Numbers) -> Numbers:
    counts = np.bincount(level[level >= 0], weight[level >= 0], len(usual)) + _USUAL_PAIRS * usual
    return np.asarray(counts / counts.sum())
