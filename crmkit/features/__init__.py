"""What was known on a day: a catalog cut at that day, and one row a customer made from it.

Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "as_known_on": "crmkit.features.cut",
    "snapshot": "crmkit.features.snapshot",
    "snapshot_table": "crmkit.features.snapshot",
    "feature_words": "crmkit.features.register",
    "labels": "crmkit.features.labels",
    "durations": "crmkit.features.durations",
    "check_no_leak": "crmkit.features.leaks",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
