"""Is a hazard ratio the same at every age? The check of proportional hazards, with delayed entry."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import chi2

from crmkit.models.spells import Array


def proportionality(
    columns: pd.DataFrame, spells: pd.DataFrame, coefficients: pd.Series, covariance: Array
) -> pd.Series:
    """Return per covariate the p-value of proportional hazards: small where its ratio changes with age.

    The score test of Grambsch and Therneau on scaled Schoenfeld residuals against the rank of age, with Efron's ties.
    lifelines' ``proportional_hazard_test`` takes everybody who exits later for at risk, also before she entered; here
    only those are who had entered. Where all enter at 0 the two agree.

    Parameters
    ----------
    columns : DataFrame
        One row per spell, one column per covariate.
    spells : DataFrame
        entry, exit [periods], lost (bool), n [count] where a row stands for several.
    coefficients : Series
        Log hazard ratios of a Cox model of these columns.
    covariance : array
        Theirs.

    Returns
    -------
    Series
        p-value per covariate; NaN where nobody, or everybody at one age, was lost.

    References
    ----------
    Grambsch and Therneau (1994), Biometrika 81(3), 515-526.

    Examples
    --------
    >>> spells = pd.DataFrame({"entry": 0, "exit": [1, 2, 3, 4], "lost": True, "n": 1})
    >>> columns = pd.DataFrame({"trial": [1.0, 0.0, 1.0, 0.0]})
    >>> proportionality(columns, spells, pd.Series({"trial": 0.5}), np.array([[1.5]])).round(2).to_dict()
    {'trial': 0.87}
    """
    ages, residuals, n = _schoenfeld(columns, spells, coefficients)
    total = n.sum()
    if total == 0 or len(np.unique(ages)) < 2:
        return pd.Series(np.nan, index=columns.columns)
    rank = _ranks(ages, n)
    off = rank - np.average(rank, weights=n)
    scaled = total * residuals @ covariance
    weighted = n * off
    statistic = (weighted @ scaled) ** 2 / (total * np.diag(covariance) * (n * off**2).sum())
    return pd.Series(chi2.sf(statistic, 1), index=columns.columns)


def _schoenfeld(columns: pd.DataFrame, spells: pd.DataFrame, coefficients: pd.Series) -> tuple[Array, Array, Array]:
    """Return age, residual and number of those lost, one row per spell that ended in a loss."""
    x = columns.to_numpy(dtype=float)
    entry, last, lost, n = (spells[name].to_numpy() for name in ("entry", "exit", "lost", "n"))
    risk = n * np.exp(x @ coefficients.to_numpy())
    parts = []
    for age in np.unique(last[lost & (n > 0)]):
        at_risk, gone = (entry < age) & (last >= age), lost & (last == age) & (n > 0)
        ties = np.arange(n[gone].sum()) / n[gone].sum()  # Efron: those tied leave the set one after the other
        total = risk[at_risk].sum() - ties * risk[gone].sum()
        weighted = risk[at_risk] @ x[at_risk] - ties[:, None] * (risk[gone] @ x[gone])
        mean = (weighted / total[:, None]).mean(axis=0)
        parts.append((np.full(gone.sum(), age), x[gone] - mean, n[gone]))
    if not parts:
        return np.zeros(0), np.zeros((0, x.shape[1])), np.zeros(0)
    ages, residuals, counts = zip(*parts, strict=True)
    return np.concatenate(ages), np.concatenate(residuals), np.concatenate(counts).astype(float)


def _ranks(ages: Array, n: Array) -> Array:
    """Return the place of each loss in the order of age; those at one age share the middle one."""
    each, place = np.unique(ages, return_inverse=True)
    tied = np.bincount(place, weights=n, minlength=len(each))
    return (np.cumsum(tied) - tied / 2)[place]
