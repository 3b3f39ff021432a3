"""Topics of short texts in any language: learned, kept in a dictionary, and grown as new texts come.

A text is described by its words and by the n-grams of their letters (TF-IDF), the descriptions are brought to a few
dimensions, and texts that lie in one direction are one topic. The topics are kept: the next texts are given to them, and
what people begin to write about, with words that were rare before, becomes a topic of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import binom

from crmkit.models.text.words import content_words, frequent_languages, stem

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
#: Texts from which on topics are learned; fewer are read one by one.
FEWEST_TEXTS = 60
NO_TOPIC = -1
_DIMENSIONS = 10
_MOST_FEATURES, _MOST_TOPICS = 3_000, 12
_MOST_NEW = 300  # words, and n-grams, that a dictionary takes in at a time
_FEWEST_OF_A_WORD = 3  # texts
_FREQUENT = 0.4  # share of the texts: a word in more of them divides nothing
_LARGEST = 0.5  # share of the texts: a topic above it says nothing
_REFITS, _SAME = 5, 0.15  # refits on texts drawn again, and how much they must agree (adjusted Rand index)
_MOST_JUDGED = 1_000  # texts with which agreement is measured
_NAME_WORDS = 3
_NEW_LIFT, _NEW_BEFORE = (
    4.0,
    0.02,
)  # a word of a new topic: so many times as often as before, in at most this share then
_FEWEST_NEW, _SURE = 5, 0.05  # texts with it, and the adjusted p-value


@dataclass
class _Features:
    """Parts of words, such as stems or n-grams of letters, and how rare each is."""

    cut: Callable[[str], list[str]]
    names: list[str]
    idf: Array

    @classmethod
    def learned(cls, texts: Sequence[list[str]], cut: Callable[[str], list[str]]) -> _Features:
        counts, names = _counts(texts, cut)
        n = np.asarray((counts > 0).sum(axis=0)).ravel()
        kept = np.flatnonzero((n >= _FEWEST_OF_A_WORD) & (n <= max(_FREQUENT * len(texts), _FEWEST_OF_A_WORD)))
        kept = np.sort(kept[np.argsort(-n[kept], kind="stable")][:_MOST_FEATURES])
        return cls(cut, [names[place] for place in kept], np.log((1 + len(texts)) / (1 + n[kept])) + 1)

    def of(self, texts: Sequence[list[str]]) -> sparse.csr_matrix:
        """Return TF-IDF of the texts, each of length 1; a name that a text repeats counts little more."""
        counts, names = _counts(texts, self.cut)
        place = {name: number for number, name in enumerate(names)}
        known = [number for number, name in enumerate(self.names) if name in place]
        rows = [place[self.names[number]] for number in known]
        chosen = sparse.csr_matrix((self.idf[known], (rows, known)), shape=(len(names), len(self.names)))
        counts.data = 1 + np.log(counts.data)
        found = (counts @ chosen).tocsr()
        length = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
        return sparse.diags(1 / np.maximum(length, 1e-12)) @ found


@dataclass
class NewTopic:
    """A topic of words that came up after the others were learned.

    Attributes
    ----------
    name : str
    words : tuple of str
        Stems; a text with one of them belongs to it.
    since : str
        When it came up, as given to :meth:`TextTopics.grown`.
    looked_at : int
        Words that were looked at when it was found [count].
    """

    name: str
    words: tuple[str, ...]
    since: str
    looked_at: int


@dataclass
class TextTopics:
    """Topics of short texts.

    Parameters
    ----------
    n_topics : int, optional
        How many; by default as many as the number of texts allows, from 3 with 60 texts to 12.
    random_state : int

    Attributes
    ----------
    names_ : list of str
        Of each topic, its own words; those of :attr:`new_` follow.
    agreement_ : float
        How far topics learned from texts drawn again are the same ones (adjusted Rand index, 1 for the same, 0 for chance).
    new_ : list of NewTopic

    References
    ----------
    Deerwester et al. (1990), Journal of the American Society for Information Science 41(6), 391-407 (dimensions).
    Berry, Dumais and O'Brien (1995), SIAM Review 37(4), 573-595 (words that come later).
    Dhillon and Modha (2001), Machine Learning 42, 143-175 (k-means by direction).
    Hubert and Arabie (1985), Journal of Classification 2, 193-218 (adjusted Rand index).

    Examples
    --------
    >>> late = [f"parcel came {n} days late" for n in ("two", "three", "five")]
    >>> bitter = [f"coffee tastes {how} bitter" for how in ("very", "so", "really")]
    >>> dear = [f"price is {how} high" for how in ("far", "rather", "somewhat")]
    >>> topics = TextTopics(n_topics=3).fit([*late, *bitter, *dear] * 10)
    >>> labels = topics.predict(["a late parcel", "bitter coffee", "hello"])
    >>> [topics.names_[label] if label >= 0 else "" for label in labels]
    ['came, days, late', 'bitter, coffee, tastes', '']
    """

    n_topics: int | None = None
    random_state: int = 0
    languages_: list[str] = field(default_factory=list, init=False)
    names_: list[str] = field(default_factory=list, init=False)
    new_: list[NewTopic] = field(default_factory=list, init=False)
    agreement_: float = field(default=float("nan"), init=False)

    def fit(self, texts: Sequence[str]) -> TextTopics:
        """Learn topics; without any if there are fewer texts than :data:`FEWEST_TEXTS`, or no two refits agree."""
        self.languages_ = frequent_languages(texts)
        words = content_words(texts, self.languages_)
        self._learn(words)
        wanted = self.n_topics or int(np.clip(round(np.sqrt(len(texts) / 8)), 3, _MOST_TOPICS))
        if len(texts) < FEWEST_TEXTS and self.n_topics is None:
            wanted = 0
        self._centres = self._found_centres(self._placed(words), wanted)
        if self.n_topics is None and len(self._centres):
            self.agreement_ = self._agreement(texts, len(self._centres))
            if self.agreement_ < _SAME or self._share_of_largest(words) > _LARGEST:
                self._centres = self._centres[:0]
        self.names_ = self._named(words, [])
        return self

    def predict(self, texts: Sequence[str]) -> Labels:
        """Return the number of each text's topic, -1 for one without any word that is known."""
        return self._labels(content_words(texts, self.languages_))

    def grown(self, texts: Sequence[str], recent: NDArray[np.bool_], since: str = "") -> TextTopics:
        """Return the topics after more texts: the same ones with their new words, and new ones.

        Parameters
        ----------
        texts : sequence of str
            All texts, earlier ones too.
        recent : array of bool
            Which of them came after these topics were learned or grown last.
        since : str
            What to call that time.
        """
        after = TextTopics(self.n_topics, self.random_state)
        after.languages_ = list(dict.fromkeys([*self.languages_, *frequent_languages(texts)]))
        after.agreement_, after.new_ = self.agreement_, list(self.new_)
        words = content_words(texts, after.languages_)
        labels = self._base_labels(words)
        after._take_in(words, self)
        placed = after._placed(words)
        centres = [placed[labels == number].sum(axis=0) for number in range(len(self._centres))]
        found = _directions(np.array(centres).reshape(-1, placed.shape[1]))
        after._centres = np.where(np.abs(found).sum(axis=1, keepdims=True) > 0, found, self._centres)
        after.new_ += _new_topics(words, recent, after.new_, since)
        after.names_ = after._named(words, self.names_[: len(self._centres)])
        return after

    def to_json(self) -> dict[str, Any]:
        """Return the dictionary as plain values: words, how rare each is, and the topics; no text."""
        kept = {"languages": self.languages_, "names": self.names_, "agreement": self.agreement_}
        kept |= {"words": self._words.names, "rare": np.round(self._words.idf, 4).tolist()}
        kept |= {"letters": self._letters.names, "rare_letters": np.round(self._letters.idf, 4).tolist()}
        kept |= {"axes": np.round(self._axes, 4).tolist(), "centres": np.round(self._centres, 4).tolist()}
        return kept | {"new": [vars(topic) | {"words": list(topic.words)} for topic in self.new_]}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> TextTopics:
        """Return the topics of a kept dictionary."""
        topics = cls()
        topics.languages_, topics.names_, topics.agreement_ = kept["languages"], kept["names"], kept["agreement"]
        topics._words = _Features(_stem_of, kept["words"], np.array(kept["rare"], dtype=float))
        topics._letters = _Features(_ngrams_of, kept["letters"], np.array(kept["rare_letters"], dtype=float))
        n_features = len(kept["words"]) + len(kept["letters"])
        topics._axes = np.array(kept["axes"], dtype=float).reshape(n_features, -1)
        topics._centres = np.array(kept["centres"], dtype=float).reshape(-1, topics._axes.shape[1])
        topics.new_ = [NewTopic(**each | {"words": tuple(each["words"])}) for each in kept["new"]]
        return topics

    def _learn(self, words: Sequence[list[str]]) -> None:
        """Learn the words, the n-grams of their letters, and the directions in which texts differ."""
        from sklearn.decomposition import TruncatedSVD

        self._words = _Features.learned(words, _stem_of)
        self._letters = _Features.learned(words, _ngrams_of)
        described = self._described(words)
        dimensions = min(_DIMENSIONS, described.shape[1] - 1, described.shape[0] - 1)
        if dimensions < 2:
            self._axes = np.zeros((described.shape[1], 1))
            return
        reduced = TruncatedSVD(dimensions, n_iter=4, random_state=self.random_state).fit(described)
        self._axes = reduced.components_.T

    def _take_in(self, words: Sequence[list[str]], before: TextTopics) -> None:
        """Add words that have become frequent; those known before keep their place, so that old texts keep theirs."""
        described = before._described(words)
        placed = np.asarray(described @ before._axes)
        spread = np.maximum((placed**2).sum(axis=0), 1e-12)
        axes = []
        for mine, name in ((before._words, "_words"), (before._letters, "_letters")):
            every = _Features.learned(words, mine.cut)
            known = set(mine.names)
            fresh = [place for place, each in enumerate(every.names) if each not in known][:_MOST_NEW]
            grown = _Features(
                mine.cut, [*mine.names, *(every.names[place] for place in fresh)], np.append(mine.idf, every.idf[fresh])
            )
            setattr(self, name, grown)
            axes.append((grown.of(words)[:, len(mine.names) :].T @ placed) / spread)
        n_words = len(before._words.names)
        self._axes = np.vstack([before._axes[:n_words], axes[0], before._axes[n_words:], axes[1]])

    def _described(self, words: Sequence[list[str]]) -> sparse.csr_matrix:
        return sparse.hstack([self._words.of(words), self._letters.of(words)]).tocsr()

    def _placed(self, words: Sequence[list[str]]) -> Array:
        return _directions(np.asarray(self._described(words) @ self._axes))

    def _found_centres(self, placed: Array, wanted: int) -> Array:
        from sklearn.cluster import KMeans

        inside = placed[np.abs(placed).sum(axis=1) > 0]
        if not wanted or len(inside) < wanted:
            return np.zeros((0, placed.shape[1]))
        fitted = KMeans(wanted, n_init=10, random_state=self.random_state).fit(inside)
        return _directions(fitted.cluster_centers_)

    def _labels(self, words: Sequence[list[str]]) -> Labels:
        labels = self._base_labels(words)
        for place, topic in enumerate(self.new_):
            of_it = np.array([not set(topic.words).isdisjoint(_stems(text)) for text in words], dtype=bool)
            labels[of_it & (labels < len(self._centres))] = len(self._centres) + place
        return labels

    def _base_labels(self, words: Sequence[list[str]]) -> Labels:
        placed = self._placed(words)
        if not len(self._centres) or not len(placed):
            return np.full(len(placed), NO_TOPIC, dtype=np.int64)
        nearest = (placed @ self._centres.T).argmax(axis=1)
        return np.where(np.abs(placed).sum(axis=1) > 0, nearest, NO_TOPIC).astype(np.int64)

    def _agreement(self, texts: Sequence[str], wanted: int) -> float:
        """Return how far topics agree that are learned from texts drawn again, with replacement."""
        from sklearn.metrics import adjusted_rand_score

        random = np.random.default_rng(self.random_state)
        some = random.permutation(len(texts))[:_MOST_JUDGED]
        asked = [texts[place] for place in some]
        labels = []
        for seed in range(_REFITS):
            drawn = [asked[place] for place in random.integers(0, len(asked), len(asked))]
            labels.append(TextTopics(wanted, seed).fit(drawn).predict(asked))
        return float(np.mean([adjusted_rand_score(one, other) for one, other in combinations(labels, 2)]))

    def _share_of_largest(self, words: Sequence[list[str]]) -> float:
        labels = self._base_labels(words)
        return float(np.bincount(labels[labels >= 0], minlength=1).max() / max(len(labels), 1))

    def _named(self, words: Sequence[list[str]], before: list[str]) -> list[str]:
        """Return the names of the topics: those that they had, else the words that set each apart."""
        labels = self._base_labels(words)
        names = list(before)
        for number in range(len(before), len(self._centres)):
            inside = [text for text, label in zip(words, labels, strict=True) if label == number]
            outside = [text for text, label in zip(words, labels, strict=True) if label != number]
            names.append(_unused(", ".join(_own_words(inside, outside)) or "other", names))
        for topic in self.new_:
            names.append(_unused(topic.name, names))
        return names


