"""From the end of a search to named estimates, and from these to draws of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.models.maximum import Maximum
from crmkit.models.profile import Z, profile_interval

Array = NDArray[np.float64]

BOUNDARY_PENALTY = 0.1  # of the prior at a boundary: sd 3.2, so 95 % reach from a 500th to 500 times the centre
_SMALL = 0.1  # standard error of a logarithm up to which the likelihood is as good as symmetric
AT_BOUNDARY = 7.0  # logarithm of 1,000: so far from 1 a parameter tells of a simpler model
_LARGEST = 25.0  # logarithm of a drawn parameter: beyond, gamma functions lose their digits


def report(
    found: Maximum, names: Sequence[str], shift: Array
) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame, pd.Series]:
    """Estimates, 95 % intervals, covariance of the logarithms, and standard errors, by name.

    Parameters
    ----------
    found : Maximum
        In scaled units.
    names : sequence of str
        Of the parameters.
    shift : array
        Logarithm of the unit of each.
    """
    index, logs = list(names), found.logs + shift
    error = np.sqrt(np.diag(found.covariance))
    low, high = found.logs - Z * error, found.logs + Z * error
    if found.cost is not None and error.max() > _SMALL:
        low, high = profile_interval(found.cost, found)
    return (
        pd.Series(np.exp(logs), index=index, name="value"),
        pd.DataFrame({"low": np.exp(low + shift), "high": np.exp(high + shift)}, index=index),
        pd.DataFrame(found.covariance, index=index, columns=index),
        pd.Series(np.exp(logs) * error, index=index, name="standard_error"),
    )


def normal_draws(params: pd.Series, covariance: pd.DataFrame, n_draws: int, seed: int) -> pd.DataFrame:
    """Draws of positive parameters whose logarithms are normal, one row per draw."""
    spread = np.linalg.cholesky(covariance.to_numpy())
    away = np.random.default_rng([seed, 0]).standard_normal((n_draws, len(params))) @ spread.T
    logs = np.log(params.to_numpy(dtype=float)) + away
    return pd.DataFrame(np.exp(np.clip(logs, -_LARGEST, _LARGEST)), columns=list(params.index))
