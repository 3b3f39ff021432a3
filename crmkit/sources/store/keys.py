"""The secret key of a company: ids made from an e-mail address or a telephone number are keyed hashes of it.

A plain hash of an address is as good as the address: whoever has a list of addresses hashes them and compares. With the
key nobody else can. It lies beside the store and not in it, so that the store can be shared without it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.store.store import beside
from crmkit.tables.caching.fingerprint import digest_of
from crmkit.tables.schema import SCHEMAS

if TYPE_CHECKING:
    import duckdb


KEY_VARIABLE = "CRMKIT_ID_KEY"
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
    given = os.environ.get(KEY_VARIABLE)
    if given:
        if len(given) < _SHORTEST:
            raise CrmkitError(
                f"The environment variable {KEY_VARIABLE} is too short for a key: it needs {_SHORTEST} characters "
                "or more. Take a long random text, and keep it."
            )
        return given.encode()
    file = key_file(settings)
    if not file.is_file():
        return None
    with suppress(ValueError):
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
        if len(key) >= _SHORTEST:
            return key
    raise CrmkitError(
        f"The key {file} is damaged. Put it back from a backup. If there is none, delete it: a new one is made, "
        "and people who are known only by an e-mail address or a telephone number get other ids."
    )


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
    con.execute(
        "CREATE OR REPLACE MACRO keyed_hash(text) AS sha256(getvariable('crmkit_outer') || "
        "unhex(sha256(getvariable('crmkit_inner') || encode(text))))"
    )


def forget_key(con: duckdb.DuckDBPyConnection) -> None:
    """Take the key out of a connection that stays open."""
    con.execute("RESET VARIABLE crmkit_inner; RESET VARIABLE crmkit_outer")


# Show rows without showing people: names, addresses and free text are masked, the shape of the rest stays.


_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_DAY = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}")
_LONG_NUMBER = re.compile(r"\+?\d[\d\s()/-]{7,}\d")
_PERSONAL_HEADER = re.compile(
    r"name|e-?mail|phone|tel|mobil|address|street|stra(ß|ss)e|zip|plz|postcode|city|ort$|birth|geburt|\bip\b|vorname|nom\b|pr[ée]nom|käufer|^(client|kunde|customer|contact)$",
    re.IGNORECASE,
)
_FREE_TEXT = frozenset({"comment", "text", "note", "subject", "description", "kommentar", "message"})
_WIDTH = 24


def masked_id(customer_id: str) -> str:
    """Return an id of which only the end can be read: enough to find the customer in one's own list, not to know her.

    Examples
    --------
    >>> masked_id("17850"), masked_id("c7")
    ('•••50', '•••')
    """
    return "•••" + (customer_id[-2:] if len(customer_id) > 4 else "")


def masked_row(row: Mapping[str, str | None], personal: bool = False) -> dict[str, str]:
    """Return a canonical row to be shown: of a personal table everything but the id is masked.

    Examples
    --------
    >>> masked_row({"customer_id": "shopify-1", "name": "Ada Lang"}, personal=True)
    {'customer_id': 'shopify-1', 'name': '***'}
    >>> masked_row({"order_id": "7", "channel": "asked ada@firm.example", "comment": "Very good"})
    {'order_id': '7', 'channel': 'asked ***', 'comment': '(9 letters)'}
    """
    shown = {}
    for name, cell in row.items():
        if cell is None:
            shown[name] = ""
        elif personal and name != "customer_id":
            shown[name] = "***"
        else:
            shown[name] = masked_cell(name, cell, name in _canonical_names())
    return shown


def masked_cell(header: str, cell: str, is_canonical: bool = False) -> str:
    """Return a cell to be shown; a header that speaks of people masks all of it."""
    if header.casefold() in _FREE_TEXT:
        return f"({len(cell)} letters)"
    if not is_canonical and _PERSONAL_HEADER.search(header):
        return "***"
    bare = _EMAIL.sub("***", cell)
    if not is_canonical and not _DAY.search(bare):
        bare = _LONG_NUMBER.sub("***", bare)
    return bare if len(bare) <= _WIDTH else f"{bare[: _WIDTH - 1]}…"


def _canonical_names() -> set[str]:
    return {name for table in SCHEMAS.values() if not table.personal for name in table.names}


# Who is to be forgotten: keyed hashes of ids and e-mail addresses beside the store, so that no load lets them in
# again. The hashes tell nobody who they were; without the key they cannot even be compared with a list of
# addresses.


def forgotten_file(settings: Settings) -> Path:
    """Return where the hashes are, whether or not anybody was forgotten."""
    store = settings.path("store")
    return store.with_name(f"{store.name}.forgotten")


def hashes_of(key: bytes, ids: Iterable[str], emails: Iterable[str]) -> list[str]:
    """Return the hashes by which a person is known again.

    Parameters
    ----------
    key : bytes
    ids, emails : iterable of str
        E-mail addresses as :func:`crmkit.sources.contacts.plain_email` writes them.
    """
    told = [*(f"id:{each}" for each in ids), *(f"email:{each}" for each in emails)]
    return sorted(keyed_hash(key, each) for each in told)


def forgotten_hashes(settings: Settings) -> frozenset[str]:
    """Return the hashes of all who are to be forgotten; none for settings of no file, which have no store.

    Raises
    ------
    CrmkitError
        If the file is damaged, or the key is another than the one they were made with.
    """
    file = forgotten_file(settings)
    if not settings.folder.is_absolute() or not file.is_file():
        return frozenset()
    people = _read(file)
    if any(person["key"] != key_id(key_for(settings)) for person in people):
        raise CrmkitError(
            f"People were forgotten with another key than the present one, and could not be told from others: "
            f"{file}. Put the key back (the file {settings.path('store').name}.key, or CRMKIT_ID_KEY). If it is "
            "lost, delete that file, run `crmkit load`, and forget them again."
        )
    return frozenset(each for person in people for each in person["hashes"])


def forgotten_digest(settings: Settings) -> str:
    """Return one hash of all who are to be forgotten; empty if nobody is."""
    hashes = forgotten_hashes(settings)
    return digest_of(*sorted(hashes)) if hashes else ""


def note_forgotten(settings: Settings, ids: Iterable[str], emails: Iterable[str]) -> None:
    """Add a person to those who are to be forgotten; only the owner can read the file."""
    key, file = make_key(settings), forgotten_file(settings)
    hashes = hashes_of(key, ids, emails)
    if set(hashes) <= forgotten_hashes(settings):
        return
    person = {"forgotten_at": datetime.now(UTC).isoformat(timespec="seconds"), "key": key_id(key), "hashes": hashes}
    text = json.dumps([*(_read(file) if file.is_file() else []), person], indent=1)
    aside = beside(file, "tmp")
    try:
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as opened:
            opened.write(text)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        people: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        return [{"key": person["key"], "hashes": list(person["hashes"]), **person} for person in people]
    except (ValueError, KeyError, TypeError):
        raise CrmkitError(
            f"The file {file}, which keeps forgotten people out, is damaged. Put it back from a backup, or "
            "delete it and forget them again."
        ) from None
