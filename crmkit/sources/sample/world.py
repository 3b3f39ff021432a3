"""Calendar, seasons and events of the sample company: a price change, a bad month, cheaper paid social.

Times inside the simulation are days since the first midnight, as floats: 1.5 is noon of the second day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from crmkit.errors import Problems
from crmkit.periods import Period

Days = NDArray[np.float64]
USUAL_SIZE = 5000  # customers for which the amounts and quotas in this package are written
FUTURE_DAYS = 150  # people won after the last month are simulated too: today they are open leads and deals
TERM = 30  # [days] rates are per 30 days
_ORDERS_BY_MONTH = (0.98, 0.95, 0.97, 0.95, 0.92, 0.88, 0.84, 0.88, 1.00, 1.00, 1.20, 1.38)
_ARRIVALS_BY_MONTH = (0.92, 0.90, 0.95, 0.95, 0.90, 0.86, 0.82, 0.88, 1.00, 1.00, 1.18, 1.28)
_BY_WEEKDAY = (1.08, 1.00, 0.96, 0.94, 0.90, 0.94, 1.18)  # Monday first; Sunday is for shopping
_BY_HOUR = (1, 2, 3, 4, 5, 5, 5, 4, 4, 4, 4, 5, 6, 7, 7, 5, 2)  # 6:00 to 22:59: no one in the hours that clocks skip


@dataclass(frozen=True)
class World:
    """The size, the window of time and the seed of one simulated company.

    Attributes
    ----------
    n_customers, months, seed : int
    last_month : Period
        The last whole month with data.
    """

    n_customers: int
    months: int
    seed: int
    last_month: Period

    @classmethod
    def of(cls, n_customers: int, months: int, seed: int, last_month: str) -> World:
        """Check the four numbers and build the world; raise :class:`~crmkit.errors.Problems` with all that is wrong."""
        faults = []
        if n_customers < 20:
            faults.append(f"n_customers is {n_customers}. Ask for at least 20.")
        if months < 8:
            faults.append(f"months is {months}. Ask for at least 8, so that the trials have customers and an outcome.")
        if seed < 0:
            faults.append(f"seed is {seed}. Use a whole number from 0 on.")
        month = Period.parse(last_month)
        if month.grain != "month":
            faults.append(f"last_month is '{last_month}', a {month.grain}. Write a month as 2026-10.")
        if faults:
            raise Problems("The sample company", faults)
        return cls(n_customers, months, seed, month)

    @cached_property
    def start(self) -> pd.Timestamp:
        """First instant with data."""
        return pd.Timestamp(self.last_month.shift(1 - self.months).start)

    @cached_property
    def end(self) -> pd.Timestamp:
        """First instant after the data."""
        return pd.Timestamp(self.last_month.end)

    @property
    def n_days(self) -> int:
        """Length of the window [days]."""
        return int((self.end - self.start).days)

    @property
    def scale(self) -> float:
        """Size as a share of the usual 5,000 customers."""
        return self.n_customers / USUAL_SIZE

    @cached_property
    def dates(self) -> pd.DatetimeIndex:
        """Every day of the window and of the simulated future after it."""
        return pd.date_range(self.start, periods=self.n_days + FUTURE_DAYS, freq="D")

    @cached_property
    def month_edges(self) -> NDArray[np.int64]:
        """Day numbers at which the months of the window begin, and the end."""
        firsts = [self.last_month.shift(step).start for step in range(1 - self.months, 2)]
        return np.array([(pd.Timestamp(first) - self.start).days for first in firsts])

    @property
    def price_day(self) -> int:
        """Day from which the higher prices hold: the first of the month 13 months before the last one."""
        return self._day_of(self.last_month.shift(-13))

    @property
    def bad_day(self) -> int:
        """Day on which badly roasted beans reach the customers: three days before the last month, all of which is bad."""
        return self._day_of(self.last_month) - 3

    @property
    def cheap_day(self) -> int:
        """Day from which paid social brings more customers for less money: the first of the last month."""
        return self._day_of(self.last_month)

    def rng(self, part: str) -> np.random.Generator:
        """A generator of its own for each part, so that a change in one part leaves the others as they were."""
        return np.random.default_rng([self.seed, crc32(part.encode())])

    def month_of(self, days: ArrayLike) -> NDArray[np.int64]:
        """Number of the month, 0 for the first, in which each day lies."""
        return np.searchsorted(self.month_edges, np.asarray(days), side="right") - 1

    def at(self, days: ArrayLike) -> NDArray[np.datetime64]:
        """Turn day numbers into local time, whole seconds; NaN becomes NaT."""
        numbers = np.asarray(days, dtype=float)
        seconds = np.floor(np.where(np.isnan(numbers), 0, numbers) * 86_400 + 1e-3).astype("timedelta64[s]")
        times = (self.start.to_datetime64().astype("datetime64[s]") + seconds).astype("datetime64[us]")
        return np.where(np.isnan(numbers), np.datetime64("NaT", "us"), times)

    def with_time_of_day(self, days: ArrayLike, rng: np.random.Generator) -> Days:
        """Keep the day, draw the time of day by the hours at which people shop."""
        whole = np.floor(np.asarray(days, dtype=float))
        weights = np.array(_BY_HOUR) / sum(_BY_HOUR)
        hours = 6 + rng.choice(len(weights), whole.size, p=weights) + rng.random(whole.size)
        return np.asarray(whole + np.floor(hours * 3600) / 86_400)

    @cached_property
    def order_season(self) -> Days:
        """How keen people are to order on each day of the window, 1 on average."""
        mood = _by_month(self.dates, _ORDERS_BY_MONTH) * np.array(_BY_WEEKDAY)[self.dates.dayofweek]
        mood[self.bad_day :] *= 0.95
        return np.asarray(mood[: self.n_days])

    @cached_property
    def arrival_season(self) -> Days:
        """How many people come on each day of window and future, in relative terms: growth, season and luck."""
        grown = 0.75 + 0.5 * np.minimum(np.arange(len(self.dates)) / self.n_days, 1)
        luck = np.exp(self.rng("luck").normal(0, 0.04, 12 * (self.dates[-1].year - self.start.year + 1)))
        month = (self.dates.year - self.start.year) * 12 + self.dates.month - 1
        season = _by_month(self.dates, _ARRIVALS_BY_MONTH) * np.array(_BY_WEEKDAY)[self.dates.dayofweek]
        return np.asarray(grown * luck[month] * season)

    def _day_of(self, month: Period) -> int:
        return (pd.Timestamp(month.start) - self.start).days


def only_where(condition: ArrayLike, values: ArrayLike) -> NDArray[Any]:
    """Keep the values where the condition holds, None elsewhere.

    Examples
    --------
    >>> only_where([True, False], ["u01", "u02"])
    array(['u01', None], dtype=object)
    """
    kept = np.array(values, dtype=object)
    kept[~np.asarray(condition, dtype=bool)] = None
    return kept


def _by_month(dates: pd.DatetimeIndex, factors: tuple[float, ...]) -> Days:
    return np.array(factors)[dates.month - 1]
