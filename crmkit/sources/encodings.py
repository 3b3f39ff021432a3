"""In which encoding a text file is written, as far as its bytes tell."""

from __future__ import annotations

import codecs
from pathlib import Path

from crmkit.errors import CrmkitError

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def encoding_of(path: Path, declared: str) -> str:
    """Return the encoding to read a text file in: that of its byte-order mark, else the declared one.

    Raises
    ------
    CrmkitError
        If there is no such encoding, or the bytes tell that the file is in another one.
    """
    try:
        "".encode(declared)  # unlike lookup, refuses base64 and its like
        name = codecs.lookup(declared).name
    except LookupError:
        raise CrmkitError(f"there is no encoding '{declared}'. Use utf-8, utf-16 or cp1252.") from None
    beginning = _beginning(path)
    marked = next((encoding for bom, encoding in _BOMS.items() if beginning.startswith(bom)), None)
    if marked is None and name.startswith(("cp", "iso8859")) and _is_utf8(path):
        raise CrmkitError(f'it is written in utf-8, not in {declared}. Write encoding = "utf-8".')
    if marked is None and _is_wide(beginning) and not name.startswith(("utf-16", "utf-32")):
        raise CrmkitError(f"it is not written in {declared}{other_encoding(path)}")
    return marked or name


def other_encoding(path: Path) -> str:
    """Return the end of a sentence on a file that is not in the encoding it should be in: which one it may be in."""
    likely = "utf-16" if _is_wide(_beginning(path)) else "utf-8" if _is_utf8(path) else "cp1252"
    return f'. It may be {likely}: write encoding = "{likely}".'


def _beginning(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(400)


def _is_wide(beginning: bytes) -> bool:
    """Whether about every second byte is zero, as in Western text of two bytes a letter."""
    return beginning.count(0) * 3 > len(beginning)


def _is_utf8(path: Path) -> bool:
    """Whether a file holds letters beyond ASCII and all of them are UTF-8: chance hardly ever makes that."""
    content = path.read_bytes()
    try:
        return not content.isascii() and bool(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False
