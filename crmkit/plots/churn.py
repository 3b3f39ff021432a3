"""Leaving: what was expected beside what came, and what contacts bring."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import dressed, new_axes, themed


def plot_expected_losses(days: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the losses expected at past days, with their interval, beside those that came.

    Parameters
    ----------
    days : DataFrame
        day, expected, low, high, lost [customers], oldest first.
    ax : Axes or None
        Axes to draw on; a new figure without.

    Examples
    --------
    >>> days = pd.DataFrame({"day": ["2026-05-31"], "expected": [9.0], "low": [4.0], "high": [14.0], "lost": [8.0]})
    >>> [text.get_text() for text in plot_expected_losses(days).get_legend().get_texts()]
    ['expected, with 95 % interval', 'came']
    """
    ax = dressed(new_axes() if ax is None else ax)
    with themed():
        place = np.arange(len(days))
        ax.vlines(place, days["low"], days["high"], color=LIGHT["band"], linewidth=9)
        ax.plot(place, days["expected"], "o", color=LIGHT["accent"], label="expected, with 95 % interval")
        ax.plot(place, days["lost"], "x", color=LIGHT["ink"], markersize=9, markeredgewidth=2, label="came")
        ax.set_xticks(place, list(days["day"]))
        ax.set_ylim(bottom=0)
        ax.set_ylabel("customers lost", color=LIGHT["soft"])
        ax.legend(frameon=False)
    return ax


def plot_call_profit(plan: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what it brings to contact the first 1, 2, 3, ... customers of a plan, and where it is most.

    Parameters
    ----------
    plan : DataFrame
        n (customers contacted), profit [money].
    ax : Axes or None
        Axes to draw on; a new figure without.

    Examples
    --------
    >>> plan = pd.DataFrame({"n": [1, 2, 3], "profit": [5.0, 7.0, 4.0]})
    >>> float(plot_call_profit(plan).lines[-1].get_xdata()[0])
    2.0
    """
    ax = dressed(new_axes() if ax is None else ax)
    with themed():
        ax.axhline(0, color=LIGHT["rule"], linewidth=1)
        ax.plot(plan["n"], plan["profit"], color=LIGHT["accent"], linewidth=2)
        best = plan.loc[plan["profit"].idxmax()]
        ax.plot([best["n"]], [best["profit"]], "o", color=LIGHT["ink"])
        ax.set_xlabel("customers contacted, the most worthwhile first", color=LIGHT["soft"])
        ax.set_ylabel("expected profit", color=LIGHT["soft"])
    return ax
