"""What chance alone would do: p-values of several looks at once."""

from __future__ import annotations

import numpy as np

from crmkit.metrics.engine.intervals import Array


def holm(p_values: Array) -> Array:
    """Return p-values adjusted so that, of all that were looked at, one is called real by chance in 5 % of cases.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * steps), 1.0)
    return adjusted
