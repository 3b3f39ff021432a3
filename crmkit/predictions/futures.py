"""What customers will bring: expected by time ahead, and many possible futures of each, from which intervals come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.metrics.nouns import counted
from crmkit.models.choose_orders import FEW, ChosenOrders
from crmkit.models.drift import Drift
from crmkit.models.gamma_gamma import GammaGamma
from crmkit.models.value import rate_per_period
from crmkit.predictions.choice import ChosenRenewals

Array = NDArray[np.float64]

FEW_MEANS = (
    "With so few, estimates are kept near usual values, so that a handful cannot swing them, and intervals are wide."
)
LONGEST = 120  # months; what comes later is worth little and known to nobody
KNOTS = (1, 2, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 84, LONGEST)  # months ahead


@dataclass(eq=False)
class Futures:
    """What customers will bring.

    Attributes
    ----------
    customers : Index
        customer_id.
    months : array
        Months ahead, from 0, ascending.
    expected : array
        Discounted money that each customer is expected to bring within so many months: customers x months.
    draws : array
        Discounted money within the horizon in possible futures: customers x draws.
    chosen : list of (str, ChosenOrders or ChosenRenewals)
        What each model is of, and the model.
    few : list of str
        Of whom there are too few to learn much from, a sentence each.
    notes : list of str
        What else a reader must know of it.
    """

    customers: pd.Index
    months: Array
    expected: Array
    draws: Array
    chosen: list[tuple[str, ChosenOrders | ChosenRenewals]] = field(default_factory=list)
    few: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def within(self, months: float | Array) -> Array:
        """Expected money within so many months; an array has one horizon per customer [money]."""
        if np.ndim(months) == 0:
            return (
                np.array([np.interp(months, self.months, row) for row in self.expected])
                if len(self.expected)
                else np.zeros(0)
            )
        each = np.asarray(months, dtype=float)
        place = np.clip(np.searchsorted(self.months, each, side="right") - 1, 0, len(self.months) - 2)
        rows = np.arange(len(each))
        low, high = self.months[place], self.months[place + 1]
        part = np.clip((each - low) / (high - low), 0, 1)
        return self.expected[rows, place] * (1 - part) + self.expected[rows, place + 1] * part


def order_futures(
    customers: pd.DataFrame,
    chosen: ChosenOrders,
    spend: GammaGamma,
    drift: Drift,
    horizon: int,
    discount_rate: float,
    n_draws: int,
) -> Futures:
    """Return what customers will bring by orders.

    Parameters
    ----------
    customers : DataFrame
        See :func:`crmkit.predictions.histories.shoppers`; money at the level of the day.
    chosen : ChosenOrders
        The model of their orders, fitted in months.
    spend : GammaGamma
        Fitted on these customers.
    drift : Drift
        Of the money of an order, per month.
    horizon : int
        Of the draws [months].
    discount_rate : float
        Per year [share].
    n_draws : int
    """
    knots = sorted({*KNOTS, horizon})
    orders = chosen.model.expected_orders(customers, [float(k) for k in knots]).to_numpy()
    each = spend.expected_value(customers).to_numpy()
    steps = np.diff(np.column_stack([np.zeros(len(customers)), orders]), axis=1)
    middle = (np.array([0, *knots[:-1]]) + np.array(knots)) / 2
    factors = (1 + rate_per_period(discount_rate)) ** -middle * np.exp(drift.growth_ * middle)
    expected = np.cumsum(steps * factors, axis=1) * each[:, None]
    at = knots.index(horizon)
    discounted = expected[:, at] / np.where(orders[:, at] * each > 0, orders[:, at] * each, 1.0)
    drawn = chosen.model.simulate_orders(customers, float(horizon), n_draws)
    money = spend.simulate_revenue(customers, drawn).to_numpy() * discounted[:, None]
    # A faster growth lifts what is to come, and the level at which older orders are counted.
    back = float((customers["age"] - customers["last_age"] / 2) @ each / max(each.sum(), 1e-9))
    money *= np.exp((drift.draw(n_draws, seed=1) - drift.growth_) * (horizon / 2 + back))
    simpler = chosen.model.simpler_model_
    notes = [f"Orders: the data ask for less than {chosen.name} offers ({simpler})."] if simpler else []
    months = np.array([0.0, *knots])
    return Futures(customers.index, months, np.column_stack([np.zeros(len(customers)), expected]), money,
                   [("orders", chosen)], few_notes(len(customers), "customers with orders"), notes)  # fmt: skip


def together(futures: Sequence[Futures], customers: pd.Index) -> Futures:
    """Return the sum for each customer; who shops and subscribes brings both.

    Parameters
    ----------
    futures : sequence of Futures
        With equally many draws.
    customers : Index
        All customers; who is in none of the futures brings nothing.
    """
    months = np.unique(np.concatenate([np.array([0.0, *KNOTS]), *(each.months for each in futures)]))
    n_draws = futures[0].draws.shape[1]
    expected, draws = np.zeros((len(customers), len(months))), np.zeros((len(customers), n_draws))
    for each in futures:
        place = customers.get_indexer(each.customers)
        on_months = np.array([np.interp(months, each.months, row) for row in each.expected]).reshape(
            len(place), len(months)
        )
        np.add.at(expected, place, on_months)
        np.add.at(draws, place, each.draws)
    chosen = [pair for each in futures for pair in each.chosen]
    few, notes = ([note for each in futures for note in getattr(each, kind)] for kind in ("few", "notes"))
    return Futures(customers, months, expected, draws, chosen, few, notes)


def few_notes(n: int, what: str) -> list[str]:
    """Say that there are few to learn from, if so; what follows is said once, by :func:`with_few_explained`.

    Examples
    --------
    >>> few_notes(44, "customers with orders"), few_notes(1, "subscriptions"), few_notes(FEW, "subscriptions")
    (['There are 44 customers with orders, fewer than 300.'], ['There is 1 subscription, fewer than 300.'], [])
    """
    return [f"There {'is' if n == 1 else 'are'} {counted(n, what)}, fewer than {FEW}."] if n < FEW else []


def with_few_explained(few: Sequence[str]) -> list[str]:
    """Return the notes on what is few, each once, and after them what follows from it; nothing if nothing is few.

    Examples
    --------
    >>> with_few_explained([*few_notes(44, "customers with orders"), *few_notes(19, "subscriptions")])[:2]
    ['There are 44 customers with orders, fewer than 300.', 'There are 19 subscriptions, fewer than 300.']
    """
    return [*dict.fromkeys(few), FEW_MEANS] if few else []
