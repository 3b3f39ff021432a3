"""Features without the digits that depend on how an engine added up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DIGITS = 12


def steady(features: pd.DataFrame) -> pd.DataFrame:
    """Return features with 12 significant digits in each number that is not whole.

    An engine adds up in as many parts as it has threads, so a mean can differ in its sixteenth digit from run to run.
    Two customers who are equal would then be two values to a model that cuts between values. Applied wherever features
    come out of an engine.

    Parameters
    ----------
    features : DataFrame
        Columns that do not hold floats stay as they are.

    Examples
    --------
    >>> steady(pd.DataFrame({"order_value": [0.1 + 0.2, 1e15 / 3, -2.5, float("nan")]}))["order_value"].tolist()
    [0.3, 333333333333000.0, -2.5, nan]
    """
    floats = {name: _rounded(each.to_numpy()) for name, each in features.items() if each.dtype == np.float64}
    return features.assign(**{str(name): values for name, values in floats.items()})


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(values) & (values != 0)
    digits = DIGITS - 1 - np.floor(np.log10(np.abs(np.where(known, values, 1.0)))).astype(int)
    # A power of ten is exact only above one: so one of both is one.
    up, down = 10.0 ** np.clip(digits, 0, 300), 10.0 ** np.clip(-digits, 0, 300)
    rounded = np.rint(np.where(known, values, 0.0) * up / down) * down / up
    return np.where(known, rounded, values)
