"""Where the ticks of an axis stand and what they say; both follow from the room there is when the figure is drawn."""

from __future__ import annotations

from math import ceil
from typing import Any

from matplotlib.ticker import Locator, MaxNLocator

from crmkit.metrics.scale import Scale
from crmkit.periods import MONTH_NAMES, Period


class RoundNumbers(MaxNLocator):
    """Ticks at round numbers, fewer where there is less room; of counts at whole ones."""

    def __init__(self, unit: str = "") -> None:
        super().__init__(5, steps=[1, 2, 2.5, 5, 10], integer=unit == "count")

    def __call__(self) -> Any:
        axis: Any = self.axis
        inches = axis.axes.bbox.width / axis.axes.figure.dpi if axis.axis_name == "x" else 9
        self._nbins = max(2, min(5, int(inches * 1.3)))
        return super().__call__()


class FromTheLast(Locator):
    """Ticks at every period, or at every second, third, ... where there is no room; the last always has one."""

    def __init__(self, n_periods: int) -> None:
        self.n_periods = n_periods

    def __call__(self) -> list[int]:
        axis: Any = self.axis
        room = max(1, axis.get_tick_space())
        step = max(1, ceil(self.n_periods / room))
        return list(range(self.n_periods - 1, -1, -step))[::-1]

    def tick_values(self, vmin: float, vmax: float) -> list[int]:
        """Return the places of the ticks; they do not depend on the limits."""
        return self()


def tick_words(scale: Scale, value: float) -> str:
    """Return the label of a tick: exactly its value, with as few digits as that takes."""
    step = abs(value * scale.factor)
    decimals = next((d for d in range(4) if abs(round(step, d) - step) < 1e-9), 4)
    exact = Scale(
        scale.factor, decimals, scale.prefix, scale.suffix if scale.suffix in ("%", "million", "billion") else ""
    )
    return exact.words(value)


def period_words(parsed: list[Period], place: int) -> str:
    """Return the label of a period's tick; the year stands below the first period and below each January."""
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
