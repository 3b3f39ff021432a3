"""Charts on customer value: forecasts beside actual values, and money over a customer's life."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from crmkit.metrics.formatting import scale_for
from crmkit.plots.frames import draws
from crmkit.plots.marks import band, bars, dots, line
from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import annotate, name_pair, styled_axes, theme_context
from crmkit.plots.ticks import number_ticks
from crmkit.words import say


@draws("tenth", "predicted", "actual")
def plot_calibration(tenths: pd.DataFrame, ax: Axes | None = None, *, currency: str | None = None) -> Axes:
    """Draw predicted and actual money by tenths of the customers, the most valuable on the left.

    Parameters
    ----------
    tenths : DataFrame
        tenth (from 1), predicted, actual [money per customer].
    ax : Axes or None
        Axes to draw on; a new figure without.
    currency : str or None
        ISO 4217 code.

    Examples
    --------
    >>> tenths = pd.DataFrame({"tenth": [1, 2], "predicted": [90.0, 20.0], "actual": [85.0, 22.0]})
    >>> [text.get_text() for text in plot_calibration(tenths, currency="EUR").texts]
    ['came', 'predicted']
    """
    ax = styled_axes(ax)
    with theme_context():
        scale = scale_for("money", float(tenths["actual"].max()), currency=currency)
        came, foreseen = (
            [
                f"Tenth {tenth}: {scale.words(amount)} {word}"
                for tenth, amount in zip(tenths["tenth"], tenths[name], strict=True)
            ]
            for name, word in (("actual", "came"), ("predicted", "predicted"))
        )
        bars(ax, tenths, "tenth", "actual", color=LIGHT["band"], width=0.66, values=came)
        dots(ax, tenths, "tenth", "predicted", color=LIGHT["accent"], size=8, values=foreseen)
        _money_axis(ax, float(tenths[["predicted", "actual"]].max().max()), currency)
        ax.xaxis.set_major_locator(MultipleLocator(1))
        ax.set_xlabel(say("chart-axis-value-tenths"), color=LIGHT["soft"])
        last = tenths.iloc[-1]
        named = ("came", float(last["actual"]), LIGHT["soft"]), ("predicted", float(last["predicted"]), LIGHT["accent"])
        name_pair(ax, float(last["tenth"]) + 0.33, *named)
    return ax


@draws("month", "value", "observed")
def plot_life(life: pd.DataFrame, ax: Axes | None = None, *, currency: str | None = None) -> Axes:
    """Draw the cumulative value of a customer by month since the start; the part that is a forecast is paler.

    Parameters
    ----------
    life : DataFrame
        month, value [money], observed [share of it].
    ax : Axes or None
        Axes to draw on; a new figure without.
    currency : str or None
        ISO 4217 code.

    Examples
    --------
    >>> life = pd.DataFrame({"month": [0, 12], "value": [20.0, 90.0], "observed": [1.0, 0.8]})
    >>> len(plot_life(life).lines)
    1
    """
    ax = styled_axes(ax)
    with theme_context():
        month, value = life["month"].to_numpy(float), life["value"].to_numpy(float)
        came = value * life["observed"].to_numpy(float)
        band(ax, life.assign(low=0.0, high=came), "month", color=LIGHT["band"])
        line(ax, life, "month", "value", color=LIGHT["accent"], linewidth=2.2)
        _money_axis(ax, float(value.max(initial=0)), currency)
        ax.xaxis.set_major_locator(MultipleLocator(6))
        ax.set_xlabel(say("chart-axis-life"), color=LIGHT["soft"])
        for words, at in (("came already", came[-1] / 2), ("forecast", (came[-1] + value[-1]) / 2)):
            annotate(ax, words, (month[-1], at), (6, 0), va="center", color=LIGHT["soft"])
    return ax


def _money_axis(ax: Axes, top: float, currency: str | None) -> None:
    number_ticks(ax.yaxis, "money", top, currency)
    ax.set_ylim(0, max(top * 1.08, 1.0))
