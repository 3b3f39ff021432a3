"""Growth of the amounts that the same customers pay, with its standard error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.models.arrays import Array
from crmkit.models.orders.summary import read_columns

_COLUMNS = ("month", "amount")
_PRIOR_SD = 0.05 / 12  # usual growth of a month, one standard deviation around none: the prior
_BLOCK = 6  # months that share a price rise: what they have in common counts once
_ROUNDS = 40
_FASTEST = 0.2  # growth of a month beyond which no estimate goes


@dataclass(eq=False)
class Drift:
    """Growth of the amount of a payment over time, within customers.

    With an own level a of each customer, the amount that customer i pays in month t is on average ::

        a(i) exp(g t)

    so that customers who come or leave do not change the growth g: only customers with two payments or more count. It
    is estimated by Poisson pseudo-likelihood conditional on each customer's sum, which asks nothing of the distribution
    of amounts and weighs customers by money, then drawn towards none by a normal prior with a standard deviation of 5 %
    a year. Its error allows for customers who differ and for prices that rise for all at once: residuals are added up by
    customer, and by half-year, and the larger of both errors counts.

    Attributes
    ----------
    growth_ : float
        g per month [logarithm]; 0.01 is 12.7 % a year.
    error_ : float
        Standard error of g.
    n_customers_ : int
        Who paid in two different months or more.

    References
    ----------
    Wooldridge (1999), Distribution-free estimation of some nonlinear panel data models, Journal of Econometrics 90(1),
    77-97; Cameron, Gelbach and Miller (2011), Journal of Business and Economic Statistics 29(2), 238-249, on clusters.

    Examples
    --------
    >>> paid = pd.DataFrame({"customer_id": ["a"] * 24 + ["b"] * 24, "month": [*range(24)] * 2, "amount": 10.0})
    >>> Drift().fit(paid).growth_
    0.0
    >>> paid["amount"] = [10 * 1.01**month for month in range(24)] * 2
    >>> round(12 * Drift().fit(paid).growth_, 3)  # 1 % a month
    0.119
    """

    growth_: float = field(init=False, default=0.0)
    error_: float = field(init=False, default=_PRIOR_SD)
    n_customers_: int = field(init=False, default=0)

    needs: ClassVar[tuple[str, ...]] = ("customer_id", *_COLUMNS)

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn from payments.

        Parameters
        ----------
        X : DataFrame
            customer_id, month (when, from any day on) and amount [money]: one row per payment. Payments that are not
            above 0 say nothing.

        Raises
        ------
        Problems
            A column is missing or holds what cannot be.
        """
        month, amount = read_columns(X.assign(amount=X["amount"].clip(lower=0)) if "amount" in X else X, _COLUMNS)
        who = pd.factorize(X["customer_id"])[0]
        counts = (amount > 0) & (who >= 0)
        self._learn(who[counts], month[counts], amount[counts])
        return self

    def draw(self, n_draws: int, seed: int = 0) -> Array:
        """Draws of the growth per month."""
        return self.growth_ + self.error_ * np.random.default_rng([seed, 5]).standard_normal(n_draws)

    def _learn(self, who: NDArray[np.integer], month: Array, amount: Array) -> None:
        self.growth_, self.error_, self.n_customers_ = 0.0, _PRIOR_SD, 0
        if not len(who):
            return
        n = np.maximum(np.bincount(who), 1)
        since = month - (np.bincount(who, month) / n)[who]
        moved = np.bincount(who, np.abs(since)) > 1e-9
        self.n_customers_ = int(moved.sum())
        if not self.n_customers_:
            return
        found = _Level(who, since, amount).growth()
        information = found.information
        together = np.bincount((month // _BLOCK).astype(int), found.residual * found.away)
        own = np.bincount(who, found.residual * found.away)
        variance = max(float(own @ own), float(together @ together)) / information**2
        certain = variance <= (1e-9 * _PRIOR_SD) ** 2
        weight = 1.0 if certain else 1 / (1 + variance / _PRIOR_SD**2)
        self.growth_ = float(np.round(weight * found.rate, 15)) + 0.0
        self.error_ = float(np.sqrt(weight * variance))


class _Level:
    """Amounts of customers, each with an individual level; ``since`` is the month, less the mean month of the customer."""

    def __init__(self, who: NDArray[np.integer], since: Array, amount: Array) -> None:
        self.who, self.since, self.amount = who, since, amount
        self.total = np.bincount(who, amount)

    def growth(self) -> _Level:
        """Find the rate at which residuals are uncorrelated with time, by Newton's method (the likelihood is concave)."""
        self.rate = 0.0
        for _ in range(_ROUNDS):
            step = self._slope() / self.information
            self.rate = float(np.clip(self.rate + np.clip(step, -0.02, 0.02), -_FASTEST, _FASTEST))
            if abs(step) < 1e-12:
                break
        self._slope()
        return self

    def _slope(self) -> float:
        rise = np.exp(self.rate * self.since)
        whole = np.bincount(self.who, rise)
        share = rise / np.where(whole > 0, whole, 1.0)[self.who]
        self.away = self.since - np.bincount(self.who, share * self.since)[self.who]
        expected = self.total[self.who] * share
        self.residual = self.amount - expected
        self.information = float(max((expected * self.away**2).sum(), 1e-300))
        return float((self.residual * self.away).sum())
