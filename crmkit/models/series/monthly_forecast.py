"""The months ahead of a monthly series, with intervals as wide as such forecasts have missed elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr

from crmkit.errors import CrmkitError
from crmkit.models.arrays import Array
from crmkit.models.series.components import NAMES, component_forecasts
from crmkit.models.series.season import YEAR, seasonal_effects, yearly_growth

FEWEST = 6  # months without which nothing is said
MOST_AHEAD = 12  # months; the error table ends there
_SHARES = np.array([0.25, 0.375, 0.375])  # of NAMES, before the own back-test
_LEVEL_SMOOTHING = 0.3
_SMALLEST = 0.005  # [logarithm]: errors below half a percent are not told apart


@dataclass(eq=False)
class MonthlyForecast:
    """A combination of last year again, exponential smoothing and Theta, on logarithms.

    The season that smoothing and Theta take out is drawn towards none (see
    :func:`crmkit.models.series.season.seasonal_effects`), so that it is noticed from 24 months on and not invented.
    Last year again has a quarter of the weight, more or less by how its errors in this series compare with those of a
    level and a season.

    How far the forecast may miss is not what the models say of themselves, which is too little on short series. An error
    is, on average, a product of powers of three numbers: the change from month to month, the distance between last year
    and the models, and the error of a rolling back-test of this series. The powers, and the distribution of errors around
    that, were learned from monthly series of the M3 and Tourism competitions by record length and month ahead
    (``error_table.json``; ``benchmarks/ahead.py`` makes and judges it).

    Attributes
    ----------
    n_months_ : int
    weights_ : dict of str to float
        By method; last year again has none in the first year.
    scale_ : float
        Size of an error [logarithm, or 1 means the mean of the series where it has amounts below 0].

    References
    ----------
    Makridakis and Hibon (2000), The M3-Competition, International Journal of Forecasting 16(4), 451-476; Athanasopoulos,
    Hyndman, Song and Wu (2011), The tourism forecasting competition, International Journal of Forecasting 27(3), 822-844;
    Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World (conformal prediction).

    Examples
    --------
    >>> months = MonthlyForecast().fit([100.0, 103, 99, 101, 98, 102, 100, 101, 97, 103, 100, 99])
    >>> ahead = months.predict(3)
    >>> bool((ahead["low"] < ahead["low_80"]).all()), ahead["value"].round(-1).tolist()
    (True, [100.0, 100.0, 100.0])
    """

    n_months_: int = field(init=False, default=0)
    weights_: dict[str, float] = field(init=False, default_factory=dict)
    scale_: float = field(init=False, default=0.0)

    def fit(self, y: ArrayLike) -> Self:
        """Learn from a series.

        Parameters
        ----------
        y : array
            One number per month, oldest first, at least 6, none missing.

        Raises
        ------
        CrmkitError
            If there are fewer, or one is missing.
        """
        amounts = np.asarray(y, dtype=float)
        if amounts.ndim != 1 or len(amounts) < FEWEST:
            raise CrmkitError(f"A forecast needs {FEWEST} months or more; there are {np.size(amounts)}.")
        if not np.isfinite(amounts).all():
            raise CrmkitError("A month of the series has no number. Leave out the months before it.")
        self.n_months_ = len(amounts)
        self._scale = _Scale.of(amounts)
        z = self._scale.forward(amounts)
        components = component_forecasts(z, MOST_AHEAD)
        weights = component_weights(z)
        self.weights_ = dict(zip(NAMES, weights.tolist(), strict=True))
        self._middle = combined(components, weights)
        self._class = _class_of(len(z))
        self.scale_ = error_scale(error_features(z, components), self._class["powers"])
        return self

    def predict(self, horizon: int) -> pd.DataFrame:
        """Return the months ahead.

        Parameters
        ----------
        horizon : int
            How many, 1 to 12 [months].

        Returns
        -------
        DataFrame
            step (1 is the month after the last), value, low_80, high_80, low, high: the middle and the 80 and 95 %
            intervals [unit of the series].

        Raises
        ------
        CrmkitError
            If the horizon is not 1 to 12.
        """
        _check_horizon(horizon)
        middle = self._middle[:horizon]
        columns = {"step": np.arange(1, horizon + 1), "value": self._scale.back(middle)}
        for share, suffix in ((0.8, "_80"), (0.95, "")):
            half = self.scale_ * np.array([_quantile(self._class, step, share) for step in range(horizon)])
            columns[f"low{suffix}"] = self._scale.back(middle - half)
            columns[f"high{suffix}"] = self._scale.back(middle + half)
        return pd.DataFrame(columns)

    def paths(self, horizon: int, n_draws: int = 4000, seed: int = 0) -> Array:
        """Return possible futures: months that miss together, as they did in the competitions.

        Parameters
        ----------
        horizon : int
            1 to 12 [months].
        n_draws : int
        seed : int

        Returns
        -------
        array of shape (n_draws, horizon)
            [unit of the series]

        Examples
        --------
        >>> futures = MonthlyForecast().fit([100.0, 103, 99, 101, 98, 102, 100, 101, 97, 103, 100, 99]).paths(6, 1000)
        >>> futures.shape
        (1000, 6)
        """
        _check_horizon(horizon)
        correlation = np.array(_table()["correlation"])[:horizon, :horizon]
        half = n_draws - n_draws // 2
        normal = np.random.default_rng([seed, 11]).multivariate_normal(np.zeros(horizon), correlation, half)
        normal = np.concatenate([normal, -normal])[:n_draws]  # in pairs: the middle stays the middle
        share = np.abs(2 * ndtr(normal) - 1)
        errors = np.column_stack([_quantile(self._class, step, share[:, step]) for step in range(horizon)])
        return self._scale.back(self._middle[:horizon] + self.scale_ * np.sign(normal) * errors)


def combined(components: Array, weights: Array) -> Array:
    """Return the weighted mean of the methods; a month for which one has no number is that of the others."""
    known = np.isfinite(components)
    shares = weights[:, None] * known
    return (shares * np.where(known, components, 0.0)).sum(axis=0) / shares.sum(axis=0)


def component_weights(z: Array) -> Array:
    """Return the weight of each method, by how last year and a level with a season have held in the series itself."""
    weights = _SHARES.copy()
    if len(z) <= YEAR:
        weights[0] = 0.0
    else:
        level, last_year = _rolling_errors(z)
        weights[0] *= (level + 0.02) / (last_year + 0.02)
    return weights / weights.sum()


def error_features(z: Array, components: Array) -> dict[str, float]:
    """Return what the size of errors depends on [logarithm]: step, gap and own; gap and own need more than a year."""
    effects = seasonal_effects(z)
    adjusted = z - effects[(np.arange(len(z)) - len(z)) % YEAR]
    steps = np.diff(adjusted)
    found = {"step": float(np.abs(steps - steps.mean()).mean())}  # steady growth is no uncertainty
    if len(z) > YEAR:
        found["gap"] = float(np.abs(components[0] - components[1:].mean(axis=0))[:6].mean())
        found["own"] = _rolling_errors(z)[0]
    return {name: float(np.log(value + _SMALLEST)) for name, value in found.items()}


def error_scale(features: Mapping[str, float], powers: Mapping[str, float]) -> float:
    """Return the usual size of an error, from its features and their powers."""
    return float(np.exp(powers["constant"] + sum(powers[name] * features[name] for name in powers if name in features)))


def _rolling_errors(z: Array) -> tuple[float, float]:
    """Return the mean error of the next half year, by a level and a season and by last year, at past months."""
    level_errors, last_year_errors = [], []
    for origin in range(YEAR, len(z), 2):
        before, after = z[:origin], z[origin : origin + 6]
        effects = seasonal_effects(before)
        adjusted = before - effects[(np.arange(origin) - origin) % YEAR]
        growth = yearly_growth(before)
        lag = (1 - _LEVEL_SMOOTHING) / _LEVEL_SMOOTHING + 1 + np.arange(len(after))  # months since the level's mean age
        expected = _level(adjusted) + growth / YEAR * lag + effects[: len(after)]
        level_errors.append(np.abs(after - expected).mean())
        last_year_errors.append(np.abs(after - before[-YEAR:][: len(after)] - growth).mean())
    return float(np.mean(level_errors)), float(np.mean(last_year_errors))


def _level(z: Array) -> float:
    weights = (1 - _LEVEL_SMOOTHING) ** np.arange(len(z))[::-1]
    return float(z @ weights / weights.sum())


@dataclass(frozen=True)
class _Scale:
    """The scale on which errors are alike: logarithms, of amounts plus an offset where some are near 0.

    A series with amounts below 0 is taken as it is, as multiples of its mean size.
    """

    offset: float
    size: float

    @classmethod
    def of(cls, amounts: Array) -> _Scale:
        typical = float(np.abs(amounts).mean()) or 1.0
        if amounts.min() < 0:
            return cls(np.nan, typical)
        return cls(0.0 if amounts.min() > 0.05 * typical else 0.5 * typical, typical)

    def forward(self, amounts: Array) -> Array:
        if np.isnan(self.offset):
            return amounts / self.size
        return np.log((amounts + self.offset) / self.size)

    def back(self, z: Array) -> Array:
        if np.isnan(self.offset):
            return z * self.size
        return np.maximum(np.exp(z) * self.size - self.offset, 0.0)


@cache
def _table() -> dict[str, Any]:
    """Return the error table; see benchmarks/ahead.py."""
    found: dict[str, Any] = json.loads(
        files("crmkit.models.series").joinpath("error_table.json").read_text(encoding="utf-8")
    )
    return found


def _class_of(n_months: int) -> dict[str, Any]:
    """Return the part of the error table for the longest record length that the series has."""
    classes: list[dict[str, Any]] = _table()["record_lengths"]
    fitting = [each for each in classes if each["months"] <= n_months]
    return fitting[-1] if fitting else classes[0]


def _quantile(table: Mapping[str, Any], step: int, share: float | Array) -> Any:
    """Return how far an error of a month ahead lies from 0 at most, in that share of cases [scale]."""
    shares = [0.0, *_table()["shares"], 1.0]
    sizes = table["sizes"][step]
    return np.interp(share, shares, [0.0, *sizes, 1.25 * sizes[-1]])


def _check_horizon(horizon: int) -> None:
    if not 1 <= horizon <= MOST_AHEAD:
        raise CrmkitError(f"A forecast reaches 1 to {MOST_AHEAD} months; {horizon} were asked for.")
