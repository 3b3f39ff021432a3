"""The secret key of a company, and what is hashed with it: ids made from contacts, and the people to be forgotten.

A plain hash of an e-mail address is as good as the address: anyone with a list of addresses can hash them and compare.
With a key no one else can. It is a file beside the store, so that the store can be shared without it. The hashes of
forgotten people are in another file there, so that no load lets these people in again; without the key the hashes
cannot even be compared with a list of addresses.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.store.integrity import COPY, replaced_twice, restored
from crmkit.tables.caching.fingerprint import digest_of

if TYPE_CHECKING:
    import duckdb

KEY_VARIABLE = "CRMKIT_ID_KEY"
_SHORTEST = 16  # characters
_BLOCK = 64  # bytes of a block of SHA-256
_UNSAVED_KEYS: dict[Path, bytes] = {}  # keys made by this program, by the file that each may be saved in


def key_file(settings: Settings) -> Path:
    """Return the path of a company's key, whether or not it exists."""
    store = settings.path("store")
    return store.with_name(f"{store.name}.key")


def find_key(settings: Settings) -> bytes | None:
    """Return the key: of the environment variable CRMKIT_ID_KEY, else of the file; None if there is neither.

    Raises
    ------
    CrmkitError
        If it is too short to be one, or the file is damaged. The message does not repeat it.
    """
    from_environment = os.environ.get(KEY_VARIABLE)
    if from_environment:
        if len(from_environment) < _SHORTEST:
            raise CrmkitError(
                f"The environment variable {KEY_VARIABLE} is too short for a key: it needs {_SHORTEST} characters "
                "or more. Take a long random text, and keep it."
            )
        return from_environment.encode()
    file = key_file(settings)
    whole = restored(file)
    if not file.is_file():
        return None
    with suppress(ValueError):
        key = whole and bytes.fromhex(file.read_text(encoding="ascii").strip())
        if key and len(key) >= _SHORTEST:
            return key
    raise CrmkitError(
        f"The key {file} is damaged. Put it back from a backup. If there is none, delete it and {file.name}{COPY}...: "
        "a new one is made, and people who are known only by an e-mail address or a telephone number get other ids."
    )


def make_key(settings: Settings) -> bytes:
    """Return the key; where there is none, save that of this program in a file that only its owner can read."""
    key = find_key(settings)
    if key is not None:
        return key
    key, file = key_for(settings), key_file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    _write_private(file, key.hex() + "\n")
    del _UNSAVED_KEYS[file]
    return key


def key_for(settings: Settings) -> bytes:
    """Return the key; where there is none, a new one that lasts as long as this program unless it is saved."""
    return find_key(settings) or _UNSAVED_KEYS.setdefault(key_file(settings), secrets.token_bytes(32))