def _stems(words: Sequence[str]) -> list[str]:
    return [stem(word) for word in words]


def _stem_of(word: str) -> list[str]:
    return [stem(word)]


def _ngrams_of(word: str) -> list[str]:
    edged = f" {word} "
    return [edged[place : place + n] for n in (3, 4) for place in range(len(edged) - n + 1)]


def _counts(texts: Sequence[list[str]], cut: Callable[[str], list[str]]) -> tuple[sparse.csr_matrix, list[str]]:
    """Return how often each part of a word is in each text, and the parts in order: each word is cut once."""
    words: dict[str, int] = {}
    in_text = [words.setdefault(word, len(words)) for text in texts for word in text]
    starts = np.cumsum([0, *(len(text) for text in texts)])
    has = sparse.csr_matrix((np.ones(len(in_text)), in_text, starts), shape=(len(texts), len(words)))
    parts = [cut(word) for word in words]
    names = sorted({name for word in parts for name in word})
    place = {name: number for number, name in enumerate(names)}
    in_word = [place[name] for word in parts for name in word]
    starts = np.cumsum([0, *(len(word) for word in parts)])
    holds = sparse.csr_matrix((np.ones(len(in_word)), in_word, starts), shape=(len(words), len(names)))
    return (has @ holds).tocsr(), names


