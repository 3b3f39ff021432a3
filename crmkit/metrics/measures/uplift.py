"""The effect of an action: customers treated against customers held out at random, estimated draw by draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.special import stdtrit

from crmkit.metrics.engine.intervals import LEVEL, Array
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import OwnQuery
from crmkit.tables.expressions import constant_day, day, day_of_period, indicator, number, period_ordinal

_ARMS = ("treated", "held")
_NO_HOLDOUT = "nobody was held out, or nobody treated: what it did is not known"


@dataclass(eq=False, kw_only=True)
class Uplift(OwnQuery):
    """Mean ``value`` of the customers treated less that of those held out, for all who were treated or for each.

    Within a draw chance alone decided who was treated, so the difference of the two means is the effect of the action.
    Draws are estimated apart and then added up, weighted by the customers treated: pooled, a draw with a large holdout
    among customers who buy little would make the action look good. Draws with fewer than two customers on either side
    are left out.

    Attributes
    ----------
    value : column
        Outcome of a customer.
    treated : column
        Whether the customer was treated; else held out.
    draw : column
        Name of the draw.
    each : bool
        Per customer treated; else the total over all who were treated.

    References
    ----------
    Imbens and Rubin (2015), Causal Inference for Statistics, Social, and Biomedical Sciences, chapters 6 and 9; Welch
    (1947), Biometrika 34, 28-35.
    """

    value: Any
    treated: Any
    draw: Any
    each: bool = False

    minimum: ClassVar[int] = 100

    def columns(self, window: Window) -> dict[str, Any]:
        """Return the columns that :meth:`query` needs, by name."""
        known = self.value.notnull()
        if window.first_days is not None:
            known = known & (day_of_period(self.at, window.grain) < window.first_days)
        if window.last_known is not None:
            known = known & (day(self.at) <= constant_day(window.last_known))
        return {
            "period": period_ordinal(self.at, window.grain),
            "draw": self.draw,
            "treated": indicator(self.treated) * indicator(known),
            "held": (number(1) - indicator(self.treated)) * indicator(known),
            "value": self.value.cast("float64"),
        }

    def query(self, rows: ir.Table, window: Window) -> ir.Table:
        """Return customers, outcomes and their squares on either side, by draw, period and group."""
        rows = rows.filter(rows.period.between(min(window.bounds), max(window.bounds)) & rows.value.notnull())
        sums = {}
        for arm in _ARMS:
            sums[f"n_{arm}"] = rows[arm].sum()
            sums[f"x_{arm}"] = (rows[arm] * rows.value).sum()
            sums[f"xx_{arm}"] = (rows[arm] * rows.value * rows.value).sum()
        return rows.group_by([*window.keys, "draw"]).aggregate(**sums)

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return one row per period and group with value, low, high, n (customers drawn) and units."""
        draws = sums[(sums["n_treated"] > 0) | (sums["n_held"] > 0)]
        draws = draws.assign(n=draws["n_treated"] + draws["n_held"], **_differences(draws))
        parts = ["n", "units", "for", "gain", "variance", "welch"]
        found = draws.groupby(window.keys, as_index=False, dropna=False)[parts].sum()
        divisor = found["for"].to_numpy() if self.each else np.ones(len(found))
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = found["variance"].to_numpy()
            freedom = variance**2 / found["welch"].to_numpy()
            # Outcomes that are all equal give no estimate of the variance; they do not make the mean certain.
            reach = np.where(variance > 0, stdtrit(freedom, 0.5 + LEVEL / 2) * np.sqrt(variance), np.nan) / divisor
            value = np.where(found["for"] > 0, found["gain"] / divisor, np.nan)
        because = np.array([None if n > 0 else _NO_HOLDOUT for n in found["for"]], dtype=object)
        return found.assign(value=value, low=value - reach, high=value + reach, because=because)


def _differences(draws: pd.DataFrame) -> dict[str, Array]:
    """Return for each draw the gain, its variance and its part of Welch's degrees of freedom; 0 where it is too small."""
    usable = ((draws["n_treated"] >= 2) & (draws["n_held"] >= 2)).to_numpy()
    mean, error, welch = {}, {}, np.zeros(len(draws))
    with np.errstate(divide="ignore", invalid="ignore"):
        for arm in _ARMS:
            n, x, xx = (draws[f"{name}_{arm}"].to_numpy(dtype=np.float64) for name in ("n", "x", "xx"))
            mean[arm] = x / n
            error[arm] = np.maximum(xx - x * mean[arm], 0) / (n - 1) / n
            welch = welch + error[arm] ** 2 / (n - 1)
        treated = draws["n_treated"].to_numpy(dtype=np.float64)
        found = {
            "for": treated,
            "units": treated + draws["n_held"].to_numpy(dtype=np.float64),
            "gain": treated * (mean["treated"] - mean["held"]),
            "variance": treated**2 * (error["treated"] + error["held"]),
            "welch": treated**4 * welch,
        }
    return {name: np.where(usable, column, 0.0) for name, column in found.items()}
