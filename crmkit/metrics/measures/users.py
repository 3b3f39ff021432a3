"""What colleagues do in the CRM: who is active, and how much each does in a week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.intervals import Array, dispersion
from crmkit.metrics.engine.window import RUN_UP, Window
from crmkit.metrics.measures.base import Sums, counted
from crmkit.periods import Grain
from crmkit.tables.expressions import indicator


@dataclass(eq=False, kw_only=True)
class ActiveUnits(Sums):
    """Number of different units, such as users, with a row in the period: everybody is known, so it has no interval."""

    def parts(self, grain: Grain) -> dict[str, Any]:
        condition = self.unit.notnull()
        return {"n": counted(condition if self.where is None else self.where & condition)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {"units": indicator(unit["n"] > 0).sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        value = sums["units"].astype(float)
        return sums.assign(value=value, low=value, high=value, n=value)


@dataclass(eq=False, kw_only=True)
class PerUserWeek(Sums):
    """Rows per active user and week; a user is active in a period with any row of the table in it.

    The users are all there are, so what varies is how much they do: an over-dispersed count, learned from the periods
    before.
    """

    run_up: ClassVar[int] = RUN_UP

    def parts(self, grain: Grain) -> dict[str, Any]:
        known = self.unit.notnull()
        return {"x": counted(known if self.where is None else self.where & known), "n": counted(known)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {"x": unit["x"].sum(), "units": indicator(unit["n"] > 0).sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        x, users = sums["x"].to_numpy(float), sums["units"].to_numpy(float)
        scatter = dispersion(sums, "x", "x", window)
        exposure = np.where(users > 0, users, np.nan) * _weeks(sums["period"], window)
        value, low, high = (side / exposure for side in intervals.total(x, x, scatter))
        return sums.assign(value=value, low=low, high=high, n=users)


def _weeks(ordinals: pd.Series, window: Window) -> Array:
    """Length of each period, as far as its days count [weeks]."""
    spans = [window.span(int(ordinal)) for ordinal in ordinals]
    return np.array([max((end - start).days, 1) / 7 for start, end in spans])