def _directions(rows: Array) -> Array:
    return rows / np.maximum(np.sqrt((rows**2).sum(axis=1, keepdims=True)), 1e-12)


def _own_words(inside: Sequence[list[str]], outside: Sequence[list[str]]) -> list[str]:
    """Return the words that set texts apart from the others, by how many more have each, as they are mostly written."""
    has, lacks = (Counter(name for text in texts for name in set(_stems(text))) for texts in (inside, outside))
    share = {
        name: n / len(inside) - lacks[name] / max(len(outside), 1)
        for name, n in has.items()
        if n >= min(_FEWEST_OF_A_WORD, len(inside))
    }
    best = sorted(share, key=lambda name: (-share[name], name))[:_NAME_WORDS]
    forms = Counter(word for text in inside for word in text if stem(word) in best)
    return sorted(max((word for word in forms if stem(word) == name), key=lambda w: (forms[w], w)) for name in best)


def _new_topics(
    words: Sequence[list[str]], recent: NDArray[np.bool_], known: Sequence[NewTopic], since: str
) -> list[NewTopic]:
    """Return the topic of the words that came up among recent texts; without any word that did, none.

    A word came up if far more texts have it than before, beyond chance, all words allowed for; in several languages
    the same event has several words, which are one topic.
    """
    stems = [set(_stems(text)) for text in words]
    now = Counter(name for text, is_recent in zip(stems, recent, strict=True) if is_recent for name in text)
    before = Counter(name for text, is_recent in zip(stems, recent, strict=True) if not is_recent for name in text)
    n_now, n_before = int(recent.sum()), int((~recent).sum())
    taken = {name for topic in known for name in topic.words}
    looked_at = [name for name, n in now.items() if n >= _FEWEST_NEW and name not in taken]
    if not n_before or not looked_at:
        return []
    share = n_now / (n_now + n_before)
    risen = []
    for name in sorted(looked_at, key=lambda name: (-now[name], name)):
        usual = max(before[name], 1) / n_before
        is_rare = before[name] <= _NEW_BEFORE * n_before
        by_chance = float(binom.sf(now[name] - 1, now[name] + before[name] + 1, share)) * len(looked_at)
        if is_rare and now[name] / n_now >= _NEW_LIFT * usual and by_chance <= _SURE:
            risen.append(name)
    if not risen:
        return []
    forms = Counter(word for text, is_new in zip(words, recent, strict=True) if is_new for word in text)
    shown = [max((w for w in forms if stem(w) == name), key=lambda w: (forms[w], w)) for name in risen[:_NAME_WORDS]]
    return [NewTopic(", ".join(shown), tuple(risen), since, len(looked_at))]


def _unused(name: str, taken: Sequence[str]) -> str:
    return next(each for n in range(1, len(taken) + 2) if (each := name if n == 1 else f"{name} ({n})") not in taken)
