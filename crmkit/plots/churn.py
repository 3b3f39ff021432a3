"""Charts on churn: expected and actual losses, the profit of contacting customers, and how many remain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from crmkit.metrics.formatting import scale_for
from crmkit.plots.frames import draws
from crmkit.plots.marks import band, dots, intervals, line
from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import name_pair, styled_axes, theme_context
from crmkit.plots.ticks import number_ticks, percent_ticks
from crmkit.words import say


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
    >>> [" ".join(text.get_text().split()) for text in plot_expected_losses(days).texts]
    ['expected, with 95 % interval', 'left']
    """
    ax = styled_axes(ax)
    with theme_context():
        rows = days.assign(place=np.arange(len(days)))
        said = [
            f"{_day(row.day)}: {row.expected:,.0f} expected ({row.low:,.0f} to {row.high:,.0f})"
            for row in days.itertuples()
        ]
        left = [f"{_day(row.day)}: {row.lost:,.0f} left" for row in days.itertuples()]
        _draw_expected_and_actual(ax, rows, "expected", say("chart-expected"), said, left)
        ax.set_xticks(rows["place"], [_day(day) for day in days["day"]])
        ax.set_xlim(-0.5, len(days) - 0.5)
        ax.set_ylim(0, 1.08 * max(days["high"].max(), days["lost"].max(), 1))
        number_ticks(ax.yaxis, "count", float(days["high"].max()))
        ax.set_ylabel("customers", color=LIGHT["soft"])
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
    >>> plot_call_profit(plan).collections[-1].get_offsets().tolist()
    [[2.0, 7.0]]
    """
    ax = styled_axes(ax)
    with theme_context():
        ax.axhline(0, color=LIGHT["rule"], linewidth=1)
        line(ax, plan, "n", "profit", color=LIGHT["accent"], linewidth=2)
        best = plan.loc[[plan["profit"].idxmax()]]
        said = scale_for("money", float(best["profit"].iloc[0]), currency=currency).words(float(best["profit"].iloc[0]))
        dots(
            ax, best, "n", "profit", color=LIGHT["ink"], size=7, values=[f"{best['n'].iloc[0]:,.0f} customers: {said}"]
        )
        number_ticks(ax.xaxis, "count", float(plan["n"].max()))
        number_ticks(ax.yaxis, "money", float(plan["profit"].abs().max()), currency)
        ax.set_xlabel(say("chart-axis-contacted"), color=LIGHT["soft"])
        ax.set_ylabel(say("chart-axis-profit"), color=LIGHT["soft"])
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
    >>> [" ".join(text.get_text().split()) for text in plot_reliability(tenths).texts]
    ['mean chance, with 95 % interval', 'left']
    """
    ax = styled_axes(ax)
    with theme_context():
        said = [
            f"Group {row.tenth}: chance {row.chance:.1%} ({row.low:.1%} to {row.high:.1%})"
            for row in tenths.itertuples()
        ]
        left = [f"Group {row.tenth}: {row.lost:.1%} left" for row in tenths.itertuples()]
        said, left = ([words.replace("%", " %") for words in each] for each in (said, left))
        rows = tenths.assign(place=tenths["tenth"])
        _draw_expected_and_actual(ax, rows, "chance", say("chart-mean-chance"), said, left)
        ax.set_ylim(0, None)
        ax.xaxis.set_major_locator(MultipleLocator(1))
        percent_ticks(ax.yaxis)
        ax.set_xlabel(say("chart-axis-tenths"), color=LIGHT["soft"])
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
        band(ax, months, "month", color=LIGHT["band"])
        line(ax, months, "month", "value", color=LIGHT["accent"], linewidth=2)
        ax.set_ylim(0, None)
        number_ticks(ax.yaxis, "count", float(months["value"].max()))
        ax.xaxis.set_major_locator(MultipleLocator(6))
        ax.set_xlabel(say("chart-axis-months-ahead"), color=LIGHT["soft"])
        ax.set_ylabel(say("chart-axis-still-active"), color=LIGHT["soft"])
    return ax


def _day(day: Any) -> str:
    return f"{pd.Timestamp(day):%d %b}".lstrip("0")


def _draw_expected_and_actual(
    ax: Axes, rows: pd.DataFrame, expected: str, label: str, expected_words: list[str], lost_words: list[str]
) -> None:
    intervals(ax, rows, "place", color=LIGHT["band"], width=9, capstyle="butt")
    dots(ax, rows, "place", expected, color=LIGHT["accent"], size=7, values=expected_words)
    dots(ax, rows, "place", "lost", color=LIGHT["ink"], size=8, values=lost_words, marker="x", linewidth=2)
    last = rows.iloc[-1]
    named = (label, float(last[expected]), LIGHT["accent"]), ("left", float(last["lost"]), LIGHT["ink"])
    name_pair(ax, float(last["place"]), *named)
