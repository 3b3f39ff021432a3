"""Estimators, one per file: frames in, frames out, without canonical tables and Ibis."""

from __future__ import annotations

from crmkit._lazy import attach

_load, __dir__, __all__ = attach(__name__, __file__)


def __getattr__(name: str) -> object:
    return _load(name)
