"""What each customer is worth from a day on: margin times the chance that she still pays, discounted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.predictions.runner.registry import prediction
from crmkit.predictions.value.fitted_models import futures_of, kept_futures, learned
from crmkit.predictions.value.forecast import Futures
from crmkit.predictions.value.forecast_error import common_doubt, widened
from crmkit.predictions.value.payments import MONTH, Money, money
from crmkit.tables.as_of import takes_day
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

HORIZONS = (12, 24, 36)  # months
_TAILS = (0.025, 0.975)
_KEPT = 4  # valuations of an open catalog: the sections of a page ask for the same ones
_SEEN: WeakKeyDictionary[Catalog, dict[tuple[date, int, float], Valuation]] = WeakKeyDictionary()


@dataclass(eq=False)
class Valuation:
    """The value of all customers on a day.

    Attributes
    ----------
    as_of : date
    futures : Futures
        Of every customer.
    money : Money
        What they have brought so far.
    first_on : Series
        Day of the first order or term, by customer.
    horizon : int
        Months that the value looks ahead.
    shared_error : float
        Of the sum of all expected values, as the models' parameters are in doubt [money].
    """

    as_of: date
    futures: Futures
    money: Money
    first_on: pd.Series
    horizon: int
    shared_error: float


def valuation(
    catalog: Catalog, as_of: date, horizon: int | None = None, discount_rate: float | None = None
) -> Valuation:
    """Learn from the data up to a day and look ahead.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    horizon : int, optional
        Months ahead; without it ``horizon_months`` of the settings.
    discount_rate : float, optional
        Per year [share]; without it that of the settings.

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor subscriptions, or fewer than three customers.
    """
    settings = catalog.settings.value
    asked = (
        as_of,
        horizon or settings.horizon_months,
        settings.discount_rate if discount_rate is None else discount_rate,
    )
    seen = _SEEN.setdefault(catalog, {})
    if asked not in seen:
        while len(seen) >= _KEPT:
            del seen[next(iter(seen))]
        seen[asked] = _looked_ahead(catalog, *asked)
    return seen[asked]


def _looked_ahead(catalog: Catalog, as_of: date, horizon: int, discount: float) -> Valuation:
    known = learned(catalog, as_of)
    # The page looks from the day of the prediction as far as that; back-tests do so from days that nobody else asks for.
    usual = (horizon, discount) == (catalog.settings.value.horizon_months, catalog.settings.value.discount_rate)
    futures = (kept_futures if usual else futures_of)(catalog, known, horizon, discount)
    # Futures share the drawn parameters and nothing else: what their sum varies by beyond each customer is the model's.
    shared = futures.draws.sum(axis=0).var() - futures.draws.var(axis=1).sum()
    futures.draws = widened(futures.draws, common_doubt(catalog, as_of, horizon))
    return Valuation(as_of, futures, known.money, known.first_on, horizon, float(np.sqrt(max(shared, 0.0))))


@takes_day
def customer_values(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Value of each customer from a day on.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        One row per customer who has ordered or subscribed: customer_id; value, low, high (95 %: what she will really
        bring within ``horizon_months``), within_12, within_24, within_36, beyond_36 (up to ten years) [money];
        so_far (brought up to the day), first_on; shared_error (her part of the error of the sum of all values that comes
        from the models' parameters) [money].

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> catalog = ck.connect({"orders": orders})
    >>> customer_values(catalog, date(2026, 9, 30))["so_far"].tolist()
    [10.0, 10.0, 10.0]
    """
    return memoize(catalog, _customer_values, as_of, reads_predictions=False)


def valued(whole: Valuation) -> pd.DataFrame:
    """Return one row per customer; see :func:`customer_values`."""
    futures = whole.futures
    value = futures.within(whole.horizon)
    low, high = np.quantile(futures.draws, _TAILS, axis=1) if len(value) else (value, value)
    horizons = {f"within_{months}": futures.within(months) for months in HORIZONS}
    so_far = whole.money.paid.groupby("customer_id")["money"].sum().reindex(futures.customers)
    return pd.DataFrame(
        {
            "customer_id": futures.customers.astype(str),
            "value": value,
            "low": np.minimum(low, value),
            "high": np.maximum(high, value),
            **horizons,
            "beyond_36": futures.expected[:, -1] - horizons["within_36"],
            "so_far": so_far.to_numpy(dtype=float),
            "first_on": whole.first_on.reindex(futures.customers).to_numpy(),
            "shared_error": np.abs(value) * (whole.shared_error / max(float(np.abs(value).sum()), 1e-9)),
        }
    )


@prediction(table="customer_scores", model="value")
def value(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Residual value of each customer: what she will bring from the day on, discounted, within the horizon."""
    return customer_values(catalog, as_of)[["customer_id", "value", "low", "high", "shared_error"]]


@prediction(table="customer_scores", model="lifetime_value")
def lifetime_value(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """What each customer has brought and will bring, in margin, to be set against what it cost to win her.

    Raises
    ------
    NotMeasured
        If margin is not known.
    """
    if not money(catalog, as_of).is_margin:
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
    """Months from a customer's first day to another day [months]."""
    return (pd.Timestamp(as_of) - pd.to_datetime(first_on)).dt.days / MONTH


def _customer_values(catalog: Catalog, as_of: date) -> pd.DataFrame:
    return valued(valuation(catalog, as_of))
