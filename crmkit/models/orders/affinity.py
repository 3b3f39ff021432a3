"""Preferences of customers: each one's own purchases, shrunk towards the popular shares (empirical Bayes)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import betaincinv, gammaln

from crmkit.models.arrays import Array

_LEAST, _MOST = np.log(0.05), np.log(500.0)  # of the concentration, logarithm


@dataclass(eq=False)
class Affinity:
    """Shares of levels per customer, by the Dirichlet-multinomial model.

    A customer's shares are drawn from a Dirichlet distribution around those of all; its concentration is the number of
    purchases as which the popular shares count beside the customer's own, found by maximum likelihood: large where
    customers are alike.

    Attributes
    ----------
    popular_ : Series
        Share of each level among all, by level.
    concentration_ : float
        [purchases]

    References
    ----------
    Mosimann (1962), Biometrika 49, 65-82; Minka (2000), Estimating a Dirichlet distribution, MIT.

    Examples
    --------
    >>> counts = pd.DataFrame({"customer_id": ["a", "b", "c", "c"], "level": ["tea", "tea", "coffee", "tea"], "n": [9, 6, 9, 1]})
    >>> Affinity().fit(counts).favourites(counts)["level"].to_dict()
    {'a': 'tea', 'b': 'tea', 'c': 'coffee'}
    """

    popular_: pd.Series = field(init=False, repr=False)
    concentration_: float = field(init=False, repr=False)

    def fit(self, counts: pd.DataFrame) -> Self:
        """Learn from customer_id, level, n [purchases], one row for each pair that there is."""
        per_customer = counts["n"] / counts.groupby("customer_id")["n"].transform("sum")
        # Each customer has the same weight: one who buys ten times as much does not stand for ten.
        popular = per_customer.groupby(counts["level"]).sum()
        self.popular_ = (popular / popular.sum()).sort_values(ascending=False, kind="stable")
        n, shares = counts["n"].to_numpy(float), counts["level"].map(self.popular_).to_numpy(float)
        totals = counts.groupby("customer_id")["n"].sum().to_numpy(float)

        def minus_log_likelihood(log_concentration: float) -> float:
            a = np.exp(log_concentration)
            own = gammaln(n + a * shares) - gammaln(a * shares)
            return -float(own.sum() + (gammaln(a) - gammaln(totals + a)).sum())

        found = minimize_scalar(minus_log_likelihood, bounds=(_LEAST, _MOST), method="bounded", options={"xatol": 0.01})
        self.concentration_ = float(np.exp(found.x)) if len(self.popular_) > 1 else 1.0
        return self

    def shares(self, counts: pd.DataFrame) -> pd.DataFrame:
        """Return the share of each level that a customer has bought: customer_id, level, n, share, low, high (95 %)."""
        total = counts.groupby("customer_id")["n"].transform("sum").to_numpy(float)
        prior = self.concentration_ * counts["level"].map(self.popular_).fillna(0.0).to_numpy(float)
        hits, whole = counts["n"].to_numpy(float) + prior, total + self.concentration_
        return counts.assign(share=hits / whole, low=_beta(0.025, hits, whole), high=_beta(0.975, hits, whole))

    def favourites(self, counts: pd.DataFrame) -> pd.DataFrame:
        """Return for each customer, by customer_id, the likeliest level of the next purchase.

        Returns
        -------
        DataFrame
            level, share, low, high, popular (share of the level among all), n [all purchases of the customer],
            own (whether the whole interval lies above the popular share: the customer's own preference).
        """
        likeliest = self.popular_.index[0]
        totals = counts.groupby("customer_id")["n"].sum()
        # The popular level has a share even for those who never bought it.
        without = totals.index.difference(pd.Index(counts.loc[counts["level"] == likeliest, "customer_id"]))
        unbought = pd.DataFrame({"customer_id": without, "level": likeliest, "n": 0.0})
        filled = pd.concat([counts[["customer_id", "level", "n"]], unbought], ignore_index=True)
        shares = self.shares(filled)
        best = shares.sort_values(["customer_id", "share", "level"], ascending=[True, False, True])
        best = best.drop_duplicates("customer_id").set_index("customer_id")
        popular = best["level"].map(self.popular_).astype(float)
        return best.assign(popular=popular, n=totals.reindex(best.index), own=best["low"] > popular)[
            ["level", "share", "low", "high", "popular", "n", "own"]
        ]


def _beta(level: float, hits: Array, whole: Array) -> Array:
    return betaincinv(np.maximum(hits, 1e-9), np.maximum(whole - hits, 1e-9), level)
