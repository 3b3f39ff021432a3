"""How much totals scatter from period to period beyond what chance arrivals explain."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtri

from crmkit.metrics.intervals import Array
from crmkit.metrics.window import Window
from crmkit.periods import Period

_MEDIAN_OF_CHI_SQUARE = float(chdtri(1, 0.5))
_LOOK_BACK = 12
_FEWEST_STEPS = 8


def dispersion(sums: pd.DataFrame, total: str, variance: str, window: Window) -> Array:
    """Variance of a total over its Poisson variance, learned from the periods before each one.

    The median of the squared steps between neighbouring periods, per day and each over its Poisson variance: steps
    cancel a trend, days cancel the length of months, and the median is not moved by a few seasonal jumps. Below eight
    steps nothing is learned and the ratio is 1.

    Parameters
    ----------
    sums : DataFrame
        One row per period and group, any order, with the run-up before the periods asked for.
    total, variance : str
        Columns with the total and its Poisson variance.

    Returns
    -------
    array of shape (len(sums),)
        At least 1 [ratio].
    """
    result = pd.Series(1.0, index=sums.index)
    groups = sums.groupby(list(window.by), dropna=False) if window.by else [(None, sums)]
    for _, series in groups:
        ordered = series.sort_values("period")
        days = np.array([Period(window.grain, int(ordinal)).n_days for ordinal in ordered["period"]])
        noise = ordered[variance] / days**2
        noise = noise + noise.shift()
        follows = ordered["period"].diff() == 1
        squared = ((ordered[total] / days).diff() ** 2 / noise).where(follows & (noise > 0))
        past = squared.shift().rolling(_LOOK_BACK, min_periods=_FEWEST_STEPS).median() / _MEDIAN_OF_CHI_SQUARE
        result.loc[ordered.index] = past.clip(lower=1).fillna(1.0)
    return np.asarray(result)
