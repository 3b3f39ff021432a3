"""Measures that are functions of sums: count, total, mean, share, net share, ratio, mean per customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.intervals import Array, Interval, dispersion
from crmkit.metrics.engine.window import RUN_UP, Window
from crmkit.metrics.measures.base import Sums, counted
from crmkit.periods import Grain
from crmkit.tables.expressions import number, where


@dataclass(eq=False, kw_only=True)
class Total(Sums):
    """Sum of ``value`` over the rows. ``exact=True`` for a figure that is not drawn by chance, such as a budget spent."""

    value: Any
    exact: bool = False

    run_up: ClassVar[int] = RUN_UP

    def parts(self, grain: Grain) -> dict[str, Any]:
        return {"x": where(self.where, self.value), "n": counted(self.where, self.value)}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        if self.exact:
            return sums.assign(value=sums["x"], low=sums["x"], high=sums["x"])
        scatter = dispersion(sums, "x", "x_x", window)
        value, low, high = intervals.total(sums["x"].to_numpy(), sums["x_x"].to_numpy(), scatter)
        return sums.assign(value=value, low=low, high=high)


@dataclass(eq=False, kw_only=True)
class Count(Total):
    """Number of rows that meet ``where``."""

    value: Any = None

    def parts(self, grain: Grain) -> dict[str, Any]:
        ones = counted(self.where) if self.where is not None else ibis.literal(1).cast("float64")
        return {"x": ones, "n": ones}


@dataclass(eq=False, kw_only=True)
class Mean(Sums):
    """Mean of ``value`` over the rows where it is known."""

    value: Any

    minimum: ClassVar[int] = 100

    def parts(self, grain: Grain) -> dict[str, Any]:
        return {"x": where(self.where, self.value), "n": counted(self.where, self.value)}

    def interval(self, sums: dict[str, Array]) -> Interval:
        return intervals.mean(sums["x"], sums["n"], sums["x_x"], sums["x_n"], sums["n_n"], sums["units"])


@dataclass(eq=False, kw_only=True)
class PredictedMean(Mean):
    """Mean of predictions: customers differ, and the model that foresees them all is itself in doubt.

    ``shared_error`` is each row's part of the error that all rows share; the parts are added up, not their squares. None
    where it is not known.
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
class Ratio(Sums):
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

    minimum: ClassVar[int] = 100

    def parts(self, grain: Grain) -> dict[str, Any]:
        both = counted(self.where, self.numerator, self.denominator)
        return {"x": both * where(None, self.numerator), "y": both * where(None, self.denominator), "n": both}

    def interval(self, sums: dict[str, Array]) -> Interval:
        return intervals.mean(sums["x"], sums["y"], sums["x_x"], sums["x_y"], sums["y_y"], sums["units"])


@dataclass(eq=False, kw_only=True)
class MeanPerCustomer(Sums):
    """Sum of ``value`` (rows, by default) over the customers who have a row; rows without a customer are left out."""

    value: Any = None

    minimum: ClassVar[int] = 100

    def __post_init__(self) -> None:
        self.customer = self.table.customer_id  # a table without it is noticed when the card is called

    def parts(self, grain: Grain) -> dict[str, Any]:
        known = self.customer.notnull()
        condition = known if self.where is None else self.where & known
        value = number(1) if self.value is None else self.value
        return {"x": where(condition, value), "n": counted(condition)}

    def interval(self, sums: dict[str, Array]) -> Interval:
        units = sums["units"]
        return intervals.mean(sums["x"], units, sums["x_x"], sums["x"], units, units)

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        estimate = super().estimate(sums, window)
        return estimate.assign(n=estimate["units"])
