"""The parts of the change of a sum: one bar per part, each beginning where the last one ended, the net at the end."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from matplotlib.axes import Axes

from crmkit.metrics.formatting import common_scale, currency_of
from crmkit.plots.frames import draws
from crmkit.plots.hover import with_values
from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import annotate, styled_axes, theme_context
from crmkit.plots.ticks import number_ticks


@draws("label", "value", "low", "high", "unit")
def plot_waterfall(parts: pd.DataFrame, ax: Axes | None = None, *, currency: str | None = None) -> Axes:
    """Draw parts and their sum.

    Parameters
    ----------
    parts : DataFrame
        One row per part, in order: label, value, low, high, unit. The last row is the net.
    ax : Axes or None
        Axes to draw on; a new figure without.
    currency : str or None
        ISO 4217 code for money.

    Returns
    -------
    Axes

    Examples
    --------
    >>> parts = pd.DataFrame({"label": ["New", "Lost", "Net"], "value": [5.0, -2.0, 3.0], "low": [4.0, -3.0, 1.0],
    ...                       "high": [6.0, -1.0, 5.0], "unit": "money"})
    >>> len(plot_waterfall(parts).patches)
    3
    """
    ax = styled_axes(ax, (10.6, 3.9))
    currency = currency_of(parts, currency)
    scale = common_scale(parts.itertuples(index=False), currency)
    scale = replace(scale, decimals=max(scale.decimals, 0))  # parts in hundreds would not add up
    start, last = 0.0, len(parts) - 1
    with theme_context():
        for place, value in enumerate(parts["value"].to_numpy(float)):
            start = 0.0 if place == last else start
            colour = LIGHT["accent"] if place == last else LIGHT["better"] if value >= 0 else LIGHT["worse"]
            (bar,) = ax.barh(place, value, left=start, height=0.62, color=colour, zorder=2)  # seaborn's begin at zero
            with_values(bar, [f"{parts['label'].iloc[place]}: {scale.words(value)}"])
            right = max(start, start + value, 0.0)  # not left of the line at zero, which would cross the number
            annotate(ax, scale.number(value), (right, place), (5, 0), va="center", color=colour, fontweight="bold")
            if place < last:
                ax.plot([start + value] * 2, [place + 0.31, place + 0.69], color=LIGHT["rule"], linewidth=1.2)
            start += value
        ax.axvline(0, color=LIGHT["soft"], linewidth=0.8)
        ax.margins(x=0.14)
        ax.set_yticks(range(len(parts)), list(parts["label"]))  # horizontal bars, so that names fit on a phone
        ax.invert_yaxis()
        ax.grid(axis="y", visible=False)
        ax.grid(axis="x", visible=True)
        number_ticks(ax.xaxis, "money", float(parts["value"].abs().max()), currency)
    return ax
