"""Kaplan-Meier curves by tenure: the share of subscribers still there after so many renewals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.models.maximum_likelihood import Z_95
from crmkit.models.subscriptions.spells import read_spells, risk_table


def tenure_curve(spells: pd.DataFrame) -> pd.DataFrame:
    """Share still there after each renewal, with delayed entry and right censoring.

    S(t) = product over renewals i <= t of (1 - lost(i) / at risk(i)); 95 % bands by Greenwood on the log-log scale.

    Parameters
    ----------
    spells : DataFrame
        entry, exit [renewals], lost; see :mod:`crmkit.models.subscriptions.spells`.

    Returns
    -------
    DataFrame
        period (0, 1, ...), value, low, high [share], at_risk (up for that renewal) [count].

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
    step = 1 - table.lost / np.where(table.at_risk > 0, table.at_risk, 1.0)
    value = np.cumprod(step)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(table.lost / (table.at_risk * np.maximum(table.at_risk - table.lost, 0)))
        spread = Z_95 * np.sqrt(greenwood) / np.abs(np.log(value))
        low, high = value ** np.exp(spread), value ** np.exp(-spread)
    sure = (value >= 1) | (value <= 0) | ~np.isfinite(spread)
    first = table.at_risk[0] if len(table.at_risk) else 0.0
    return pd.DataFrame(
        {
            "period": np.concatenate([[0], table.period]).astype(int),
            "value": np.concatenate([[1.0], value]),
            "low": np.concatenate([[1.0], np.where(sure, value, low)]),
            "high": np.concatenate([[1.0], np.where(sure, value, high)]),
            "at_risk": np.concatenate([[first], table.at_risk]),
        }
    )
