"""The quotient of two measures from different tables, such as cost over new customers."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums


@dataclass(eq=False)
class Quotient:
    """One measure over another; n is that of the denominator.

    Attributes
    ----------
    numerator, denominator : measure
        Sums, or quotients themselves.
    minimum : int
        n of the denominator below which the interval is too rough to rely on.
    less : float
        Subtracted from the quotient: 1 for a return on money spent.
    missing_is_zero : bool
        Whether a numerator without a row is 0, as revenue is where nothing was sold; else there is no value.
    """

    numerator: Sums | Quotient
    denominator: Sums | Quotient
    minimum: int = 10
    less: float = 0.0
    missing_is_zero: bool = False

    def tables(self) -> list[ir.Table]:
        """Return the tables of both measures."""
        return [*self.numerator.tables(), *self.denominator.tables()]

    def leaves(self) -> list[Sums]:
        """Return the sums that it is made of."""
        both = (self.numerator, self.denominator)
        return [leaf for part in both for leaf in (part.leaves() if isinstance(part, Quotient) else [part])]

    @property
    def unseen_days(self) -> int:
        """Days after the first data in which one of the two cannot be observed yet [days]."""
        return max(self.numerator.unseen_days, self.denominator.unseen_days)

    @property
    def assumes(self) -> str:
        """What the settings say in place of the data, in words; empty if nothing."""
        return self.numerator.assumes or self.denominator.assumes

    def combine(self, numerator: pd.DataFrame, denominator: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return value, low, high [unit of the metric] and n [count] of the quotient, one row per period and group."""
        both = numerator.merge(
            denominator, on=window.keys, suffixes=("_of", "_by"), how="right" if self.missing_is_zero else "inner"
        )
        if self.missing_is_zero:
            both = both.fillna({f"{side}_of": 0.0 for side in ("value", "low", "high")})
        elif "n_of" in both:
            both = both[both["n_of"] > 0]  # no cost was recorded, which is not a cost of 0
        above, below = _interval(both, "of"), _interval(both, "by")
        value, low, high = intervals.quotient(above, below)
        # A denominator known exactly divides the ends of the numerator's interval, which then may be negative.
        known = (below[1] == below[2]) & (below[0] > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = np.where(known, above[1] / below[0], low), np.where(known, above[2] / below[0], high)
        n = both["n_by"]
        return both[window.keys].assign(
            value=value - self.less, low=low - self.less, high=high - self.less, n=n, units=n
        )


def _interval(both: pd.DataFrame, part: str) -> intervals.Interval:
    value, low, high = (np.asarray(both[f"{side}_{part}"], dtype=np.float64) for side in ("value", "low", "high"))
    return value, low, high
