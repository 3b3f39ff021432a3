"""Lines, dots, bars, bands and intervals, drawn by seaborn on axes that have the look of the reports.

Seaborn is imported when the first mark is drawn, once in a program: the import takes a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from crmkit.plots.hover import with_values


def line(ax: Axes, rows: pd.DataFrame, x: str, y: str, *, color: str, units: str | None = None, **style: Any) -> None:
    """Draw a line through values, in the order of x; one for each of ``units``, so that gaps stay gaps."""
    import seaborn

    with _without_names(ax):
        seaborn.lineplot(
            rows, x=x, y=y, ax=ax, color=color, units=units, estimator=None, errorbar=None, legend=False, **style
        )


def dots(
    ax: Axes, rows: pd.DataFrame, x: str, y: str, *, color: str, size: float, values: Sequence[str] = (), **style: Any
) -> None:
    """Draw values as dots.

    Parameters
    ----------
    size : float
        Diameter [points].
    values : sequence of str
        What each dot shows when it is pointed at; rows must have no missing values then.
    """
    import seaborn

    with _without_names(ax):
        style = {"linewidth": 0, "zorder": 4} | style
        seaborn.scatterplot(rows, x=x, y=y, ax=ax, color=color, s=size**2, legend=False, **style)
    if len(values):
        with_values(ax.collections[-1], values)


def bars(ax: Axes, rows: pd.DataFrame, x: str, y: str, *, color: str, values: Sequence[str] = (), **style: Any) -> None:
    """Draw values as bars from zero."""
    import seaborn

    n_before = len(ax.patches)
    with _without_names(ax):
        seaborn.barplot(
            rows, x=x, y=y, ax=ax, color=color, native_scale=True, saturation=1, errorbar=None, legend=False, **style
        )
    for bar, words in zip(ax.patches[n_before:], values, strict=False):
        with_values(bar, [words])


def intervals(
    ax: Axes, rows: pd.DataFrame, at: str, *, color: str, width: float, along: str = "y", **style: Any
) -> None:
    """Draw the interval from ``low`` to ``high`` of each row.

    Parameters
    ----------
    at : str
        Column with the place on the other axis.
    width : float
        [points]
    along : {"x", "y"}
        The axis of the values.
    """
    from seaborn import objects

    known = rows.dropna(subset=["low", "high"])
    if known.empty:
        return
    other, orient = ("x", "x") if along == "y" else ("y", "y")
    mark = objects.Range(color=color, linewidth=width, artist_kws={"capstyle": "round", "zorder": 2} | style)
    places = {other: at, f"{along}min": "low", f"{along}max": "high"}
    with _without_names(ax):
        objects.Plot(known, **places).add(mark, orient=orient, legend=False).on(ax).plot()


def band(ax: Axes, rows: pd.DataFrame, x: str, *, color: str, alpha: float = 1.0) -> None:
    """Draw the band from ``low`` to ``high`` along x."""
    from seaborn import objects

    mark = objects.Band(color=color, alpha=alpha, edgewidth=0)
    with _without_names(ax):
        objects.Plot(rows, x=x, ymin="low", ymax="high").add(mark, legend=False).on(ax).plot()


@contextmanager
def _without_names(ax: Axes) -> Iterator[None]:
    """Keep the names and ticks of the axes: seaborn would put the names of columns there."""
    names = ax.get_xlabel(), ax.get_ylabel()
    yield
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1])
