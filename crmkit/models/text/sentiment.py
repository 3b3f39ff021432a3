"""Sentiment of short texts: learned from texts with ratings, or from a lexicon of English words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Moods = NDArray[np.int64]
_NEUTRAL = 0.05  # of the lexicon's score from -1 to 1: the bounds its authors give


def learned_sentiment(texts: Iterable[str], moods: Moods) -> Any:
    """Return a classifier of texts in any language, fitted: n-grams of characters, then logistic regression.

    Parameters
    ----------
    texts : iterable of str
    moods : array of int
        -1 for a bad, 0 for a middling, 1 for a good answer.

    Returns
    -------
    Pipeline
        Of scikit-learn; its ``predict`` gives a mood for each text.

    References
    ----------
    Cavnar and Trenkle (1994), SDAIR-94, 161-175 (n-grams of characters need no knowledge of the language).

    Examples
    --------
    >>> model = learned_sentiment(["good coffee", "so good", "late again", "came late"], np.array([1, 1, -1, -1]))
    >>> model.predict(["good", "late"]).tolist()
    [1, -1]
    """
    return _classifier().fit(list(texts), moods)


def _classifier() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=60_000)
    return make_pipeline(words, LogisticRegression(C=4.0, class_weight="balanced", max_iter=300))


def lexicon_sentiment(texts: Iterable[str]) -> Moods:
    """Return the mood of English texts by VADER's lexicon, which comes with its package: nothing is downloaded.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    array of int
        -1, 0 or 1 for each.

    References
    ----------
    Hutto and Gilbert (2014), ICWSM-14, 216-225.

    Examples
    --------
    >>> lexicon_sentiment(["Best beans in town!", "It is a bag.", "Horrible service."]).tolist()
    [1, 0, -1]
    """
    scores = np.array([_lexicon().polarity_scores(text)["compound"] for text in texts], dtype=float)
    return np.select([scores >= _NEUTRAL, scores <= -_NEUTRAL], [1, -1], 0).astype(np.int64)


def moods_out_of_fold(texts: Sequence[str], moods: Moods, folds: int = 3) -> Moods:
    """Return the mood of each text by a classifier that has not seen it.

    Parameters
    ----------
    texts : sequence of str
        Each once: a text that is there twice would be read by a classifier that knows it.
    moods : array of int
        What each text's stars say, each mood at least once a fold; see :func:`learned_sentiment`.
    folds : int

    Examples
    --------
    >>> texts = [f"{'so good' if n % 2 else 'so late'} {n}" for n in range(12)]
    >>> moods_out_of_fold(texts, np.array([1 if n % 2 else -1 for n in range(12)])).tolist()
    [-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1]
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    parts = StratifiedKFold(folds, shuffle=True, random_state=0)
    return np.asarray(cross_val_predict(_classifier(), np.array(texts, dtype=object), moods, cv=parts), dtype=np.int64)


def corrected_shares(
    read: Moods, judged: Moods, starred: Moods, draws: int = 400, seed: int = 0
) -> NDArray[np.float64]:
    """Return the shares of bad, middling and good texts behind moods that were read with errors.

    How often each mood is read as another is known from texts with stars. What mix of moods gives the mix that was read is
    then found by maximum likelihood, also where the mix has shifted. The intervals hold the chance of both.

    Parameters
    ----------
    read : array of int
        Moods read from the texts asked about: -1, 0 or 1.
    judged, starred : array of int
        Moods read from texts with stars by a classifier that had not seen them, and what their stars say.
    draws, seed : int
        Of the simulation for the interval.

    Returns
    -------
    array of shape (4, 3)
        A row for bad, middling and good, and one for good less bad [share]: value, low, high of the 95 % interval.

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), Neural Computation 14(1), 21-41; González et al. (2017), ACM Computing
    Surveys 50(5), 74 (adjusted counts).

    Examples
    --------
    >>> starred = np.repeat([-1, 1], 500)
    >>> judged = np.concatenate([np.repeat([-1, 1], [300, 200]), np.repeat([-1, 1], [50, 450])])
    >>> read = np.repeat([-1, 1], [350, 150])  # 70 % are read as bad: by the errors known they are all bad
    >>> corrected_shares(read, judged, starred)[:3, 0].round(2).tolist()
    [1.0, 0.0, 0.0]
    """
    classes = np.array([-1, 0, 1])
    errors = np.array([[((starred == true) & (judged == said)).sum() for said in classes] for true in classes], float)
    counts = np.array([(read == said).sum() for said in classes], dtype=float)
    known = errors.sum(axis=1) > 0  # a mood that no star speaks for cannot be told from the others
    value = _most_likely_mix(counts, errors, known)
    random = np.random.default_rng(seed)
    mixes = np.empty((draws, 3))
    for draw in range(draws):
        drawn = random.multinomial(int(counts.sum()), counts / max(counts.sum(), 1)).astype(float)
        again = np.array([random.dirichlet(row + 0.5) for row in errors])
        mixes[draw] = _most_likely_mix(drawn, again, known)
    rows = np.column_stack([mixes, mixes[:, 2] - mixes[:, 0]])
    limits = np.quantile(rows, [0.025, 0.975], axis=0)
    middle = np.append(value, value[2] - value[0])
    return np.column_stack([middle, np.minimum(limits[0], middle), np.maximum(limits[1], middle)])


def _most_likely_mix(
    counts: NDArray[np.float64], errors: NDArray[np.float64], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the mix of true moods that makes the counts of read ones most likely, by expectation and maximisation."""
    reading = errors / np.maximum(errors.sum(axis=1, keepdims=True), 1e-12)
    mix = known / max(known.sum(), 1)
    for _ in range(200):
        expected = np.maximum(mix @ reading, 1e-12)
        mix = mix * (reading @ (counts / expected))
        mix = mix / max(mix.sum(), 1e-12)
    return mix


@cache
def _lexicon() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
