"""Likelihood of the Gamma-Gamma model, whose amounts it counts, and the simpler models at its boundaries."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from crmkit.models.descent import Cost
from crmkit.models.estimates import AT_BOUNDARY
from crmkit.models.maximum import Maximum
from crmkit.models.purchase_counts import Array, read_columns

COLUMNS = ("n_values", "mean_value")
NO_MEAN = 0.1  # p x + q - 1 under which the mean of her own mean is infinite, or as good as


class SpendLikelihood:
    """Log-likelihood of customers with ``n`` orders of mean ``z``; what does not depend on the parameters is done once."""

    def __init__(self, n: Array, z: Array) -> None:
        which, self.n_values = pd.factorize(n)
        self.customers = np.bincount(which, minlength=len(self.n_values)).astype(float)
        self.n, self.total = n, n * z
        self.log_means = float(np.log(z).sum())
        self.log_totals = float(n @ np.log(self.total))

    def __call__(self, params: Array) -> tuple[float, Array]:
        """Return it and its gradient by p, q, gamma."""
        p, q, gamma = params
        shape, n_customers, everything = p * self.n_values, len(self.n), gamma + self.total
        log_all, both = np.log(everything), digamma(shape + q)
        weighted, plain = self.n @ log_all, log_all.sum()
        np.divide(1.0, everything, out=everything)
        value = self.customers @ (gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma))
        value += p * (self.log_totals - weighted) - self.log_means - q * plain
        gradient = (
            self.customers @ (self.n_values * (both - digamma(shape))) + self.log_totals - weighted,
            self.customers @ (both - digamma(q)) + n_customers * np.log(gamma) - plain,
            n_customers * q / gamma - p * (self.n @ everything) - q * everything.sum(),
        )
        return float(value), np.array(gradient)

    def on_logs(self, weight: float = 1.0) -> Cost:
        """Return the function of the logarithms of the parameters; each customer counts ``weight`` times."""

        def log_likelihood(logs: Array) -> tuple[float, Array]:
            params = np.exp(logs)
            value, gradient = self(params)
            return weight * value, weight * gradient * params

        return log_likelihood


def known_values(X: pd.DataFrame) -> tuple[Array, Array]:
    """Orders with an amount and their mean; none where the mean is not positive."""
    own = X[[name for name in COLUMNS if name in X]]  # to change a copy of the whole frame takes its time
    n, z = read_columns(own.assign(mean_value=_positive(X)) if "mean_value" in X else own, COLUMNS)
    known = (n > 0) & (z > 0)
    return np.where(known, n, 0.0), np.where(known, z, 0.0)


def _positive(X: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(X["mean_value"], errors="coerce").clip(lower=0).fillna(0.0)


def simpler_spend(found: Maximum, n: Array, z: Array) -> str | None:
    """Name the simpler model, if there is next to nothing more in the data."""
    p, q, _ = np.exp(found.logs)
    if not len(n):
        return "nothing to learn from: no order has a positive amount"
    if q <= 1 + NO_MEAN:
        return "the observed mean: among new customers the mean has no finite expectation"
    nearness = {
        "each customer spends the same on every order": np.log(p) - 1,
        "one mean for all customers": np.log(q) - 1,
    }
    nearest = max(nearness, key=nearness.__getitem__)
    return nearest if found.flat or nearness[nearest] > AT_BOUNDARY - 1 else None
