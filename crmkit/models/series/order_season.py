"""The calendar of a firm: in which months customers order more than in others, and time that runs as fast as they order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Self

import numpy as np
import pandas as pd

from crmkit.models.arrays import Array

LEAST = 24  # whole months from which on each calendar month has been seen twice
_MONTH = 30.4375  # days


@dataclass(eq=False)
class OrderSeason:
    """How much faster or slower customers order in each calendar month than on average.

    The logarithm of the orders a day of each whole month is a line in time plus an effect of the calendar month, fitted by
    least squares weighted by orders. Effects are drawn towards none by as much as months of the same name differ (empirical
    Bayes). A record with fewer than 24 whole months has no season: it cannot be told from the level.

    Attributes
    ----------
    effects_ : Series
        Indexed by calendar month, 1 to 12: rate of orders over that of the mean month; all 1 without a season.
    as_of_ : str
        Day from which time is counted.

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", "2025-12-31")
    >>> season = OrderSeason().fit(pd.Series(days.repeat(np.where(days.month >= 11, 30, 10))), date(2025, 10, 31))
    >>> season.ahead(np.array([2.0])).round(1).tolist()  # too short a record: 22 whole months
    [2.0]
    >>> season = OrderSeason().fit(pd.Series(days.repeat(np.where(days.month >= 11, 30, 10))), date(2025, 12, 31))
    >>> season.before(np.array([2.0, 12.0])).round(1).tolist(), season.ahead(np.array([2.0])).round(1).tolist()
    ([4.5, 12.0], [1.5])
    """

    effects_: pd.Series = field(init=False)
    as_of_: str = field(init=False)

    def fit(self, ordered_at: pd.Series, as_of: date) -> Self:
        """Learn from the days of orders up to a day.

        Parameters
        ----------
        ordered_at : Series
            Day of each order.
        as_of : date
        """
        self.as_of_ = as_of.isoformat()
        self.effects_ = pd.Series(1.0, index=range(1, 13))
        counts = _whole_months(ordered_at, as_of)
        if len(counts) >= LEAST and (counts > 0).all():
            self.effects_ = _effects(counts)
        return self

    @property
    def is_flat(self) -> bool:
        """Whether all months are alike, or the season is not known."""
        return bool(np.allclose(self.effects_, 1.0))

    def ahead(self, months: Array) -> Array:
        """Return how much time passes, at the rate of the mean month, in so many months from the day on [months]."""
        return np.asarray(months, dtype=float) if self.is_flat else self._passed(np.asarray(months, dtype=float), 1)

    def before(self, months: Array) -> Array:
        """Return the same of so many months up to the day [months]."""
        return np.asarray(months, dtype=float) if self.is_flat else self._passed(np.asarray(months, dtype=float), -1)

    def _passed(self, months: Array, side: int) -> Array:
        n = int(max(months.max(initial=0.0) * _MONTH, 1.0)) + 2
        days = pd.Timestamp(self.as_of_) + pd.to_timedelta(np.arange(n) + 1 if side > 0 else -np.arange(n), unit="D")
        passed = np.concatenate([[0.0], np.cumsum(self.effects_.to_numpy()[days.month - 1])]) / _MONTH
        return np.interp(months * _MONTH, np.arange(n + 1), passed)


def _whole_months(ordered_at: pd.Series, as_of: date) -> pd.Series:
    """Return the orders of each month that lies between the first order and the day as a whole [count]."""
    on = pd.to_datetime(ordered_at)
    on = on[on <= pd.Timestamp(as_of) + pd.Timedelta(days=1)]
    if on.empty:
        return pd.Series(dtype=float)
    first, last = on.min().to_period("M"), pd.Timestamp(as_of).to_period("M")
    first += int(on.min().day > 3)  # a month that begins later is not whole
    last -= int(pd.Timestamp(as_of) < last.end_time.normalize())
    if last < first:
        return pd.Series(dtype=float)
    return on.dt.to_period("M").value_counts().reindex(pd.period_range(first, last, freq="M"), fill_value=0)


def _effects(counts: pd.Series) -> pd.Series:
    months = pd.PeriodIndex(counts.index)
    weight, n_days = counts.to_numpy(dtype=float), months.days_in_month.to_numpy(dtype=float)
    X = np.column_stack([np.arange(len(counts)) / 12.0, months.month.to_numpy()[:, None] == np.arange(1, 13)])
    root = np.sqrt(weight)
    logs = np.log(weight / n_days)
    found = np.linalg.lstsq(X * root[:, None], logs * root, rcond=None)[0]
    left = float((weight * (logs - X @ found) ** 2).sum() / max(len(counts) - 13, 1))
    error = left / (X[:, 1:].T @ weight)
    effects = found[1:] - found[1:].mean()
    between = max(float(effects.var()) - float(error.mean()), 0.0)
    shrunk = np.exp(effects * between / (between + error))
    return pd.Series(shrunk / shrunk.mean(), index=range(1, 13))
