"""The words of a text that say what it is about, in any language: without articles, pronouns, addresses and numbers.

What is left is cut to its first letters, so that "delivered", "delivery" and "deliveries" count as one: cutting works in all
languages that are written with an alphabet, about as well as rules made for each.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files

_STEM = 6  # letters
_SHORTEST = 3  # letters
_USUAL = 0.05  # share of the texts in a language from which on its function words are left out
_REMEMBERED = (
    50_000  # texts whose words are remembered: a dictionary that grows month by month reads them again and again
)
_LINK = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+")
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"  # Thai, Lao, Burmese, Khmer, Japanese, Chinese
)
_WORD = re.compile(
    rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0900-\u0dff])+(?:['’][^\W\d_]+)?"
)


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, without links, addresses, names with @ and numbers.

    Of a script that is written without blanks, such as Chinese or Thai, each pair of neighbouring letters is a word.

    Examples
    --------
    >>> words_of("Mail ada@firm.example: the COFFEE isn't hot, 3 times!")
    ['mail', 'the', 'coffee', "isn't", 'hot', 'times']
    >>> words_of("咖啡很苦")
    ['咖啡', '啡很', '很苦']
    """
    return list(_words(text))


@lru_cache(_REMEMBERED)
def _words(text: str) -> tuple[str, ...]:
    found = []
    for word in _WORD.findall(_LINK.sub(" ", text.lower().replace("i̇", "i"))):
        if re.match(f"[{_UNSPACED}]", word):
            found += [word[place : place + 2] for place in range(max(len(word) - 1, 1))]
        else:
            found.append(word.replace("’", "'"))
    return tuple(found)


def languages_of(texts: Sequence[str]) -> list[str]:
    """Return the language of each text by its function words, as an ISO 639-1 code; empty where none is among them.

    Of the languages that a text could be written in, the one that is most frequent among all texts is taken.

    Examples
    --------
    >>> languages_of(["Die Lieferung kam viel zu spät", "My parcel was late", "Kahve çok güzel", "ok"])
    ['de', 'en', 'tr', '']
    """
    hits = [Counter(dict(_hits(text))) for text in texts]
    sure = Counter(max(found, key=lambda code: found[code]) for found in hits if found)
    return [max(found, key=lambda code: (found[code], sure[code])) if found else "" for found in hits]


def content_words(texts: Iterable[str], languages: Iterable[str]) -> list[list[str]]:
    """Return, for each text, the words that say what it is about, each once.

    Parameters
    ----------
    texts : iterable of str
    languages : iterable of str
        Whose function words are left out, by ISO 639-1 code; see :func:`frequent_languages`.

    Examples
    --------
    >>> content_words(["The delivery was late, it was delivered in June", "Very late deliveries!"], ["en"])
    [['delivery', 'late', 'delivered', 'june'], ['late', 'deliveries']]
    """
    left_out = function_words(languages)
    return [
        list(dict.fromkeys(word for word in _words(text) if word not in left_out and _is_long_enough(word)))
        for text in texts
    ]


def stem(word: str) -> str:
    """Return the first letters of a word, by which its forms are counted as one.

    Examples
    --------
    >>> stem("verbrannte"), stem("bitter")
    ('verbra', 'bitter')
    """
    return word[:_STEM]


def frequent_languages(texts: Sequence[str]) -> list[str]:
    """Return the languages in which more than one text of twenty is written, the most frequent first.

    Examples
    --------
    >>> frequent_languages(["Die Lieferung kam zu spät", "Das war nicht gut"])
    ['de']
    """
    known = Counter(code for code in languages_of(texts) if code)
    return [code for code, n in known.most_common() if n > _USUAL * known.total()]


def function_words(languages: Iterable[str]) -> frozenset[str]:
    """Return the words that say nothing about what a text is about, of some languages; unknown languages have none."""
    known = _all_function_words()
    return frozenset().union(*(known.get(code, frozenset()) for code in languages))


@cache
def _all_function_words() -> dict[str, frozenset[str]]:
    listed = tomllib.loads((files("crmkit.models.text") / "function_words.toml").read_text(encoding="utf-8"))
    return {code: frozenset(words.split()) for code, words in listed.items()}


@cache
def _languages_of_word() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, words in _all_function_words().items():
        for word in words:
            found.setdefault(word, []).append(code)
    return found


@lru_cache(_REMEMBERED)
def _hits(text: str) -> tuple[tuple[str, int], ...]:
    """Return how many function words of each language a text has; a word that several share counts as a part of each."""
    found: Counter[str] = Counter()
    known = _languages_of_word()
    for word in _words(text):
        codes = known.get(word, ())
        for code in codes:
            found[code] += 12 // min(len(codes), 12)
    return tuple(found.items())


def _is_long_enough(word: str) -> bool:
    return len(word) >= _SHORTEST or bool(re.match(f"[{_UNSPACED}]", word))
