"""Standard output and error where the console or the locale knows few letters: ASCII, or those of Western Europe."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata

_LOOKALIKES = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₴": "UAH",
    "−": "-",
    "–": "-",
    "—": "-",
    "…": "...",
    "•": "*",
    "·": "*",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
    "≈": "about ",
    "→": "->",
    "“": '"',
    "”": '"',
    "„": '"',
    "‘": "'",
    "’": "'",
    "ß": "ss",
    "æ": "ae",
    "ø": "o",
    "ł": "l",
    "Æ": "AE",
    "Ø": "O",
    "Ł": "L",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
}


def plain_output() -> None:
    """Let standard output and error write the nearest letters that their encoding has, instead of stopping with an error."""
    codecs.register_error("lookalike", _lookalike)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="lookalike")  # type: ignore[union-attr]


def use_utf8_names() -> None:
    """Start again in UTF-8 mode where the locale is plain ASCII: names of files and cells have other letters too.

    Python does so by itself in the locales C and POSIX, unless a variable of the environment forbids it.
    """
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("PYTHONUTF8", "0") != "1":
        arguments = [sys.executable, "-X", "utf8", "-m", "crmkit", *sys.argv[1:]]
        os.execve(sys.executable, arguments, os.environ | {"PYTHONUTF8": "1"})


def in_letters_of(encoding: str | None, text: str) -> str:
    """Return a text in letters that an encoding has, so that the columns of a table stay aligned.

    Examples
    --------
    >>> in_letters_of("ascii", "−€5 für Łódź"), in_letters_of("cp1252", "€5 für Łódź")
    ('-EUR5 fur Lodz', '€5 für Lódz')
    """
    if (encoding or "utf-8").lower().startswith("utf"):
        return text
    codecs.register_error("lookalike", _lookalike)
    return text.encode(str(encoding), "lookalike").decode(str(encoding))


def _lookalike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(letter: str) -> str:
    if letter in _LOOKALIKES:
        return _LOOKALIKES[letter]
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return bare or ("" if unicodedata.combining(letter) else "?")
