"""Charts on churn: expected and actual losses, the profit of contacting customers, and how many remain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from crmkit.plots.frames import draws
from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import styled_axes, theme_context
from crmkit.plots.ticks import number_ticks, percent_ticks


@draws("day", "expected", "low", "high", "lost")
def plot_expected_losses(days: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the losses expected at past days, with their interval, beside the actual losses.

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
    ax = styled_axes(ax)
    with theme_context():
        place = np.arange(len(days))
        _draw_expected_and_actual(ax, place, days, "expected", "expected, with 95 % interval")
        ax.set_xticks(place, [f"{each:%d %b}".lstrip("0") for each in pd.to_datetime(days["day"])])
        ax.set_ylim(0, 1.45 * max(days["high"].max(), days["lost"].max(), 1))  # room for the legend
        number_ticks(ax.yaxis, "count", float(days["high"].max()))
        ax.set_ylabel("customers", color=LIGHT["soft"])
        ax.legend(frameon=False, loc="upper left")
    return ax


@draws("n", "profit")
def plot_call_profit(plan: pd.DataFrame, ax: Axes | None = None, *, currency: str | None = None) -> Axes:
    """Draw the profit of contacting the first 1, 2, 3, ... customers of a plan, and its maximum.

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
    ax = styled_axes(ax)
    with theme_context():
        ax.axhline(0, color=LIGHT["rule"], linewidth=1)
        ax.plot(plan["n"], plan["profit"], color=LIGHT["accent"], linewidth=2)
        best = plan.loc[plan["profit"].idxmax()]
        ax.plot([best["n"]], [best["profit"]], "o", color=LIGHT["ink"])
        number_ticks(ax.xaxis, "count", float(plan["n"].max()))
        number_ticks(ax.yaxis, "money", float(plan["profit"].abs().max()), currency)
        ax.set_xlabel("customers contacted", color=LIGHT["soft"])
        ax.set_ylabel("expected profit", color=LIGHT["soft"])
    return ax


@draws("tenth", "chance", "low", "high", "lost")
def plot_reliability(tenths: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw, by tenths of the customers, the predicted chance of leaving with its interval, and the share that left.

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
    ax = styled_axes(ax)
    with theme_context():
        _draw_expected_and_actual(ax, tenths["tenth"], tenths, "chance", "mean chance, with 95 % interval")
        ax.set_ylim(0, None)
        ax.xaxis.set_major_locator(MultipleLocator(1))
        percent_ticks(ax.yaxis)
        ax.set_xlabel("groups, lowest chances first", color=LIGHT["soft"])
        ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)  # above the highest group
    return ax


@draws("month", "value", "low", "high")
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
    ax = styled_axes(ax)
    with theme_context():
        ax.fill_between(months["month"], months["low"], months["high"], color=LIGHT["band"], linewidth=0)
        ax.plot(months["month"], months["value"], color=LIGHT["accent"], linewidth=2)
        ax.set_ylim(0, None)
        number_ticks(ax.yaxis, "count", float(months["value"].max()))
        ax.xaxis.set_major_locator(MultipleLocator(6))
        ax.set_xlabel("months from today", color=LIGHT["soft"])
        ax.set_ylabel("customers still active", color=LIGHT["soft"])
    return ax


def _draw_expected_and_actual(ax: Axes, places: Any, rows: pd.DataFrame, expected: str, label: str) -> None:
    ax.vlines(places, rows["low"], rows["high"], color=LIGHT["band"], linewidth=9)
    ax.plot(places, rows[expected], "o", color=LIGHT["accent"], label=label)
    ax.plot(places, rows["lost"], "x", color=LIGHT["ink"], markersize=9, markeredgewidth=2, label="left")
