"""Leaving: what was expected beside what came, and what contacts bring."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator

from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import dressed, new_axes, themed
from crmkit.plots.ticks import number_ticks


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
    ['expected, with 95 % interval', 'left']
    """
    ax = dressed(new_axes() if ax is None else ax)
    with themed():
        place = np.arange(len(days))
        ax.vlines(place, days["low"], days["high"], color=LIGHT["band"], linewidth=9)
        ax.plot(place, days["expected"], "o", color=LIGHT["accent"], label="expected, with 95 % interval")
        ax.plot(place, days["lost"], "x", color=LIGHT["ink"], markersize=9, markeredgewidth=2, label="left")
        ax.set_xticks(place, [f"{each:%d %b}".lstrip("0") for each in pd.to_datetime(days["day"])])
        ax.set_ylim(0, 1.45 * max(days["high"].max(), days["lost"].max(), 1))  # room for the legend
        number_ticks(ax.yaxis, "count", float(days["high"].max()))
        ax.set_ylabel("customers", color=LIGHT["soft"])
        ax.legend(frameon=False, loc="upper left")
    return ax


def plot_call_profit(plan: pd.DataFrame, ax: Axes | None = None, *, currency: str | None = None) -> Axes:
    """Draw what it brings to contact the first 1, 2, 3, ... customers of a plan, and where it is most.

    Parameters
    ----------
    plan : DataFrame
        n (customers contacted), profit [money].
    ax : Axes or None
        Axes to draw on; a new figure without.
    currency : str or None
        ISO 4217 code.

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
        number_ticks(ax.xaxis, "count", float(plan["n"].max()))
        number_ticks(ax.yaxis, "money", float(plan["profit"].abs().max()), currency)
        ax.set_xlabel("customers contacted", color=LIGHT["soft"])
        ax.set_ylabel("expected profit", color=LIGHT["soft"])
    return ax


def plot_reliability(tenths: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw, by tenths of the customers, the chance that was said with its band, and the share that left.

    Parameters
    ----------
    tenths : DataFrame
        tenth (from 1), chance, low, high, lost [share].
    ax : Axes or None
        Axes to draw on; a new figure without.

    Examples
    --------
    >>> tenths = pd.DataFrame({"tenth": [1, 2], "chance": [0.1, 0.6], "low": [0.05, 0.5], "high": [0.2, 0.7],
    ...                        "lost": [0.1, 0.55]})
    >>> [text.get_text() for text in plot_reliability(tenths).get_legend().get_texts()]
    ['mean chance, with 95 % interval', 'left']
    """
    ax = dressed(new_axes() if ax is None else ax)
    with themed():
        ax.vlines(tenths["tenth"], tenths["low"], tenths["high"], color=LIGHT["band"], linewidth=9)
        ax.plot(tenths["tenth"], tenths["chance"], "o", color=LIGHT["accent"], label="mean chance, with 95 % interval")
        ax.plot(tenths["tenth"], tenths["lost"], "x", color=LIGHT["ink"], markersize=9, markeredgewidth=2, label="left")
        ax.set_ylim(0, None)
        ax.xaxis.set_major_locator(MultipleLocator(1))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))
        ax.set_xlabel("groups, lowest chances first", color=LIGHT["soft"])
        ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)  # clear of the highest group
    return ax


def plot_remaining(months: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how many of today's customers will still be active month after month, with their band.

    Parameters
    ----------
    months : DataFrame
        month (from 0), value, low, high [customers].
    ax : Axes or None
        Axes to draw on; a new figure without.

    Examples
    --------
    >>> months = pd.DataFrame({"month": [0, 1], "value": [50.0, 45.0], "low": [50.0, 41.0], "high": [50.0, 48.0]})
    >>> len(plot_remaining(months).lines)
    1
    """
    ax = dressed(new_axes() if ax is None else ax)
    with themed():
        ax.fill_between(months["month"], months["low"], months["high"], color=LIGHT["band"], linewidth=0)
        ax.plot(months["month"], months["value"], color=LIGHT["accent"], linewidth=2)
        ax.set_ylim(0, None)
        number_ticks(ax.yaxis, "count", float(months["value"].max()))
        ax.xaxis.set_major_locator(MultipleLocator(6))
        ax.set_xlabel("months from today", color=LIGHT["soft"])
        ax.set_ylabel("customers still active", color=LIGHT["soft"])
    return ax
