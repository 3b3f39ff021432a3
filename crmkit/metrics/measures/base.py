"""The bases of all measures: a table, a time column, sums made by the database and an estimate made by Python.

A subclass says which columns to add up and how value and interval follow from their sums. Grouping, filtering by period
and joining the columns to split by are done for all of them in :mod:`crmkit.metrics.engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class Measure(Protocol):
    """Anything that a card may return."""

    @property
    def minimum(self) -> int:
        """Sampling units below which the interval is too rough to rely on [count]."""

    @property
    def unseen_days(self) -> int:
        """Days after the first data in which the measure cannot be observed yet [days]."""

    @property
    def assumes(self) -> str:
        """What the settings say in place of the data, in words; empty if nothing."""

    def tables(self) -> list[ir.Table]:
        """Return the tables that the measure reads; each must have, or be joined to, the columns to split by."""


@dataclass(eq=False, kw_only=True)
class Sums:
    """Base of measures that are functions of sums over customers.

    The database adds up each part per period, group and customer, then over the customers: sums, sums of products and
    the number of customers. All such measures on one table and time column share one query.

    Attributes
    ----------
    table : ibis table (positional)
    at : column
        Time column: decides the period a row belongs to.
    where : column, optional
        Rows to count.
    unit : column, optional
        The sampling unit; by default the customer, and the row itself where it has none.
    unseen_days : int
        Days after the first data in which the measure cannot be observed yet, such as who is a new customer [days].
    assumes : str
        What the settings say in place of the data, in words; empty if nothing. It stands at the number.
    """

    table: ir.Table = field(kw_only=False)
    at: Any
    where: Any = None
    unit: Any = None
    unseen_days: int = 0
    assumes: str = ""

    minimum: ClassVar[int] = 0  # customers below which the interval is too rough to rely on
    run_up: ClassVar[int] = 0  # earlier periods that the estimate needs; -1 for all of them

    def tables(self) -> list[ir.Table]:
        """Return the one table that is read."""
        return [self.table]

    def parts(self, grain: Grain) -> dict[str, Any]:
        """Return float columns to add up per customer; ``n`` counts the rows."""
        raise TypeError(f"{type(self).__name__} must say what it adds up")

    def parts_within(self, window: Window) -> dict[str, Any]:
        """Return the parts, counted on the first days of each period only if the window says so."""
        parts = self.parts(window.grain)
        if window.first_days is None:
            return parts
        counts = day_of_period(self.at, window.grain) < window.first_days
        return {name: where(counts, part) for name, part in parts.items()}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        """Return the expressions to add up over customers, given the columns with each customer's sums."""
        sums = {name: column.sum() for name, column in unit.items()}
        for one, other in combinations_with_replacement(unit, 2):
            sums[f"{one}_{other}"] = (unit[one] * unit[other]).sum()
        return sums | {"units": indicator(unit["n"] != 0).sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return ``sums``, one row per period and group, with value, low, high [unit of the metric] and n [count]."""
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

    def query_key(self) -> Any:
        """Return a key that is equal for measures that can share one query."""
        return id(self)

    def columns(self, window: Window) -> dict[str, Any]:
        """Return the columns that :meth:`query` needs, by name; one of them is ``period``, an ordinal."""
        raise TypeError(f"{type(self).__name__} must say which columns it needs")

    def query(self, rows: ir.Table, window: Window) -> ir.Table:
        """Return the sums by period and group from ``rows``, which has the columns and the keys."""
        raise TypeError(f"{type(self).__name__} must say what it adds up")


def counted(condition: Any, *known: Any) -> Any:
    """Return 1.0 where ``condition`` holds and every column of ``known`` is known, else 0.0."""
    for column in known:
        if isinstance(column.op(), ops.NotNull | ops.IsNull):
            continue  # always known, and Spark cannot parse x IS NOT NULL IS NOT NULL
        present = column.notnull()
        condition = present if condition is None else condition & present
    return indicator(ibis.literal(True) if condition is None else condition)


def estimate_each(
    sums: pd.DataFrame, window: Window, estimate: Callable[[pd.DataFrame], dict[str, Any]], columns: Sequence[str]
) -> pd.DataFrame:
    """Return the estimate of the rows of each period and group: the keys of the window and ``columns``."""
    records: list[dict[Any, Any]] = []
    for key, rows in sums.groupby(window.keys, dropna=False):
        values = key if isinstance(key, tuple) else (key,)
        records.append(dict(zip(window.keys, values, strict=True)) | estimate(rows))
    return pd.DataFrame(records, columns=[*window.keys, *columns])


def _floats(sums: pd.DataFrame, name: str) -> Array:
    return np.asarray(sums[name], dtype=np.float64)
