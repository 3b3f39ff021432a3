"""What is learned from the data up to a day, once for every way to look ahead from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.models.choose_orders import ChosenOrders
from crmkit.models.drift import Drift
from crmkit.models.gamma_gamma import GammaGamma
from crmkit.predictions.choice import ChosenRenewals, choose_renewal_model
from crmkit.predictions.futures import Futures, order_futures, together
from crmkit.predictions.histories import (
    alike,
    model_of_orders,
    model_of_spend,
    order_amounts,
    prices,
    shoppers,
    subscriptions,
)
from crmkit.predictions.kept_models import made_again, written
from crmkit.predictions.money import Money, money
from crmkit.predictions.openings import opening_futures
from crmkit.predictions.renewal_futures import renewal_futures
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember

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
        See :func:`crmkit.predictions.histories.shoppers`.
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
    kept = remember(catalog, _models, as_of, reads_predictions=False)
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
