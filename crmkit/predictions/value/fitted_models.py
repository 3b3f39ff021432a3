"""What is learned from the data up to a day, once for every way to look ahead from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.models.orders.choose import ORDER_MODELS, ChosenOrders
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.series.drift import Drift
from crmkit.predictions.value.forecast import (
    RENEWAL_MODELS,
    ChosenRenewals,
    Futures,
    choose_renewal_model,
    opening_futures,
    order_futures,
    renewal_futures,
    together,
)
from crmkit.predictions.value.payments import (
    Money,
    alike,
    model_of_orders,
    model_of_spend,
    money,
    order_amounts,
    prices,
    shoppers,
    subscriptions,
)
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

FEWEST = 3  # customers below which nothing is learned of how they differ
_ENOUGH = 10_000  # customers from which on fewer draws do
_KEPT = 8  # days of an open catalog: a page asks for its own, for three past ones, and for what was known then
_SEEN: WeakKeyDictionary[Catalog, dict[date, Learned]] = WeakKeyDictionary()


@dataclass(eq=False)
class Learned:
    """What is known and learned on a day.

    Attributes
    ----------
    as_of : date
    money : Money
        What customers have brought so far.
    first_on : Series
        Day of the first order or term, by customer.
    shoppers : DataFrame
        See :func:`crmkit.predictions.value.payments.shoppers`.
    orders : (ChosenOrders, GammaGamma) or None
        The models of when customers order and of how much; None where fewer than three customers have ordered.
    renewals : list of (DataFrame, ChosenRenewals)
        Subscriptions of one kind, and the model of their renewals.
    order_drift, price_drift : Drift
    """

    as_of: date
    money: Money
    first_on: pd.Series
    shoppers: pd.DataFrame
    orders: tuple[ChosenOrders, GammaGamma] | None
    renewals: list[tuple[pd.DataFrame, ChosenRenewals]]
    order_drift: Drift
    price_drift: Drift


def learned(catalog: Catalog, as_of: date) -> Learned:
    """Learn from the data up to a day.

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor subscriptions.
    """
    seen = _SEEN.setdefault(catalog, {})
    if as_of not in seen:
        while len(seen) >= _KEPT:
            del seen[next(iter(seen))]
        seen[as_of] = _learned(catalog, as_of)
    return seen[as_of]


def futures_of(
    catalog: Catalog, known: Learned, horizon: int, discount_rate: float, n_draws: int | None = None
) -> Futures:
    """Look ahead from what was learned: orders, renewals, and what is new to a customer.

    Parameters
    ----------
    catalog : Catalog
    known : Learned
    horizon : int
        Of the draws [months].
    discount_rate : float
        Per year [share].
    n_draws : int, optional
        Without it 400, of many customers 200.

    Raises
    ------
    NotMeasured
        If there are fewer than three customers.
    """
    n_draws = n_draws or n_draws_of(known)
    terms = horizon, discount_rate, n_draws
    rate = catalog.settings.value.margin_rate or 1.0
    futures = []
    if known.orders is not None:
        futures.append(order_futures(known.shoppers, known.orders[0], known.orders[1], known.order_drift, *terms))
    futures += [renewal_futures(own, chosen, known.price_drift, rate, *terms) for own, chosen in known.renewals]
    if not futures and len(known.first_on) < FEWEST:
        raise NotMeasured(f"at least {FEWEST} customers with orders or subscriptions")
    nobody = Futures(pd.Index([]), np.array([0.0, 1.0]), np.zeros((0, 2)), np.zeros((0, n_draws)))
    futures = [*(futures or [nobody]), *opening_futures(catalog, known.money, known.as_of, *terms)]
    return together(futures, pd.Index(known.first_on.index))


def n_draws_of(known: Learned) -> int:
    """Return how many futures are drawn where nothing else is asked for [count]."""
    return 400 if len(known.first_on) < _ENOUGH else 200


def _learned(catalog: Catalog, as_of: date) -> Learned:
    brought = money(catalog, as_of)
    kept = memoize(catalog, _models, as_of, reads_predictions=False)
    by: dict[str, list[Any]] = {what: [] for what in ("orders", "spend", "renewals", "order drift", "price drift")}
    for row in kept.itertuples():
        by[str(row.what)].append(made_again(row))
    (dearer,), (prices_drift,) = by["order drift"], by["price drift"]
    return Learned(
        as_of,
        brought,
        brought.paid.groupby("customer_id")["on"].min(),
        shoppers(brought, as_of, dearer.growth_),
        (by["orders"][0], by["spend"][0]) if by["orders"] else None,
        list(zip(_running(catalog, as_of), by["renewals"], strict=True)),
        dearer,
        prices_drift,
    )


def _models(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Fit all models of a day, and write them down: predictions, back-tests and pages ask for the same days."""
    brought = money(catalog, as_of)
    dearer = Drift().fit(order_amounts(brought))
    orders = shoppers(brought, as_of, dearer.growth_)
    rows: list[tuple[str, Any]] = [("order drift", dearer), ("price drift", Drift().fit(prices(catalog, as_of)))]
    if len(orders) >= FEWEST:
        rows += [("orders", model_of_orders(brought, as_of)), ("spend", model_of_spend(orders))]
    rows += [("renewals", choose_renewal_model(own)) for own in _running(catalog, as_of)]
    return pd.DataFrame([written(*row) for row in rows], columns=["what", "name", "model", "held_out", "reason"])


