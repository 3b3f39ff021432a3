"""One metric over the periods: a point with its 95 % interval for each, the last one labelled, the target dashed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from crmkit.errors import CrmkitError
from crmkit.metrics.formatting import currency_of, is_number, scale_for, scale_of
from crmkit.periods import Period
from crmkit.plots.frames import draws
from crmkit.plots.marks import dots, intervals, line
from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import annotate, styled_axes, theme_context
from crmkit.plots.ticks import PeriodLocator, number_ticks, period_label
from crmkit.words import say


@draws("period", "value", "low", "high", "unit")
def plot_history(
    history: pd.DataFrame,
    ax: Axes | None = None,
    *,
    target: float | None = None,
    tone: str = "",
    currency: str | None = None,
) -> Axes:
    """Draw one metric over its periods.

    Parameters
    ----------
    history : DataFrame
        One row per period, oldest first, with columns period, value, low, high, unit; one metric only.
    ax : Axes or None
        Axes to draw on; a new figure without.
    target : float or None
        Target in the metric's own unit, drawn as a dashed line.
    tone : {"", "better", "worse"}
        Colours the last point.
    currency : str or None
        ISO 4217 code for money.

    Returns
    -------
    Axes

    Raises
    ------
    CrmkitError
        If the frame holds more than one metric.

    Examples
    --------
    >>> history = pd.DataFrame({
    ...     "period": ["2026-09", "2026-10"], "value": [0.043, 0.062], "low": [0.038, 0.055], "high": [0.049, 0.069],
    ...     "unit": "share",
    ... })
    >>> plot_history(history, target=0.04).get_figure().get_size_inches().round(1).tolist()
    [10.6, 3.5]
    """
    if "metric" in history and history["metric"].nunique() > 1:
        raise CrmkitError(f"plot_history draws one metric; this frame holds {', '.join(history['metric'].unique())}.")
    currency = currency_of(history, currency)
    ax = styled_axes(ax)
    with theme_context():
        values = history["value"].to_numpy(float)
        known = np.flatnonzero(np.isfinite(values))
        if not len(known):
            return _draw_empty(ax, len(history))
        colour = LIGHT[tone] if tone in ("better", "worse") else LIGHT["accent"]
        _draw_points(ax, history, known, colour, currency)
        _label_last(ax, history, int(known[-1]), colour, currency)
        _mark_gaps(ax, np.flatnonzero(~np.isfinite(values)))
        _label_axes(ax, list(history["period"]))
        number_ticks(ax.yaxis, str(history["unit"].iloc[known[-1]]), float(values[known[-1]]), currency)
        if history["unit"].iloc[known[-1]] == "count":
            ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]) if values[known].min() < 0 else 0.0)  # a count is never cut
        _draw_target(ax, target, history.iloc[int(known[-1])], currency)
    return ax


def _draw_points(ax: Axes, history: pd.DataFrame, known: np.ndarray, colour: str, currency: str | None) -> None:
    # A number for each run of periods with values: between two of them the line is broken.
    runs = (history["value"].isna().cumsum()).to_numpy()[known]
    points = history.iloc[known].assign(place=known, run=runs)
    points = points.assign(low=points["low"].fillna(points["value"]), high=points["high"].fillna(points["value"]))
    line(ax, points, "place", "value", color=LIGHT["band"], units="run", linewidth=1.4, zorder=1)
    said = [_words(row, currency) for _, row in history.iloc[known].iterrows()]
    earlier, last = points.iloc[:-1], points.iloc[-1:]
    intervals(ax, earlier, "place", color=LIGHT["band"], width=6)
    intervals(ax, last, "place", color=colour, width=6, alpha=0.45)
    if len(earlier):
        dots(ax, earlier, "place", "value", color=LIGHT["accent"], size=5, values=said[:-1])
    dots(ax, last, "place", "value", color=colour, size=8, values=said[-1:])


def _words(row: pd.Series, currency: str | None) -> str:
    scale = scale_of(row, currency)
    interval = scale.interval(row["low"], row["high"])
    return f"{Period.parse(str(row['period'])).label}: {scale.words(row['value'])}" + (
        f" ({interval})" if interval else ""
    )


def _label_last(ax: Axes, history: pd.DataFrame, place: int, colour: str, currency: str | None) -> None:
    row = history.iloc[place].copy()
    if place:  # as many digits as where the change is printed
        before = history["value"].iloc[place - 1]
        row["previous_value"], row["change"] = before, row["value"] - before
    words = scale_of(row, currency).words(row["value"])
    annotate(ax, words, (place, row["value"]), (11, 0), va="center", color=colour, fontweight="bold", fontsize=12)


def _mark_gaps(ax: Axes, gaps: np.ndarray) -> None:
    for place in gaps:
        at = {"xycoords": ("data", "axes fraction"), "annotation_clip": None, "ha": "center", "va": "bottom"}
        annotate(ax, "no data", (place, 0), (0, 4), rotation=90, color=LIGHT["soft"], fontsize=9, **at)


def _draw_target(ax: Axes, target: float | None, last: pd.Series, currency: str | None) -> None:
    if not is_number(target):
        return
    height = float(target)
    ax.axhline(height, color=LIGHT["target"], linewidth=1.3, dashes=(5, 4), zorder=1.5)
    bottom, top = ax.get_ylim()
    distance = (height - float(last["value"])) / (top - bottom)
    # Beside the end of the line, moved away where it would touch the label of the last point.
    nudge = 0 if abs(distance) > 0.09 else (14 if distance >= 0 else -14)
    words = scale_for(str(last["unit"]), target, currency=currency, significant=4).words(target)
    at = {"xycoords": ("axes fraction", "data"), "va": "center"}
    annotate(ax, f"Target {words}", (1, height), (4, nudge), color=LIGHT["target"], fontsize=10.5, **at)


def _label_axes(ax: Axes, periods: list[str]) -> None:
    parsed = [Period.parse(period) for period in periods]
    ax.set_xlim(-0.6, len(parsed) - 0.4)
    ax.margins(y=0.12)
    ax.xaxis.set_major_locator(PeriodLocator(len(parsed)))
    shown = FuncFormatter(
        lambda place, _: period_label(parsed, round(place)) if 0 <= round(place) < len(parsed) else ""
    )
    ax.xaxis.set_major_formatter(shown)


def _draw_empty(ax: Axes, n_periods: int) -> Axes:
    ax.set_axis_off()
    ax.text(
        0.5,
        0.5,
        say("chart-no-data", n=n_periods),
        transform=ax.transAxes,
        ha="center",
        va="center",
        color=LIGHT["soft"],
    )
    return ax
