"""Three forecasts of a monthly series that are combined: last year again, exponential smoothing, the Theta method."""

from __future__ import annotations

import warnings

import numpy as np

from crmkit.models.arrays import Array
from crmkit.models.series.season import YEAR, seasonal_effects, yearly_growth

NAMES = ("last year again", "exponential smoothing", "theta")
_FEWEST = 10  # months for a damped trend; below it a level alone


def component_forecasts(z: Array, horizon: int) -> Array:
    """Return what each method expects of the months ahead.

    Exponential smoothing (a level with a damped trend) and the Theta method work on the series less its season, which is
    added again. Last year again has the growth of a year, if all months grew; it is not a number where that month is
    before the series.

    Parameters
    ----------
    z : array
        The series, at least 3 months [logarithm].
    horizon : int
        Months ahead.

    Returns
    -------
    array of shape (3, horizon)
        In the order of NAMES [logarithm].

    References
    ----------
    Hyndman, Koehler, Snyder and Grose (2002), International Journal of Forecasting 18(3), 439-454; Assimakopoulos and
    Nikolopoulos (2000), The theta model, International Journal of Forecasting 16(4), 521-530.

    Examples
    --------
    >>> level = np.full(24, 2.0)
    >>> component_forecasts(level, 2).round(6).tolist()
    [[2.0, 2.0], [2.0, 2.0], [2.0, 2.0]]
    """
    effects = seasonal_effects(z)
    place = np.arange(len(z) + horizon) - len(z)
    season = effects[place % YEAR]
    adjusted = z - season[: len(z)]
    ahead = season[len(z) :]
    return np.stack([_last_year(z, horizon), _smoothing(adjusted, horizon) + ahead, _theta(adjusted, horizon) + ahead])


def _last_year(z: Array, horizon: int) -> Array:
    place = len(z) - YEAR + np.arange(horizon) % YEAR
    return np.where(place >= 0, z[np.maximum(place, 0)] + yearly_growth(z), np.nan)


def _smoothing(z: Array, horizon: int) -> Array:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing  # imports take a second

    if np.ptp(z) == 0:
        return np.full(horizon, z[-1])
    trend = {"trend": "add", "damped_trend": True} if len(z) >= _FEWEST else {}
    start = "heuristic" if len(z) >= _FEWEST else "estimated"
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # an optimiser that stops early is judged by the back-test
        model = ExponentialSmoothing(z, initialization_method=start, **trend)
        return _or_level(model.fit(use_brute=False).forecast(horizon), z)


def _theta(z: Array, horizon: int) -> Array:
    from statsmodels.tsa.forecasting.theta import ThetaModel

    if np.ptp(z) == 0:
        return np.full(horizon, z[-1])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _or_level(ThetaModel(z, period=YEAR, deseasonalize=False).fit().forecast(horizon), z)


def _or_level(forecast: object, z: Array) -> Array:
    """Return a forecast, or the mean of the last months where the optimiser has found none."""
    found = np.asarray(forecast, dtype=float)
    return found if np.isfinite(found).all() else np.full(len(found), z[-3:].mean())
