"""When a customer orders next: own interpurchase times, shrunk towards those of all and calibrated on past days."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from sklearn.linear_model import LogisticRegression

from crmkit.models.arrays import Array

LEVELS = (0.1, 0.5, 0.9)  # of the window: it holds four of five next orders
FEWEST = 30  # next orders on past days below which no prediction is made
_SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class InterpurchaseTimes:
    """Gaps between order days on the logarithmic scale: overall mean, spread between customers, spread within them.

    Parameters
    ----------
    mean, between, within : float
        Mean of log days, and the two standard deviations.
    """

    mean: float
    between: float
    within: float

    @classmethod
    def learned(cls, customers: pd.DataFrame) -> Self:
        """Learn from n_gaps [count], sum_log, sum_log_squared of each customer's gaps, by the method of moments."""
        some = customers[customers["n_gaps"] > 0]
        n, sums = some["n_gaps"].to_numpy(float), some["sum_log"].to_numpy(float)
        if not len(some):
            return cls(np.log(90.0), 1.0, 1.0)
        spare = (n - 1).sum()
        inside = (some["sum_log_squared"].to_numpy(float) - sums**2 / n).sum()
        within = inside / spare if spare > 0 else 1.0
        means = sums / n
        between = max(float(means.var()) - within * float((1 / n).mean()), 0.05)
        return cls(float(means.mean()), float(np.sqrt(between)), float(np.sqrt(max(within, 0.05))))

    def own(self, customers: pd.DataFrame) -> tuple[Array, Array]:
        """Return the mean of each customer's next log gap, shrunk towards the overall mean, and its standard deviation."""
        n = customers["n_gaps"].to_numpy(float)
        precision = 1 / self.between**2 + n / self.within**2
        mean = (self.mean / self.between**2 + customers["sum_log"].to_numpy(float) / self.within**2) / precision
        return mean, np.sqrt(self.within**2 + 1 / precision)


@dataclass(eq=False)
class NextOrder:
    """Log-normal gaps with a mean of each customer's own (empirical Bayes), calibrated on past days.

    The days until the next order, if it comes within the horizon, follow the customer's log-normal gap, given that it is
    longer than the days since the last order. Predictions of past days, compared with the orders that came, give the
    quantiles that hold 10, 50 and 90 % of them; and a logistic regression on how overdue the customer was, on the usual gap
    and on the number of orders gives the chance that any comes.

    Parameters
    ----------
    horizon : int
        Days ahead.

    Attributes
    ----------
    times_ : InterpurchaseTimes
    quantiles_ : array (3,)
        In place of 0.1, 0.5 and 0.9.

    References
    ----------
    Efron and Morris (1975), Journal of the American Statistical Association 70, 311-319 (empirical Bayes); Gneiting,
    Balabdaoui and Raftery (2007), Journal of the Royal Statistical Society B 69, 243-268 (calibration).

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> log_gaps = 3.4 + 0.1 * random.normal(size=(200, 3))
    >>> known = pd.DataFrame({"n_gaps": 3.0, "sum_log": log_gaps.sum(axis=1), "sum_log_squared": (log_gaps**2).sum(axis=1),
    ...                       "days_since": random.uniform(0, 25, 200)})
    >>> model = NextOrder(60).fit([(known, pd.Series(30 - known["days_since"]))], known)
    >>> int(model.predict(known.assign(days_since=10.0))["days"].median())
    20
    """

    horizon: int
    times_: InterpurchaseTimes = field(init=False, repr=False)
    quantiles_: Array = field(init=False, repr=False)

    def fit(self, past: list[tuple[pd.DataFrame, pd.Series]], now: pd.DataFrame) -> Self:
        """Learn the calibration from past days, and the interpurchase times from the present.

        Parameters
        ----------
        past : list of (customers, days)
            The customers as known on each past day, and the days until the next order after it [days]; missing where none came
            within the horizon.
        now : DataFrame
            One row per customer: n_gaps [count], sum_log, sum_log_squared (of the gaps in log days), days_since [days
            since the last order].
        """
        self.times_ = InterpurchaseTimes.learned(now)
        places, rows, hits = [], [], []
        for customers, days in past:
            times = InterpurchaseTimes.learned(customers)
            came = days.notna().to_numpy()
            places.append(self._place(times, customers[came], days[came].to_numpy(float)))
            rows.append(_predictors(times, customers))
            hits.append(came)
        place, came = np.concatenate(places), np.concatenate(hits)
        self.quantiles_ = np.quantile(place, LEVELS) if len(place) else np.array(LEVELS)
        self._rate = float(came.mean())
        enough = min(came.sum(), (~came).sum()) >= 10
        self._chance = LogisticRegression(max_iter=500).fit(np.vstack(rows), came) if enough else None
        return self

    def predict(self, customers: pd.DataFrame) -> pd.DataFrame:
        """Return chance (of an order within the horizon), earliest, days, latest (until that order, if it comes) [days]."""
        mean, spread = self.times_.own(customers)
        since = customers["days_since"].to_numpy(float)
        start, end = _below(since, mean, spread), _below(since + self.horizon, mean, spread)
        found = [_until(start + place * (end - start), mean, spread) - since for place in self.quantiles_]
        held = [np.clip(np.round(days), 1, self.horizon) for days in found]
        chance = np.full(len(customers), self._rate)
        if self._chance is not None and len(customers):
            chance = self._chance.predict_proba(_predictors(self.times_, customers))[:, 1]
        return pd.DataFrame(
            {"chance": chance, "earliest": held[0], "days": held[1], "latest": held[2]}, index=customers.index
        )

    def _place(self, times: InterpurchaseTimes, customers: pd.DataFrame, days: Array) -> Array:
        """Return at which quantile of its prediction each order came, given that it came within the horizon."""
        mean, spread = times.own(customers)
        since = customers["days_since"].to_numpy(float)
        start, end = _below(since, mean, spread), _below(since + self.horizon, mean, spread)
        return np.clip((_below(since + days, mean, spread) - start) / np.maximum(end - start, _SMALLEST), 0, 1)


def _predictors(times: InterpurchaseTimes, customers: pd.DataFrame) -> Array:
    mean, spread = times.own(customers)
    late = (np.log1p(customers["days_since"].to_numpy(float)) - mean) / spread
    return np.column_stack([late, late**2, mean, np.log1p(customers["n_gaps"].to_numpy(float))])


def _below(days: Array, mean: Array, spread: Array) -> Array:
    return ndtr((np.log(np.maximum(days, 0.5)) - mean) / spread)


def _until(share: Array, mean: Array, spread: Array) -> Array:
    return np.exp(mean + spread * ndtri(np.clip(share, _SMALLEST, 1 - _SMALLEST)))
