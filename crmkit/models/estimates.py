"""From the end of a search to named estimates, and from these to draws of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.models.descent import Cost
from crmkit.models.maximum import Maximum
from crmkit.models.profile import Z, profile_interval

Array = NDArray[np.float64]

BOUNDARY_PENALTY = 0.1  # of the prior at a boundary: sd 3.2, so 95 % reach from a 500th to 500 times the centre
_SMALL = 0.1  # standard error of a logarithm up to which the likelihood is as good as symmetric
AT_BOUNDARY = 7.0  # logarithm of 1,000: so far from 1 a parameter tells of a simpler model
_LARGEST = 25.0  # logarithm of a drawn parameter: beyond, gamma functions lose their digits


def report(found: Maximum, names: Sequence[str], shift: Array) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Estimates, covariance of the logarithms, and standard errors, by name.

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
    return (
        pd.Series(np.exp(logs), index=index, name="value"),
        pd.DataFrame(found.covariance, index=index, columns=index),
        pd.Series(np.exp(logs) * np.sqrt(np.diag(found.covariance)), index=index, name="standard_error"),
    )


def intervals(found: Maximum, names: Sequence[str], shift: Array, cost: Cost | None) -> pd.DataFrame:
    """Return low and high of each parameter (95 %); what is to be minimised is asked for where they may be lopsided.

    Parameters
    ----------
    found, names, shift
        See :func:`report`.
    cost : function or None
        Minus the log posterior density and its gradient; None where the information is that of a part of the data.
    """
    error = np.sqrt(np.diag(found.covariance))
    low, high = found.logs - Z * error, found.logs + Z * error
    if cost is not None and error.max() > _SMALL:
        low, high = profile_interval(cost, found)
    return pd.DataFrame({"low": np.exp(low + shift), "high": np.exp(high + shift)}, index=list(names))


def normal_draws(params: pd.Series, covariance: pd.DataFrame, n_draws: int, seed: int) -> pd.DataFrame:
    """Draws of positive parameters whose logarithms are normal, one row per draw."""
    spread = np.linalg.cholesky(covariance.to_numpy())
    away = np.random.default_rng([seed, 0]).standard_normal((n_draws, len(params))) @ spread.T
    logs = np.log(params.to_numpy(dtype=float)) + away
    return pd.DataFrame(np.exp(np.clip(logs, -_LARGEST, _LARGEST)), columns=list(params.index))
