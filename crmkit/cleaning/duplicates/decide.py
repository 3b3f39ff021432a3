"""Decide which customers are one person: pairs that agree for certain, and the clusters that all pairs form.

To merge two people is far worse than to miss a person who is in the data twice. A pair is certain if it agrees in the
name and in something that two people rarely share: an e-mail address, a telephone number, or date of birth together with
the address. Other pairs are merged by what was measured on the firm's own pairs (``precision.py``), but never without a
question where the two entries contradict each other: two dates of birth, two first names, another word in the name.
Chains of merged pairs are one person; the analyst is asked about contradictions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import pandas as pd
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from crmkit.cleaning.duplicates.features import identity_features

Names = Literal["same", "close", "different", "unknown"]
Person = dict[str, Any]
_SHARED = 3  # an address or number that more people have belongs to a firm or a family, or means "unknown"
_SHORTEST = 4  # letters of a word in which one wrong letter is a typing error and not another name
_ROLES = re.compile(
    r"(info|office|mail|kontakt|contact|sales|shop|admin|service|support|buero|hello|hallo|post|team|"
    r"einkauf|rechnung|billing|noreply|none|keine|test)\d*"
)
Pair = tuple[str, str]
"""Two customer ids, the smaller one first."""
_SPELLING = 0.85  # similarity of Jaro and Winkler
_LEGAL_FORMS = frozenset(
    "gmbh ag kg ohg gbr ug ev inc llc llp ltd limited plc corp corporation company co sa sas sarl srl spa bv nv as asa oy "
    "ab aps sro kft sdn bhd pt cv pty tbk oü tov".split()
)
_LARGEST = 12  # accounts of a person; a longer chain has a weak link


def judged_pairs(pairs: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Add to each pair whether it agrees for certain, and whether it cannot be one person.

    Parameters
    ----------
    pairs : DataFrame
        customer_id, other_id, as :func:`crmkit.cleaning.duplicates.linkage.linked_people` returns them.
    people : DataFrame
        Rows of ``customer_identities``.

    Returns
    -------
    DataFrame
        The pairs with agrees (bool: name and something that two people rarely share), contradicted (bool: two dates of
        birth or two names), others (bool: another name or none, and neither mailbox nor date of birth in common, as
        couples and colleagues have it: not worth a question) and compatible (bool: nothing in them says that there are
        two people, slips of the pen apart).

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b", "c"], "name": ["Ada Byron", "Ada Biron", "Ada Byron"],
    ...                        "phone": ["030 123456", "+49 30 123456", "089 654321"]})
    >>> pairs = pd.DataFrame({"customer_id": ["a", "a"], "other_id": ["b", "c"]})
    >>> judged_pairs(pairs, people)["agrees"].tolist()
    [True, False]
    """
    return KnownPeople(people, {*pairs["customer_id"], *pairs["other_id"]}).judged(pairs)


