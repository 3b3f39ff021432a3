"""What there is at the end of a period: everything that came less everything that went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.attrition import every_period
from crmkit.metrics.measures.base import Sums
from crmkit.periods import Grain
from crmkit.tables.expressions import number, where


@dataclass(eq=False, kw_only=True)
class Stock(Sums):
    """Number of things there at the end of the period, or their ``value``, from a table of movements.

    ``change`` is +1 where one comes and -1 where it goes. What stands there has come and not gone by chance, so its
    interval is that of a count of arrivals.
    """

    change: Any
    value: Any = None

    run_up: ClassVar[int] = -1

    def parts(self, grain: Grain) -> dict[str, Any]:
        value = number(1) if self.value is None else self.value.cast("float64")
        return {
            "n": where(self.where, self.change),
            "x": where(self.where, self.change * value),
            "xx": where(self.where, self.change * value * value),
        }

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts of the days that count, and the whole ones: what is there later depends on every day."""
        whole = {f"all_{name}": part for name, part in self.parts(window.grain).items()}
        return whole | super().parts_within(window)

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {name: column.sum() for name, column in unit.items()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        filled = every_period(sums, window)
        for name in ("n", "x", "xx"):
            whole = f"all_{name}"
            so_far = filled.groupby(list(window.by), dropna=False)[whole] if window.by else filled[whole]
            filled[name] = so_far.cumsum() - filled[whole] + filled[name]
        none = filled["n"].round() <= 0  # money that came and went leaves crumbs of rounding
        x, xx = (np.where(none, 0.0, filled[name]) for name in ("x", "xx"))
        value, low, high = intervals.total(x, xx, np.ones(len(x)))
        n = filled["n"].clip(lower=0)
        return filled.assign(value=value, low=low, high=high, n=n, units=n)
