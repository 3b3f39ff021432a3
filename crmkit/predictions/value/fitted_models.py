"""The models fitted to the data up to a day, kept as JSON and reused by predictions, back-tests and pages.

The forecast made from them is kept too, for the page that shows what the prediction has computed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.models.orders.choose import ORDER_MODELS, ChosenOrders
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.series.drift import Drift
from crmkit.models.series.order_season import OrderSeason
from crmkit.predictions.futures.leaving import Leaving
from crmkit.predictions.futures.pace import STEADY, Pace, with_common_error
from crmkit.predictions.value.forecast import (
    RENEWAL_MODELS,
    ChosenRenewals,
    Forecast,
    choose_renewal_model,
    forecast_new_business,
    forecast_orders,
    forecast_renewals,
    sum_forecasts,
)
from crmkit.predictions.value.payments import (
    MONTH,
    Payments,
    fit_order_model,
    fit_season,
    fit_spend_model,
    leaving_until,
    order_amounts,
    payments_until,
    renewal_groups,
    shoppers,
    subscriptions,
    term_prices,
)
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.caching.per_catalog import kept_per_catalog
from crmkit.tables.catalog import Catalog

FEWEST = 3  # customers below which no model is fitted
_MANY = 10_000  # customers from which on fewer draws suffice
_MOST_CACHED = 2_000_000  # draws of a forecast that is kept in the cache; 16 MB
Model = TypeVar("Model")


@dataclass(eq=False)
class FittedModels:
    """What is known on a day, and the models fitted to it.

    Attributes
    ----------
    as_of : date
    payments : Payments
        What customers have paid so far.
    first_on : Series
        Day of the first order or term, by customer.
    shoppers : DataFrame
        See :func:`crmkit.predictions.value.payments.shoppers`; and subscribes (bool: a term runs).
    orders : (ChosenOrders, GammaGamma) or None
        The models of when customers order and of how much; None where fewer than three customers have ordered.
    renewals : list of (DataFrame, ChosenRenewals)
        Subscriptions of one kind, and the model of their renewals.
    order_drift, price_drift : Drift
    season : Season
        In which months customers order more than in others.
    leaving : Leaving
        How many frequent customers stopped ordering.
    """

    as_of: date
    payments: Payments
    first_on: pd.Series
    shoppers: pd.DataFrame
    orders: tuple[ChosenOrders, GammaGamma] | None
    renewals: list[tuple[pd.DataFrame, ChosenRenewals]]
    order_drift: Drift
    price_drift: Drift
    season: OrderSeason
    leaving: Leaving


@kept_per_catalog(most=8)  # a page asks for its own day, three past ones, and what was known then
def fitted_models(catalog: Catalog, as_of: date) -> FittedModels:
    """Return the models fitted to the data up to a day.

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor subscriptions.
    """
    fitted = memoize(catalog.whole, _fitted_renewals, as_of, reads_predictions=False)
    renewals = [
        (own, model_from_row(row))
        for every, row in zip(_running(catalog.whole, as_of), fitted.itertuples(), strict=True)
        if len(own := catalog.of_its_customers(every))
    ]
    return replace(order_models(catalog, as_of), renewals=renewals)


def order_models(catalog: Catalog, as_of: date) -> FittedModels:
    """Return the models fitted to the data up to a day without those of renewals, which take as long as all others.

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor subscriptions.
    """
    payments = payments_until(catalog, as_of)
    # Models are fitted to all customers, also where the catalog is narrowed; only the payments are those of some.
    fitted = memoize(catalog.whole, _fitted_rows, as_of, reads_predictions=False)
    by: dict[str, Any] = {str(row.what): model_from_row(row) for row in fitted.itertuples()}
    spells = subscriptions(catalog, as_of)
    customers = shoppers(payments, as_of, by["order drift"].growth_, by["season"])
    subscribing = customers.index.isin(spells.loc[spells["runs"].astype(bool), "customer_id"])
    return FittedModels(
        as_of,
        payments,
        payments.rows.groupby("customer_id")["on"].min(),
        customers.assign(subscribes=subscribing),
        (by["orders"], by["spend"]) if "orders" in by else None,
        [],
        by["order drift"],
        by["price drift"],
        by["season"],
        leaving_until(payments, as_of),
    )


def cached_forecast(
    catalog: Catalog, models: FittedModels, horizon: int, discount_rate: float, pace: Pace = STEADY
) -> Forecast:
    """Return the forecast of :func:`forecast_from` from the cache, or compute and cache it.

    Raises
    ------
    NotMeasured
        If there are fewer than three customers.
    """
    if default_draws(models) * len(models.first_on) > _MOST_CACHED:
        return forecast_from(catalog, models, horizon, discount_rate, pace=pace)
    rows = memoize(catalog, _forecast_rows, models.as_of, horizon, discount_rate, pace, reads_predictions=False)
    months, chances = np.array(rows.attrs["months"]), rows.attrs["chances"]
    numbers = rows["number"].to_numpy(dtype=float).reshape(len(models.first_on), -1)
    customers = pd.Index(models.first_on.index)
    n_chances = len(chances) + 1
    own = pd.DataFrame(numbers[:, -n_chances:-1], index=customers, columns=chances).dropna()
    chosen_models = [*(models.orders[:1] if models.orders else ()), *(chosen for _, chosen in models.renewals)]
    return Forecast(
        customers,
        months,
        numbers[:, : len(months)],
        numbers[:, len(months) : -n_chances],
        list(zip(rows.attrs["chosen"], chosen_models, strict=True)),
        list(rows.attrs["few"]),
        list(rows.attrs["notes"]),
        pd.DataFrame(rows.attrs["totals"]),
        own.assign(active=own["active"] > 0) if chances else pd.DataFrame(),
        pd.Series(numbers[:, -1], index=customers),
    )


def forecast_from(
    catalog: Catalog,
    models: FittedModels,
    horizon: int,
    discount_rate: float,
    n_draws: int | None = None,
    pace: Pace = STEADY,
) -> Forecast:
    """Forecast orders, renewals and new business from the models of a day.

    Parameters
    ----------
    catalog : Catalog
    models : FittedModels
    horizon : int
        Of the draws [months].
    discount_rate : float
        Per year [share].
    n_draws : int, optional
        By default 400, or 200 for many customers.
    pace : Pace
        What moves the orders of all customers at once.

    Raises
    ------
    NotMeasured
        If there are fewer than three customers.
    """
    n_draws = n_draws or default_draws(models)
    terms = horizon, discount_rate, n_draws
    rate = catalog.settings.value.margin_rate or 1.0
    silent = catalog.settings.company.churn_after_days / MONTH
    orders = orders_forecast(catalog, models, *terms, pace)
    forecasts = [orders] if orders else []
    others = [
        forecast_renewals(own, chosen, models.price_drift, rate, *terms, silent) for own, chosen in models.renewals
    ]
    if not [*forecasts, *others] and len(models.first_on) < FEWEST:
        raise NotMeasured(f"at least {FEWEST} customers with orders or subscriptions")
    empty = Forecast(pd.Index([]), np.array([0.0, 1.0]), np.zeros((0, 2)), np.zeros((0, n_draws)))
    others += forecast_new_business(catalog, models.payments, models.as_of, *terms)
    for each in others:
        each.draws = with_common_error(each.draws, pace.others)
    forecasts = [*forecasts, *others] or [empty]
    return sum_forecasts(forecasts, pd.Index(models.first_on.index))


def orders_forecast(
    catalog: Catalog, models: FittedModels, horizon: int, discount_rate: float, n_draws: int, pace: Pace = STEADY
) -> Forecast | None:
    """Forecast orders alone, as :func:`forecast_from` does among others; None where fewer than three customers have ordered."""
    if models.orders is None:
        return None
    chosen, spend = models.orders
    silent = catalog.settings.company.churn_after_days / MONTH
    return forecast_orders(
        models.shoppers,
        chosen,
        spend,
        models.order_drift,
        horizon,
        discount_rate,
        n_draws,
        silent,
        pace,
        models.season,
        models.leaving,
    )


def default_draws(models: FittedModels) -> int:
    """Return the default number of simulated futures [count]."""
    return 400 if len(models.first_on) < _MANY else 200


def model_row(what: str, model: Any) -> tuple[str, str, str, str, str]:
    """Return a model, or a choice of one, as a row: what it describes, name, JSON, held-out scores, reason of the choice."""
    if not isinstance(model, (ChosenOrders, ChosenRenewals)):
        return what, "", to_json(model), "", ""
    reason = model.reason if isinstance(model, ChosenOrders) else ""
    return what, model.name, to_json(model.model), to_json(model.held_out), reason


def model_from_row(row: Any) -> Any:
    """Return the model, or the choice of one, from its row; the inverse of :func:`model_row`."""
    if row.what == "orders":
        fitted: Any = model_from_json(ORDER_MODELS[row.name], row.model)
        return ChosenOrders(row.name, fitted, frame_from_json(row.held_out), row.reason)
    if row.what == "renewals":
        fitted = model_from_json(RENEWAL_MODELS[row.name], row.model)
        return ChosenRenewals(row.name, fitted, frame_from_json(row.held_out))
    kinds: dict[str, type[Any]] = {"spend": GammaGamma, "season": OrderSeason}
    return model_from_json(kinds.get(row.what, Drift), row.model)


def to_json(value: Any) -> str:
    """Return a fitted model with its parameters and fitted attributes, or a frame of numbers, as JSON.

    Numbers are kept to the last digit. Private attributes, which a model computes when asked, are left out.

    Raises
    ------
    TypeError
        If a model holds anything but plain values, Series and DataFrames.
    """
    if hasattr(value, "__dict__") and not isinstance(value, (pd.DataFrame, pd.Series)):
        value = {name: own for name, own in vars(value).items() if not name.startswith("_")}
    return json.dumps(value, default=_json_value)


def model_from_json(kind: type[Model], text: str) -> Model:
    """Return a fitted model from its JSON.

    Examples
    --------
    >>> from crmkit.models.series.drift import Drift
    >>> model = Drift()
    >>> model.growth_ = 1 / 3
    >>> model_from_json(Drift, to_json(model)).growth_ == 1 / 3
    True
    """
    model = object.__new__(kind)
    vars(model).update({name: _frame(own) for name, own in json.loads(text).items()})
    return model


def frame_from_json(text: str) -> pd.DataFrame:
    """Return a frame of numbers from its JSON.

    Examples
    --------
    >>> frame_from_json(to_json(pd.DataFrame({"lead": [0.1]}, index=pd.Index(["sBG"], name="model"))))
           lead
    model
    sBG     0.1
    """
    frame: pd.DataFrame = _frame(json.loads(text))
    return frame


def _fitted_rows(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Fit the models of a day but those of renewals; one row per model, as it is kept in the cache."""
    payments = payments_until(catalog, as_of)
    order_drift = Drift().fit(order_amounts(payments))
    season = fit_season(payments, as_of)
    orders = shoppers(payments, as_of, order_drift.growth_, season)
    rows: list[tuple[str, Any]] = [
        ("season", season),
        ("order drift", order_drift),
        ("price drift", Drift().fit(term_prices(catalog, as_of))),
    ]
    if len(orders) >= FEWEST:
        rows += [("orders", fit_order_model(payments, as_of, season)), ("spend", fit_spend_model(orders))]
    return _as_frame(rows)


