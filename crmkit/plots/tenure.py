"""Curves of who is still there, with bands and the numbers at risk below; what is no longer observed is dashed."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator

from crmkit.plots.palette import GROUPS, LIGHT
from crmkit.plots.theme import dressed, new_axes, themed

_STEP = 12  # months between the numbers at risk: on a telephone there is no room for more
_LINE = 0.06  # of the axis: the height of a line of text


def plot_tenure(curves: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share still there by months since the beginning, one line per group.

    Parameters
    ----------
    curves : DataFrame
        group, month, value, low, high [share], at_risk [count], extrapolated (bool).
    ax : Axes or None
        Axes to draw on; a new figure without.

    Returns
    -------
    Axes

    Examples
    --------
    >>> curves = pd.DataFrame({"group": "Small", "month": [0, 1, 2], "value": [1, 0.9, 0.85], "low": [1, 0.8, 0.7],
    ...                        "high": [1, 0.95, 0.9], "at_risk": [40, 40, 30], "extrapolated": False})
    >>> len(plot_tenure(curves).lines)
    1
    """
    groups = list(dict.fromkeys(curves["group"]))
    heights = _apart(curves.groupby("group")["value"].last())
    ax = dressed(new_axes((10.6, 4.2 + 0.26 * len(groups))) if ax is None else ax)
    with themed():
        for place, name in enumerate(groups):
            _draw_group(ax, curves[curves["group"] == name], GROUPS[place % len(GROUPS)], heights[name])
            _write_at_risk(ax, curves[curves["group"] == name], place, GROUPS[place % len(GROUPS)])
        ax.annotate(
            "up for renewal",
            (0, 0),
            xycoords="axes fraction",
            xytext=(0, -30),
            textcoords="offset points",
            color=LIGHT["soft"],
            fontsize=9.5,
        )
        ax.set_ylim(0, 1.02)
        ax.set_xlim(0, max(float(curves["month"].max()), 1.0))
        ax.xaxis.set_major_locator(MultipleLocator(_STEP))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
        ax.xaxis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value:.0f} months" if value == 0 else f"{value:.0f}")
        )
    return ax


def _apart(ends: pd.Series) -> dict[str, float]:
    """Return the height of each name beside the end of its curve, none nearer to the next than a line of text."""
    heights: dict[str, float] = {}
    floor = 0.0
    for name, end in ends.sort_values().items():
        heights[str(name)] = floor = max(float(end), floor)
        floor += _LINE
    return heights


def _draw_group(ax: Axes, curve: pd.DataFrame, colour: str, height: float) -> None:
    seen, guessed = curve[~curve["extrapolated"].astype(bool)], curve[curve["extrapolated"].astype(bool)]
    name = str(curve["group"].iloc[0])
    ax.step(seen["month"], seen["value"], where="post", color=colour, linewidth=2.2, zorder=3)
    ax.fill_between(seen["month"], seen["low"], seen["high"], step="post", color=colour, alpha=0.13, linewidth=0)
    if len(guessed):
        ax.plot(guessed["month"], guessed["value"], color=colour, linewidth=1.6, dashes=(3, 2.5), zorder=3)
        ax.fill_between(guessed["month"], guessed["low"], guessed["high"], color=colour, alpha=0.06, linewidth=0)
    end = curve.iloc[-1]
    ax.annotate(
        name,
        (float(end["month"]), height),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=colour,
        fontweight="bold",
        annotation_clip=False,
    )


def _write_at_risk(ax: Axes, curve: pd.DataFrame, place: int, colour: str) -> None:
    seen = curve[~curve["extrapolated"].astype(bool)]
    for month in range(0, int(curve["month"].max()) + 1, _STEP):
        row = seen[seen["month"] == month]
        if len(row):
            ax.annotate(
                f"{row['at_risk'].iloc[0]:,.0f}",
                (month, 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, -46 - 15 * place),
                textcoords="offset points",
                ha="left" if month == 0 else "center",
                color=colour,
                fontsize=9.5,
                annotation_clip=False,
            )
