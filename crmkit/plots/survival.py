"""How many are still there: a survival curve with its band, and the numbers at risk below it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from crmkit.plots.palette import GROUPS, LIGHT
from crmkit.plots.theme import dressed, new_axes, themed

_DAYS_IN_A_MONTH = 365.25 / 12
_FEWEST = 10  # at risk, below which a curve is not drawn on: its steps are single customers
_STEPS = (3, 6, 12, 24, 48, 96)  # months between the numbers at risk


def plot_survival(curve: pd.DataFrame, ax: Axes | None = None, *, months: tuple[int, ...] | None = None) -> Axes:
    """Draw survival curves, one per group, with the numbers at risk.

    Parameters
    ----------
    curve : DataFrame
        One row per group and day, oldest last: group, age [days], at_risk [count], survival, low, high [share], as
        :func:`crmkit.survival_curve` returns it. One group is drawn with its band, several without.
    ax : Axes or None
        Axes to draw on; a new figure without.
    months : tuple of int or None
        Where the numbers at risk are written; None for the start and at most two more, as many as a telephone has room for.

    Returns
    -------
    Axes

    Examples
    --------
    >>> curve = pd.DataFrame({"group": "all", "age": [0, 30], "at_risk": [20.0, 20.0], "events": [0.0, 5.0],
    ...                       "survival": [1.0, 0.75], "low": [1.0, 0.5], "high": [1.0, 0.89]})
    >>> len(plot_survival(curve).lines)
    1
    """
    groups = list(dict.fromkeys(curve["group"]))
    ax = dressed(new_axes((10.6, 3.5 + 0.28 * len(groups))) if ax is None else ax)
    drawn = curve[curve["at_risk"] >= _FEWEST]
    longest = float(drawn["age"].max()) / _DAYS_IN_A_MONTH if len(drawn) else -1.0
    months = tuple(month for month in (_marked(longest) if months is None else months) if month <= longest)
    with themed():
        for place, group in enumerate(groups):
            own, colour = drawn[drawn["group"] == group], GROUPS[place % len(GROUPS)]
            if own.empty:
                continue
            age = own["age"].to_numpy(float) / _DAYS_IN_A_MONTH
            if len(groups) == 1:
                ax.fill_between(age, own["low"], own["high"], step="post", color=LIGHT["band"], linewidth=0, zorder=1)
            ax.plot(age, own["survival"], drawstyle="steps-post", color=colour, zorder=3)
            _write_at_risk(ax, own, months, place, colour, str(group) if len(groups) > 1 else "")
        ax.set_ylim(0, 1.02)
        ax.set_xticks(list(months))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda month, _: f"{month:.0f}" if month else "start"))
        ax.set_xlabel("months", loc="right", color=LIGHT["soft"])  # once: beside each number there is no room
        ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))
    return ax


def _marked(longest: float) -> tuple[int, ...]:
    """Return the months at which the numbers at risk stand, so few that they do not touch on a telephone."""
    step = next((step for step in _STEPS if longest < 3 * step), _STEPS[-1])
    return 0, step, 2 * step


def _write_at_risk(ax: Axes, own: pd.DataFrame, months: tuple[int, ...], place: int, colour: str, name: str) -> None:
    ages = own["age"].to_numpy(float)
    for month in months:
        at = np.searchsorted(ages, month * _DAYS_IN_A_MONTH)
        if at < len(ages):
            _below(ax, (month, 0), f"{own['at_risk'].iloc[at]:,.0f}", place, colour, "center")
    if name:  # beside its row: at the ends of the lines names would lie on each other
        ax.annotate(
            name,
            (1, 0),
            xycoords="axes fraction",
            xytext=(8, -46 - 15 * place),
            textcoords="offset points",
            color=colour,
            fontweight="bold",
            annotation_clip=False,
        )


def _below(ax: Axes, at: tuple[float, float], text: str, place: int, colour: str, align: str) -> None:
    ax.annotate(
        text,
        at,
        xycoords=("data", "axes fraction"),
        xytext=(0, -46 - 15 * place),
        textcoords="offset points",
        color=colour,
        ha=align,
        fontsize=10,
        annotation_clip=False,
    )
