"""How forecasts of a firm's own months would have held, and which months and levels were out of the ordinary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from crmkit.metrics.card import cards
from crmkit.models.arrays import Array
from crmkit.models.series.level_shift import level_shift
from crmkit.models.series.monthly_forecast import MonthlyForecast
from crmkit.periods import DayLike, Period, last_day
from crmkit.predictions.ahead.past_months import PastMonths, past_months
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_ORIGINS = 6  # past months from which the next ones are forecast
_HORIZON = 6
_FEWEST = 12  # months before the first of them
_FORECAST = [
    "metric",
    "label",
    "unit",
    "period",
    "step",
    "value",
    "low_80",
    "high_80",
    "low",
    "high",
    "actual",
    "naive",
]
_SHIFTS = ["metric", "label", "unit", "period", "before", "after", "growth", "p_value"]


@checked
def ahead_backtest(catalog: Catalog, metrics: str | Sequence[str], *, as_of: DayLike | None = None) -> pd.DataFrame:
    """Forecast past months from the months before them, and put beside it what came.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    metrics : str or sequence of str
        Names of metrics, as :func:`crmkit.ahead` takes them.
    as_of : str or date, optional
        Last day whose data are used; without it the last day of the data.

    Returns
    -------
    DataFrame
        One row per metric, month of the forecast and month ahead, of the last six months with a year before them:
        metric, label, unit, period [text], step (months ahead), value, low_80, high_80, low, high, actual, naive (the same
        month of the year before, else the last month) [unit].

    Examples
    --------
    >>> import crmkit as ck
    >>> days = pd.date_range("2024-01-01", "2025-12-31")
    >>> orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": 10.0, "customer_id": "a"})
    >>> tested = ck.ahead_backtest(ck.connect({"orders": orders}), ["revenue"])
    >>> len(tested), bool(((tested["low"] <= tested["actual"]) & (tested["actual"] <= tested["high"])).all())
    (21, True)
    """
    names = tuple(card.name for card in cards(metrics if isinstance(metrics, str) else list(metrics)))
    return memoize(catalog, _backtest, names, as_of or last_day(catalog.data_through, None), reads_predictions=False)


@checked
def level_shifts(catalog: Catalog, metrics: str | Sequence[str], *, as_of: DayLike | None = None) -> pd.DataFrame:
    """Find the month from which on a number lies on another level than before, allowing for season and growth.

    It takes three years: in a shorter record a new level cannot be told from a season.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    metrics : str or sequence of str
        Names of metrics, as :func:`crmkit.ahead` takes them.
    as_of : str or date, optional
        Last day whose data are used; without it the last day of the data.

    Returns
    -------
    DataFrame
        One row per metric that has one: metric, label, unit, period (the first month of the new level), before, after
        (mean of up to six months on either side) [unit], growth (of the level) [share], p_value.

    Examples
    --------
    >>> import crmkit as ck
    >>> days = pd.date_range("2023-01-01", "2025-12-31")
    >>> money = [10.0 if day < pd.Timestamp("2025-04-01") else 16.0 for day in days]
    >>> orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": money, "customer_id": "a"})
    >>> ck.level_shifts(ck.connect({"orders": orders}), ["revenue"])["period"].tolist()
    ['2025-04']
    """
    names = tuple(card.name for card in cards(metrics if isinstance(metrics, str) else list(metrics)))
    past = past_months(catalog, names, as_of or last_day(catalog.data_through, None))
    records = [record for name in names if (record := _shift_of(past[name]))]
    return pd.DataFrame(records, columns=_SHIFTS)


def _shift_of(past: PastMonths) -> list[object]:
    found = level_shift(past.values)
    if found is None:
        return []
    (card,) = cards(past.metric)
    before, after = (
        past.values[max(found.place - 6, 0) : found.place],
        past.values[found.place : found.place + 6],
    )
    month = str(past.first.shift(found.place))
    return [card.name, card.label, card.unit, month, before.mean(), after.mean(), found.growth, found.p_value]


def _backtest(catalog: Catalog, metrics: tuple[str, ...], as_of: date) -> pd.DataFrame:
    past = past_months(catalog, metrics, as_of)
    parts = [
        _of_one(past[card.name]).assign(metric=card.name, label=card.label, unit=card.unit)
        for card in cards(list(metrics))
    ]
    return pd.concat([part for part in parts if len(part)] or [parts[0]], ignore_index=True).reindex(columns=_FORECAST)


def _of_one(past: PastMonths) -> pd.DataFrame:
    values, n = past.values, len(past.values)
    parts = []
    for origin in range(max(_FEWEST, n - _ORIGINS), n):
        horizon = min(_HORIZON, n - origin)
        ahead = MonthlyForecast().fit(values[:origin]).predict(horizon)
        months = [str(past.first.shift(origin + step)) for step in range(horizon)]
        came = values[origin : origin + horizon]
        parts.append(ahead.assign(period=months, actual=came, naive=naive_forecast(values[:origin], horizon)))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["period"])


def naive_forecast(values: Array, horizon: int) -> Array:
    """Return the same months of the year before, or the last month where that is not known.

    Examples
    --------
    >>> naive_forecast(np.arange(14.0), 2).tolist(), naive_forecast(np.arange(4.0), 2).tolist()
    ([2.0, 3.0], [3.0, 3.0])
    """
    if len(values) < 12:
        return np.full(horizon, values[-1])
    return values[-12:][:horizon]


def unusual_months(tested: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Return the numbers of a month that lie outside what the month before let expect in 95 of 100 cases.

    Parameters
    ----------
    tested : DataFrame
        From :func:`crmkit.ahead_backtest`.
    period : Period

    Returns
    -------
    DataFrame
        Some of its rows, of one month ahead.
    """
    rows = tested[(tested["step"] == 1) & (tested["period"] == str(period))]
    return rows[(rows["actual"] < rows["low"]) | (rows["actual"] > rows["high"])].reset_index(drop=True)
