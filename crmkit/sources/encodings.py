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
        If there is no such encoding, or the file is UTF-8 while an encoding is declared that would garble it.
    """
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        raise CrmkitError(f"there is no encoding '{declared}'. Use utf-8, utf-16 or cp1252.") from None
    with path.open("rb") as opened:
        beginning = opened.read(4)
    marked = next((encoding for bom, encoding in _BOMS.items() if beginning.startswith(bom)), None)
    if marked is None and name.startswith(("cp", "iso8859")) and _is_utf8(path):
        raise CrmkitError(f'it is written in utf-8, not in {declared}. Write encoding = "utf-8".')
    return marked or name


def other_encoding(path: Path) -> str:
    """Return the end of a sentence on a file that is not in the encoding it should be in: which one it may be in."""
    with path.open("rb") as opened:
        beginning = opened.read(400)
    likely = "utf-16" if beginning.count(0) * 3 > len(beginning) else "utf-8" if _is_utf8(path) else "cp1252"
    return f'. It may be {likely}: write encoding = "{likely}".'


def _is_utf8(path: Path) -> bool:
    """Whether a file holds letters beyond ASCII and all of them are UTF-8: chance hardly ever makes that."""
    content = path.read_bytes()
    try:
        return not content.isascii() and bool(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False
