"""Plots: functions ``plot_x(frame, ax=None) -> Axes`` that compute nothing, and the theme of all figures.

Matplotlib is imported when the first plot is used, so that the command line starts without it.
"""

from __future__ import annotations

from crmkit._lazy import attach

_load, __dir__, __all__ = attach(__name__, __file__)


def __getattr__(name: str) -> object:
    return _load(name)