def _running(catalog: Catalog, as_of: date) -> list[pd.DataFrame]:
    """Return the groups of subscriptions that somebody still has."""
    return [own for own in alike(subscriptions(catalog, as_of)) if own["runs"].any()]


# Fitted models as text, so that what was learned of a day is kept like any other result and not learned twice.


Model = TypeVar("Model")


def written(what: str, model: Any) -> tuple[str, str, str, str, str]:
    """Return a model, or a choice of one, as a row: what it is of, its name, itself, scores of the choice, its reason."""
    if not isinstance(model, (ChosenOrders, ChosenRenewals)):
        return what, "", as_text(model), "", ""
    reason = model.reason if isinstance(model, ChosenOrders) else ""
    return what, model.name, as_text(model.model), as_text(model.held_out), reason


def made_again(row: Any) -> Any:
    """Return the model, or the choice, that :func:`written` made a row of."""
    if row.what == "orders":
        fitted: Any = model_of(ORDER_MODELS[row.name], row.model)
        return ChosenOrders(row.name, fitted, frame_of(row.held_out), row.reason)
    if row.what == "renewals":
        fitted = model_of(RENEWAL_MODELS[row.name], row.model)
        return ChosenRenewals(row.name, fitted, frame_of(row.held_out))
    return model_of(GammaGamma if row.what == "spend" else Drift, row.model)


def as_text(value: Any) -> str:
    """Write down a fitted model, with its parameters and all that it has learned, or a frame of numbers.

    Numbers come back to the last digit. What a model would still compute when asked, such as the intervals of the
    parameters of a model of repeat orders, is not written down.

    Raises
    ------
    TypeError
        If a model holds anything but plain values, Series and DataFrames.
    """
    if hasattr(value, "__dict__") and not isinstance(value, (pd.DataFrame, pd.Series)):
        value = {name: own for name, own in vars(value).items() if not name.startswith("_")}
    return json.dumps(value, default=_plain)


def model_of(kind: type[Model], text: str) -> Model:
    """Make a fitted model of its text.

    Examples
    --------
    >>> from crmkit.models.series.drift import Drift
    >>> model = Drift()
    >>> model.growth_ = 1 / 3
    >>> model_of(Drift, as_text(model)).growth_ == 1 / 3
    True
    """
    model = object.__new__(kind)
    vars(model).update({name: _frame(own) for name, own in json.loads(text).items()})
    return model


def frame_of(text: str) -> pd.DataFrame:
    """Make a frame of numbers of its text.

    Examples
    --------
    >>> frame_of(as_text(pd.DataFrame({"lead": [0.1]}, index=pd.Index(["sBG"], name="model"))))
           lead
    model
    sBG     0.1
    """
    frame: pd.DataFrame = _frame(json.loads(text))
    return frame


def _frame(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    index = pd.Index(value["index"], name=value["index_name"])
    if "columns" in value:
        return pd.DataFrame(value["rows"], index=index, columns=value["columns"], dtype=float)
    return pd.Series(value["rows"], index=index, name=value["name"], dtype=float)


def _plain(value: Any) -> Any:
    """Turn what JSON has no word for into what it has."""
    if isinstance(value, (pd.DataFrame, pd.Series)):
        rows = {"rows": value.to_numpy(dtype=float).tolist(), "index": value.index.tolist()}
        named = {"columns": value.columns.tolist()} if isinstance(value, pd.DataFrame) else {"name": value.name}
        return {**rows, "index_name": value.index.name, **named}
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"A model holds a {type(value).__name__}, which cannot be written down.")


# The possible futures of a day, kept between the prediction that looks ahead first and the page that shows them.


_MOST = 2_000_000  # draws that are worth their room among the kept results; 16 MB


def kept_futures(catalog: Catalog, known: Learned, horizon: int, discount_rate: float) -> Futures:
    """Look ahead as :func:`crmkit.predictions.value.fitted_models.futures_of` does, from what is kept if somebody has before.

    Raises
    ------
    NotMeasured
        If there are fewer than three customers.
    """
    if n_draws_of(known) * len(known.first_on) > _MOST:
        return futures_of(catalog, known, horizon, discount_rate)
    rows = memoize(catalog, _rows, known.as_of, horizon, discount_rate, reads_predictions=False)
    months = np.array(rows.attrs["months"])
    numbers = rows["number"].to_numpy(dtype=float).reshape(len(known.first_on), -1)
    models = [*(known.orders[:1] if known.orders else ()), *(chosen for _, chosen in known.renewals)]
    return Futures(
        pd.Index(known.first_on.index),
        months,
        numbers[:, : len(months)],
        numbers[:, len(months) :],
        list(zip(rows.attrs["chosen"], models, strict=True)),
        list(rows.attrs["few"]),
        list(rows.attrs["notes"]),
    )


def _rows(catalog: Catalog, as_of: date, horizon: int, discount_rate: float) -> pd.DataFrame:
    """Of each customer what is expected by each month, then the draws; one column is quicker to keep than hundreds."""
    futures = futures_of(catalog, learned(catalog, as_of), horizon, discount_rate)
    numbers = np.column_stack([futures.expected, futures.draws])
    rows = pd.DataFrame({"number": numbers.ravel()})
    rows.attrs["months"] = futures.months.tolist()
    rows.attrs |= {"chosen": [what for what, _ in futures.chosen], "few": futures.few, "notes": futures.notes}
    return rows
