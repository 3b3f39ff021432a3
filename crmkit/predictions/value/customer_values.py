"""What each customer is worth from a day on: the money that the customer is expected to pay, discounted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.periods import DayLike
from crmkit.predictions.runner.registry import prediction
from crmkit.predictions.value.fitted_models import cached_forecast, fitted_models, forecast_from
from crmkit.predictions.value.forecast import Forecast
from crmkit.predictions.value.forecast_error import learned_pace
from crmkit.predictions.value.payments import MONTH, Payments, payments_until
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.caching.per_catalog import kept_per_catalog
from crmkit.tables.catalog import Catalog

HORIZONS = (12, 24, 36)  # months
_TAILS = (0.025, 0.975)


@dataclass(eq=False)
class Valuation:
    """The value of all customers on a day.

    Attributes
    ----------
    as_of : date
    forecast : Forecast
        Of every customer.
    payments : Payments
        What they have paid so far.
    first_on : Series
        Day of the first order or term, by customer.
    horizon : int
        Months ahead that the value covers.
    shared_error : float
        Standard error of the sum of all expected values that comes from the models' parameters [money].
    """

    as_of: date
    forecast: Forecast
    payments: Payments
    first_on: pd.Series
    horizon: int
    shared_error: float


def valuation(
    catalog: Catalog, as_of: date, horizon: int | None = None, discount_rate: float | None = None
) -> Valuation:
    """Fit the models to the data up to a day, and forecast what all customers will pay.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    horizon : int, optional
        Months ahead; ``horizon_months`` of the settings by default.
    discount_rate : float, optional
        Per year [share]; that of the settings by default.

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor subscriptions, or fewer than three customers.
    """
    settings = catalog.settings.value
    discount_rate = settings.discount_rate if discount_rate is None else discount_rate
    return _valuation(catalog, as_of, horizon or settings.horizon_months, discount_rate)


@checked
def customer_values(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return the value of each customer from a day on.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        One row per customer who has ordered or subscribed: customer_id; value, low, high (95 %: what the customer will
        actually pay within ``horizon_months``), within_12, within_24, within_36, beyond_36 (up to ten years) [money];
        so_far (paid up to the day), first_on; shared_error (the customer's part of the error of the sum of all values that comes
        from the models' parameters) [money].

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> catalog = ck.connect({"orders": orders})
    >>> customer_values(catalog, date(2026, 9, 30))["so_far"].tolist()
    [10.0, 10.0, 10.0]
    """
    return memoize(catalog, _customer_values, as_of, reads_predictions=False, whole=True)


def value_rows(whole: Valuation) -> pd.DataFrame:
    """Return one row per customer; see :func:`customer_values`."""
    forecast = whole.forecast
    value = forecast.within(whole.horizon)
    low, high = np.quantile(forecast.draws, _TAILS, axis=1) if len(value) else (value, value)
    horizons = {f"within_{months}": forecast.within(months) for months in HORIZONS}
    so_far = whole.payments.rows.groupby("customer_id")["money"].sum().reindex(forecast.customers)
    return pd.DataFrame(
        {
            "customer_id": forecast.customers.astype(str),
            "value": value,
            "low": np.minimum(low, value),
            "high": np.maximum(high, value),
            **horizons,
            "beyond_36": forecast.expected[:, -1] - horizons["within_36"],
            "so_far": so_far.to_numpy(dtype=float),
            "first_on": whole.first_on.reindex(forecast.customers).to_numpy(),
            "shared_error": np.abs(value) * (whole.shared_error / max(float(np.abs(value).sum()), 1e-9)),
        }
    )


@prediction(table="customer_scores", model="value")
def value(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the residual value of each customer: expected payments after the day within the horizon, discounted."""
    return customer_values(catalog, as_of)[["customer_id", "value", "low", "high", "shared_error"]]


@prediction(table="customer_scores", model="lifetime_value")
def lifetime_value(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the margin that each customer has brought and will bring, to be compared with the acquisition cost.

    Raises
    ------
    NotMeasured
        If margin is not known.
    """
    if not payments_until(catalog, as_of).is_margin:
        raise NotMeasured("orders.margin, or margin_rate under [value] in the settings")
    rows = customer_values(catalog, as_of)
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "shared_error": rows["shared_error"],
            **{name: rows[name] + rows["so_far"] for name in ("value", "low", "high")},
        }
    )


def months_since(first_on: pd.Series, as_of: date) -> pd.Series:
    """Return the months from each customer's first day to another day [months]."""
    return (pd.Timestamp(as_of) - pd.to_datetime(first_on)).dt.days / MONTH


@kept_per_catalog(most=4)  # the sections of a page ask for the same ones
def _valuation(catalog: Catalog, as_of: date, horizon: int, discount: float) -> Valuation:
    known = fitted_models(catalog, as_of)
    # Back-tests forecast from days and for horizons that no page asks for again.
    usual = (horizon, discount) == (catalog.settings.value.horizon_months, catalog.settings.value.discount_rate)
    pace = learned_pace(catalog, as_of, horizon)
    forecast = (cached_forecast if usual else forecast_from)(catalog, known, horizon, discount, pace=pace)
    # Customers share the drawn parameters and the pace: what the variance of the sum has beyond theirs comes from these.
    shared = forecast.draws.sum(axis=0).var() - forecast.draws.var(axis=1).sum()
    return Valuation(as_of, forecast, known.payments, known.first_on, horizon, float(np.sqrt(max(shared, 0.0))))


def _customer_values(catalog: Catalog, as_of: date) -> pd.DataFrame:
    return value_rows(valuation(catalog, as_of))
