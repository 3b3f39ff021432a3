"""Detect the encoding of a text file from its bytes.

Only what the bytes prove is accepted: UTF-8, UTF-16, or Western letters that make sense. Libraries for detection rank
encodings by likelihood instead, and a wrong guess would silently change customers' names.
"""

from __future__ import annotations

import codecs
import csv
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping

# UTF-32 first: its mark begins with that of UTF-16.
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BEGINNING, _CHUNK = 4096, 1 << 20  # bytes
_TYPOGRAPHY = frozenset("€£¥§©®™°²³½¼·•–—‘’‚“”„…«»‹›¿¡ªº\u00a0")
_INSIDE_WORDS = frozenset("’·")


@dataclass(frozen=True)
class Encoding:
    """The encoding of a file, and a note on how it was found; empty where the file or the settings name it."""

    name: str
    note: str = ""


def encoding_of(path: Path, dialect: FileMapping) -> Encoding:
    """Return the encoding to read a text file in: that of its byte-order mark, the declared one, or what its bytes prove.

    Raises
    ------
    CrmkitError
        If there is no such encoding, or the bytes prove that the file is in another one.
    """
    declared, is_declared = dialect.encoding, "encoding" in dialect.model_fields_set
    try:
        "".encode(declared)  # unlike lookup, refuses base64 and its like
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        raise CrmkitError(f"there is no encoding '{declared}'. Use utf-8, utf-16 or cp1252.") from None
    stat = path.stat()
    return _encoding_of(path, stat.st_mtime_ns, stat.st_size, name, declared if is_declared else None)


@lru_cache(maxsize=256)
def _encoding_of(path: Path, modified: int, n_bytes: int, name: str, declared: str | None) -> Encoding:
    """Return the encoding of a file that is as it was then; its head is asked for several times."""
    with path.open("rb") as opened:
        beginning = opened.read(_BEGINNING)
    marked = next((encoding for bom, encoding in _BOMS.items() if beginning.startswith(bom)), None)
    if marked:
        return Encoding(marked)
    if not _is_wide(beginning) and (declared is None or name == "utf-8") and _is_utf8(path):
        return Encoding("utf-8")
    content = path.read_bytes()
    if declared is None:
        return _proven(content)
    if name.startswith(("cp", "iso8859")) and not content.isascii() and _is_decodable(content, "utf-8"):
        raise CrmkitError(f'it is written in utf-8, not in {declared}. Write encoding = "utf-8".')
    if _is_wide(content) and not name.startswith(("utf-16", "utf-32")):
        raise CrmkitError(f'it is not written in {declared}. It may be utf-16: write encoding = "utf-16".')
    return Encoding(name)


def _is_utf8(path: Path) -> bool:
    """Return whether a file can be decoded as UTF-8; a large one is never in memory as a whole."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def undecodable(path: Path, encoding: str, delimiter: str | None) -> CrmkitError:
    """Return the error that names the line and column where a file cannot be decoded."""
    content = path.read_bytes()
    bare = encoding.removesuffix("-sig")
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "replace")
        line = before.count("\n") + 1
        if (error.end >= len(content) - 1 and "end of data" in error.reason) or "truncated" in error.reason:
            return CrmkitError(f"the file seems cut off in line {line}, in the middle of a letter. Export it again.")
        column = _column(content, encoding, before, delimiter or ",")
        return CrmkitError(
            f"it is not written in {bare} in line {line}, {column}: several programs may have written it, "
            f"each in its own encoding. {_advice(content)}"
        )
    return CrmkitError(f"it is not written in {bare}. {_advice(content)}")


def _proven(content: bytes) -> Encoding:
    """Return the encoding that the bytes prove: UTF-8, UTF-16, or cp1252 where its letters make sense."""
    if _is_wide(content):
        little = content[1::2].count(0) >= content[::2].count(0)
        name = "utf-16-le" if little else "utf-16-be"
        if _is_decodable(content, name):
            return Encoding(name, "read as UTF-16, as every second byte is zero")
    if _is_decodable(content, "utf-8") or not _is_western(content):
        return Encoding("utf-8")
    return Encoding(
        "cp1252", "read as cp1252 (Windows, Western Europe): it is not UTF-8, and its letters make sense so"
    )


def _is_western(content: bytes) -> bool:
    """Return whether all letters beyond ASCII make sense in cp1252, and are not parts of UTF-8.

    In a file of another code page a currency sign is inside a word, or a letter becomes a symbol.
    """
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return False
    if any(mark in text for mark in ("Ã", "Â\u00a0", "â€")):  # UTF-8 decoded as cp1252
        return False
    padded = f" {text} "
    for before, letter, after in zip(padded, padded[1:], padded[2:], strict=False):
        if letter.isascii() or (letter in _TYPOGRAPHY and (letter in _INSIDE_WORDS or not (before + after).isalpha())):
            continue
        if not unicodedata.category(letter).startswith("L") or letter in _TYPOGRAPHY:
            return False
        if letter.isupper() and before.islower():  # no word continues with a capital letter
            return False
    return True


def _is_wide(content: bytes) -> bool:
    """Return whether about every second byte is zero, as in Western text of two bytes a letter."""
    beginning = content[:400]
    return beginning.count(0) * 3 > len(beginning)


def _is_decodable(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _advice(content: bytes) -> str:
    likely = "utf-16" if _is_wide(content) else "cp1252"
    return f'It may be {likely}: if its letters look right so, write encoding = "{likely}".'


def _column(content: bytes, encoding: str, before: str, delimiter: str) -> str:
    """Return the column in which decoding fails, by name if the header can be read."""
    try:
        header = next(
            csv.reader([content.split(b"\n", 1)[0].decode(encoding).lstrip("\ufeff")], delimiter=delimiter), []
        )
        cells = next(csv.reader([before.rpartition("\n")[2]], delimiter=delimiter), [""])
    except (UnicodeDecodeError, csv.Error):
        return "in its header" if "\n" not in before else "in one of its cells"
    return f"column '{header[len(cells) - 1]}'" if 0 < len(cells) <= len(header) else f"cell {max(len(cells), 1)}"
