"""The value of each customer and of all of them, from any model that draws survival curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.errors import Problems
from crmkit.models.subscriptions.spells import Array
from crmkit.models.terms import Terms
from crmkit.models.value import convention

_BLOCK = 2_000_000  # draws x customers x periods at a time
_TAILS = (0.025, 0.975)


class Curves(Protocol):
    """A model that knows how likely each customer is still there some periods from now."""

    @property
    def needs(self) -> Sequence[str]:
        """Return the columns of X that a curve depends on."""
        ...

    def curves(self, X: pd.DataFrame, periods: int, n_draws: int | None = None) -> Array:
        """Return S(t + k) / S(t) per customer and k = 0, ..., periods; with ``n_draws`` per draw first."""
        ...


def customer_value(
    model: Curves, X: pd.DataFrame, margin: float | pd.Series, terms: Terms | None = None
) -> pd.DataFrame:
    """Value of each customer from now on: residual at her tenure, or of a new customer at tenure 0.

    Parameters
    ----------
    model : ShiftedBetaGeometric, BetaDiscreteWeibull, DiscreteHazard, or anything with ``curves``
        Fitted.
    X : DataFrame
        tenure [periods], and what else the model needs; one row per customer.
    margin : float or Series
        Per payment [money]; a Series in the order of X.
    terms : Terms, optional
        Discount rate, who pays when, horizons.

    Returns
    -------
    DataFrame
        With X's index: within_12, within_24, within_36 (one per horizon), value; tail_share (of the value, beyond the
        longest horizon); expected_low, expected_high (95 %, for the expected value: the parameters are uncertain); low,
        high (95 %, for what she will really bring: so is she) [money].

    Examples
    --------
    >>> from crmkit.models.subscriptions.sbg import ShiftedBetaGeometric
    >>> from crmkit.models.subscriptions.spells import spells_of_survivors
    >>> model = ShiftedBetaGeometric().fit(spells_of_survivors([1000, 869, 743, 653, 593, 551, 517, 491]))
    >>> yearly = Terms(periods_per_year=1, pays="due", horizons=(5, 10), longest=200)
    >>> customer_value(model, pd.DataFrame({"tenure": [0, 4]}), 100, yearly)[["within_5", "value", "tail_share"]].round(2)
       within_5   value  tail_share
    0    292.52  541.45        0.24
    1    341.72  689.67        0.27
    """
    terms = terms or Terms()
    kinds, position = _distinct(X, model.needs)
    factors, horizons = terms.factors, list(terms.horizons)
    brings = np.concatenate([[0.0], np.cumsum(factors)])  # who makes 0, 1, 2, ... payments
    unit = np.zeros((len(kinds), len(horizons) + 5))
    for block in _blocks(model, kinds, terms):
        worth = np.cumsum(block.chance * factors, axis=1)
        whole = worth[:, -1]
        expected_low, expected_high = np.quantile(block.draws @ factors, _TAILS, axis=0)
        overall = block.draws.mean(axis=0)  # chance of each payment, whatever the parameters are
        low, high = (brings[(overall > 1 - tail).sum(axis=1)] for tail in _TAILS)
        within = [worth[:, min(h, terms.longest) - 1] for h in horizons]
        spread = np.minimum(expected_low, whole), np.maximum(expected_high, whole)
        unit[block.rows] = np.column_stack([*within, whole, *spread, low, high])
    names = [*(f"within_{h}" for h in horizons), "value", "expected_low", "expected_high", "low", "high"]
    values = pd.DataFrame(unit[position] * _aligned(margin, X)[:, None], index=X.index, columns=names)
    for pair in (["expected_low", "expected_high"], ["low", "high"]):  # a negative margin turns them round
        values[pair] = np.sort(values[pair].to_numpy(), axis=1)
    worth_all, seen = unit[position, len(horizons)], unit[position, int(np.argmax(horizons))]
    values.insert(len(horizons) + 1, "tail_share", 1 - seen / np.where(worth_all > 0, worth_all, 1.0))
    return values


def total_value(model: Curves, X: pd.DataFrame, margin: float | pd.Series, terms: Terms | None = None) -> pd.Series:
    """Value of all customers together, with an interval by simulation.

    Each draw of the parameters moves all customers at once; to it comes each customer's own chance, as a gamma variable
    with the mean and variance of the sum.

    Parameters
    ----------
    model : ShiftedBetaGeometric, BetaDiscreteWeibull, DiscreteHazard, or anything with ``curves``
        Fitted.
    X : DataFrame
        tenure [periods], and what else the model needs; one row per customer.
    margin : float or Series
        Per payment [money]; a Series in the order of X.
    terms : Terms, optional
        Discount rate, who pays when; the total is of the next ``longest`` payments.

    Returns
    -------
    Series
        value, low, high (95 %) [money].

    Examples
    --------
    >>> from crmkit.models.subscriptions.sbg import ShiftedBetaGeometric
    >>> from crmkit.models.subscriptions.spells import spells_of_survivors
    >>> model = ShiftedBetaGeometric().fit(spells_of_survivors([1000, 869, 743, 653, 593, 551, 517, 491]))
    >>> customers = pd.DataFrame({"tenure": [7] * 491})
    >>> total = total_value(model, customers, 100, Terms(periods_per_year=1, pays="renewal", longest=5))
    >>> bool(total["low"] < total["value"] < total["high"]), round(float(total["value"]), -3)
    (True, 160000.0)
    """
    terms = terms or Terms()
    kinds, position = _distinct(X, model.needs)
    factors, money = terms.factors, _aligned(margin, X)
    squares = np.diff(np.concatenate([[0.0], np.cumsum(factors)]) ** 2)  # so that E[brings^2] = chances @ squares
    totals, value = np.zeros((2, 2, terms.n_draws)), 0.0  # of gains and losses: mean and variance per draw
    for block in _blocks(model, kinds, terms):
        inside = (position >= block.rows.start) & (position < block.rows.stop)
        kind, own = position[inside] - block.rows.start, money[inside]
        value += float(own @ (block.chance @ factors)[kind])
        mean = block.draws @ factors
        variance = np.maximum(block.draws @ squares - mean**2, 0)
        for i, part in enumerate((np.maximum(own, 0), np.maximum(-own, 0))):
            for j, (moment, each) in enumerate(((mean, part), (variance, part**2))):
                totals[i, j] += moment @ np.bincount(kind, each, minlength=moment.shape[1])
    random = np.random.default_rng(terms.seed)
    gains, losses = (_gamma(random, mean, variance) for mean, variance in totals)
    low, high = np.quantile(gains - losses, _TAILS)
    return pd.Series({"value": value, "low": min(low, value), "high": max(high, value)})


class _Block(NamedTuple):
    rows: slice
    chance: Array  # of each payment at the estimates, per customer
    draws: Array  # the same per draw of the parameters


def _blocks(model: Curves, kinds: pd.DataFrame, terms: Terms) -> Iterator[_Block]:
    first, _ = convention(terms.pays)
    periods = terms.longest - 1 + first
    size = max(1, _BLOCK // (terms.n_draws * (periods + 1)))
    for start in range(0, len(kinds), size):
        rows = slice(start, min(start + size, len(kinds)))
        part = kinds.iloc[rows]
        chance, draws = model.curves(part, periods), model.curves(part, periods, terms.n_draws)
        yield _Block(rows, chance[:, first:], draws[:, :, first:])


def _distinct(X: pd.DataFrame, needs: Sequence[str]) -> tuple[pd.DataFrame, NDArray[np.integer]]:
    """Return the distinct customers and the place of each customer among them."""
    absent = [f"column '{name}' is missing." for name in needs if name not in X]
    if absent:
        raise Problems("The customers", absent)
    kinds = X[list(needs)]
    position = kinds.groupby(list(needs), dropna=False, sort=False, observed=True).ngroup().to_numpy()
    _, first = np.unique(position, return_index=True)
    return kinds.iloc[first].reset_index(drop=True), position


def _aligned(margin: float | pd.Series, X: pd.DataFrame) -> Array:
    return np.broadcast_to(np.asarray(margin, dtype=float), (len(X),))


def _gamma(random: np.random.Generator, mean: Array, variance: Array) -> Array:
    certain = (variance <= 1e-12 * mean**2) | (mean <= 0)
    shape = np.where(certain, 1.0, mean**2 / np.where(certain, 1.0, variance))
    return np.where(certain, mean, random.gamma(shape) * mean / shape)
