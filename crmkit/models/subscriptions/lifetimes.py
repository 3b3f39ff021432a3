"""Lifetimes by lifelines' parametric models: which fits best, what is left of a life, and whose lasts longer."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from crmkit.errors import Problems, UnknownName
from crmkit.models.arrays import Array
from crmkit.models.subscriptions.cox import standardised_spells
from crmkit.models.subscriptions.design import ratios

_FITTERS = {
    "exponential": "ExponentialFitter",
    "Weibull": "WeibullFitter",
    "log-normal": "LogNormalFitter",
    "log-logistic": "LogLogisticFitter",
}
_COLUMNS = ["group", "model", "aic", "median", "furthest", "n", "events"]
_RATIO = ["time_ratio", "low", "high", "p_value"]
_FEWEST = 10  # losses of a group, below which no model is fitted


def lifetime_models(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """Fit lifelines' parametric models to lifetimes, and compare them by Akaike's criterion.

    Parameters
    ----------
    lifetimes : DataFrame
        days, lost (bool); n [count] where a row stands for several, entry [days] where they were watched from later on,
        group; as :func:`crmkit.lifetimes` returns them.

    Returns
    -------
    DataFrame
        Per group with at least 10 losses and model, the best first: group, model, aic, median [days; infinite where the
        model never gets there], furthest (largest distance between the model and Kaplan-Meier) [share], n, events [count].
        The lower ``aic`` of two models of one group fits better; where ``furthest`` is large none of them fits, as where
        all leave at the ends of terms.

    References
    ----------
    Akaike (1974), IEEE Transactions on Automatic Control 19(6), 716-723.

    Examples
    --------
    >>> lives = pd.DataFrame({"days": [5, 10, 20, 40, 80, 160, 320], "lost": True, "n": [1, 4, 9, 12, 9, 4, 1]})
    >>> lifetime_models(lives)[["model", "aic", "median"]].head(1).round().values.tolist()  # symmetric about 40 on the log scale
    [['log-normal', 405.0, 41.0]]
    """
    rows = _checked(lifetimes)
    parts = [_compared(str(group), own) for group, own in rows.groupby("group", sort=False)]
    found = [row for part in parts for row in sorted(part, key=lambda row: row[2])]
    return pd.DataFrame(found, columns=_COLUMNS)


def fit_lifetimes(lifetimes: pd.DataFrame, model: str | None = None) -> Any:
    """Return lifelines' fitter of lifetimes, by default the parametric one with the lowest Akaike's criterion.

    It has lifelines' methods: ``plot_survival_function()``, ``percentile(0.5)``, ``predict(365)``, ``print_summary()``.

    Parameters
    ----------
    lifetimes : DataFrame
        As for :func:`lifetime_models`; groups are not told apart.
    model : {"exponential", "Weibull", "log-normal", "log-logistic"}, optional
        None for the best of them.

    Raises
    ------
    UnknownName
        If there is no such model.

    Examples
    --------
    >>> lives = pd.DataFrame({"days": [10, 20, 40, 80], "lost": [True, True, True, False]})
    >>> round(fit_lifetimes(lives, "exponential").lambda_)  # 150 days for three losses; half a day for the day of each
    51
    """
    if model is not None and model not in _FITTERS:
        raise UnknownName("model of lifetimes", model, _FITTERS)
    rows = _checked(lifetimes)
    fitted = [_fitted(name, rows) for name in ([model] if model else _FITTERS)]
    return min(fitted, key=lambda each: float(each.AIC_))


def conditional_survival(fitter: Any, after: Array | Sequence[float], ahead: Array | Sequence[float]) -> pd.DataFrame:
    """Return the chance that those who have stayed so long stay so much longer: S(after + ahead) / S(after).

    :func:`crmkit.models.present_value` makes money of such a curve.

    Parameters
    ----------
    fitter : lifelines fitter
        Any that is fitted to one group, such as that of :func:`fit_lifetimes`.
    after : array
        Ages [days].
    ahead : array
        Days from then on [days].

    Returns
    -------
    DataFrame
        One row per age, one column per day ahead [share].

    Examples
    --------
    >>> lives = pd.DataFrame({"days": [10, 20, 40, 80], "lost": [True, True, True, False]})
    >>> conditional_survival(fit_lifetimes(lives, "exponential"), [0, 100], [0, 30]).round(2).values.tolist()  # without memory
    [[1.0, 0.55], [1.0, 0.55]]
    """
    ages, days = np.asarray(after, dtype=float), np.asarray(ahead, dtype=float)
    with _quietly():
        there = fitter.survival_function_at_times(ages).to_numpy()
        later = (
            fitter.survival_function_at_times((ages[:, None] + days).ravel()).to_numpy().reshape(len(ages), len(days))
        )
        return pd.DataFrame(
            later / there[:, None], index=pd.Index(ages, name="after"), columns=pd.Index(days, name="ahead")
        )


def time_ratios(X: pd.DataFrame, covariates: Sequence[str] | None = None, *, penalty: float = 0.0) -> pd.DataFrame:
    """Compare how long customers stay by lifelines' Weibull model of accelerated failure times, with delayed entry.

    A ratio of 1.5 says that they stay half as long again, at every quantile. Where hazards are not proportional
    (``p_constant`` of :func:`~crmkit.models.hazard_ratios`) this may hold all the same.

    Parameters
    ----------
    X : DataFrame
        entry, exit [periods], lost (bool), n [count] where a row stands for several, and covariates.
    covariates : sequence of str, optional
        None for all columns that are not part of the spell; numbers are taken per unit, all else by level.
    penalty : float
        Ridge penalty as lifelines defines it (per observation).

    Returns
    -------
    DataFrame
        One row per covariate: time_ratio, low, high (95 %), p_value; empty where no customer was lost. Its
        ``attrs["concordance"]`` is the share of pairs of customers whose order the model gets right.

    References
    ----------
    Wei (1992), Statistics in Medicine 11, 1871-1879; Harrell, Lee and Mark (1996), Statistics in Medicine 15, 361-387.

    Examples
    --------
    >>> X = pd.DataFrame({"entry": 0, "exit": [2, 4, 6, 4, 8, 12], "lost": True, "plan": ["a"] * 3 + ["b"] * 3})
    >>> time_ratios(X)["time_ratio"].round(2).to_dict()  # each of b stays twice as long as one of a
    {'plan = b': 2.0}
    """
    from lifelines import WeibullAFTFitter
    from lifelines.utils import concordance_index

    spells, columns, unit = standardised_spells(X, covariates)
    if not spells["lost"].any() or columns.empty:
        return pd.DataFrame(columns=_RATIO, dtype=float).rename_axis("covariate")
    rows = spells.join(columns)
    with _quietly():
        model = WeibullAFTFitter(penalizer=penalty).fit(rows, "exit", "lost", entry_col="entry", weights_col="n")
        expected = model.predict_median(columns)
    summary = model.summary.loc["lambda_"].loc[columns.columns]
    compared = ratios(summary["coef"] / unit, summary["se(coef)"] / unit).rename(columns={"ratio": "time_ratio"})
    found = compared.assign(p_value=summary["p"])
    each = np.repeat(np.arange(len(rows)), rows["n"].round().astype(int))
    ends, lost, medians = (np.asarray(column)[each] for column in (rows["exit"], rows["lost"], expected))
    found.attrs["concordance"] = float(concordance_index(ends, medians, lost))
    return found


def _checked(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with entry, n and group, and lengths as lifelines takes them: nobody stays for 0 days."""
    absent = [f"column '{name}' is missing." for name in ("days", "lost") if name not in lifetimes]
    if absent:
        raise Problems("The lifetimes", absent)
    given = {name: lifetimes.get(name, other) for name, other in _OTHERWISE.items()}
    rows = pd.DataFrame({"days": lifetimes["days"].astype(float) + 0.5, "lost": lifetimes["lost"].astype(bool)} | given)
    return rows[(rows["n"] > 0) & (rows["days"] > rows["entry"])].reset_index(drop=True)


