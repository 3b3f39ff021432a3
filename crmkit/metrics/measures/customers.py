"""Counts and shares of customers, each counted once however many rows she has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.attrition import LossRate
from crmkit.metrics.measures.base import Sums, counted
from crmkit.periods import Grain
from crmkit.tables.expressions import indicator


@dataclass(eq=False, kw_only=True)
class ShareOfCustomers(Sums):
    """Share of the customers with a row in the period who have at least ``at_least`` rows on which ``hit`` holds."""

    hit: Any
    at_least: int = 1

    minimum: ClassVar[int] = 10

    def parts(self, grain: Grain) -> dict[str, Any]:
        hit = self.hit if self.where is None else self.where & self.hit
        return {"x": counted(hit), "n": counted(self.where, self.hit)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        there = indicator(unit["n"] > 0)
        return {"x": indicator(unit["x"] >= self.at_least).sum(), "n": there.sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        x, n = (sums[name].to_numpy(dtype=np.float64) for name in ("x", "n"))
        value, low, high = intervals.share(x, n, x, x, n, n)
        return sums.assign(value=value, low=low, high=high, units=n)


@dataclass(eq=False, kw_only=True)
class ActiveAtStart(LossRate):
    """Number of customers who are active at the start of the period."""

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        rates = super().estimate(sums, window)
        n = rates["n"].to_numpy(dtype=np.float64)
        value, low, high = intervals.total(n, n, np.ones(len(n)))
        return rates.assign(value=value, low=low, high=high)
