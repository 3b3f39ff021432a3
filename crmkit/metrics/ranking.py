"""How well a score ranks: the area under the ROC curve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.metrics.intervals import Z


def area_under_curve(score: np.ndarray, hit: np.ndarray) -> list[float]:
    """Return the area under the ROC curve with its 95 % interval (Hanley and McNeil); not a number without both kinds.

    Examples
    --------
    >>> [round(x, 3) for x in area_under_curve(np.array([1.0, 2, 3, 4]), np.array([False, True, False, True]))]
    [0.75, 0.208, 1.0]
    """
    n, m = float(hit.sum()), float((~hit).sum())
    if not n or not m:
        return [float("nan")] * 3
    ranks = pd.Series(score).rank().to_numpy()
    auc = (ranks[hit].sum() - n * (n + 1) / 2) / (n * m)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    error = np.sqrt((auc * (1 - auc) + (n - 1) * (q1 - auc**2) + (m - 1) * (q2 - auc**2)) / (n * m))
    return [float(auc), float(max(auc - Z * error, 0)), float(min(auc + Z * error, 1))]
