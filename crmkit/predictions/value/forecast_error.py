"""How far forecasts were off on past days beyond chance, and the error that this adds to the next one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.periods import months_before
from crmkit.predictions.futures.outcome import outcome
from crmkit.predictions.futures.pace import Pace
from crmkit.predictions.value.fitted_models import fitted_models, forecast_from, order_models, orders_forecast
from crmkit.predictions.value.payments import MONTH, payments_until
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.unseen_renewals import unseen_of

STEP = 6  # months between two past days of a year's total
_DRAWS = 120  # simulated futures on a past day: enough for their spread
_JUDGED = 2  # past days that the error of a year's total is learned from
_SOON_JUDGED = 3  # past days that the error of the next months is learned from
_LEAST_RECORD = 75  # days of data before a past day
_USUAL = 0.03  # usual error of a year's total of subscribers beyond chance [share], where nothing is known of the firm
_SEASONS = 23.5  # months of data from which on every season has been seen twice
_ONE_YEAR = 11.5  # months of data from which on every season has been seen once
# Usual error beyond chance of the orders of the next months, of a year's, and of the money of an order: of records that have
# seen every season twice, and of shorter ones. What an unknown season does to the next three months was learned from the
# monthly series of the M3 and Tourism competitions (positions 1, 5, 9, ...): root mean square of the logarithm of three months
# over the mean of those on record, the geometric mean of the two competitions (.194 and .482 after 9 months, .18 and .42
# after 12 to 18). The other errors of short records were learned from Online Retail (December 2010 to 2011) and CDNOW;
# Complete Journey, the sample company and simulated firms were kept for checks.
_USUAL_SOON, _SOON_ONE_YEAR, _SOON_LESS = 0.10, 0.27, 0.31
_USUAL_YEAR, _USUAL_AMOUNT = (0.06, 0.25), (0.03, 0.15)
_ERRORS = ["day", "months", "error", "spread"]
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


def last_known(catalog: Catalog, as_of: date) -> date:
    """Return the last day that predictions can be judged by: before ends of terms whose next ones are not in the files yet.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-06-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> last_known(ck.connect({"orders": orders}), date(2026, 6, 30))
    datetime.date(2026, 6, 30)
    """
    unseen = unseen_of(catalog)
    return as_of if unseen is None else min(as_of, unseen.first - timedelta(days=1))


def soon_days(data_from: date | None, as_of: date, horizon: int, most: int = _SOON_JUDGED) -> list[date]:
    """Return the past days on which to predict the next ``horizon`` days, latest first; none overlaps another.

    Examples
    --------
    >>> soon_days(date(2026, 1, 1), date(2026, 10, 31), 90)
    [datetime.date(2026, 8, 2), datetime.date(2026, 5, 4)]
    """
    if data_from is None:
        return []
    days = [as_of - timedelta(days=horizon * (k + 1)) for k in range(most)]
    return [day for day in days if (day - data_from).days >= _LEAST_RECORD]


def learned_pace(catalog: Catalog, as_of: date, horizon: int) -> Pace:
    """Return what may move all customers at once beyond what the models know: bad months, a season, a changed assortment.

    The models already include each customer's own chance and the uncertainty of their parameters. What is left is
    learned from forecasts as of past days whose outcome was known on the day: their squared errors, less the part explained
    by chance, pooled with the square of the usual error, which counts as much as three days. A record that has not seen
    every season twice cannot tell the season from the level: its usual error is larger.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    horizon : int
        Of payments that are no orders [months].
    """
    known = 0.0 if catalog.data_from is None else ((as_of - catalog.data_from).days + 1) / MONTH
    is_short = known < _SEASONS
    usual = _SOON_LESS if known < _ONE_YEAR else _SOON_ONE_YEAR if is_short else _USUAL_SOON
    soon, year = _pooled(order_errors(catalog, as_of), usual), _USUAL_YEAR[is_short]
    return Pace(
        # Past days of a short record are days of one season, and cannot show that the others are like it.
        soon=max(soon, usual) if is_short else soon,
        year=year if is_short else _pooled(forecast_errors(catalog, as_of), year),
        until=catalog.settings.company.churn_after_days / MONTH,
        others=common_error(catalog, as_of, horizon) if "subscription_terms" in catalog.names else 0.0,
        amount=_USUAL_AMOUNT[is_short],
        unseen_season=known < _ONE_YEAR,
    )


def common_error(catalog: Catalog, as_of: date, horizon: int) -> float:
    """Return the standard deviation of what moves all payments at once and no model knows of [share of the total].

    As :func:`learned_pace`, from the totals of all payments; it grows with the square root of the time ahead.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    horizon : int
        [months]
    """
    rows = forecast_errors(catalog, as_of)
    scaled = rows.assign(
        error=rows["error"] * np.sqrt(12 / rows["months"]), spread=rows["spread"] * np.sqrt(12 / rows["months"])
    )
    return _pooled(scaled, _USUAL) * float(np.sqrt(horizon / 12))


def forecast_errors(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the errors of the totals that would have been forecast on past days.

    Returns
    -------
    DataFrame
        One row per past day: day, months (ahead), error (logarithm of the actual over the forecast total), spread (its
        standard deviation by chance, as the models see it).
    """
    return memoize(catalog, _forecast_errors, as_of, reads_predictions=False, whole=True)