_OTHERWISE = {"entry": 0.0, "n": 1, "group": "all"}


def _compared(group: str, rows: pd.DataFrame) -> list[list[Any]]:
    from lifelines import KaplanMeierFitter

    n, events = int(rows["n"].sum()), int(rows.loc[rows["lost"], "n"].sum())
    if events < _FEWEST:
        return []
    with _quietly():
        entry = rows["entry"] if rows["entry"].any() else None
        observed = (
            KaplanMeierFitter().fit(rows["days"], rows["lost"], entry=entry, weights=rows["n"]).survival_function_
        )
    found = []
    for name in _FITTERS:
        fitter = _fitted(name, rows)
        with _quietly():  # the logarithm of the day 0
            modelled = fitter.survival_function_at_times(observed.index).to_numpy()
        off = float(np.abs(modelled - observed.to_numpy()[:, 0]).max())
        found.append([group, name, float(fitter.AIC_), float(fitter.median_survival_time_), off, n, events])
    return found


def _fitted(name: str, rows: pd.DataFrame) -> Any:
    import lifelines

    entry = rows["entry"] if rows["entry"].any() else None
    with _quietly():
        fitter = getattr(lifelines, _FITTERS[name])()
        return fitter.fit(rows["days"], rows["lost"], entry=entry, weights=rows["n"])


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of steps of the search that leave the domain and return
        yield
