"""The losses of a period as the sum of its daily rates, each of those who were there on that day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine.intervals import Z
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.attrition import every_period
from crmkit.metrics.measures.base import OwnQuery
from crmkit.tables.expressions import day, day_of_period, indicator, period_ordinal


@dataclass(eq=False, kw_only=True)
class DailyLossRate(OwnQuery):
    """Sum over the days of a period of customers lost on the day / customers at the start of the day.

    Reads :func:`~crmkit.tables.derived.activity.customer_movements`. This is the Nelson-Aalen estimate of the cumulative hazard
    over the period, so that who joined within it counts from her first day on; every loss counts, returned or not.

    References
    ----------
    Aalen (1978), Annals of Statistics 6, 701-726; interval on the logarithmic scale.
    """

    change: Any

    minimum: ClassVar[int] = 10

    def columns(self, window: Window) -> dict[str, Any]:
        """Return the columns that :meth:`query` needs, named."""
        leaves = self.change < 0
        if window.first_days is not None:
            leaves = leaves & (day_of_period(self.at, window.grain) < window.first_days)
        return {
            "period": period_ordinal(self.at, window.grain),
            "day": day(self.at),
            "change": self.change.cast("float64"),
            "lost": indicator(leaves),
        }

    def query(self, rows: ir.Table, window: Window) -> ir.Table:
        """Return what moved by day and group, from the first movement to the last period asked for."""
        rows = rows.filter(rows.period <= max(window.bounds))
        return rows.group_by([*window.keys, "day"]).aggregate(change=rows.change.sum(), lost=rows.lost.sum())

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return one row per period and group with value, low, high, n and units (customers at the start)."""
        days = sums.sort_values([*window.by, "day"], ignore_index=True)
        days["at_start"] = _running(days, window) - days["change"]
        with np.errstate(divide="ignore", invalid="ignore"):
            days["rate"] = np.where(days["lost"] > 0, days["lost"] / days["at_start"], 0.0)
            days["variance"] = np.where(days["lost"] > 0, days["lost"] / days["at_start"] ** 2, 0.0)
        by_period = days.groupby(window.keys, as_index=False, dropna=False)[
            ["change", "lost", "rate", "variance"]
        ].sum()
        filled = every_period(by_period, window)
        n = (_running(filled, window) - filled["change"]).to_numpy()
        value = np.where(n > 0, filled["rate"], np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.exp(Z * np.sqrt(filled["variance"].to_numpy()) / value)
            none_lost = -np.log(0.025) / n  # of Poisson losses none is seen with 2.5 %
        low = np.where(value > 0, value / reach, 0.0)
        return filled.assign(value=value, low=low, high=np.where(value > 0, value * reach, none_lost), n=n, units=n)


def _running(rows: pd.DataFrame, window: Window) -> pd.Series:
    changes = rows.groupby(list(window.by), dropna=False)["change"] if window.by else rows["change"]
    return changes.cumsum()
