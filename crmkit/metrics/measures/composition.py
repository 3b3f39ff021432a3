"""How the rows of a period divide among the values of a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums, counted
from crmkit.periods import Grain


@dataclass(eq=False, kw_only=True)
class Composition(Sums):
    """Share of the rows on which ``known`` holds; split by a column, the share of all rows that each value has.

    So the groups of a period add up to 1, those without a value included, and a value that does not occur in a period
    has a share of 0. Rows must be independent: one for each customer.
    """

    known: Any

    minimum: ClassVar[int] = 10

    def parts(self, grain: Grain) -> dict[str, Any]:
        if self.where is None:
            return {"x": counted(self.known), "n": ibis.literal(1).cast("float64")}
        return {"x": counted(self.where & self.known), "n": counted(self.where)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {name: column.sum() for name, column in unit.items()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        sums = _every_group(sums, window) if window.by else sums
        whole = sums.groupby("period")["n"].transform("sum").to_numpy(dtype=np.float64)
        part = sums["n" if window.by else "x"].to_numpy(dtype=np.float64)
        value, low, high = intervals.share(part, whole, part, part, whole, whole)
        return sums.assign(value=value, low=low, high=high, units=whole)


def _every_group(sums: pd.DataFrame, window: Window) -> pd.DataFrame:
    periods = sums[["period"]].drop_duplicates()
    grid = periods.merge(sums[list(window.by)].drop_duplicates(), how="cross")
    return grid.merge(sums, on=window.keys, how="left").fillna({"x": 0.0, "n": 0.0})
