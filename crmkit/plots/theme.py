"""The look of every figure: matplotlib settings, applied globally with :func:`use_theme` or around a block.

The background of a figure is transparent and its text has the ink colour of the page, so that a report can show the
same figure on light and on dark paper.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes

from crmkit.plots.palette import GROUPS, LIGHT

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

STYLE: dict[RcKeyType, Any] = {
    "figure.figsize": (10.6, 3.5),
    "figure.facecolor": "none",
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": LIGHT["rule"],
    "axes.labelcolor": LIGHT["soft"],
    "axes.titlecolor": LIGHT["ink"],
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.prop_cycle": cycler(color=GROUPS),
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.8,
    "text.color": LIGHT["ink"],
    "text.parse_math": False,  # a "$" in a customer's name is a dollar, not mathematics
    "xtick.color": LIGHT["rule"],
    "ytick.color": LIGHT["rule"],
    "xtick.labelcolor": LIGHT["soft"],
    "ytick.labelcolor": LIGHT["soft"],
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "legend.fontsize": 10.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "crmkit",  # the same figure gives the same bytes
}


def use_theme() -> None:
    """Give every figure drawn from now on the look of the reports, seaborn's included.

    Examples
    --------
    >>> use_theme()
    >>> bool(mpl.rcParams["text.parse_math"])
    False
    """
    mpl.rcParams.update(STYLE)


def theme_context() -> AbstractContextManager[None]:
    """Return a context in which figures have the look of the reports."""
    return mpl.rc_context(STYLE)


def styled_axes(ax: Axes | None, figsize: tuple[float, float] | None = None, *, grid: str = "y") -> Axes:
    """Return axes with the look of the reports: those given, or those of a new figure.

    Parameters
    ----------
    ax : Axes or None
    figsize : tuple of float, optional
        Width and height of a new figure [inches].
    grid : {"x", "y"}
        The axis that carries numbers: it gets grid lines and no line of its own.
    """
    ax = new_axes(figsize) if ax is None else ax
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(LIGHT["rule"])
    ax.set_axisbelow(True)
    ax.grid(False)
    ax.grid(True, axis=grid, color=LIGHT["rule"], linewidth=0.8)  # type: ignore[arg-type]
    ax.tick_params(labelcolor=LIGHT["soft"], length=0)
    return ax


def new_axes(figsize: tuple[float, float] | None = None) -> Axes:
    """Return the axes of a new figure with the look of the reports."""
    from matplotlib import pyplot

    with theme_context():
        return pyplot.subplots(figsize=figsize)[1]


def annotate(ax: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], **style: Any) -> None:
    """Write text so many points right of and above a place; it may stand outside the axes."""
    ax.annotate(text, at, xytext=offset, textcoords="offset points", **{"annotation_clip": False} | style)


def name_pair(ax: Axes, x: float, first: tuple[str, float, str], second: tuple[str, float, str]) -> None:
    """Write the names of two marks that stand at one place beside them, so that no legend is needed.

    Parameters
    ----------
    ax : Axes
    x : float
        Where the marks stand, the last of their kind.
    first, second : tuple of str, float and str
        Name, height and colour; the name of the higher mark stands above that of the lower.
    """
    upper, lower = sorted((first, second), key=lambda mark: -mark[1])
    for (name, y, colour), nudge, align in ((upper, 1, "bottom"), (lower, -1, "top")):
        annotate(ax, name, (x, y), (9, nudge), va=align, color=colour, fontsize=10.5, linespacing=0.95)
