"""What every measure has: a table, a clock, sums that the database makes and an estimate that Python makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import Any, ClassVar, Protocol

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine.intervals import Array, Interval
from crmkit.metrics.engine.window import Window
from crmkit.periods import Grain
from crmkit.tables.expressions import day_of_period, indicator, where

#: Columns of an estimate, one row per period and group.
ESTIMATE = ("value", "low", "high", "n")


class Measure(Protocol):
    """Anything that a card may return."""

    @property
    def minimum(self) -> int:
        """Customers below which the interval is too rough to rely on."""

    @property
    def unseen_days(self) -> int:
        """Days from the first data on in which what is measured does not show yet [days]."""

    def tables(self) -> list[ir.Table]:
        """Tables that the measure reads; a split must be reachable from each."""


@dataclass(eq=False, kw_only=True)
class Sums:
    """Base of measures that are functions of sums over customers.

    The database adds up each part per period, group and customer, then over the customers: sums, sums of products and
    the number of customers. All such measures on one table and clock share one query.

    Attributes
    ----------
    table : ibis table (positional)
    at : column
        The clock: decides the period a row belongs to.
    where : column, optional
        Rows to count.
    unit : column, optional
        The sampling unit; by default the customer, and the row itself where it has none.
    unseen_days : int
        From the first data on, days in which what is measured does not show yet: who is new, who has left [days].
    """

    table: ir.Table = field(kw_only=False)
    at: Any
    where: Any = None
    unit: Any = None
    unseen_days: int = 0

    minimum: ClassVar[int] = 0  # customers below which the interval is too rough to rely on
    run_up: ClassVar[int] = 0  # earlier periods that the estimate needs; -1 for all of them

    def tables(self) -> list[ir.Table]:
        """Return the one table that is read."""
        return [self.table]

    def parts(self, grain: Grain) -> dict[str, Any]:
        """Return float columns to add up per customer; ``n`` counts the rows."""
        raise TypeError(f"{type(self).__name__} must say what it adds up")

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts, of the days that count."""
        parts = self.parts(window.grain)
        if window.first_days is None:
            return parts
        counts = day_of_period(self.at, window.grain) < window.first_days
        return {name: where(counts, part) for name, part in parts.items()}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        """Return what to add up over customers, given the columns with their own sums."""
        sums = {name: column.sum() for name, column in unit.items()}
        for one, other in combinations_with_replacement(unit, 2):
            sums[f"{one}_{other}"] = (unit[one] * unit[other]).sum()
        return sums | {"units": indicator(unit["n"] != 0).sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return ``sums`` with the columns of :data:`ESTIMATE` and ``units`` added."""
        value, low, high = self.interval(
            {str(name): _floats(sums, str(name)) for name in sums if name not in window.keys}
        )
        return sums.assign(value=value, low=low, high=high, n=sums["n"])

    def interval(self, sums: dict[str, Array]) -> Interval:
        """Return value, low, high from the sums."""
        raise TypeError(f"{type(self).__name__} must say how it estimates")


@dataclass(eq=False, kw_only=True)
class OwnQuery(Sums):
    """Base of measures that need another grouping than by customer, and so a query of their own."""

    def asks_the_same(self) -> Any:
        """Return what is equal for two measures of which one query serves both."""
        return id(self)

    def columns(self, window: Window) -> dict[str, Any]:
        """Return the columns that :meth:`query` needs, named; ``period``, an ordinal, among them."""
        raise TypeError(f"{type(self).__name__} must say which columns it needs")

    def query(self, rows: ir.Table, window: Window) -> ir.Table:
        """Return the sums by period and group from ``rows``, which has the columns and the keys."""
        raise TypeError(f"{type(self).__name__} must say what it adds up")


def counted(condition: Any, *known: Any) -> Any:
    """Return 1.0 where ``condition`` holds and every column of ``known`` is known, else 0.0."""
    for column in known:
        if isinstance(column.op(), ops.NotNull | ops.IsNull):
            continue  # always known, and Spark does not read x IS NOT NULL IS NOT NULL
        present = column.notnull()
        condition = present if condition is None else condition & present
    return indicator(ibis.literal(True) if condition is None else condition)


def _floats(sums: pd.DataFrame, name: str) -> Array:
    return np.asarray(sums[name], dtype=np.float64)
