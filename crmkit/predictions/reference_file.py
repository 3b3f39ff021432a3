"""The file in the store that holds the rulers of segments, each with the day it was learned on; read without any library.

::

    store/
      segment_reference.json      cuts and centres, oldest first; no customer is in it

A page uses the last one learned by its own day, so that a refresh changes no earlier page.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from crmkit.errors import CrmkitError
from crmkit.tables.depends import digest_of

FILE = "segment_reference.json"
_VERSION = 1


def read_references(store: Path) -> list[dict[str, Any]]:
    """Return what is kept in a store, oldest first; nothing where nothing is.

    Raises
    ------
    CrmkitError
        If the file is damaged: segments would silently mean something else.
    """
    try:
        noted = json.loads((store / FILE).read_text(encoding="utf-8"))
        if noted["version"] != _VERSION:
            raise ValueError("another version")
        return sorted(noted["references"], key=lambda each: date.fromisoformat(each["learned_on"]))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CrmkitError(
            f"The reference of the segments, {store / FILE}, cannot be read. Restore it from a copy, or delete it and run "
            "`crmkit predict --refresh-segments`: segments are then learned anew."
        ) from None


def write_references(store: Path, references: Sequence[dict[str, Any]]) -> None:
    """Write them in place of those before; at any moment there is a whole file."""
    store.mkdir(parents=True, exist_ok=True)
    aside = store / f".{FILE}.{secrets.token_hex(4)}"
    try:
        aside.write_text(json.dumps({"version": _VERSION, "references": list(references)}, indent=1), encoding="utf-8")
        os.replace(aside, store / FILE)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def known_references(store: Path, day: date) -> str:
    """Return the hash of the references that a page of a period that ends on ``day`` can use; empty without any."""
    try:
        used = [each for each in read_references(store) if each["learned_on"] < day.isoformat()]
    except CrmkitError:  # the page that reads it says so
        return "damaged"
    return digest_of(json.dumps(used, sort_keys=True)) if used else ""
