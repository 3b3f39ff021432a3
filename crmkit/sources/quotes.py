"""Quotes of customers for a page: their words without names, addresses, links and numbers that could say who they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from crmkit.sources.masking import without_addresses

_HIDDEN = "***"
_LINK = re.compile(r"(?:https?://|www\.)\S+|(?<!\w)@\w+")
_NUMBER = re.compile(r"[+(]?\d[\d\s()/.\-]{1,}\d")
_NAME = r"[^\W\d_a-zß-öø-ÿа-яё](?:['’-]?[^\W\d_])+"  # begins with a capital letter, or is of a script without them
_ADDRESSED = re.compile(
    r"\b((?:Herrn?|Frau|Mr|Mrs|Ms|Miss|Mister|Dr|Prof|Monsieur|Madame|Mme|Mlle|Sr|Sra|Srta|Señora?|Senhora?|Signora?|Sig|Dhr|Mevr|"
    r"Mevrouw|Meneer|Pan|Pani|Bapak|Ibu|Pak|Bu|Mas|Mbak|Kak|Encik|Puan|Tuan|Cik|Hr|Fru)\.?\s+)"
    rf"({_NAME}(?:\s+{_NAME})?)"
)
_SIGNED = re.compile(
    r"((?:[Gg]rüße|[Gg]ruß|LG|[Rr]egards|[Cc]heers|[Bb]est wishes|[Cc]ordialement|[Ss]aludos|[Aa]tenciosamente|[Ss]aluti|"
    r"[Gg]roet(?:en|jes)?|[Pp]ozdrawiam|[Ss]aygılar(?:ımla)?|[Ss]alam|[Mm]y name is|[Ii]ch heiße|[Mm]ein Name ist|"
    rf"[Jj]e m'appelle|[Mm]e llamo|[Mm]eu nome é|[Nn]ama saya|[Aa]dım)[\s,.!-]+)({_NAME}(?:\s+{_NAME}){{0,2}})"
)
_STREET = re.compile(
    rf"(?:\d+\w?,?\s+)?(?:{_NAME}\s+){{0,2}}\b(?:[\w-]*(?:straße|strasse|str\.|gasse|platz|weg|allee|straat|laan|gatan|vej)|"
    r"(?:[Ss]treet|St\.|[Rr]oad|Rd\.?|[Aa]venue|Ave\.?|[Ll]ane|[Dd]rive|Blvd\.?|[Bb]oulevard|[Ss]okağı?|[Cc]addesi|[Mm]ahallesi))\s*\d+\w?"
    rf"|\d+\w?,?\s+(?:{_NAME}\s+){{1,2}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Drive|Boulevard|Blvd)\b\.?"
    rf"|\b(?:[Rr]ue|[Vv]ia|[Cc]alle|[Rr]ua|[Aa]venida|Av\.|[Jj]alan|Jl\.|[Uu]l\.|[Pp]lac|[Pp]iazza|[Pp]laza)\s+(?:\w+\s+){{0,3}}?{_NAME}[\s,]*\d*"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LONGEST = 160  # letters


def masked_quote(text: str, names: Collection[str] = (), longest: int = _LONGEST) -> str:
    """Return a customer's words for a page: names, addresses, links and numbers of three digits or more are hidden.

    Parameters
    ----------
    text : str
    names : collection of str
        Words of names and addresses that the firm knows, in small letters; see :func:`name_words`. A word of them is hidden
        where it begins with a capital letter.
    longest : int
        Letters; what is longer ends with "…".

    Examples
    --------
    >>> masked_quote("Frau Lang rief nie zurück, Bestellung 4711, ada@firm.example, 030 1234567", {"ada"})
    'Frau *** rief nie zurück, Bestellung ***, ***, ***'
    >>> masked_quote("I live at 12 Baker Street. Waited 2 weeks! Regards, Tom Byron")
    'I live at *** Waited 2 weeks! Regards, ***'
    >>> masked_quote("Danke an Ada Byron", name_words(["Ada Byron"]))
    'Danke an ***'
    """
    bare = _LINK.sub(_HIDDEN, without_addresses(text))
    bare = _STREET.sub(_HIDDEN, bare)
    bare = _SIGNED.sub(rf"\1{_HIDDEN}", _ADDRESSED.sub(rf"\1{_HIDDEN}", bare))
    bare = _NUMBER.sub(_long_number, bare)
    if names:
        bare = _WORD.sub(lambda word: _HIDDEN if _is_name(word.group(), names) else word.group(), bare)
    bare = re.sub(r"\*{3}(?:[\s,]*\*{3})+(?=\s*[^\s,*]|$)", lambda run: _joined(run.group()), " ".join(bare.split()))
    return bare if len(bare) <= longest else f"{bare[: longest - 1].rstrip()}…"


def name_words(names: Iterable[str]) -> frozenset[str]:
    """Return the words of names or addresses in small letters, of three letters or more.

    Examples
    --------
    >>> sorted(name_words(["Ada von Byron-King", "Hauptstraße 5"]))
    ['ada', 'byron', 'byron-king', 'hauptstraße', 'king', 'von']
    """
    words = {word for name in names if isinstance(name, str) for word in _WORD.findall(name.lower())}
    words |= {part for word in words for part in re.split(r"[-'’]", word)}
    return frozenset(word for word in words if len(word) >= 3)


def _is_name(word: str, names: Collection[str]) -> bool:
    return (word[0].isupper() or word[0].lower() == word[0].upper()) and word.lower() in names


def _long_number(number: re.Match[str]) -> str:
    """Hide a number of three digits in a row, or of six in groups; "10/10" and "2 of 3" are no secrets."""
    found = number.group()
    return _HIDDEN if re.search(r"\d{3}", found) or sum(letter.isdigit() for letter in found) >= 6 else found


def _joined(run: str) -> str:
    """Two names side by side are hidden as one; in an enumeration each stays one."""
    return run if "," in run else _HIDDEN
