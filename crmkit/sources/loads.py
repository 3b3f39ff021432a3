"""The history of loads: a small file in the store, one entry per load, without any row of the data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FILE = "loads.json"


def read_loads(store: Path | None) -> list[dict[str, Any]]:
    """Return the entries of all loads of a store, the first one first; none if there is no store or it keeps none."""
    try:
        entries = json.loads(((store or Path()) / FILE).read_text(encoding="utf-8")) if store else []
    except (OSError, ValueError):  # a store of before there was a history
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def write_loads(store: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Write the history into a store that is not in its place yet."""
    (store / FILE).write_text(json.dumps(list(entries), indent=1, ensure_ascii=False, default=str), encoding="utf-8")
