"""How it looks: a theme, and functions ``plot_x(frame, ax=None) -> Axes`` that compute nothing.

Matplotlib is imported when the first plot is asked for, not before: the command line starts without it.
"""

from __future__ import annotations

from crmkit._lazy import attach

_load, __dir__, __all__ = attach(__name__, __file__)


def __getattr__(name: str) -> object:
    return _load(name)
