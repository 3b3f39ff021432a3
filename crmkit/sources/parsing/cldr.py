"""Words for months, weekdays, halves of the day and currencies in the official languages of all countries, from CLDR.

English is looked up first, and the other languages only for a word that is not English: to read them takes a second.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

_WIDTHS = ("wide", "abbreviated")
_CONTEXTS = ("format", "stand-alone")
_LETTERS = re.compile(r"[^\W\d_]+(?:[.'’\u200c-][^\W\d_]+)*")
_COMMON_SIGNS = {
    "€": frozenset({"EUR"}),
    "$": frozenset("USD CAD AUD NZD SGD HKD MXN BRL TWD CLP COP ARS".split()),
    "£": frozenset({"GBP", "EGP", "GIP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₹": frozenset({"INR"}),
}
"""Signs for which no other file of CLDR need be read."""
_FURTHER_SIGNS = {"fr": "CHF", "sfr": "CHF", "tl": "TRY", "rs": "INR", "руб": "RUB", "грн": "UAH", "lei": "RON"}
_FURTHER_SIGNS |= {"dh": "AED MAD", "kcs": "CZK", "euros": "EUR", "nis": "ILS", "тг": "KZT"}
"""Signs that people write and CLDR does not have."""
_CLOCK_WORDS = frozenset("t at of um uhr klo kl à às om ore godz ob lúc".split())
"""Words before or after the time of day."""


@dataclass(frozen=True)
class DateWords:
    """What the words of dates mean.

    Attributes
    ----------
    months : mapping of str to int
        Number of the month by its name, folded.
    halves : mapping of str to str
        ``a`` or ``p`` by the mark of the half of the day.
    others : frozenset of str
        Weekdays, and what stands between the parts of a date: "de", "um".
    """

    months: Mapping[str, int]
    halves: Mapping[str, str]
    others: frozenset[str]


def folded(word: str) -> str:
    """Return a word as it is compared: composed, in lower case, without points and spaces.

    Examples
    --------
    >>> folded("Sept."), folded("a. m.")
    ('sept', 'am')
    """
    composed = unicodedata.normalize("NFKC", word).casefold()
    return re.sub(r"[.\s\u200e\u200f]", "", unicodedata.normalize("NFC", composed))


def words_of(text: str) -> list[str]:
    """Return the words of a text.

    Examples
    --------
    >>> words_of("Di., 1 sept. 2026")
    ['Di', 'sept']
    """
    return _LETTERS.findall(text)


def date_words(words: Iterable[str]) -> tuple[DateWords, dict[str, tuple[int, int]]]:
    """Return what the words in the dates of a column mean, and the months that remain open.

    A word that is two months in two languages, such as listopad, is the month of the language that has all words of
    the column.

    Parameters
    ----------
    words : iterable of str
        All words of the column.

    Returns
    -------
    (DateWords, dict of str to (int, int))
        The second one holds each word that may be two months, with both numbers.
    """
    wanted = {folded(word) for word in words} - {""}
    english = _language("en")
    known = {*english.months, *english.halves, *english.others}
    languages = {"en": english} if wanted <= known else {code: _language(code) for code in _languages()}
    months = {word: _meanings(languages, word) for word in wanted}
    fitting = [each for each in languages.values() if all(w in each.months for w, met in months.items() if met)]
    settled, open_words = {}, {}
    for word, met in months.items():
        numbers = {each.months[word] for each in fitting if word in each.months} or met
        if len(numbers) == 1:
            (settled[word],) = numbers
        elif numbers:
            first, second, *_ = sorted(numbers)
            open_words[word] = (first, second)
    halves = {word: half for each in languages.values() for word, half in each.halves.items() if word in wanted}
    others = frozenset(word for each in languages.values() for word in each.others if word in wanted)
    return DateWords(settled, halves | {w: h for w, h in english.halves.items() if w in wanted}, others), open_words


@cache
def currencies_of(sign: str) -> frozenset[str]:
    """Return the codes of the currencies that a sign or a code beside an amount can stand for.

    Examples
    --------
    >>> sorted(currencies_of("RM")), sorted(currencies_of("usd")), sorted(currencies_of("pieces"))
    (['MYR'], ['USD'], [])
    """
    key = _sign_key(sign)
    if key in _COMMON_SIGNS:
        return _COMMON_SIGNS[key]
    if key.upper() in _codes():
        return frozenset({key.upper()})
    return _currency_signs().get(key, frozenset()) if key else frozenset()


def _sign_key(sign: str) -> str:
    """Return a sign as it is compared; a single letter keeps its case: 12k is no amount in kwacha."""
    plain = re.sub(r"[\s\u200e\u200f]", "", unicodedata.normalize("NFC", sign)).rstrip(".")
    return plain if len(plain) == 1 else plain.casefold()


def _meanings(languages: Mapping[str, DateWords], word: str) -> set[int]:
    met = {each.months[word] for each in languages.values() if word in each.months}
    if met or len(word) < 3:
        return met
    # Abbreviations that CLDR does not have, such as "janv" or "Febr": the beginning of one name.
    for each in languages.values():
        begun = {number for name, number in each.months.items() if name.startswith(word)}
        met |= begun if len(begun) == 1 else set()
    return met


@cache
def _languages() -> tuple[str, ...]:
    from babel import localedata
    from babel.core import get_global

    official = {
        language.split("_")[0]
        for met in get_global("territory_languages").values()
        for language, facts in met.items()
        if facts.get("official_status")
    }
    return tuple(sorted(code for code in localedata.locale_identifiers() if code in official))


@cache
def _data(code: str) -> Mapping[str, Any]:
    from babel import localedata

    return localedata.load(code, merge_inherited=False)


@cache
def _language(code: str) -> DateWords:
    data = _data(code)
    months = {folded(name): number for name, number in _names(data.get("months", {})) if isinstance(number, int)}
    halves = {folded(name): key[0] for name, key in _names(data.get("day_periods", {})) if key in ("am", "pm")}
    if code == "en":
        halves |= {"a": "a", "p": "p"}
    others = {folded(name) for name, _ in _names(data.get("days", {}))}
    for formats in ("date_formats", "datetime_formats"):
        for pattern in data.get(formats, {}).values():
            text = str(getattr(pattern, "pattern", pattern))
            others |= {folded(word) for quoted in re.findall(r"'([^']+)'", text) for word in words_of(quoted)}
            others |= {folded(word) for word in re.findall(r"[^\x00-\x7f\W\d_]+", text)}
    others |= _CLOCK_WORDS | ({"st", "nd", "rd", "th"} if code == "en" else set())
    named = {name: number for name, number in months.items() if not re.search(r"\d", name) and len(name) > 2}
    return DateWords(named, halves, frozenset(others - {""}))


def _names(contexts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found = []
    for context in _CONTEXTS:
        for width in _WIDTHS:
            met = _own(contexts.get(context, {}))
            names = _own(met.get(width, {})) if isinstance(met, Mapping) else {}
            found += [(name, key) for key, name in names.items()] if isinstance(names, Mapping) else []
    return found


def _own(part: Any) -> Any:
    """Return a part of a locale's data without the alias that Babel puts beside it once it was merged with its parents."""
    return part[1] if isinstance(part, tuple) else part


@cache
def _codes() -> frozenset[str]:
    from babel.core import get_global

    return frozenset(get_global("all_currencies"))


@cache
def _currency_signs() -> dict[str, frozenset[str]]:
    from babel import localedata

    signs: dict[str, set[str]] = defaultdict(set)
    wanted = set(_languages())
    for code in localedata.locale_identifiers():
        if code.split("_")[0] not in wanted or code.count("_") > 1:
            continue
        data = _data(code)
        for table in ("currency_symbols", "currency_names"):
            for currency, sign in data.get(table, {}).items():
                if isinstance(sign, str):
                    signs[_sign_key(sign)].add(currency)
        for currency, names in data.get("currency_names_plural", {}).items():
            for name in names.values():
                signs[_sign_key(name)].add(currency)
    for sign, currencies in _FURTHER_SIGNS.items():
        signs[sign] |= set(currencies.split())
    return {sign: frozenset(met) for sign, met in signs.items() if sign}