def _fitted_renewals(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Fit the models of renewals of a day, one row for each group with a running subscription."""
    return _as_frame([("renewals", choose_renewal_model(own)) for own in _running(catalog, as_of)])


def _as_frame(models: list[tuple[str, Any]]) -> pd.DataFrame:
    columns = ["what", "name", "model", "held_out", "reason"]
    return pd.DataFrame([model_row(*row) for row in models], columns=columns, dtype=object)


def _running(catalog: Catalog, as_of: date) -> list[pd.DataFrame]:
    """Return the groups with at least one running subscription."""
    return [own for own in renewal_groups(subscriptions(catalog, as_of)) if own["runs"].any()]


def _forecast_rows(catalog: Catalog, as_of: date, horizon: int, discount_rate: float, pace: Pace) -> pd.DataFrame:
    """Return all numbers of each customer in one long column, which is quicker to store than hundreds."""
    forecast = forecast_from(catalog, fitted_models(catalog, as_of), horizon, discount_rate, pace=pace)
    chances = forecast.chances.reindex(forecast.customers).astype(float)
    numbers = np.column_stack([forecast.expected, forecast.draws, chances, forecast.stakes])
    rows = pd.DataFrame({"number": numbers.ravel()})
    rows.attrs["months"], rows.attrs["chances"] = forecast.months.tolist(), list(chances.columns)
    rows.attrs["totals"] = forecast.totals.to_dict("list")
    rows.attrs |= {"chosen": [what for what, _ in forecast.chosen], "few": forecast.few, "notes": forecast.notes}
    return rows


def _frame(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    index = pd.Index(value["index"], name=value["index_name"])
    if "columns" in value:
        return pd.DataFrame(value["rows"], index=index, columns=value["columns"], dtype=float)
    return pd.Series(value["rows"], index=index, name=value["name"], dtype=float)


def _json_value(value: Any) -> Any:
    """Turn frames, series and NumPy scalars into what JSON can hold."""
    if isinstance(value, (pd.DataFrame, pd.Series)):
        rows = {"rows": value.to_numpy(dtype=float).tolist(), "index": value.index.tolist()}
        names = {"columns": value.columns.tolist()} if isinstance(value, pd.DataFrame) else {"name": value.name}
        return {**rows, "index_name": value.index.name, **names}
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"A model holds a {type(value).__name__}, which cannot be written down.")
