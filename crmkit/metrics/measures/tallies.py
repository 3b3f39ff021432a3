"""Counts that a table holds ready: visitors of a day, leads among them; and means of small counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.intervals import Array, Interval, dispersion
from crmkit.metrics.engine.window import RUN_UP, Window
from crmkit.metrics.measures.base import Sums, counted
from crmkit.metrics.measures.linear import Mean, Ratio
from crmkit.periods import Grain
from crmkit.tables.expressions import where


@dataclass(eq=False, kw_only=True)
class Tally(Sums):
    """Sum of a column of counts, each of what it counts having come by itself: visitors, clicks, sign-ups."""

    value: Any

    run_up: ClassVar[int] = RUN_UP

    def parts(self, grain: Grain) -> dict[str, Any]:
        value = where(self.where, self.value)
        return {"x": value, "n": value}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        scatter = dispersion(sums, "x", "x", window)
        x = sums["x"].to_numpy(dtype=float)
        value, low, high = intervals.total(x, x, scatter)
        return sums.assign(value=value, low=low, high=high)


@dataclass(eq=False, kw_only=True)
class ShareOfCounts(Ratio):
    """Share that the counts of one column are of those of another: leads of visitors; n is the latter's sum.

    Rows of one ``unit`` (a day) are not independent, and every day is one draw: Wilson's interval on the effective
    number, as for :class:`Share`.
    """

    minimum: ClassVar[int] = 10

    def parts(self, grain: Grain) -> dict[str, Any]:
        both = counted(self.where, self.numerator, self.denominator)
        return {"x": both * where(None, self.numerator), "n": both * where(None, self.denominator)}

    def interval(self, sums: dict[str, Array]) -> Interval:
        return intervals.share(sums["x"], sums["n"], sums["x_x"], sums["x_n"], sums["n_n"], sums["units"])


@dataclass(eq=False, kw_only=True)
class MeanCount(Mean):
    """Mean of a small count over the rows, such as touches per deal: not as skewed as money."""

    minimum: ClassVar[int] = 20
