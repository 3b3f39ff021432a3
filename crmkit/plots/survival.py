"""Survival curves with their bands, and the numbers at risk below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator

from crmkit.plots.frames import draws
from crmkit.plots.marks import band, dots, line
from crmkit.plots.palette import LIGHT, colours_of
from crmkit.plots.theme import annotate, styled_axes, theme_context
from crmkit.plots.ticks import percent_ticks
from crmkit.words import say

_DAYS_IN_A_MONTH = 365.25 / 12
_FEWEST = 10  # at risk, below which a curve ends: each of its steps would be a single customer
_STEPS = (3, 6, 12, 24, 48, 96)  # months between the numbers at risk of plot_survival
_TENURE_STEP = 12  # months between the numbers at risk of plot_tenure; more would not fit on a phone
_MARKED = 6  # months between the dots of a curve
_LINE = 0.06  # height of a line of text [share of the axis]


@draws("group", "age", "at_risk", "survival", "low", "high")
def plot_survival(
    curve: pd.DataFrame, ax: Axes | None = None, *, months: tuple[int, ...] | None = None, known: Sequence[str] = ()
) -> Axes:
    """Draw survival curves, one per group, with the numbers at risk.

    Parameters
    ----------
    curve : DataFrame
        One row per group and day, oldest last: group, age [days], at_risk [count], survival, low, high [share], as
        :func:`crmkit.survival_curve` returns it. One group is drawn with its band, several without.
    ax : Axes or None
        Axes to draw on; a new figure without.
    months : tuple of int or None
        Ages at which the numbers at risk are written; None for the start and at most two more, which fit on a phone.
    known : sequence of str
        All names of groups that any chart may show, so that each has one colour in all of them.

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
    ax = styled_axes(ax, (10.6, 3.5 + 0.28 * len(groups)))
    drawn = curve[curve["at_risk"] >= _FEWEST]
    longest = float(drawn["age"].max()) / _DAYS_IN_A_MONTH if len(drawn) else -1.0
    months = tuple(month for month in (_marked(longest) if months is None else months) if month <= longest)
    with theme_context():
        colours, heights = colours_of(groups, known), _label_heights(drawn.groupby("group")["survival"].last())
        for place, group in enumerate(groups):
            own, colour = drawn[drawn["group"] == group], colours[str(group)] if len(groups) > 1 else LIGHT["accent"]
            if own.empty:
                continue
            own = own.assign(month=own["age"].astype(float) / _DAYS_IN_A_MONTH)
            if len(groups) == 1:  # seaborn's bands have no steps
                edges = own["month"], own["low"], own["high"]
                ax.fill_between(*edges, step="post", color=LIGHT["band"], linewidth=0, zorder=1)
            line(ax, own, "month", "survival", color=colour, drawstyle="steps-post", zorder=3)
            _mark(ax, _at_months(own), "survival", colour, str(group) if len(groups) > 1 else "")
            _write_at_risk(ax, own, months, place, colour)
            if len(groups) > 1:
                end = longest, heights[str(group)]  # beside all curves: none of them crosses a name
                annotate(ax, str(group), end, (6, 0), va="center", color=colour, fontweight="bold")
        ax.set_ylim(0, 1.02)
        ax.set_xticks(list(months))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda month, _: f"{month:.0f}" if month else "start"))
        ax.set_xlabel("months", loc="right", color=LIGHT["soft"])  # once, as there is no room beside each number
        percent_ticks(ax.yaxis)
    return ax


