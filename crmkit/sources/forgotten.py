"""Who is to be forgotten: keyed hashes of ids and e-mail addresses beside the store, so that no load lets them in again.

The hashes tell nobody who they were; without the key they cannot even be compared with a list of addresses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.aside import beside
from crmkit.sources.keys import key_for, key_id, keyed_hash, make_key
from crmkit.tables.depends import digest_of


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
        raise CrmkitError(f"People were forgotten with another key than the present one, and could not be told from others: "
                          f"{file}. Put the key back (the file {settings.path('store').name}.key, or CRMKIT_ID_KEY). If it is "
                          "lost, delete that file, run `crmkit load`, and forget them again.")  # fmt: skip
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
        raise CrmkitError(f"The file {file}, which keeps forgotten people out, is damaged. Put it back from a backup, or "
                          "delete it and forget them again.") from None  # fmt: skip
