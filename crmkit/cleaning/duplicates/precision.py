"""Which kinds of pairs may be merged without a question, by their precision, and which questions settle most.

A kind is a pattern of agreement: what is the same, what is alike, what differs, what was not told. Its precision comes from the
firm's own pairs (``mixture.py``) and, where the analyst has answered, from her answers: a kind is mostly all right or all
wrong, so that five to ten answers settle hundreds of pairs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from crmkit.cleaning.duplicates.decide import Pair

MOST_WRONG = 0.002
"""Wrong ones that may be expected among all pairs that are merged by measure, counted cautiously [share]."""
CONTRADICTED_FROM = 0.99
"""Cautious probability from which a pair is merged although names or dates of birth contradict each other. It is reached
only where many people are in the data twice and households, and so twins, are measured to be absent."""
HELD_FROM = 0.999
"""Cautious probability of the links that hold two entries together although they contradict each other."""
_SETTLED_SAME, _SETTLED_DIFFERENT = 0.99, 0.1  # expected precision of a kind after answers
_FEWEST, _FEWEST_CONTRADICTED = 5, 10  # answers
_MOST_AT_A_TIME = 10


def measured_pairs(pairs: pd.DataFrame, least: float, answered: Mapping[Pair, str]) -> pd.Series[bool]:
    """Return which pairs may be merged by what was measured.

    Parameters
    ----------
    pairs : DataFrame
        customer_id, other_id, cautious [0..1], compatible, question.
    least : float
        Cautious probability from which a pair may be merged [0..1].
    answered : mapping of Pair to str
        A kind of which more than two pairs in a thousand were answered to be different is not merged.

    Examples
    --------
    >>> pairs = pd.DataFrame({"customer_id": list("abc"), "other_id": list("xyz"), "cautious": [0.9999, 0.997, 0.97],
    ...                       "compatible": True, "question": "q1"})
    >>> measured_pairs(pairs, 0.95, {}).tolist()
    [True, True, False]
    >>> measured_pairs(pairs, 0.95, {("a", "x"): "different"}).tolist()
    [False, False, False]
    """
    wrong = _answers_of(pairs, answered)["different"]
    disproved = pairs["question"].map(wrong / pairs.groupby("question").size()).fillna(0) > MOST_WRONG
    enough = pairs["cautious"] >= np.where(pairs["compatible"], least, max(CONTRADICTED_FROM, least))
    doubt = (1 - pairs["cautious"])[enough & ~disproved].sort_values(kind="stable")
    expected = doubt.cumsum() / np.arange(1, len(doubt) + 1)
    merged = pd.Series(False, pairs.index)
    merged[doubt.index[expected <= MOST_WRONG]] = True
    return merged


def question_names(pairs: pd.DataFrame) -> pd.Series[str]:
    """Return the name of the question that each pair belongs to: one per kind of agreement.

    Parameters
    ----------
    pairs : DataFrame
        why (the agreement in words), compatible.

    Examples
    --------
    >>> question_names(pd.DataFrame({"why": ["same: e-mail"], "compatible": [True]})).tolist()
    ['q37acb836']
    """
    kinds = pairs["why"] + pairs["compatible"].map({True: "", False: _CONTRADICTED})
    names = {kind: "q" + hashlib.sha256(kind.encode()).hexdigest()[:8] for kind in kinds.unique()}
    return kinds.map(names)


def settled_questions(pairs: pd.DataFrame, answered: Mapping[Pair, str]) -> dict[str, str]:
    """Return the questions that answers to some of their pairs have settled, as same or different.

    Parameters
    ----------
    pairs : DataFrame
        customer_id, other_id, cautious, compatible, question.
    answered : mapping of Pair to str

    Examples
    --------
    >>> pairs = pd.DataFrame({"customer_id": list("abcdefgh"), "other_id": list("stuvwxyz"), "cautious": 0.96,
    ...                       "compatible": True, "question": "q1"})
    >>> settled_questions(pairs, dict.fromkeys([("a", "s"), ("b", "t"), ("c", "u"), ("d", "v"), ("e", "w")], "same"))
    {'q1': 'same'}
    >>> settled_questions(pairs, {("a", "s"): "same", ("b", "t"): "different"})
    {}
    """
    kinds = _kinds(pairs, answered)
    n_answers = kinds["same"] + kinds["different"]
    precision = (kinds["cautious"] + kinds["same"]) / (1 + n_answers)
    same = (precision >= _SETTLED_SAME) & (kinds["same"] >= kinds["fewest"])
    different = (precision <= _SETTLED_DIFFERENT) & (kinds["different"] >= _FEWEST)
    return dict.fromkeys(kinds.index[same], "same") | dict.fromkeys(kinds.index[different], "different")


def chosen_questions(
    pairs: pd.DataFrame, waiting: pd.Series[bool], single: Collection[Pair], answered: Mapping[Pair, str]
) -> pd.DataFrame:
    """Return the pairs to ask about: of each kind so many as settle it, those first that settle most.

    The examples of a kind are spread from its least to its most probable pair. A kind whose answers differ is asked for pair
    by pair, and so are the links of chains that contradict themselves.

    Parameters
    ----------
    pairs : DataFrame
        customer_id, other_id, score, why, cautious, compatible, question.
    waiting : Series of bool
        The pairs that wait for an answer.
    single : collection of Pair
        Pairs that no answer to another pair settles.
    answered : mapping of Pair to str

    Returns
    -------
    DataFrame
        customer_id, other_id, score, why, question, settles (pairs that wait for the answers to this question).
    """
    kinds = _kinds(pairs, answered)
    alone = pd.Series([pair in single for pair in _ids(pairs)], pairs.index, dtype=bool)
    chosen = [pairs[waiting & alone].assign(settles=1, effect=1.0)]
    for question, of_kind in pairs[waiting & ~alone].groupby("question", sort=False):
        n = len(of_kind)
        kind = kinds.loc[question]
        needed = max(kind["fewest"], np.ceil((_SETTLED_SAME - kind["cautious"]) / (1 - _SETTLED_SAME)))
        take = int(np.clip(needed - kind["same"], 1, _MOST_AT_A_TIME))
        if kind["different"] or take >= n:
            chosen.append(of_kind.assign(settles=1 if kind["different"] else n, effect=1.0))
            continue
        spread = np.linspace(0, n - 1, take).round().astype(int)
        chosen.append(of_kind.sort_values("cautious", kind="stable").iloc[spread].assign(settles=n, effect=n / take))
    asked = pd.concat(chosen).sort_values(
        ["effect", "settles", "question", "score", "customer_id", "other_id"],
        ascending=[False, False, True, False, True, True],
        ignore_index=True,
    )
    return asked[["customer_id", "other_id", "score", "why", "question", "settles"]]


_CONTRADICTED = "; names or dates of birth contradict each other"


def _kinds(pairs: pd.DataFrame, answered: Mapping[Pair, str]) -> pd.DataFrame:
    """Return one row per question: cautious (mean), fewest (answers that settle it), same and different (answers)."""
    kinds = pairs.groupby("question").agg(cautious=("cautious", "mean"), compatible=("compatible", "all"))
    kinds["fewest"] = np.where(kinds["compatible"], _FEWEST, _FEWEST_CONTRADICTED)
    return kinds.join(_answers_of(pairs, answered)).fillna({"same": 0, "different": 0})


def _answers_of(pairs: pd.DataFrame, answered: Mapping[Pair, str]) -> pd.DataFrame:
    answers = pd.Series([answered.get(pair, "") for pair in _ids(pairs)], pairs.index, dtype=object)
    counted = pd.crosstab(pairs["question"], answers)
    return counted.reindex(columns=["same", "different"], fill_value=0)


def _ids(pairs: pd.DataFrame) -> list[Pair]:
    return list(zip(pairs["customer_id"], pairs["other_id"], strict=True))
