"""One metric over another, from different tables."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics import intervals
from crmkit.metrics.measures.base import Sums
from crmkit.metrics.window import Window


@dataclass(eq=False)
class Quotient:
    """The quotient of two measures, such as cost over new customers; n is that of the denominator."""

    numerator: Sums
    denominator: Sums
    minimum: int = 10

    def tables(self) -> list[ir.Table]:
        """Return the tables of both measures."""
        return [*self.numerator.tables(), *self.denominator.tables()]

    @property
    def unseen_days(self) -> int:
        """Days from the first data on in which either of both does not show yet [days]."""
        return max(self.numerator.unseen_days, self.denominator.unseen_days)

    def combine(self, numerator: pd.DataFrame, denominator: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return value, low, high, n of the quotient where both are there, one row per period and group."""
        both = numerator.merge(denominator, on=window.keys, suffixes=("_of", "_by"))
        value, low, high = intervals.quotient(_interval(both, "of"), _interval(both, "by"))
        return both[window.keys].assign(value=value, low=low, high=high, n=both["n_by"], units=both["n_by"])


def _interval(both: pd.DataFrame, part: str) -> intervals.Interval:
    value, low, high = (np.asarray(both[f"{side}_{part}"], dtype=np.float64) for side in ("value", "low", "high"))
    return value, low, high
