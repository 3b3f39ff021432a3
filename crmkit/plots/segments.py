"""Charts of segments: a map of the customers, and the flow of customers between segments from one day to another."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter
from scipy.optimize import isotonic_regression

from crmkit.models.segments.rfm import LADDER
from crmkit.plots.frames import draws
from crmkit.plots.marks import dots
from crmkit.plots.palette import LIGHT, colours_of
from crmkit.plots.theme import new_axes, styled_axes, theme_context
from crmkit.plots.ticks import tick_labels
from crmkit.words import say

_DAYS = {0: "today", 6: "a week", 59: "2 months", 364: "a year"}
_GAP, _BAR = 0.025, 0.018  # between two segments [share of the height]; width of a segment [share of the width]
_TONES = {"up": LIGHT["better"], "down": LIGHT["worse"], "new": LIGHT["accent"], "stayed": LIGHT["band"]}
_BEHIND = {"boxstyle": "round,pad=0.12", "facecolor": LIGHT["behind"], "edgecolor": "none", "alpha": 0.85}  # of a label
_NARROW = 4  # inches, below which labels of the axis in one line would overlap
_SHAPES = "os^Dv<>pPXhd"  # one for each segment, as not everybody tells twelve colours apart
MOST_DOTS = 500  # keeps a page below 500 kB


@draws("segment", "days_since_order", "revenue")
def plot_segment_map(customers: pd.DataFrame, ax: Axes | None = None, *, currency: str | None = None) -> Axes:
    """Draw each customer by days since the last order and revenue of a year, and each segment at its medians.

    Parameters
    ----------
    customers : DataFrame
        segment, days_since_order [days], revenue [currency, of 365 days]; segments in the order of their colours. Of
        more than 500 customers, every second, third, ... is drawn.
    ax : Axes or None
        Axes to draw on; a new figure without.
    currency : str or None
        ISO 4217 code.

    Examples
    --------
    >>> customers = pd.DataFrame({"segment": ["Loyal", "Lost"], "days_since_order": [3, 400], "revenue": [900.0, 0.0]})
    >>> [text.get_text() for text in plot_segment_map(customers).texts]
    ['Lost', 'Loyal']
    """
    ax = styled_axes(ax, (10.6, 5.4))
    shown = customers.iloc[:: max(1, -(-len(customers) // MOST_DOTS))]
    unit = max(float(customers["revenue"].clip(lower=0).median()), 1.0) / 4
    names = list(dict.fromkeys(customers["segment"]))
    with theme_context():
        colours = colours_of(names, known=LADDER)
        for place, name in enumerate(names):
            own = shown[shown["segment"] == name]
            own = own.assign(x=_days(own["days_since_order"]), y=_money(own["revenue"], unit))
            shape = _SHAPES[place % len(_SHAPES)]
            dots(ax, own, "x", "y", color=colours[str(name)], size=3.4, alpha=0.5, marker=shape)
        middles = customers.assign(x=_days(customers["days_since_order"]), y=_money(customers["revenue"], unit))
        middles = middles.groupby("segment")[["x", "y"]].median().sort_values("y")
        room = 0.055 * float(_money(customers["revenue"], unit).max())
        heights = _without_overlap(middles["y"].to_numpy(), np.full(len(middles), room))
        for name, x, y in zip(middles.index, middles["x"], heights, strict=True):
            at: dict[str, Any] = {"ha": "center", "va": "center", "fontweight": "bold", "bbox": _BEHIND}
            ax.annotate(name, (x, y), color=colours[str(name)], **at)
        _worded_axes(ax, customers, unit, currency)
    return ax


@draws("from", "to", "n", "direction")
def plot_segment_flow(moves: pd.DataFrame, ax: Axes | None = None, *, order: Sequence[str] = ()) -> Axes:
    """Draw how many customers flowed from each segment of before (left) to each of now (right).

    Parameters
    ----------
    moves : DataFrame
        from, to, n [customers], direction ("up", "down", "new", "stayed").
    ax : Axes or None
        Axes to draw on; a new figure without.
    order : list of str
        Segments from the top down; those not listed, such as "(new)", come last.

    Examples
    --------
    >>> moves = pd.DataFrame({"from": ["Loyal", "Loyal"], "to": ["Loyal", "Lost"], "n": [8, 2], "direction": ["stayed", "down"]})
    >>> [text.get_text() for text in plot_segment_flow(moves, order=["Loyal", "Lost"]).texts]
    ['Loyal 10', 'Loyal 8', 'Lost 2']
    """
    ax = new_axes((10.6, 6.6)) if ax is None else ax
    order = [*order, *sorted({*moves["from"], *moves["to"]} - set(order))]
    left, right = _stacked(moves.groupby("from")["n"].sum(), order), _stacked(moves.groupby("to")["n"].sum(), order)
    scale = (1 - _GAP * (len(order) - 1)) / max(float(moves["n"].sum()), 1.0)
    here, there = dict(left), dict(right)  # at which the next ribbon of a segment begins
    ranked = moves.assign(f=moves["from"].map(order.index), t=moves["to"].map(order.index)).sort_values(["f", "t"])
    with theme_context():
        for start, end, n, direction in ranked[["from", "to", "n", "direction"]].itertuples(index=False):
            _ribbon(ax, here[str(start)], there[str(end)], float(n) * scale, str(direction))
            here[str(start)] += float(n) * scale
            there[str(end)] += float(n) * scale
        _columns(ax, left, moves.groupby("from")["n"].sum(), scale, "right")
        _columns(ax, right, moves.groupby("to")["n"].sum(), scale, "left")
        ax.set_xlim(-0.55, 1.55)  # leaves room for twelve letters on a phone
        ax.set_ylim(1.02, -0.02)
        ax.set_axis_off()
    return ax


def _days(days: pd.Series) -> pd.Series:
    return -days.astype(float).clip(lower=0).transform(np.log1p)  # the most recent on the right


def _money(revenue: pd.Series, unit: float) -> pd.Series:
    return (revenue.astype(float).clip(lower=0) / unit).transform(np.log1p)


def _ago(place: float, ax: Axes) -> str:
    words = _DAYS.get(round(float(np.expm1(-place))), "")
    figure = ax.get_figure(root=True)
    is_narrow = figure is not None and ax.bbox.width / figure.dpi < _NARROW
    return words.replace(" ", "\n") if is_narrow else words


def _worded_axes(ax: Axes, customers: pd.DataFrame, unit: float, currency: str | None) -> None:
    furthest = float(customers["days_since_order"].max())
    ticks = [days for days in _DAYS if days <= max(furthest, 6)]
    ax.set_xticks([-np.log1p(days) for days in ticks])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda place, _: _ago(place, ax)))
    ax.set_xlabel(say("chart-axis-since-order"), color=LIGHT["soft"])
    most = max(float(customers["revenue"].max()), 1.0)
    steps = [0.0, *(float(10**power) for power in range(0, 9) if unit / 3 <= 10**power <= most)]
    # Each label has its own scale, as the axis is logarithmic and may go from tens to millions.
    labels = [tick_labels("money", step, [step], currency=currency)[0] for step in steps]
    ax.set_yticks([float(np.log1p(step / unit)) for step in steps], labels)
    ax.set_ylabel(say("chart-axis-revenue"), color=LIGHT["soft"])


def _stacked(sizes: pd.Series, order: list[str]) -> dict[str, float]:
    """Return the place at which the bar of each segment begins."""
    scale, top, begins = (1 - _GAP * (len(order) - 1)) / max(float(sizes.sum()), 1.0), 0.0, {}
    for name in order:
        if name in sizes.index:
            begins[name] = top
            top += float(sizes[name]) * scale + _GAP
    return begins


def _ribbon(ax: Axes, start: float, end: float, width: float, direction: str) -> None:
    points = [
        (_BAR, start),
        (0.5, start),
        (0.5, end),
        (1 - _BAR, end),
        (1 - _BAR, end + width),
        (0.5, end + width),
        (0.5, start + width),
        (_BAR, start + width),
        (_BAR, start),
    ]
    steps = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    faint = 0.55 if direction == "stayed" else 0.8
    ax.add_patch(
        PathPatch(
            Path(points, steps),
            facecolor=_TONES[direction],
            alpha=faint,
            linewidth=0,
            zorder=1 if direction == "stayed" else 2,
        )
    )


def _columns(ax: Axes, begins: dict[str, float], sizes: pd.Series, scale: float, align: str) -> None:
    side = 0.0 if align == "right" else 1.0
    heights = [float(sizes[name]) * scale for name in begins]
    words = [fill(f"{name} {sizes[name]:,}", 12) for name in begins]  # a line that fits on a phone
    middles = [top + height / 2 for top, height in zip(begins.values(), heights, strict=True)]
    places = _without_overlap(np.array(middles), np.array([0.031 * (1 + each.count("\n")) for each in words]))
    for top, height, text, place in zip(begins.values(), heights, words, places, strict=True):
        ax.add_patch(Rectangle((side if side == 0 else side - _BAR, top), _BAR, height, color=LIGHT["ink"]))
        ax.annotate(
            text,
            (side + (0.012 if side else -0.012), place),
            ha=align,
            va="center",
            color=LIGHT["ink"],
            linespacing=0.95,
        )


def _without_overlap(middles: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return places, in rising order, at which labels of these heights do not overlap, as near to the middles as possible."""
    above = np.cumsum(heights) - heights / 2
    return np.asarray(isotonic_regression(middles - above).x) + above
