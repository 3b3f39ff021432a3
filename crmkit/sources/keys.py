"""The secret key of a company: ids made from an e-mail address or a telephone number are keyed hashes of it.

A plain hash of an address is as good as the address: whoever has a list of addresses hashes them and compares. With the
key nobody else can. It lies beside the store and not in it, so that the store can be shared without it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.aside import beside

if TYPE_CHECKING:
    import duckdb

VARIABLE = "CRMKIT_ID_KEY"
_SHORTEST = 16  # characters
_BLOCK = 64  # bytes of a block of SHA-256
_PASSING: dict[Path, bytes] = {}  # by the file that it may be kept in


def key_file(settings: Settings) -> Path:
    """Return where the key of a company lies, whether or not it is there."""
    store = settings.path("store")
    return store.with_name(f"{store.name}.key")


def find_key(settings: Settings) -> bytes | None:
    """Return the key: of the environment variable CRMKIT_ID_KEY, else of the file; None if there is neither.

    Raises
    ------
    CrmkitError
        If it is too short to be one, or the file is damaged. The message does not repeat it.
    """
    given = os.environ.get(VARIABLE)
    if given:
        if len(given) < _SHORTEST:
            raise CrmkitError(f"The environment variable {VARIABLE} is too short for a key: it needs {_SHORTEST} characters "
                              "or more. Take a long random text, and keep it.")  # fmt: skip
        return given.encode()
    file = key_file(settings)
    if not file.is_file():
        return None
    with suppress(ValueError):
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
        if len(key) >= _SHORTEST:
            return key
    raise CrmkitError(f"The key {file} is damaged. Put it back from a backup. If there is none, delete it: a new one is made, "
                      "and people who are known only by an e-mail address or a telephone number get other ids.")  # fmt: skip


def make_key(settings: Settings) -> bytes:
    """Return the key; where there is none, keep the one of this program in a file that only its owner can read."""
    key = find_key(settings)
    if key is not None:
        return key
    key, file = key_for(settings), key_file(settings)
    aside = beside(file, "tmp")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as opened:
            opened.write(key.hex() + "\n")
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    del _PASSING[file]
    return key


def key_for(settings: Settings) -> bytes:
    """Return the key, or where there is none one that ends with this program unless it is kept: nothing is written."""
    return find_key(settings) or _PASSING.setdefault(key_file(settings), secrets.token_bytes(32))


def keyed_hash(key: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of a text, in hexadecimal.

    Examples
    --------
    >>> keyed_hash(b"Jefe", "what do ya want for nothing?")[:16]  # RFC 4231, test case 2
    '5bdcc146bf60754e'
    """
    return hmac.digest(key, text.encode(), "sha256").hex()


def key_id(key: bytes) -> str:
    """Return by what a key is told from another; it says nothing about the key."""
    return keyed_hash(key, "which key is this?")[:16]


def use_key(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give a connection the SQL function ``keyed_hash(text)``, the same as :func:`keyed_hash`; the key is in no SQL."""
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    con.execute("SET VARIABLE crmkit_inner = $1::BLOB", [bytes(byte ^ 0x36 for byte in block)])
    con.execute("SET VARIABLE crmkit_outer = $1::BLOB", [bytes(byte ^ 0x5C for byte in block)])
    con.execute("CREATE OR REPLACE MACRO keyed_hash(text) AS sha256(getvariable('crmkit_outer') || "
                "unhex(sha256(getvariable('crmkit_inner') || encode(text))))")  # fmt: skip


def forget_key(con: duckdb.DuckDBPyConnection) -> None:
    """Take the key out of a connection that stays open."""
    con.execute("RESET VARIABLE crmkit_inner; RESET VARIABLE crmkit_outer")
