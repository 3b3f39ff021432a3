"""How far forecasts of the total were off on past days, and the uncertainty that this adds to the next one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.periods import months_before
from crmkit.predictions.value.fitted_models import fitted_models, forecast_from
from crmkit.predictions.value.forecast import Array
from crmkit.predictions.value.payments import MONTH, payments_until
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

STEP = 6  # months between two past days
_DRAWS = 120  # simulated futures on a past day: enough for their spread
_JUDGED = 2  # past days that the uncertainty is learned from
_USUAL = 0.03  # usual error of a year's total beyond chance [share], where nothing is known of the firm
_WEIGHT = 3.0  # past days that the usual error counts for


def past_days(data_from: date | None, as_of: date, most: int = 3) -> tuple[list[date], int]:
    """Return the past days on which to predict, latest first, and how far ahead [months].

    Examples
    --------
    >>> past_days(date(2023, 11, 1), date(2026, 10, 31))
    ([datetime.date(2025, 10, 31), datetime.date(2025, 4, 30), datetime.date(2024, 10, 31)], 12)
    >>> past_days(date(2026, 8, 1), date(2026, 10, 31))
    ([], 0)
    """
    known = 0.0 if data_from is None else ((as_of - data_from).days + 1) / MONTH
    ahead = next((months for least, months in ((23.5, 12), (11.5, 6), (5.5, 3)) if known >= least), 0)
    days = [months_before(as_of, ahead + k * STEP) for k in range(most)] if ahead else []
    return [day for day in days if (day - data_from).days / MONTH >= max(ahead / 2, 2.5)] if data_from else [], ahead


def common_error(catalog: Catalog, as_of: date, horizon: int) -> float:
    """Return the standard deviation of what moves all customers at once and no model knows of [share of the total].

    The models already include each customer's own chance and the uncertainty of their parameters; what is left are bad
    months, new competitors, a changed assortment. It is learned from the totals forecast on past days whose outcome was
    known on the day: their squared errors, less the part explained by chance, pooled with the square of the usual 3 % a
    year, which counts as much as three days. It grows with the square root of the time ahead.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    horizon : int
        [months]
    """
    rows = forecast_errors(catalog, as_of)
    excess = np.maximum(rows["error"] ** 2 - rows["spread"] ** 2, 0) * 12 / rows["months"]
    yearly = (_WEIGHT * _USUAL**2 + float(excess.sum())) / (_WEIGHT + len(rows))
    return float(np.sqrt(yearly * horizon / 12))


def forecast_errors(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the errors of the totals that would have been forecast on past days.

    Returns
    -------
    DataFrame
        One row per past day: day, months (ahead), error (logarithm of the actual over the forecast total), spread (its
        standard deviation by chance, as the models see it).
    """
    return memoize(catalog, _forecast_errors, as_of, reads_predictions=False, whole=True)


def with_common_error(draws: Array, error: float) -> Array:
    """Scale all customers of each simulated future by a common random factor whose mean is 1."""
    common = np.random.default_rng(6).standard_normal(draws.shape[1])
    return draws * np.exp(error * common - error**2 / 2)


def _forecast_errors(catalog: Catalog, as_of: date) -> pd.DataFrame:
    days, ahead = past_days(catalog.data_from, as_of, _JUDGED)
    rows = []
    for day in days:
        try:
            forecast = forecast_from(catalog, fitted_models(catalog, day), ahead, 0.0, _DRAWS)
        except NotMeasured:  # too few customers at that time
            continue
        sums, expected = forecast.draws.sum(axis=0), forecast.within(ahead).sum()
        paid = payments_until(catalog, months_before(day, -ahead), since=day).rows
        actual = paid.loc[paid["customer_id"].isin(forecast.customers), "money"].sum()
        if min(sums.min(), expected, actual) > 0:
            rows.append((day.isoformat(), ahead, float(np.log(actual / expected)), float(np.log(sums).std())))
    return pd.DataFrame(rows, columns=["day", "months", "error", "spread"])
