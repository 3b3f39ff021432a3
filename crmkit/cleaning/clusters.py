"""Which customers are one person once all pairs are taken together: chains merge, contradictions are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

Pair = tuple[str, str]
"""Two customer ids, the smaller one first."""

_LARGEST = 12  # accounts; nobody has more, and a chain that long has a weak link


@dataclass(frozen=True)
class Clusters:
    """Who is one person, and what has to be asked first.

    Attributes
    ----------
    people : tuple of tuple of str
        The accounts of each person who has several, each in order.
    doubted : tuple of Pair
        Pairs that are sure by themselves, and not all of them can be right.
    impossible : tuple of Pair
        Pairs answered as different that other answers make one person.
    """

    people: tuple[tuple[str, ...], ...]
    doubted: tuple[Pair, ...] = ()
    impossible: tuple[Pair, ...] = ()


def clustered(
    sure: Iterable[Pair],
    same: Sequence[Pair],
    different: Iterable[Pair],
    contradicted: Callable[[list[Pair]], set[Pair]],
) -> Clusters:
    """Take the pairs together.

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
    >>> clustered([("a", "b"), ("b", "c")], [], [], lambda pairs: set())
    Clusters(people=(('a', 'b', 'c'),), doubted=(), impossible=())
    >>> clustered([("a", "b"), ("b", "c")], [], [], lambda pairs: {("a", "c")})
    Clusters(people=(), doubted=(('a', 'b'), ('b', 'c')), impossible=())
    """
    apart = set(different)
    links = sorted(set(sure) - apart - set(same))
    answered = _components(same)
    impossible = [pair for members in answered for pair in combinations(members, 2) if pair in apart]
    owner = {account: number for number, members in enumerate(answered) for account in members}
    linked: dict[str, list[Pair]] = {}
    for pair in links:
        linked.setdefault(pair[0], []).append(pair)
    people: list[tuple[str, ...]] = []
    doubted: list[Pair] = []
    for members in _components([*links, *same]):
        if _holds(members, owner, apart, contradicted):
            people.append(members)
        else:
            people += [answered[number] for number in sorted({owner[each] for each in members if each in owner})]
            inside = [pair for account in members for pair in linked.get(account, [])]
            doubted += [pair for pair in inside if not _answered_together(pair, owner)]
    return Clusters(tuple(sorted(people)), tuple(doubted), tuple(impossible))


def pair_of(one: str, other: str) -> Pair:
    """Return two ids as a pair.

    Examples
    --------
    >>> pair_of("b", "a")
    ('a', 'b')
    """
    return (one, other) if one <= other else (other, one)


def _holds(
    members: tuple[str, ...], owner: dict[str, int], apart: set[Pair], contradicted: Callable[[list[Pair]], set[Pair]]
) -> bool:
    """Whether all members may be one person, apart from what was answered."""
    open_pairs = [pair for pair in combinations(members, 2) if not _answered_together(pair, owner)]
    if len(members) > _LARGEST and open_pairs:
        return False
    return not (apart & set(open_pairs)) and not (len(members) > 2 and contradicted(open_pairs))


def _answered_together(pair: Pair, owner: dict[str, int]) -> bool:
    return pair[0] in owner and owner[pair[0]] == owner.get(pair[1])


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
