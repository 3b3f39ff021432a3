"""How much sooner some customers leave than others: Cox's hazard ratios, and nothing but these."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.models.design import Design, covariates_of, plain, ratios
from crmkit.models.proportionality import proportionality
from crmkit.models.spells import Array, read_spells

_RATIO = ["hazard_ratio", "low", "high", "p_value", "p_constant"]


def hazard_ratios(X: pd.DataFrame, covariates: Sequence[str] | None = None, *, penalty: float = 0.0) -> pd.DataFrame:
    """Hazard ratios by Cox's proportional hazards, with delayed entry and right censoring (lifelines).

    For risk relative to other customers only. lifelines takes ``entry_col`` into account in the ratios but not in the
    baseline survival (its issue 1416), so curves come from
    :class:`~crmkit.models.discrete_hazard.DiscreteHazard`, not from here.

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
        age, by :func:`crmkit.models.proportionality.proportionality`: where it is small the ratio is a mean over ages);
        empty where nobody was lost.

    References
    ----------
    Cox (1972), Journal of the Royal Statistical Society B 34(2), 187-220.

    Examples
    --------
    >>> X = pd.DataFrame({"entry": 0, "exit": [1, 4, 2, 6, 3, 5], "lost": True, "trial": [1, 1, 0, 0, 1, 0]})
    >>> hazard_ratios(X)["hazard_ratio"].round(1).to_dict()
    {'trial': 4.0}
    """
    spells = read_spells(X).reset_index(drop=True)
    names = covariates_of(X, covariates)
    watched = ((spells["exit"] > spells["entry"]) & (spells["n"] > 0)).to_numpy()
    spells, known = spells[watched], plain(X, names)[watched]
    design = Design.learned(known, names, spells["n"].to_numpy())
    columns = pd.DataFrame(design.matrix(known), columns=design.columns, index=spells.index)
    varied = columns.columns[columns.nunique() > 1]
    if not spells["lost"].any() or not len(varied):
        return pd.DataFrame(columns=_RATIO, dtype=float).rename_axis("covariate")
    fitted = _fitted(spells.join(columns[varied]), penalty)
    unit = pd.Series(design.scale, index=design.columns)[varied]
    compared = ratios(fitted["coef"] / unit, fitted["se(coef)"] / unit).rename(columns={"ratio": "hazard_ratio"})
    constant = proportionality(
        columns[varied], spells, fitted["coef"], np.asarray(fitted.attrs["covariance"], dtype=float)
    )
    return compared.assign(p_value=fitted["p"], p_constant=constant)


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
