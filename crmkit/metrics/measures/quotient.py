"""Measures made of others from different tables: a quotient, such as cost over new customers, and a sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.event_sizes import NO_SIZE_KNOWN
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums


class Combined:
    """Base of measures that are made of others, each of a table of its own.

    Attributes
    ----------
    minimum : int
        Sampling units below which the interval is too rough to rely on [count].
    """

    minimum: int

    def parts(self) -> Sequence[Sums | Combined]:
        """Return the measures that it is made of."""
        raise TypeError(f"{type(self).__name__} must say what it is made of")

    def combine(self, estimates: Sequence[pd.DataFrame], window: Window) -> pd.DataFrame:
        """Return value, low, high [unit of the metric] and n [count] from the estimates of the parts."""
        raise TypeError(f"{type(self).__name__} must say how it combines its parts")

    def tables(self) -> list[ir.Table]:
        """Return the tables of all parts."""
        return [table for part in self.parts() for table in part.tables()]

    def leaves(self) -> list[Sums]:
        """Return the sums that it is made of."""
        return [leaf for part in self.parts() for leaf in (part.leaves() if isinstance(part, Combined) else [part])]

    @property
    def unseen_days(self) -> int:
        """Days after the first data in which one of the parts cannot be observed yet [days]."""
        return max(part.unseen_days for part in self.parts())

    @property
    def assumes(self) -> str:
        """What the settings say in place of the data, in words; empty if nothing."""
        return next((part.assumes for part in self.parts() if part.assumes), "")


@dataclass(eq=False)
class Quotient(Combined):
    """One measure over another; n is that of the denominator.

    Attributes
    ----------
    numerator, denominator : measure
        Sums, or made of others themselves.
    minimum : int
        n of the denominator below which the interval is too rough to rely on.
    less : float
        Subtracted from the quotient: 1 for a return on money spent.
    missing_is_zero : bool
        Whether a numerator without a row is 0, as revenue is where nothing was sold; else there is no value.
    """

    numerator: Sums | Combined
    denominator: Sums | Combined
    minimum: int = 10
    less: float = 0.0
    missing_is_zero: bool = False

    def parts(self) -> Sequence[Sums | Combined]:
        """Return numerator and denominator."""
        return self.numerator, self.denominator

    def combine(self, estimates: Sequence[pd.DataFrame], window: Window) -> pd.DataFrame:
        """Return value, low, high [unit of the metric] and n [count] of the quotient, one row per period and group."""
        numerator, denominator = estimates
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


@dataclass(eq=False)
class SumOf(Combined):
    """The sum of independent measures, such as orders and what subscribers pay; one without a row in a period is 0."""

    summands: Sequence[Sums | Combined]
    minimum: int = 0

    def parts(self) -> Sequence[Sums | Combined]:
        """Return what is added up."""
        return self.summands

    def combine(self, estimates: Sequence[pd.DataFrame], window: Window) -> pd.DataFrame:
        """Return value, low, high [unit of the metric] and n [count] of the sum, one row per period and group."""
        total, *others = (rows[[*window.keys, *_SUMMED]] for rows in estimates)
        for rows in others:
            # Read before they are joined: a part without a row is 0, one whose interval has an open end is not.
            both = total.assign(has_of=1.0).merge(
                rows.assign(has_by=1.0), on=window.keys, suffixes=("_of", "_by"), how="outer"
            )
            both = both.fillna({"has_of": 0.0, "has_by": 0.0})
            first, second = _summand(both, "of"), _summand(both, "by")
            value, low, high = intervals.difference(first, (-second[0], -second[2], -second[1]))
            known = both[["units_of", "units_by"]].fillna(NO_SIZE_KNOWN).to_numpy(dtype=np.float64)
            units = np.where((known < 0).all(axis=1), NO_SIZE_KNOWN, np.maximum(known, 0.0).sum(axis=1))
            n = both[["n_of", "n_by"]].fillna(0.0).sum(axis=1)
            total = both[window.keys].assign(value=value, low=low, high=high, n=n, units=units)
        return total


_SUMMED = ("value", "low", "high", "n", "units")


def _summand(both: pd.DataFrame, part: str) -> intervals.Interval:
    """Return the interval of a summand, exactly 0 where it has no row."""
    value, low, high = (np.where(both[f"has_{part}"] > 0, side, 0.0) for side in _interval(both, part))
    return value, low, high


def _interval(both: pd.DataFrame, part: str) -> intervals.Interval:
    value, low, high = (np.asarray(both[f"{side}_{part}"], dtype=np.float64) for side in ("value", "low", "high"))
    return value, low, high
