"""How alike a header is to the names that people and programs give to a canonical column.

The names stand in ``vocabulary.toml``, by canonical column and language; those of the presets are added to them.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from rapidfuzz import fuzz

from crmkit.sources.presets.model import mentioned, presets
from crmkit.tables.schema import SCHEMAS

_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i", "№": " no ", "#": " no "}
)
_UNIT = re.compile(r"\b(in )?(eur|usd|gbp|chf|idr|myr|rp|rm|sek|nok|dkk|pln|zl|uah|kr|euro|euros|dollar|dollars)$")
_IDENTIFIER = frozenset("id nr no num number nummer numero numer nomor nombor номер code".split())
_SHORTEST_FUZZY = 6  # letters; shorter words resemble each other by chance
_LEAST_FUZZY = 88  # of 100
_BARE_NUMBER = 0.75  # likeness of a header that says "No." and nothing else to the key of a table
_TOO_GENERAL = frozenset({"name", "title", "type", "id"})  # what a tool calls an order may be anything in another file


@dataclass(frozen=True)
class Names:
    """The names of one column, as they are compared.

    Attributes
    ----------
    phrases : tuple of str
    glued : frozenset of str
        The phrases without spaces.
    denied : tuple of str
        Words with which a header is never this column.
    """

    phrases: tuple[str, ...]
    glued: frozenset[str]
    denied: tuple[str, ...]


@lru_cache(maxsize=20_000)
def plain_words(header: str) -> str:
    """Return a header as it is compared: its words without case, accents, marks and units; all words for "number" alike.

    Examples
    --------
    >>> plain_words("InvoiceNo"), plain_words("N° de facture"), plain_words("Bestellnummer"), plain_words("Umsatz (EUR)")
    ('invoice no', 'no de facture', 'bestell no', 'umsatz')
    """
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    lower = split.casefold().translate(_LETTERS)
    bare = "".join(each for each in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(each))
    words = re.sub(r"[\W_]+", " ", bare.replace("n°", " no ").replace("º", " ")).strip()
    words = _UNIT.sub("", words).strip() or words
    words = re.sub(r"(?<=\w\w)(nummer|nr)\b", r" \1", words)
    kept = ["no" if word in _IDENTIFIER or word == "n" else word for word in words.split()]
    return " ".join(kept)


def likeness(table: str, column: str, header: str) -> float:
    """Return how alike a header is to the names of a canonical column, from 0 to 1.

    Examples
    --------
    >>> likeness("orders", "order_id", "Bestellnummer"), likeness("web_traffic", "visitors", "Impressions")
    (1.0, 0.0)
    """
    if plain_words(header) == "no" and column in SCHEMAS[table].key[:1]:
        return _BARE_NUMBER
    return _likeness(known_headers(table, column), header)


def role_likeness(role: str, header: str) -> float:
    """Return how alike a header is to the names of a column that is no canonical one, such as a unit price (0..1).

    Examples
    --------
    >>> role_likeness("unit_price", "Einzelpreis")
    1.0
    """
    return _likeness(_role(role), header)


def says_gross(header: str) -> bool:
    """Whether a header says that an amount includes the tax."""
    words = f" {plain_words(header)} "
    return any(f" {phrase} " in words for phrase in _role("gross").phrases)


def file_speaks_for(table: str, file: str) -> bool:
    """Whether a word of a file's name is a name of a table in any of the languages."""
    words = set(plain_words(file.rpartition(".")[0]).split()) | set(re.split(r"[\W_\d]+", plain_words(file)))
    names = {plain_words(name) for name in (*_vocabulary()["file"].get(table, ()), table)}
    return bool(words & names) or any(" " in name and name in plain_words(file) for name in names)


@cache
def status_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of statuses that count, and of those that do not."""
    words = _vocabulary()["status"]
    return frozenset(map(plain_words, words["counts"])), frozenset(map(plain_words, words["not_counted"]))


@cache
def refund_words() -> frozenset[str]:
    """Return the words for documents that give money back."""
    return frozenset(map(plain_words, _vocabulary()["status"]["refunds"]))


@cache
def known_headers(table: str, column: str) -> Names:
    """Return the names of a canonical column: crmkit's own, those of the vocabulary and those of the presets.

    Examples
    --------
    >>> "order date" in known_headers("orders", "ordered_at").phrases
    True
    """
    vocabulary = _vocabulary()
    by_language = vocabulary["table"].get(table, {}).get(column) or vocabulary["column"].get(column, {})
    names = (
        {column, column.removesuffix("_at").removesuffix("_on")} | _listed(by_language) | _preset_names(table, column)
    )
    return _names(names, column)


@cache
def _role(role: str) -> Names:
    return _names(_listed(_vocabulary()["role"][role]), role)


def _likeness(names: Names, header: str) -> float:
    met = plain_words(header)
    if not met:
        return 0.0
    if met in names.phrases:
        return 1.0
    if met.replace(" ", "") in names.glued:
        return 0.99
    if any(f" {word} " in f" {met} " for word in names.denied):
        return 0.0
    return max((_partly(met, phrase) for phrase in names.phrases), default=0.0)


def _partly(met: str, phrase: str) -> float:
    """Return the likeness of a header that holds a name among other words, or that is a name misspelt (0..1)."""
    inside = f" {phrase} " in f" {met} " and (len(phrase) > 2)
    if inside:
        share = len(phrase) / len(met)
        return 0.62 + 0.36 * share if " " in phrase else 0.55 + 0.42 * share
    if min(len(met), len(phrase)) < _SHORTEST_FUZZY:
        return 0.0
    alike = max(fuzz.ratio(met, phrase), fuzz.token_sort_ratio(met, phrase))
    return 0.95 * alike / 100 if alike >= _LEAST_FUZZY else 0.0


@cache
def _vocabulary() -> dict[str, Any]:
    text = files("crmkit.sources.proposing").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _listed(by_language: Mapping[str, Iterable[str]]) -> set[str]:
    return {name for names in by_language.values() for name in names}


def _names(names: Iterable[str], denied_for: str) -> Names:
    phrases = {plain_words(name) for name in names} - {"", "no"}
    denied = _vocabulary()["denied"].get(denied_for, {}).get("words", ())
    return Names(
        tuple(sorted(phrases)),
        frozenset(phrase.replace(" ", "") for phrase in phrases),
        tuple(dict.fromkeys(plain_words(word) for word in denied)),
    )


def _preset_names(table: str, column: str) -> set[str]:
    names = set()
    for preset in presets().values():
        for take in preset.takes:
            if take.table != table or take.split or column not in take.columns:
                continue
            fields = mentioned(take.columns[column], preset.kinds)
            if len(fields) <= 2:
                names |= {
                    alias
                    for field in fields
                    for alias in preset.aliases[field]
                    if not alias.startswith(("/", "__")) and alias.casefold() not in _TOO_GENERAL
                }
    return names
