"""Means and ratios: sums over customers divided by sums over customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.event_sizes import over_periods
from crmkit.metrics.engine.intervals import Array, Interval
from crmkit.metrics.engine.window import RUN_UP, Window
from crmkit.metrics.measures.base import Sums, counted
from crmkit.periods import Grain
from crmkit.tables.expressions import number, where


@dataclass(eq=False, kw_only=True)
class PerCustomerSums(Sums):
    """Base of ratios of two sums over customers, whose spread is known from earlier periods too."""

    minimum: ClassVar[int] = 100
    run_up: ClassVar[int] = RUN_UP

    def pair(self, sums: dict[str, Array]) -> tuple[Array, Array, Array, Array, Array]:
        """Return the sums x and n of which the ratio is taken, and over customers those of xx, xn and nn."""
        return sums["x"], sums["n"], sums["x_x"], sums["x_n"], sums["n_n"]

    def interval(self, sums: dict[str, Array]) -> Interval:
        return intervals.mean(*self.pair(sums), sums["units"], sums["usual"])

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        return super().estimate(sums.assign(usual=self._usual_squares(sums, window)), window)

    def _usual_squares(self, sums: pd.DataFrame, window: Window) -> Array:
        """Return the mean residual square a customer, of each period and those before it."""
        floats = {str(name): sums[name].to_numpy(dtype=np.float64) for name in sums if name not in window.keys}
        x, n, xx, xn, nn = self.pair(floats)
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.where(n != 0, intervals.residual_squares(x / n, xx, xn, nn), 0.0)
            squares, units = over_periods(sums, window, [own, floats["units"]])
            return np.where(units > 0, squares / units, 0.0)


@dataclass(eq=False, kw_only=True)
class Mean(PerCustomerSums):
    """Mean of ``value`` over the rows where it is known."""

    value: Any

    def parts(self, grain: Grain) -> dict[str, Any]:
        return {"x": where(self.where, self.value), "n": counted(self.where, self.value)}


@dataclass(eq=False, kw_only=True)
class MeanCount(Mean):
    """Mean of a small count over the rows, such as touches per deal; less skewed than money, so 20 customers are enough."""

    minimum: ClassVar[int] = 20


@dataclass(eq=False, kw_only=True)
class PredictedMean(Mean):
    """Mean of predictions: customers differ, and all predictions share the uncertainty of one model.

    ``shared_error`` is each row's part of the standard error that all rows share; the parts are added up, not their
    squares. None where it is not known.
    """

    shared_error: Any

    def parts(self, grain: Grain) -> dict[str, Any]:
        known = {} if self.shared_error is None else {"e": where(self.where, self.shared_error)}
        return super().parts(grain) | known

    def interval(self, sums: dict[str, Array]) -> Interval:
        value, low, high = super().interval(sums)
        if "e" not in sums:
            return value, low, high
        shared = intervals.Z * np.nan_to_num(sums["e"]) / sums["n"]
        return value, value - np.hypot(value - low, shared), value + np.hypot(high - value, shared)


@dataclass(eq=False, kw_only=True)
class MeanPerCustomer(PerCustomerSums):
    """Sum of ``value`` (rows, by default) over the customers who have a row; rows without a customer are left out."""

    value: Any = None

    def __post_init__(self) -> None:
        self.customer = self.table.customer_id  # fails here, when the card is called, for a table without it

    def parts(self, grain: Grain) -> dict[str, Any]:
        known = self.customer.notnull()
        condition = known if self.where is None else self.where & known
        value = number(1) if self.value is None else self.value
        return {"x": where(condition, value), "n": counted(condition)}

    def pair(self, sums: dict[str, Array]) -> tuple[Array, Array, Array, Array, Array]:
        units = sums["units"]
        return sums["x"], units, sums["x_x"], sums["x"], units

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        estimate = super().estimate(sums, window)
        return estimate.assign(n=estimate["units"])


@dataclass(eq=False, kw_only=True)
class Ratio(PerCustomerSums):
    """Sum of ``numerator`` over sum of ``denominator``, both columns of one table.

    Examples
    --------
    >>> import crmkit as ck
    >>> frame = pd.DataFrame({"order_id": ["1", "2"], "ordered_at": ["2026-10-02", "2026-10-09"],
    ...                       "revenue": [30.0, 70.0], "margin": [15.0, 15.0], "customer_id": ["a", "b"]})
    >>> orders = ck.connect({"orders": frame}).table("orders")
    >>> share = ck.Ratio(orders, at=orders.ordered_at, numerator=orders.margin, denominator=orders.revenue)
    >>> share.minimum  # customers below which the interval is too rough
    100
    """

    numerator: Any
    denominator: Any

    def parts(self, grain: Grain) -> dict[str, Any]:
        both = counted(self.where, self.numerator, self.denominator)
        return {"x": both * where(None, self.numerator), "y": both * where(None, self.denominator), "n": both}

    def pair(self, sums: dict[str, Array]) -> tuple[Array, Array, Array, Array, Array]:
        return sums["x"], sums["y"], sums["x_x"], sums["x_y"], sums["y_y"]
