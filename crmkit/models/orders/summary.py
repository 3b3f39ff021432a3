"""Orders summarised to one row per customer, as the models of repeat orders and of spend need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from crmkit.errors import Problems, UnknownName
from crmkit.models.arrays import Array, Index
from crmkit.periods import DayLike, day_of


def order_summary(
    orders: pd.DataFrame,
    as_of: DayLike,
    *,
    money: Literal["revenue", "margin"] = "revenue",
    days_per_unit: float = 7.0,
    with_first: bool = True,
) -> pd.DataFrame:
    """Count each customer's order days up to a day, and average what they brought.

    - A row with positive revenue is an order. All orders of a customer on one day count as one.
    - Refunds and orders without revenue are no orders. They change the amount, never the number; a refund from before
      the first order is left out.
    - The amount is the sum of ``money`` over the customer's rows, per order day with a known amount. It may be negative (margins,
      refunds above what was kept): :class:`~crmkit.models.orders.gamma_gamma.GammaGamma` then leaves the customer out.
    - Rows without a customer (guests) and rows after ``as_of`` do not count; ages are between calendar days.

    Parameters
    ----------
    orders : DataFrame
        customer_id, ordered_at, revenue and, where asked for, margin [money].
    as_of : str or date
        The last day whose orders are used.
    money : {"revenue", "margin"}
        Column whose mean per order day is wanted.
    days_per_unit : float
        Unit of the ages [days]: 7 for weeks.
    with_first : bool
        Whether the money of the first order day counts. By the custom of Fader and Hardie it does not, as first orders
        may differ; but then customers with one order are left out.

    Returns
    -------
    DataFrame
        Indexed by customer_id, sorted: n_repeats [count], last_age, age [units of ``days_per_unit`` days], n_values
        [count], mean_value [money], 0 where n_values is 0.

    Raises
    ------
    Problems
        A column is missing, or a row has no day.

    References
    ----------
    Fader, Hardie and Lee (2005), RFM and CLV: using iso-value curves for customer base analysis, Journal of Marketing
    Research 42(4), 415-430, on days as occasions and on the first order.

    Examples
    --------
    >>> placed = pd.to_datetime(["2026-01-01", "2026-01-15", "2026-01-15", "2026-01-20"])
    >>> orders = pd.DataFrame({"customer_id": "c", "ordered_at": placed, "revenue": [10.0, 20.0, 5.0, -4.0]})
    >>> order_summary(orders, date(2026, 1, 29)).to_dict("records")
    [{'n_repeats': 1.0, 'last_age': 2.0, 'age': 4.0, 'n_values': 2.0, 'mean_value': 15.5}]
    """
    if money not in ("revenue", "margin"):
        raise UnknownName("kind of money", money, ["revenue", "margin"])
    as_of = day_of(as_of)
    days = _days(orders, pd.Timestamp(as_of), money)
    ordered = days[days["n_orders"] > 0].groupby("customer_id")["on"].agg(["min", "max", "count"])
    first_on = days["customer_id"].map(
        ordered["min"]
    )  # empty for customers who never ordered, so that no comparison holds
    counts = days["on"].ge(first_on) if with_first else days["on"].gt(first_on)
    counted = days[counts].groupby("customer_id")
    n_values = counted["is_known"].sum().reindex(ordered.index, fill_value=0).astype(float)
    amount = counted["amount"].sum().reindex(ordered.index, fill_value=0.0)
    return pd.DataFrame(
        {
            "n_repeats": (ordered["count"] - 1).astype(float),
            "last_age": (ordered["max"] - ordered["min"]).dt.days / days_per_unit,
            "age": (pd.Timestamp(as_of) - ordered["min"]).dt.days / days_per_unit,
            "n_values": n_values,
            "mean_value": (amount / n_values.where(n_values > 0)).fillna(0.0),
        }
    )


def order_days_between(orders: pd.DataFrame, after: date, until: date) -> pd.Series:
    """Days on which each customer ordered after one day, up to another [count], to compare a forecast with.

    Customers without any are not in it.
    """
    days = _days(orders, pd.Timestamp(until), "revenue")
    days = days[(days["on"] > pd.Timestamp(after)) & (days["n_orders"] > 0)]
    return days.groupby("customer_id").size().rename("n_orders")


def _days(orders: pd.DataFrame, until: pd.Timestamp, money: str) -> pd.DataFrame:
    """One row per customer and day with any row."""
    missing = [name for name in dict.fromkeys(("customer_id", "ordered_at", "revenue", money)) if name not in orders]
    if missing:
        raise Problems("The orders", [f"Column {name} is missing." for name in missing])
    placed = orders["ordered_at"]
    known = pd.api.types.is_datetime64_any_dtype(placed)  # a cache only helps with text
    on = pd.to_datetime(placed, cache=not known).dt.normalize()
    if on.isna().any():
        raise Problems("The orders", [f"ordered_at: {int(on.isna().sum())} of {len(on)} values are empty."])
    bought = orders["revenue"] > 0
    rows = pd.DataFrame(
        {
            "customer_id": orders["customer_id"],
            "on": on.astype("datetime64[ns]"),
            "n_orders": bought.astype(int),
            "is_known": bought & orders[money].notna(),
            "amount": orders[money].fillna(0.0).astype(float),
        }
    )
    rows = rows[rows["customer_id"].notna() & (rows["on"] <= until)]
    sums: dict[str, str] = {"n_orders": "sum", "is_known": "max", "amount": "sum"}
    return rows.groupby(["customer_id", "on"], observed=True).agg(sums).reset_index()


# Sufficient statistics of repeat buying: number of repeat orders, age at the last of them, age at the end


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
    """Return the different rows of ``X``, and for each customer the position of their row.

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
