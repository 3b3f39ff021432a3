"""Likelihood of the Gamma-Gamma model, whose amounts it counts, and the simpler models at its boundaries."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from crmkit.models.estimates import AT_BOUNDARY
from crmkit.models.maximum import Maximum
from crmkit.models.purchase_counts import Array, read_columns

COLUMNS = ("n_values", "mean_value")
NO_MEAN = 0.1  # p x + q - 1 under which the mean of her own mean is infinite, or as good as


def spend_log_likelihood(params: Array, n: Array, z: Array) -> tuple[float, Array]:
    """Log-likelihood of customers with ``n`` orders of mean ``z``, and its gradient by p, q, gamma."""
    p, q, gamma = params
    which, n_values = pd.factorize(n)
    customers = np.bincount(which, minlength=len(n_values)).astype(float)
    shape, total = p * n_values, n * z
    log_total, log_all = np.log(total), np.log(gamma + total)
    both = digamma(shape + q)
    value = customers @ (gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma))
    value += float((p * n) @ (log_total - log_all)) - np.log(z).sum() - q * log_all.sum()
    gradient = (
        customers @ (n_values * (both - digamma(shape))) + n @ (log_total - log_all),
        customers @ (both - digamma(q)) + len(n) * np.log(gamma) - log_all.sum(),
        len(n) * q / gamma - ((p * n + q) / (gamma + total)).sum(),
    )
    return float(value), np.array(gradient)


def known_values(X: pd.DataFrame) -> tuple[Array, Array]:
    """Orders with an amount and their mean; none where the mean is not positive."""
    n, z = read_columns(X.assign(mean_value=_positive(X)) if "mean_value" in X else X, COLUMNS)
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
