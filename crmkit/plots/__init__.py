"""How it looks: a theme, and functions ``plot_x(frame, ax=None) -> Axes`` that compute nothing.

Matplotlib is imported when the first plot is asked for, not before: the command line starts without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "plot_history": "crmkit.plots.history",
    "plot_groups": "crmkit.plots.groups",
    "plot_survival": "crmkit.plots.survival",
    "plot_expected_losses": "crmkit.plots.churn",
    "plot_call_profit": "crmkit.plots.churn",
    "plot_reliability": "crmkit.plots.churn",
    "plot_remaining": "crmkit.plots.churn",
    "plot_tenure": "crmkit.plots.tenure",
    "plot_waterfall": "crmkit.plots.waterfall",
    "plot_calibration": "crmkit.plots.forecasts",
    "plot_life": "crmkit.plots.forecasts",
    "plot_segment_flow": "crmkit.plots.segments",
    "plot_segment_map": "crmkit.plots.segments",
    "use_theme": "crmkit.plots.theme",
    "theme": "crmkit.plots.theme",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_HOMES[name])
    return module if name == "theme" else getattr(module, name)


def __dir__() -> list[str]:
    return __all__