def order_errors(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the same of the number of orders within ``churn_after_days`` of past days."""
    return memoize(catalog, _order_errors, as_of, reads_predictions=False, whole=True)


def _pooled(rows: pd.DataFrame, usual: float) -> float:
    excess = np.maximum(rows["error"] ** 2 - rows["spread"] ** 2, 0)
    return float(np.sqrt((_WEIGHT * usual**2 + float(excess.sum())) / (_WEIGHT + len(rows))))


def _forecast_errors(catalog: Catalog, as_of: date) -> pd.DataFrame:
    days, ahead = past_days(catalog.data_from, last_known(catalog, as_of), _JUDGED)
    rows = [memoize(catalog, _error_of_day, day, ahead, reads_predictions=False) for day in days]
    return pd.concat([each for each in rows if len(each)] or [pd.DataFrame(columns=_ERRORS)], ignore_index=True)


def _error_of_day(catalog: Catalog, day: date, ahead: int) -> pd.DataFrame:
    """Return the error of the total that would have been forecast on a day; no row where there were too few customers."""
    try:
        forecast = forecast_from(catalog, fitted_models(catalog, day), ahead, 0.0, _DRAWS)
    except NotMeasured:
        return pd.DataFrame(columns=_ERRORS)
    sums, expected = forecast.draws.sum(axis=0), forecast.within(ahead).sum()
    paid = payments_until(catalog, months_before(day, -ahead), since=day).rows
    actual = paid.loc[paid["customer_id"].isin(forecast.customers), "money"].sum()
    if min(sums.min(), expected, actual) <= 0:
        return pd.DataFrame(columns=_ERRORS)
    row = day.isoformat(), ahead, float(np.log(actual / expected)), float(np.log(sums).std())
    return pd.DataFrame([row], columns=_ERRORS)


def _order_errors(catalog: Catalog, as_of: date) -> pd.DataFrame:
    horizon, first = catalog.settings.company.churn_after_days, catalog.data_from
    rows, days = [], soon_days(first, as_of, horizon)
    if (
        first is not None and (as_of - first).days / MONTH >= _SEASONS
    ):  # days that could not know the season say nothing
        days = [day for day in days if (day - first).days / MONTH >= _SEASONS]
    for day in days:
        drawn = memoize(catalog, _drawn_orders, day, reads_predictions=False)["orders_soon"].to_numpy(dtype=float)
        if not len(drawn):
            continue
        actual = outcome(catalog, order_models(catalog, day).shoppers, day, as_of, horizon)["orders_soon"]
        if min(drawn.min(), actual) > 0:
            rows.append((day.isoformat(), float(np.log(actual / drawn.mean())), float(np.log(drawn).std())))
    return pd.DataFrame(rows, columns=["day", "error", "spread"])


def _drawn_orders(catalog: Catalog, day: date) -> pd.DataFrame:
    """Return the orders within ``churn_after_days`` in each future simulated on a day; several later days ask for them."""
    try:
        forecast = orders_forecast(catalog, order_models(catalog, day), 12, 0.0, _DRAWS)
    except NotMeasured:
        forecast = None
    if forecast is None or forecast.totals.empty:
        return pd.DataFrame({"orders_soon": []}, dtype=float)
    return forecast.totals[["orders_soon"]]
