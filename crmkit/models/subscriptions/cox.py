"""Cox's hazard ratios, and the test of proportional hazards, with delayed entry."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import chi2

from crmkit.models.arrays import Array
from crmkit.models.subscriptions.design import Design, covariates_of, plain, ratios
from crmkit.models.subscriptions.spells import read_spells

_RATIO = ["hazard_ratio", "low", "high", "p_value", "p_constant"]


def hazard_ratios(X: pd.DataFrame, covariates: Sequence[str] | None = None, *, penalty: float = 0.0) -> pd.DataFrame:
    """Hazard ratios by Cox's proportional hazards, with delayed entry and right censoring (lifelines).

    For risk relative to other customers only. lifelines takes ``entry_col`` into account in the ratios but not in the
    baseline survival (its issue 1416), so curves come from
    :class:`~crmkit.models.subscriptions.hazard.DiscreteHazard`, not from here.

    Parameters
    ----------
    X : DataFrame
        entry, exit [periods], lost (bool), n [count] where a row stands for several subscriptions, and covariates.
    covariates : sequence of str, optional
        None for all columns that are not part of the spell; numbers are taken per unit, all else by level.
    penalty : float
        Ridge penalty as lifelines defines it (per observation); 0.1 is used where the search fails without one.

    Returns
    -------
    DataFrame
        One row per covariate: hazard_ratio, low, high (95 %), p_value, p_constant (of the ratio being the same at every
        age, by :func:`crmkit.models.subscriptions.cox.proportionality`: where it is small the ratio is a mean over ages);
        empty where no customer was lost.

    References
    ----------
    Cox (1972), Journal of the Royal Statistical Society B 34(2), 187-220.

    Examples
    --------
    >>> X = pd.DataFrame({"entry": 0, "exit": [1, 4, 2, 6, 3, 5], "lost": True, "trial": [1, 1, 0, 0, 1, 0]})
    >>> hazard_ratios(X)["hazard_ratio"].round(1).to_dict()
    {'trial': 4.0}
    """
    spells, columns, unit = standardised_spells(X, covariates)
    if not spells["lost"].any() or columns.empty:
        return pd.DataFrame(columns=_RATIO, dtype=float).rename_axis("covariate")
    fitted = _fitted(spells.join(columns), penalty)
    compared = ratios(fitted["coef"] / unit, fitted["se(coef)"] / unit).rename(columns={"ratio": "hazard_ratio"})
    constant = proportionality(columns, spells, fitted["coef"], np.asarray(fitted.attrs["covariance"], dtype=float))
    return compared.assign(p_value=fitted["p"], p_constant=constant)


def standardised_spells(
    X: pd.DataFrame, covariates: Sequence[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return the spells that were watched, their covariates as standardised columns that vary, and the unit of each.

    Examples
    --------
    >>> X = pd.DataFrame({"entry": 0, "exit": [1, 4, 2, 6], "lost": True, "trial": [1, 1, 0, 0]})
    >>> standardised_spells(X)[1]["trial"].tolist()
    [1.0, 1.0, -1.0, -1.0]
    """
    spells = read_spells(X).reset_index(drop=True)
    names = covariates_of(X, covariates)
    watched = ((spells["exit"] > spells["entry"]) & (spells["n"] > 0)).to_numpy()
    spells, known = spells[watched], plain(X, names)[watched]
    design = Design.learned(known, names, spells["n"].to_numpy())
    columns = pd.DataFrame(design.matrix(known), columns=design.columns, index=spells.index)
    varied = columns.columns[columns.nunique() > 1]
    return spells, columns[varied], pd.Series(design.scale, index=design.columns)[varied]


def _fitted(rows: pd.DataFrame, penalty: float) -> pd.DataFrame:
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    for each in (penalty, max(penalty, 0.1), max(penalty, 10.0)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the columns are standardised, and collinear ones meet the penalty
            try:
                cox = CoxPHFitter(penalizer=each)
                cox.fit(rows, duration_col="exit", event_col="lost", entry_col="entry", weights_col="n")
            except (ConvergenceError, np.linalg.LinAlgError):
                continue
        if np.isfinite(cox.summary[["coef", "se(coef)", "p"]]).all(axis=None):
            return _with_covariance(cox.summary, cox.variance_matrix_.to_numpy())
    names = rows.columns.drop(["entry", "exit", "lost", "n"])
    nothing = pd.DataFrame({"coef": 0.0, "se(coef)": 1e3, "p": 1.0}, index=names)
    return _with_covariance(nothing, 1e6 * np.eye(len(names)))


def _with_covariance(summary: pd.DataFrame, covariance: Array) -> pd.DataFrame:
    summary.attrs["covariance"] = covariance.tolist()  # attributes of a frame are compared: an array cannot be
    return summary


# The test of proportional hazards


def proportionality(
    columns: pd.DataFrame, spells: pd.DataFrame, coefficients: pd.Series, covariance: Array
) -> pd.Series:
    """Return per covariate the p-value of proportional hazards: small where its ratio changes with age.

    The score test of Grambsch and Therneau on scaled Schoenfeld residuals against the rank of age, with Efron's ties.
    lifelines' ``proportional_hazard_test`` counts all who exit later as at risk, also before they entered; here only
    those who had entered are at risk. Where all enter at 0 the two agree.

    Parameters
    ----------
    columns : DataFrame
        One row per spell, one column per covariate.
    spells : DataFrame
        entry, exit [periods], lost (bool), n [count] where a row stands for several.
    coefficients : Series
        Log hazard ratios of a Cox model of these columns.
    covariance : array
        Of the coefficients.

    Returns
    -------
    Series
        p-value per covariate; NaN where no customer was lost, or all at one age.

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
