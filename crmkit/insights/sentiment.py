"""How accurate the sentiment read from texts is, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from babel import Locale

from crmkit.metrics.formatting import counted, joined, scale_for
from crmkit.words import say


@dataclass(frozen=True)
class Remark:
    """A remark on a tile, below its value.

    Attributes
    ----------
    text : str
        A sentence.
    is_doubt : bool
        Whether the number should not be acted on; it then has no colour, whatever its verdict.
    """

    text: str
    is_doubt: bool


def method_in_words(method: str) -> str:
    """Return how a language is read.

    Examples
    --------
    >>> method_in_words("lexicon")
    'by a list of English words'
    """
    return say("mood-method", method=method)


def language_name(code: str) -> str:
    """Return the English name of a language; an unknown code is returned unchanged.

    Examples
    --------
    >>> language_name("de"), language_name("pt-BR"), language_name("Plattdeutsch")
    ('German', 'Portuguese (BR)', 'Plattdeutsch')
    """
    language, _, region = code.replace("_", "-").partition("-")
    name = Locale("en").languages.get(language.lower())
    return code if name is None else f"{name} ({region})" if region else name


def sentiment_message(check: pd.DataFrame) -> str:
    """Return how often the mood read from a text agrees with the stars given with it.

    Parameters
    ----------
    check : DataFrame
        From :func:`crmkit.sentiment_check`.

    Examples
    --------
    >>> row = {"language": "pt", "n_texts": 900, "method": "learned", "n_judged": 200, "accuracy": 0.75, "low": 0.68,
    ...        "high": 0.8, "always": 0.5, "net_error": -0.04}
    >>> sentiment_message(pd.DataFrame([row]))
    'The mood read off a comment is that of its stars in 75 % of cases; naming the same mood each time would reach 50 %'
    >>> sentiment_message(pd.DataFrame([row | {"accuracy": 0.52, "low": 0.44}]))
    'The mood read off a comment agrees with its stars no more often than chance would: do not act on it'
    """
    accuracy, low, always = _agreement(check)
    if accuracy is None:
        unread = [language_name(code) for code in check.loc[check["method"] == "none", "language"]]
        return say("mood-untested", unread=joined(unread[:5]) or "none")
    if low <= always:
        return say("mood-by-chance")
    return say("mood-agrees", share=_in_words(accuracy), always=_in_words(always))


def sentiment_remarks(check: pd.DataFrame) -> dict[str, Remark]:
    """Return the remark on the accuracy of moods for the tile of each metric.

    Parameters
    ----------
    check : DataFrame
        From :func:`crmkit.sentiment_check`.

    Examples
    --------
    >>> row = {"language": "pt", "n_texts": 900, "method": "learned", "n_judged": 200, "accuracy": 0.52, "low": 0.44,
    ...        "high": 0.6, "always": 0.5, "net_error": -0.04}
    >>> sentiment_remarks(pd.DataFrame([row]))["post_sentiment"].text
    'Do not act on it: moods are read off words no better than by chance'
    """
    accuracy, low, always = _agreement(check)
    if accuracy is None:
        posts = Remark(say("mood-remark-unknown"), is_doubt=True)
    elif low <= always:
        posts = Remark(say("mood-remark-chance"), is_doubt=True)
    else:
        posts = Remark(say("mood-remark-words", share=_in_words(accuracy)), is_doubt=False)
    return {"comment_sentiment": Remark(say("mood-remark-stars"), is_doubt=False), "post_sentiment": posts}


def shares_message(shares: pd.DataFrame, label: str) -> str:
    """Return the corrected shares of kind and unkind texts without stars, one sentence for each kind of text.

    Parameters
    ----------
    shares : DataFrame
        From :func:`crmkit.mood_shares`.
    label : str
        Of the period, in words.

    Examples
    --------
    >>> rows = [["post", "unkind", 0.42, 0.3, 0.55, 80.0, 0.3], ["post", "kind", 0.35, 0.25, 0.47, 80.0, 0.5]]
    >>> names = ["source", "mood", "share", "low", "high", "n", "uncorrected"]
    >>> shares_message(pd.DataFrame(rows, columns=names), "October 2026")
    'Of 80 posts in October 2026, errors of reading allowed for, 35 % (25 to 47 %) are kind and 42 % (30 to 55 %) unkind.'
    >>> shares_message(pd.DataFrame(columns=names), "October 2026")
    ''
    """
    said = []
    for source, rows in shares.groupby("source"):
        moods = [_share_in_words(rows[rows["mood"] == mood].iloc[0]) for mood in ("kind", "unkind")]
        n = counted(rows["n"].iloc[0], f"{source}s")
        said.append(say("mood-shares", texts=n, period=label, kind=moods[0], unkind=moods[1]))
    return " ".join(said)


def _share_in_words(row: pd.Series) -> str:
    share, low, high = (f"{100 * row[name]:.0f}" for name in ("share", "low", "high"))
    return say("mood-share", share=share, low=low, high=high)


def _agreement(check: pd.DataFrame) -> tuple[float | None, float, float]:
    """Return the accuracy of moods, its lower limit, and that of always naming the same mood [share]."""
    judged = check[check["accuracy"].notna()]
    judged = judged[judged["method"] == "each"] if (judged["method"] == "each").any() else judged
    if judged.empty:
        return None, 0.0, 0.0
    n = judged["n_judged"].to_numpy(float)
    accuracy, low, always = (float((judged[name] * n).sum() / n.sum()) for name in ("accuracy", "low", "always"))
    return accuracy, low, always


def _in_words(share: float) -> str:
    return scale_for("share", share, significant=2).words(share)
