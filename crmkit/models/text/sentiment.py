"""Sentiment of short texts: learned from texts with ratings, or from a lexicon of English words."""

from __future__ import annotations

from collections.abc import Iterable
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
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=60_000)
    model = make_pipeline(words, LogisticRegression(C=4.0, class_weight="balanced", max_iter=300))
    return model.fit(list(texts), moods)


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


@cache
def _lexicon() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
