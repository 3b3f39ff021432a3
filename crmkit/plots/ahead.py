"""The months of a number that came and those to come, in one picture."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from crmkit.metrics.formatting import scale_for
from crmkit.periods import Period
from crmkit.plots.frames import draws
from crmkit.plots.hover import with_values
from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import annotate, styled_axes, theme_context
from crmkit.plots.ticks import PeriodLocator, number_ticks, period_label


@draws("period", "value", "low_80", "high_80", "low", "high", "unit", "came")
def plot_ahead(months: pd.DataFrame, ax: Axes | None = None, *, currency: str | None = None) -> Axes:
    """Draw the months that came as a line, and those to come with their intervals of 80 and 95 %.

    Parameters
    ----------
    months : DataFrame
        One row per month, oldest first, of one metric: period, value, low_80, high_80, low, high, unit, and came (whether
        the month is over; else the value is a forecast).
    ax : Axes or None
        Axes to draw on; a new figure without.
    currency : str or None
        ISO 4217 code for money.

    Examples
    --------
    >>> months = pd.DataFrame({"period": ["2026-09", "2026-10"], "value": [90.0, 100.0], "low_80": [90.0, 85.0],
    ...     "high_80": [90.0, 115.0], "low": [90.0, 70.0], "high": [90.0, 130.0], "unit": "count", "came": [True, False]})
    >>> len(plot_ahead(months).collections)  # the two bands
    2
    """
    ax = styled_axes(ax)
    with theme_context():
        came = months["came"].to_numpy(bool)
        place = np.arange(len(months))
        value = months["value"].to_numpy(float)
        from_last = np.flatnonzero(~came)
        if came.any() and len(from_last):  # the bands open where the past ends
            from_last = np.concatenate([[from_last[0] - 1], from_last])
        for low, high, alpha in (("low", "high", 0.5), ("low_80", "high_80", 1.0)):
            bottom, top = [np.where(came, value, months[end].to_numpy(float))[from_last] for end in (low, high)]
            ax.fill_between(from_last, bottom, top, color=LIGHT["band"], alpha=alpha, linewidth=0)
        words = _words(months, currency)
        (past,) = ax.plot(place[came], value[came], "-o", color=LIGHT["accent"], markersize=4, linewidth=1.6)
        (ahead,) = ax.plot(place[~came], value[~came], "o", color=LIGHT["target"], markersize=6)
        with_values(past, [word for word, known in zip(words, came, strict=True) if known])
        with_values(ahead, [word for word, known in zip(words, came, strict=True) if not known])
        _label_ends(ax, months, came, currency)
        _label_axes(ax, [Period.parse(text) for text in months["period"]])
        number_ticks(ax.yaxis, str(months["unit"].iloc[0]), float(np.nanmax(months["high"])), currency)
        ax.set_ylim(bottom=0)
    return ax


def _words(months: pd.DataFrame, currency: str | None) -> list[str]:
    words = []
    for row in months.to_dict("records"):
        scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
        interval = "" if row["came"] else f", in 8 of 10 futures {scale.interval(row['low_80'], row['high_80'])}"
        words.append(f"{Period.parse(str(row['period'])).label}: {scale.words(row['value'])}{interval}")
    return words


def _label_ends(ax: Axes, months: pd.DataFrame, came: np.ndarray, currency: str | None) -> None:
    last = len(months) - 1
    row = months.iloc[last]
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    colour = LIGHT["accent"] if came[last] else LIGHT["target"]
    annotate(ax, scale.words(row["value"]), (last, row["value"]), (11, 0), va="center", color=colour, fontweight="bold")


def _label_axes(ax: Axes, months: list[Period]) -> None:
    ax.set_xlim(-0.6, len(months) - 0.4)
    ax.xaxis.set_major_locator(PeriodLocator(len(months)))
    shown = FuncFormatter(
        lambda place, _: period_label(months, round(place)) if 0 <= round(place) < len(months) else ""
    )
    ax.xaxis.set_major_formatter(shown)
