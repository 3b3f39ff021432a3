"""Possible futures of customers who order: who is silent, who comes back, how many orders and how much money.

Each future draws the parameters of the models, how all customers are moved at once, and each customer's own chance. All
counts of a future are of the same customers doing the same things, so they agree with one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.models.arrays import Array
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.orders.repeat_buying import RepeatBuyingModel
from crmkit.models.orders.summary import PurchaseCounts, compress
from crmkit.models.series.order_season import OrderSeason
from crmkit.predictions.futures.leaving import Leaving
from crmkit.predictions.futures.pace import YEAR, Pace, stretched

#: What is counted in each future; "soon" is within ``churn_after_days``.
TOTALS = (
    "order_soon",  # customers with an order soon
    "stay",  # of those active, customers who order before they count as having left
    "leave",  # of those active, customers who do not
    "leave_order_soon",  # of those who leave, customers with an order soon, but too late
    "leave_back",  # of those who leave, customers with an order within a year
    "others_order_soon",  # of those not active by their orders, customers with an order soon
    "order_year",  # customers with an order within a year
    "orders_soon",
    "orders_year",
    "money_soon",
    "money_year",
)
_CHANCES = ("stay", "order_soon", "order_year")


@dataclass(eq=False)
class ShopperFutures:
    """Possible futures of customers who order.

    Attributes
    ----------
    totals : DataFrame
        One row per future; see :data:`TOTALS`.
    customers : DataFrame
        Indexed by customer_id: active (bool); stay, order_soon, order_year (chances) [share]; lost (orders within the
        horizon that a customer who leaves does not place, against one who stays) [count].
    money : array
        Money within the horizon, not discounted: customers x futures.
    """

    totals: pd.DataFrame
    customers: pd.DataFrame
    money: Array


def simulate_shoppers(
    customers: pd.DataFrame,
    model: RepeatBuyingModel,
    spend: GammaGamma,
    silent: float,
    horizon: float,
    pace: Pace,
    n_draws: int,
    price: Array | None = None,
    season: OrderSeason | None = None,
    leaving: Leaving | None = None,
    seed: int = 0,
) -> ShopperFutures:
    """Draw possible futures of customers who order.

    Parameters
    ----------
    customers : DataFrame
        See :func:`crmkit.predictions.value.payments.shoppers`; subscribes (bool), where a term keeps a customer active.
    model : RepeatBuyingModel
        Fitted, in months.
    spend : GammaGamma
        Of the money of an order.
    silent : float
        After how long without an order a customer has left [months].
    horizon : float
        Of the money [months].
    pace : Pace
        What moves all customers at once.
    n_draws : int
    price : array of shape (n_draws, 3), optional
        Level of the money of an order soon, within a year and within the horizon, in each future, as a multiple of that known.
    season : OrderSeason, optional
        In whose months the model was fitted.
    leaving : Leaving, optional
        Where the model finds that nobody leaves: how many were seen to.
    seed : int
    """
    counts, position = compress(customers)
    each, random = counts.take(position), np.random.default_rng([seed, 2])
    wait = np.clip(silent - customers["since"].to_numpy(dtype=float), 0.0, None)
    ends = np.column_stack([wait, np.broadcast_to([silent, YEAR, horizon], (len(wait), 3))])
    marks = np.array([pace.until, YEAR])
    if season is not None:
        ends, marks = season.ahead(ends), season.ahead(marks)
    subscribes = customers.get("subscribes", pd.Series(False, customers.index)).to_numpy(dtype=bool)
    tally = _Tally(len(wait), n_draws, (wait > 0) & ~subscribes)
    factors, means = pace.factors(n_draws), spend.simulate_means(customers, n_draws, seed)
    params = model.draw_params(n_draws, seed).to_numpy()
    price = pace.levels(n_draws)[:, None] * (np.ones((n_draws, 3)) if price is None else price)
    gone = leaving.rates(n_draws) if leaving is not None else np.zeros(n_draws)
    for k, (own, shape) in enumerate(means):
        alive = pace.still_there(model.alive_to_draw_by(params[k], counts)[position], factors[k, 0])
        ahead = stretched(ends, marks, factors[k])
        if gone[k]:
            ahead = np.minimum(ahead, random.exponential(1 / gone[k], (len(wait), 1)))
        rates, orders = _orders(model, params[k], each, ahead, random.random(len(wait)) < alive, random)
        tally.add(k, alive, rates, orders, _revenue(orders, own, shape, random) * price[k])
    return ShopperFutures(tally.totals, tally.customers(customers.index), tally.money)


def _orders(
    model: RepeatBuyingModel,
    params: Array,
    each: PurchaseCounts,
    ends: Array,
    there: NDArray[np.bool_],
    random: np.random.Generator,
) -> tuple[Array, Array]:
    """Return mean and number of the orders of each customer up to each time, had they not left before; in the order of times."""
    rates, most = model.rates_if_alive(params, each, ends, random)
    order = np.argsort(ends, axis=1, kind="stable")
    ascending = np.take_along_axis(rates, order, axis=1)
    drawn = np.cumsum(random.poisson(np.diff(ascending, axis=1, prepend=0.0).clip(0.0)), axis=1)
    orders = np.empty_like(drawn)
    np.put_along_axis(orders, order, drawn, axis=1)
    limit = np.broadcast_to(most, len(ends))[:, None]
    return np.minimum(rates, limit), np.where(there[:, None], np.minimum(orders, limit), 0.0)


def _revenue(orders: Array, means: Array, shape: float, random: np.random.Generator) -> Array:
    """Return the money of the orders soon, within a year and within the horizon: the first ones are part of the later ones."""
    until, place = orders[:, 1:], np.argsort(orders[:, 1:].sum(axis=0), kind="stable")
    steps = np.diff(until[:, place], axis=1, prepend=0.0).clip(0.0)
    some = steps > 0
    paid = np.zeros_like(steps)
    paid[some] = random.gamma(shape * steps[some]) / shape
    money = np.empty_like(steps)
    money[:, place] = np.cumsum(paid, axis=1)
    return money * means[:, None]


class _Tally:
    """Sums over customers of each future, and means over futures of each customer."""

    def __init__(self, n: int, n_draws: int, active: NDArray[np.bool_]) -> None:
        self.active, self.n_draws = active, n_draws
        self.totals = pd.DataFrame(0.0, index=range(n_draws), columns=list(TOTALS))
        self.money = np.empty((n, n_draws))
        self._chances = np.zeros((n, len(_CHANCES)))
        self._expected, self._if_left = np.zeros(n), np.zeros(n)

    def add(self, k: int, alive: Array, rates: Array, orders: Array, money: Array) -> None:
        """Add a future."""
        ordered, active = orders > 0, self.active
        stays, leaves = active & ordered[:, 0], active & ~ordered[:, 0]
        self.totals.iloc[k] = [
            ordered[:, 1].sum(),
            stays.sum(),
            leaves.sum(),
            ordered[leaves, 1].sum(),
            ordered[leaves, 2].sum(),
            ordered[~active, 1].sum(),
            ordered[:, 2].sum(),
            *orders[:, 1:3].sum(axis=0),
            *money[:, :2].sum(axis=0),
        ]
        self.money[:, k] = money[:, 2]
        self._chances += alive[:, None] * -np.expm1(-rates[:, :3])
        self._expected += alive * rates[:, 3]
        self._if_left += alive * np.exp(-rates[:, 0]) * np.maximum(rates[:, 3] - rates[:, 0], 0.0)

    def customers(self, index: pd.Index) -> pd.DataFrame:
        """Return one row per customer; see :class:`ShopperFutures`."""
        chances = pd.DataFrame(self._chances / self.n_draws, index=index, columns=list(_CHANCES))
        expected, if_left = self._expected / self.n_draws, self._if_left / self.n_draws
        stay = chances["stay"].to_numpy().clip(1e-9, 1 - 1e-9)
        lost = (expected - if_left) / stay - if_left / (1 - stay)
        return chances.assign(active=self.active, lost=np.where(self.active, np.maximum(lost, 0.0), 0.0))