class KnownPeople:
    """What is known of people, in a normal form, to judge many pairs of them.

    Parameters
    ----------
    people : DataFrame
        Rows of ``customer_identities``.
    customer_ids : collection of str
        Those who are in a pair.
    """

    def __init__(self, people: pd.DataFrame, customer_ids: Collection[str]) -> None:
        known = _identifying(identity_features(people))
        self._cells: dict[Any, dict[Any, Any]] = known[known.index.isin(list(customer_ids))].to_dict("index")

    def judged(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Return the pairs as :func:`judged_pairs` does."""
        cells = self._cells
        sides = [(cells[one], cells[other]) for one, other in zip(pairs["customer_id"], pairs["other_id"], strict=True)]
        return pairs.assign(
            agrees=pd.Series([_agrees(one, other) for one, other in sides], pairs.index, dtype=bool),
            contradicted=pd.Series([any(_differ(one, other)) for one, other in sides], pairs.index, dtype=bool),
            others=pd.Series([_are_two(one, other) for one, other in sides], pairs.index, dtype=bool),
            compatible=pd.Series([_compatible(one, other) for one, other in sides], pairs.index, dtype=bool),
        )

    def incompatible(self, pairs: Iterable[Pair]) -> set[Pair]:
        """Return the pairs that cannot be one person."""
        return {pair for pair in pairs if not _compatible(self._cells[pair[0]], self._cells[pair[1]])}


def compared_names(one: str | None, other: str | None) -> Names:
    """Compare two names, each a text of plain words.

    Same are equal words in any order, or all but one wrong letter after the first word; close is a typing error in the
    first word, an initial, or a name left out.

    Examples
    --------
    >>> compared_names("ada byron", "byron ada"), compared_names("ada byron", "ada m byron")
    ('same', 'close')
    >>> compared_names("mueller bau gmbh", "mueller holz gmbh")
    'different'
    """
    if not one or not other:
        return "unknown"
    mine, theirs = one.split(), other.split()
    only_mine, only_theirs = _without(mine, theirs), _without(theirs, mine)
    if not only_mine and not only_theirs:
        return "same"
    if not only_mine or not only_theirs:
        return "close" if min(len(mine), len(theirs)) > 1 else "different"
    if len(only_mine) > 1 or len(only_theirs) > 1:
        return "close" if _run_together(mine, theirs) else "different"
    (left,), (right,) = only_mine, only_theirs
    if len(left) == 1 or len(right) == 1:
        return "close" if left[0] == right[0] else "different"
    if min(len(left), len(right)) < _SHORTEST or DamerauLevenshtein.distance(left, right) > 1:
        return "different"
    return "close" if left == mine[0] or right == theirs[0] else "same"


def names_compatible(one: str | None, other: str | None, same_birth: bool = False) -> bool:
    """Whether two names may be two spellings of one, slips of the pen and names left out included.

    Another first name is never a spelling. Another last name is one only of a person born on the same day, who may have
    married; firms, which a legal form gives away, must agree in every word.

    Examples
    --------
    >>> names_compatible("mitchell green", "green mitcehll"), names_compatible("matilda hanna", "daniel hanna")
    (True, False)
    >>> names_compatible("ada byron", "ada lovelace"), names_compatible("ada byron", "ada lovelace", same_birth=True)
    (False, True)
    """
    mine, theirs = (one or "").split(), (other or "").split()
    if not mine or not theirs:
        return True
    if _LEGAL_FORMS & {*mine, *theirs}:
        return sorted(mine) == sorted(theirs)
    only_mine, only_theirs = _unlike(mine, theirs), _unlike(theirs, mine)
    if not only_mine or not only_theirs or _written_apart(mine, theirs):
        return True
    first_agrees = mine[0] not in only_mine and theirs[0] not in only_theirs
    return same_birth and first_agrees and only_mine == [mine[-1]] and only_theirs == [theirs[-1]]


def birth_dates_differ(one: str | None, other: str | None) -> bool:
    """Whether two dates of birth, eight digits each, differ by more than a typing error.

    Examples
    --------
    >>> [birth_dates_differ("19800131", other) for other in ("19800113", "19921104", None)]
    [False, True, False]
    """
    if not one or not other or DamerauLevenshtein.distance(one, other) <= 1:
        return False
    mine, theirs = ((text[:4], text[4:6], text[6:]) for text in (one, other))
    swapped = theirs == (mine[0], mine[2], mine[1])
    return not swapped and sum(part == other for part, other in zip(mine, theirs, strict=True)) < 2


@dataclass(frozen=True)
class Clusters:
    """The accounts of each person, and the pairs to ask about.

    Attributes
    ----------
    people : tuple of tuple of str
        The accounts of each person who has several, each in order.
    doubted : tuple of Pair
        Pairs that are certain one by one, but cannot all be right.
    impossible : tuple of Pair
        Pairs answered as different that other answers make one person.
    """

    people: tuple[tuple[str, ...], ...]
    doubted: tuple[Pair, ...] = ()
    impossible: tuple[Pair, ...] = ()


def cluster_pairs(
    sure: Iterable[Pair],
    same: Sequence[Pair],
    different: Iterable[Pair],
    contradicted: Callable[[list[Pair]], set[Pair]],
) -> Clusters:
    """Cluster pairs into people.

    Parameters
    ----------
    sure : iterable of Pair
        Found to be one person.
    same, different : iterable of Pair
        Answered so; answers count more than what was found.
    contradicted : callable
        Returns those of some pairs that cannot be one person, such as two dates of birth.

    Examples
    --------
    >>> cluster_pairs([("a", "b"), ("b", "c")], [], [], lambda pairs: set())
    Clusters(people=(('a', 'b', 'c'),), doubted=(), impossible=())
    >>> cluster_pairs([("a", "b"), ("b", "c")], [], [], lambda pairs: {("a", "c")})
    Clusters(people=(), doubted=(('a', 'b'), ('b', 'c')), impossible=())
    """
    apart = set(different)
    links = set(sure) - apart - set(same)
    answered = _components(same)
    impossible = [pair for members in answered for pair in combinations(members, 2) if pair in apart]
    owner = {account: number for number, members in enumerate(answered) for account in members}
    fine: set[tuple[str, ...]] = set()
    doubted: set[Pair] = set()
    while True:
        groups = _components([*links, *same])
        neighbours = _neighbours([*links, *same])
        dropped: set[Pair] = set()
        for members in groups:
            if members not in fine:
                dropped |= _doubtful_links(members, links, neighbours, owner, apart, contradicted)
        if not dropped:
            break
        fine.update(members for members in groups if not any(pair[0] in members for pair in dropped))
        links -= dropped
        doubted |= dropped
    return Clusters(tuple(groups), tuple(sorted(doubted)), tuple(impossible))


def pair_of(one: str, other: str) -> Pair:
    """Return two ids as a pair.

    Examples
    --------
    >>> pair_of("b", "a")
    ('a', 'b')
    """
    return (one, other) if one <= other else (other, one)


def _identifying(features: pd.DataFrame) -> pd.DataFrame:
    """Return the features without e-mail addresses and numbers that many people share."""
    known = features.set_index("customer_id").reindex(
        columns=["spelt", "birth", "email", "mailbox", "phone", "address", "words", "post", "house"]
    )
    for name in ("email", "phone"):
        known[name] = known[name].where(known.groupby(name)[name].transform("size") <= _SHARED)
    known["email"] = known["email"].mask(known["mailbox"].map(lambda box: bool(_ROLES.fullmatch(str(box)))))
    return known.astype(object).mask(known.isna(), None)  # type: ignore[call-overload]


def _agrees(one: Person, other: Person) -> bool:
    names = compared_names(one["spelt"], other["spelt"])
    if names == "different" or birth_dates_differ(one["birth"], other["birth"]):
        return False
    by_phone = _equal(one, other, "phone") and (_equal(one, other, "birth") or not _both_known(one, other, "email"))
    if names == "same" and (by_phone or (_equal(one, other, "birth") and _lives_with(one, other))):
        return (
            True  # father and son may share name, number and address: two mailboxes and no date of birth are doubtful
        )
    return _equal(one, other, "email")  # with less, a difference in the first name may be a twin


def _equal(one: Person, other: Person, name: str) -> bool:
    return one[name] is not None and one[name] == other[name]


def _both_known(one: Person, other: Person, name: str) -> bool:
    return one[name] is not None and other[name] is not None


def _compatible(one: Person, other: Person) -> bool:
    same_birth = _equal(one, other, "birth")
    return not birth_dates_differ(one["birth"], other["birth"]) and names_compatible(
        one["spelt"], other["spelt"], same_birth
    )


def _unlike(words: list[str], others: list[str]) -> list[str]:
    """Return the words that none of the others is a spelling of."""
    return [word for word in words if not any(_alike(word, other) for other in others)]


def _alike(word: str, other: str) -> bool:
    shorter = min(len(word), len(other))
    if shorter < _SHORTEST - 1:
        return word == other or (shorter == 1 and word[0] == other[0])
    one_slip = DamerauLevenshtein.distance(word, other) <= 1
    if shorter < _SHORTEST:  # Tim and Jim are two names; Tim and Tmi, or Kob and Kobe, are one
        return one_slip and (len(word) != len(other) or sorted(word) == sorted(other))
    return one_slip or JaroWinkler.similarity(word, other) >= _SPELLING


def _written_apart(mine: list[str], theirs: list[str]) -> bool:
    """Whether a space has slipped into one of two spellings."""
    left, right = "".join(mine), "".join(theirs)
    long_enough = min(len(left), len(right)) >= 2 * _SHORTEST
    return len(mine) != len(theirs) and long_enough and DamerauLevenshtein.distance(left, right) <= 2


def _lives_with(one: Person, other: Person) -> bool:
    if _equal(one, other, "address"):
        return True
    mine, theirs = set(one["words"] or ()), set(other["words"] or ())
    place = _equal(one, other, "post") and _equal(one, other, "house")
    return place and len(mine & theirs) * 2 >= len(mine | theirs)


def _differ(one: Person, other: Person) -> tuple[bool, bool]:
    """Whether dates of birth, and whether names differ."""
    return birth_dates_differ(one["birth"], other["birth"]), compared_names(one["spelt"], other["spelt"]) == "different"


def _are_two(one: Person, other: Person) -> bool:
    if compared_names(one["spelt"], other["spelt"]) in ("same", "close"):
        return False
    shared = _equal(one, other, "email") or _equal(one, other, "birth")
    return not shared or birth_dates_differ(one["birth"], other["birth"])


def _without(words: list[str], others: list[str]) -> list[str]:
    left = list(others)
    return [word for word in words if not (word in left and not left.remove(word))]  # type: ignore[func-returns-value]


def _run_together(mine: list[str], theirs: list[str]) -> bool:
    return "".join(mine) == "".join(theirs)


def _components(pairs: Iterable[Pair]) -> list[tuple[str, ...]]:
    """Return the accounts that a chain of pairs connects, those of each chain in order."""
    root: dict[str, str] = {}

    def top(account: str) -> str:
        while root.setdefault(account, account) != account:
            root[account] = root[root[account]]
            account = root[account]
        return account

    for one, other in pairs:
        root[max(top(one), top(other))] = min(top(one), top(other))
    found: dict[str, list[str]] = {}
    for account in sorted(root):
        found.setdefault(top(account), []).append(account)
    return [tuple(members) for members in found.values()]


def _neighbours(pairs: Iterable[Pair]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found


def _doubtful_links(
    members: tuple[str, ...],
    links: set[Pair],
    neighbours: Mapping[str, set[str]],
    owner: dict[str, int],
    apart: set[Pair],
    contradicted: Callable[[list[Pair]], set[Pair]],
) -> set[Pair]:
    """Return the links of a chain that cannot all be right: those of whoever is tied to two that contradict each other.

    If these are not tied by one person but by a longer chain, or the chain is too long, all its links are doubtful.
    """
    own = {pair_of(one, other) for one in members for other in neighbours[one]} & links
    open_pairs = [pair for pair in combinations(members, 2) if not _answered_together(pair, owner)]
    if not own or (len(members) == 2 and not apart & own):
        return set()
    if len(members) > _LARGEST and open_pairs:
        return own
    wrong = (apart & set(open_pairs)) | contradicted(open_pairs)
    between = {
        pair_of(middle, end)
        for one, other in wrong
        for middle in neighbours[one] & neighbours[other]
        for end in (one, other)
    }
    return own if wrong and not between & own else between & own


def _answered_together(pair: Pair, owner: dict[str, int]) -> bool:
    return pair[0] in owner and owner[pair[0]] == owner.get(pair[1])
