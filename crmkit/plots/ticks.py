"""Where the ticks of an axis stand and how they are labelled; both depend on the size at which the figure is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil
from typing import Any

from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, FuncFormatter, Locator, MaxNLocator

from crmkit.metrics.formatting import Scale, scale_for
from crmkit.periods import MONTH_NAMES, Period


def number_ticks(axis: Axis, unit: str, top: float, currency: str | None = None) -> None:
    """Give an axis round ticks, and labels in its unit.

    Parameters
    ----------
    axis : matplotlib Axis
    unit : str
        Unit of the numbers, as :func:`crmkit.metrics.formatting.scale_for` knows it.
    top : float
        About the largest number of the axis [unit]: it decides between plain numbers and millions.
    currency : str or None
        ISO 4217 code for money.
    """
    whole = unit == "count" or (unit == "money" and _cents(currency) == 0)
    axis.set_major_locator(RoundNumberLocator("count" if whole else unit))
    axis.set_major_formatter(NumberFormatter(unit, top, currency))


def percent_ticks(axis: Axis) -> None:
    """Label the ticks of an axis of shares in percent."""
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))


def tick_labels(unit: str, top: float, ticks: Iterable[float], *, currency: str | None = None) -> list[str]:
    """Return the labels of ticks: their exact values, all with as many digits as the finest needs.

    Money has cents or no digits, never tenths; zero has no digits.

    Examples
    --------
    >>> tick_labels("money", 5.0, [0, 2.5, 5], currency="EUR"), tick_labels("share", 0.1, [0, 0.05, 0.1])
    (['€0', '€2.50', '€5.00'], ['0 %', '5 %', '10 %'])
    >>> tick_labels("money", 2e6, [0, 500_000, 1_000_000], currency="EUR")
    ['€0', '€0.5 million', '€1.0 million']
    """
    scale, values = scale_for(unit, top, currency=currency, significant=1), list(ticks)
    suffix = scale.suffix if scale.suffix in ("%", "million", "billion", "trillion") else ""
    decimals = max((_decimals(value * scale.factor) for value in values), default=0)
    if unit == "money" and decimals and not suffix:
        decimals = max(decimals, _cents(currency))
    exact = Scale(scale.factor, decimals, scale.prefix, suffix)
    zero = replace(exact, decimals=0, suffix=suffix if suffix == "%" else "")
    return [(exact if value else zero).words(value) for value in values]


def period_label(parsed: list[Period], place: int) -> str:
    """Return the label of a period's tick, with the year on a second line for the first period and each January."""
    period = parsed[place]
    if period.grain == "month":
        name = MONTH_NAMES[period.start.month - 1][:3]
        return f"{name}\n{period.start.year}" if place == 0 or period.start.month == 1 else name
    text = str(period)
    return (
        text[5:] + (f"\n{text[:4]}" if place == 0 or text[:4] != str(parsed[place - 1])[:4] else "")
        if "-" in text
        else text
    )


class NumberFormatter(Formatter):
    """Formats the labels of an axis, all with the same number of digits."""

    def __init__(self, unit: str, top: float, currency: str | None = None) -> None:
        self.unit, self.top, self.currency = unit, top, currency

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Any) -> list[str]:
        """Return the labels of all ticks, for which Matplotlib calls it once."""
        return tick_labels(self.unit, self.top, values, currency=self.currency)


class RoundNumberLocator(MaxNLocator):
    """Places ticks at round numbers, fewer on a narrow axis; for counts at whole numbers."""

    def __init__(self, unit: str = "") -> None:
        super().__init__(5, steps=[1, 2, 2.5, 5, 10], integer=unit == "count")

    def __call__(self) -> Any:
        axis: Any = self.axis
        inches = axis.axes.bbox.width / axis.axes.figure.dpi if axis.axis_name == "x" else 9
        self._nbins = max(2, min(5, int(inches * 1.3)))
        return super().__call__()


class PeriodLocator(Locator):
    """Places ticks at every period, or on a narrow axis at every second, third, ...; the last period always has one."""

    def __init__(self, n_periods: int) -> None:
        self.n_periods = n_periods

    def __call__(self) -> list[int]:
        axis: Any = self.axis
        room = max(1, axis.get_tick_space())
        step = max(1, ceil(self.n_periods / room))
        return list(range(self.n_periods - 1, -1, -step))[::-1]

    def tick_values(self, vmin: float, vmax: float) -> list[int]:
        """Return the places of the ticks, which do not depend on the limits."""
        return self()


def _decimals(number: float) -> int:
    return next((digits for digits in range(4) if abs(round(number, digits) - number) < 1e-9), 4)


def _cents(currency: str | None) -> int:
    return scale_for("money", 0.5, currency=currency).decimals
