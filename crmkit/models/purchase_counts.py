"""Sufficient statistics of repeat buying: who bought how often, last at which age, and seen until which age."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.errors import Problems

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Params = Array | list[Any]  # a list where parameters have values of their own for each row

COLUMNS = ("n_repeats", "last_age", "age")
_NO_TIME = 1e-6  # of the unit of age: of a year half a minute
_ROUNDING = 1e-6  # relative: ages come from divisions such as days / 7


@dataclass(eq=False)
class PurchaseCounts:
    """Different rows of (n_repeats, last_age, age) and the number of customers on each.

    The gamma terms of every likelihood depend on ``x`` alone, so they are computed once per value of it; customers
    without a repeat order differ by ``age`` alone. Of a million customers observed by day some 100,000 rows are left,
    by week some 10,000.
    """

    x: Array
    last_age: Array
    age: Array
    n: Array

    @cached_property
    def _by_x(self) -> tuple[Index, Array, Array]:
        which, values = pd.factorize(self.x)
        return which, values, np.bincount(which, self.n, len(values)).astype(float)

    @property
    def which_x(self) -> Index:
        """Position of each row's ``x`` in :attr:`x_values`."""
        return self._by_x[0]

    @property
    def x_values(self) -> Array:
        """Different values of ``x``."""
        return self._by_x[1]

    @property
    def n_by_x(self) -> Array:
        """Customers on each of :attr:`x_values` [count]."""
        return self._by_x[2]

    @cached_property
    def ages(self) -> Array:
        """Different ages, at the last order or at the end, ascending."""
        return np.unique(np.concatenate([np.unique(self.last_age), np.unique(self.age)]))

    @cached_property
    def age_places(self) -> tuple[Index, Index]:
        """Position of each row's ``last_age`` and ``age`` in :attr:`ages`."""
        return np.searchsorted(self.ages, self.last_age), np.searchsorted(self.ages, self.age)

    @property
    def n_customers(self) -> float:
        """All customers [count]."""
        return float(self.n.sum())

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Any, n: Array | None = None) -> PurchaseCounts:
        """Some of the rows, with other numbers of customers on request."""
        n = self.n[rows] if n is None else n
        return PurchaseCounts(self.x[rows], self.last_age[rows], self.age[rows], n)

    def blocks(self, size: int) -> Iterator[tuple[slice, PurchaseCounts]]:
        """Consecutive parts small enough for the processor's cache."""
        for start in range(0, len(self), size):
            rows = slice(start, start + size)
            yield rows, self.take(rows)

    def map_blocks(self, function: Callable[[PurchaseCounts], Array], size: int = 8192) -> Array:
        """One number per row, computed block by block."""
        result = np.empty(len(self))
        for rows, block in self.blocks(size):
            result[rows] = function(block)
        return result

    def thinned(self, most: int) -> PurchaseCounts:
        """About ``most`` rows that stand for all: rows of many customers, and every k-th of the others k-fold."""
        if len(self) <= most:
            return self
        step = -(-len(self) // most)
        common = np.flatnonzero(self.n >= step)
        rare = np.flatnonzero(self.n < step)[step // 2 :: step]
        rows = np.concatenate([common, rare])
        return self.take(rows, np.concatenate([self.n[common], self.n[rare] * step]))

    def scaled(self, unit: float) -> PurchaseCounts:
        """Ages in multiples of ``unit``."""
        return PurchaseCounts(self.x, self.last_age / unit, self.age / unit, self.n)


NEW_CUSTOMER = PurchaseCounts(*(np.array([number]) for number in (0.0, 0.0, 0.0, 1.0)))


def compress(X: pd.DataFrame) -> tuple[PurchaseCounts, Index]:
    """Return the different rows of ``X``, and for each customer the position of hers.

    Parameters
    ----------
    X : DataFrame
        One row per customer: n_repeats [count], last_age and age [one unit of time].

    Raises
    ------
    Problems
        A column is missing, or holds what cannot be.

    Examples
    --------
    >>> X = pd.DataFrame({"n_repeats": [2, 0, 2], "last_age": [30.0, 0.0, 30.0], "age": [39.0, 39.0, 39.0]})
    >>> counts, position = compress(X)
    >>> counts.n.tolist(), position.tolist()
    ([2.0, 1.0], [0, 1, 0])
    """
    x, last_age, age = read_columns(X, COLUMNS)
    age = np.where(age < _NO_TIME, 0.0, age)  # else rates are divided by next to nothing
    last_age = np.where(x > 0, np.minimum(last_age, age), 0.0)
    (one, _), (two, last_values), (three, ages) = (pd.factorize(column) for column in (x, last_age, age))
    joint = (one * len(last_values) + two) * len(ages) + three
    position, _ = pd.factorize(joint)
    n = np.bincount(position).astype(float)
    first = np.zeros(len(n), dtype=np.int64)
    first[position[::-1]] = np.arange(len(position))[::-1]
    return PurchaseCounts(x[first], last_age[first], age[first], n), position


def read_columns(X: pd.DataFrame, columns: tuple[str, ...]) -> list[Array]:
    """Check ``X`` at the border and return its columns as numbers."""
    missing = [column for column in columns if column not in X]
    if missing:
        raise Problems("The customers", [f"Column {column} is missing." for column in missing])
    values = [pd.to_numeric(X[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan) for column in columns]
    problems = [
        f"{column}: {n_bad} of {len(number)} values are empty, negative or not a number."
        for column, number in zip(columns, values, strict=True)
        if (n_bad := int((~(np.isfinite(number) & (number >= 0))).sum()))
    ]
    if columns == COLUMNS and not problems:
        problems = _contradictions(*values)
    if problems:
        raise Problems("The customers", problems)
    return values


def _contradictions(x: Array, last_age: Array, age: Array) -> list[str]:
    late = int((last_age > age * (1 + _ROUNDING) + _ROUNDING).sum())
    never = int(((x == 0) & (last_age > 0)).sum())
    parts = int((x != np.floor(x)).sum())
    return [
        sentence
        for n_bad, sentence in (
            (late, f"{late} have a last_age above their age: the last order must lie within the observed time."),
            (never, f"{never} have no repeat order but a last_age above 0: it is 0 at the first order."),
            (parts, f"{parts} have a fraction as n_repeats: it counts repeat orders."),
        )
        if n_bad
    ]