def keyed_hash(key: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of a text, in hexadecimal.

    Examples
    --------
    >>> keyed_hash(b"Jefe", "what do ya want for nothing?")[:16]  # RFC 4231, test case 2
    '5bdcc146bf60754e'
    """
    return hmac.digest(key, text.encode(), "sha256").hex()


def key_id(key: bytes) -> str:
    """Return an id that distinguishes a key from others and reveals nothing about it."""
    return keyed_hash(key, "which key is this?")[:16]


def use_key(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give a connection the SQL function ``keyed_hash(text)``, the same as :func:`keyed_hash`; no SQL contains the key."""
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    con.execute("SET VARIABLE crmkit_inner = $1::BLOB", [bytes(byte ^ 0x36 for byte in block)])
    con.execute("SET VARIABLE crmkit_outer = $1::BLOB", [bytes(byte ^ 0x5C for byte in block)])
    con.execute(
        "CREATE OR REPLACE MACRO keyed_hash(text) AS sha256(getvariable('crmkit_outer') || "
        "unhex(sha256(getvariable('crmkit_inner') || encode(text))))"
    )


def forget_key(con: duckdb.DuckDBPyConnection) -> None:
    """Remove the key from a connection that stays open."""
    con.execute("RESET VARIABLE crmkit_inner; RESET VARIABLE crmkit_outer")


def forgotten_file(settings: Settings) -> Path:
    """Return the path of the hashes, whether or not anyone was forgotten."""
    store = settings.path("store")
    return store.with_name(f"{store.name}.forgotten")


def hashes_of(key: bytes, ids: Iterable[str], emails: Iterable[str]) -> list[str]:
    """Return the hashes by which a person is recognised.

    Parameters
    ----------
    key : bytes
    ids, emails : iterable of str
        E-mail addresses as :func:`crmkit.sources.contacts.plain_email` writes them.
    """
    texts = [*(f"id:{each}" for each in ids), *(f"email:{each}" for each in emails)]
    return sorted(keyed_hash(key, each) for each in texts)


def forgotten_hashes(settings: Settings) -> frozenset[str]:
    """Return the hashes of all people to be forgotten; none for settings without a file, which have no store.

    Raises
    ------
    CrmkitError
        If the file is damaged, or the hashes were made with another key.
    """
    file = forgotten_file(settings)
    people = _forgotten_people(file) if settings.folder.is_absolute() else []
    if any(person["key"] != key_id(key_for(settings)) for person in people):
        raise CrmkitError(
            f"People were forgotten with another key than the present one, and could not be told from others: "
            f"{file}. Put the key back (the file {settings.path('store').name}.key, or CRMKIT_ID_KEY). If it is "
            f"lost, delete that file and {file.name}{COPY}..., run `crmkit load`, and forget them again."
        )
    return frozenset(each for person in people for each in person["hashes"])


def forgotten_digest(settings: Settings) -> str:
    """Return one hash of all people to be forgotten; empty if there are none."""
    hashes = forgotten_hashes(settings)
    return digest_of(*sorted(hashes)) if hashes else ""


def record_forgotten(settings: Settings, hashes: Iterable[str], finished: bool) -> None:
    """Record that a person, known by these hashes, is to be forgotten, or has been; only the owner can read the file."""
    key = make_key(settings)
    person = {
        "forgotten_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "key": key_id(key),
        "hashes": sorted(hashes),
        **({} if finished else {"unfinished": True}),
    }
    _replace_record(settings, hashes, [person])


def take_back_record(settings: Settings, hashes: Iterable[str]) -> None:
    """Remove the record of a person who could not be forgotten."""
    _replace_record(settings, hashes, [])


def unfinished_hashes(settings: Settings) -> list[list[str]]:
    """Return the hashes of each person whose forgetting was recorded and not finished."""
    file = forgotten_file(settings)
    people = _forgotten_people(file) if settings.folder.is_absolute() else []
    return [person["hashes"] for person in people if person.get("unfinished")]


def _replace_record(settings: Settings, hashes: Iterable[str], record: list[dict[str, Any]]) -> None:
    file = forgotten_file(settings)
    with FileLock(file.with_name(f"{file.name}.lock")):
        people = _forgotten_people(file)
        others = [person for person in people if not set(person["hashes"]) <= set(hashes)]
        _write_private(file, json.dumps([*others, *record], indent=1))


def _forgotten_people(file: Path) -> list[dict[str, Any]]:
    try:
        if not restored(file):
            raise ValueError("both copies are damaged")
        if not file.is_file():
            return []
        people: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        return [{"key": person["key"], "hashes": list(person["hashes"]), **person} for person in people]
    except (ValueError, KeyError, TypeError):
        raise CrmkitError(
            f"The file {file}, which keeps forgotten people out, is damaged. Put it back from a backup, or "
            f"delete it and {file.name}{COPY}..., and forget them again."
        ) from None


def _write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, at once or not at all, with a second copy."""
    with replaced_twice(file) as temporary:
        opened = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="ascii") as writable:
            writable.write(text)
