"""Kaplan-Meier curves by lifelines, from how many were at risk and how many were lost at each age."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from crmkit.models.arrays import Array
from crmkit.models.subscriptions.spells import read_spells, risk_table


def survival_of_counts(age: Array, at_risk: Array, lost: Array) -> pd.DataFrame:
    """Return the product-limit estimate with its 95 % band, by lifelines.

    The numbers at risk say all that late entry and censoring change. Each age is given to lifelines as a stretch of its
    own: all who are at risk at it enter at the age before, and leave at it, lost or not. So it needs two rows an age,
    however many people there are, and cannot refuse a table in which nobody is at risk for a while.

    Parameters
    ----------
    age : array
        Increasing.
    at_risk, lost : array
        Whole numbers of people; somebody is at risk at each age [count].

    Returns
    -------
    DataFrame
        One row per age: survival, low, high [share]. The band is Greenwood's on the log-log scale. Where all are gone
        lifelines says 1 for both of its sides; here it goes from 0 to where its upper side was before.

    Examples
    --------
    >>> survival_of_counts(np.array([1, 2]), np.array([10, 6]), np.array([4, 3])).round(3).values.tolist()
    [[0.6, 0.253, 0.827], [0.3, 0.071, 0.578]]
    """
    from lifelines import KaplanMeierFitter

    if not len(age):
        return pd.DataFrame({"survival": [], "low": [], "high": []}, dtype=float)
    before = np.concatenate([[min(float(age[0]), 0.0) - 1], age[:-1]])
    weights = np.concatenate([lost, at_risk - lost])
    there = weights > 0
    rows = [np.concatenate([each, each])[there] for each in (np.asarray(age, dtype=float), before)]
    gone = np.concatenate([np.ones(len(age)), np.zeros(len(age))])[there]
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")  # of weights that are no whole numbers, and of logarithms of 0
        fitted = KaplanMeierFitter().fit(rows[0], gone, entry=rows[1], weights=weights[there])
    survival = fitted.survival_function_.loc[age].to_numpy()[:, 0]
    low, high = fitted.confidence_interval_.loc[age].to_numpy().T
    high = np.minimum.accumulate(np.where(survival > 0, high, 1.0))
    return pd.DataFrame({"survival": survival, "low": np.where(survival > 0, low, 0.0), "high": high})


def tenure_curve(spells: pd.DataFrame) -> pd.DataFrame:
    """Share still there after each renewal, with delayed entry and right censoring, by lifelines' Kaplan-Meier.

    Parameters
    ----------
    spells : DataFrame
        entry, exit [renewals], lost; see :mod:`crmkit.models.subscriptions.spells`.

    Returns
    -------
    DataFrame
        period (0, 1, ...), value, low, high (95 %) [share], at_risk (up for that renewal) [count].

    References
    ----------
    Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481; Kalbfleisch and Prentice (2002),
    The Statistical Analysis of Failure Time Data, section 1.4.

    Examples
    --------
    >>> from crmkit.models.subscriptions.spells import spells_of_survivors
    >>> tenure_curve(spells_of_survivors([10, 6, 3])).round(3)
       period  value    low   high  at_risk
    0       0    1.0  1.000  1.000     10.0
    1       1    0.6  0.253  0.827     10.0
    2       2    0.3  0.071  0.578      6.0
    """
    table = risk_table(read_spells(spells))
    curve = survival_of_counts(table.period, table.at_risk, table.lost).rename(columns={"survival": "value"})
    first = table.at_risk[0] if len(table.at_risk) else 0.0
    start = pd.DataFrame({"period": [0], "value": 1.0, "low": 1.0, "high": 1.0, "at_risk": first})
    return pd.concat([start, curve.assign(period=table.period.astype(int), at_risk=table.at_risk)], ignore_index=True)