@draws("group", "month", "value", "low", "high", "at_risk", "extrapolated")
def plot_tenure(curves: pd.DataFrame, ax: Axes | None = None, *, known: Sequence[str] = ()) -> Axes:
    """Draw the share still subscribed by months since the start, one line per group, dashed where extrapolated.

    Parameters
    ----------
    curves : DataFrame
        group, month, value, low, high [share], at_risk [count], extrapolated (bool).
    ax : Axes or None
        Axes to draw on; a new figure without.
    known : sequence of str
        All names of groups that any chart may show, so that each has one colour in all of them.

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
    heights = _label_heights(curves.groupby("group")["value"].last())
    ax = styled_axes(ax, (10.6, 4.2 + 0.26 * len(groups)))
    with theme_context():
        colours = colours_of(groups, known)
        for place, name in enumerate(groups):
            own, colour = curves[curves["group"] == name], colours[str(name)]
            _draw_tenure(ax, own, colour, heights[name])
            marked = own.drop_duplicates("month")
            _mark(ax, marked[marked["month"] % _MARKED == 0], "value", colour, str(name))
            _write_tenure_at_risk(ax, own, place, colour)
        at = {"xycoords": "axes fraction", "annotation_clip": None}
        annotate(ax, say("chart-axis-up-for-renewal"), (0, 0), (0, -30), color=LIGHT["soft"], fontsize=9.5, **at)
        ax.set_ylim(0, 1.02)
        ax.set_xlim(0, max(float(curves["month"].max()), 1.0))
        ax.xaxis.set_major_locator(MultipleLocator(_TENURE_STEP))
        percent_ticks(ax.yaxis)
        ax.xaxis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value:.0f} months" if value == 0 else f"{value:.0f}")
        )
    return ax


def _marked(longest: float) -> tuple[int, ...]:
    """Return the months at which numbers at risk are written, so few that they do not overlap on a phone."""
    step = next((step for step in _STEPS if longest < 3 * step), _STEPS[-1])
    return 0, step, 2 * step


def _write_at_risk(ax: Axes, own: pd.DataFrame, months: tuple[int, ...], place: int, colour: str) -> None:
    ages = own["age"].to_numpy(float)
    for month in months:
        at = np.searchsorted(ages, month * _DAYS_IN_A_MONTH)
        if at < len(ages):
            _below(ax, month, own["at_risk"].iloc[at], place, colour, ha="center", fontsize=10)


def _at_months(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a curve in days at every sixth month."""
    ages = curve["age"].to_numpy(float)
    months = np.arange(0, curve["month"].max() + 1e-9, _MARKED)
    rows = np.searchsorted(ages, months * _DAYS_IN_A_MONTH + 1e-9, side="right") - 1
    return curve.iloc[np.maximum(rows, 0)].assign(month=months)


def _mark(ax: Axes, rows: pd.DataFrame, value: str, colour: str, name: str) -> None:
    """Draw small dots on a curve that say its value, interval and how many are at risk."""
    said = []
    for row in rows.to_dict("records"):
        share, low, high = (100 * row[each] for each in (value, "low", "high"))
        at_risk = f", of {row['at_risk']:,.0f}" if np.isfinite(row["at_risk"] or np.nan) else ""
        words = f"month {row['month']:.0f}: {share:.0f} % ({low:.0f} to {high:.0f} %){at_risk}"
        said.append(f"{name}, {words}" if name else words.capitalize())
    if said:
        dots(ax, rows, "month", value, color=colour, size=4.5, values=said)


def _label_heights(ends: pd.Series) -> dict[str, float]:
    """Return the height of each name beside the end of its curve, at least a line of text apart."""
    heights: dict[str, float] = {}
    floor = 0.0
    for name, end in ends.sort_values().items():
        heights[str(name)] = floor = max(float(end), floor)
        floor += _LINE
    return heights


def _draw_tenure(ax: Axes, curve: pd.DataFrame, colour: str, height: float) -> None:
    observed, forecast = curve[~curve["extrapolated"].astype(bool)], curve[curve["extrapolated"].astype(bool)]
    name = str(curve["group"].iloc[0])
    line(ax, observed, "month", "value", color=colour, drawstyle="steps-post", linewidth=2.2, zorder=3)
    ax.fill_between(
        observed["month"], observed["low"], observed["high"], step="post", color=colour, alpha=0.13, linewidth=0
    )
    if len(forecast):
        line(ax, forecast, "month", "value", color=colour, linewidth=1.6, linestyle=(0, (3, 2.5)), zorder=3)
        band(ax, forecast, "month", color=colour, alpha=0.06)
    end = curve.iloc[-1]
    annotate(ax, name, (float(end["month"]), height), (6, 0), va="center", color=colour, fontweight="bold")


def _write_tenure_at_risk(ax: Axes, curve: pd.DataFrame, place: int, colour: str) -> None:
    observed = curve[~curve["extrapolated"].astype(bool)]
    for month in range(0, int(curve["month"].max()) + 1, _TENURE_STEP):
        row = observed[observed["month"] == month]
        if len(row):
            align = "center" if month else "left"
            _below(ax, month, row["at_risk"].iloc[0], place, colour, ha=align, fontsize=9.5)


def _below(ax: Axes, month: int, at_risk: float, place: int, colour: str, **style: Any) -> None:
    at = {"xycoords": ("data", "axes fraction"), "color": colour}
    annotate(ax, f"{at_risk:,.0f}", (month, 0), (0, -46 - 15 * place), **at, **style)
