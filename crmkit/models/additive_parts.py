"""The parts of an additive classifier: each adds up one function per feature, and so does their mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from crmkit.models.additive_trees import one_thread_for_few, trees_log_odds, trees_shares
from crmkit.models.splines import SplineColumns

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AdditiveParts:
    """A logistic regression on spline columns, boosted trees on the features themselves, or both; at least one."""

    logistic: LogisticRegression | None
    trees: HistGradientBoostingClassifier | None

    def log_odds(self, design: _Floats, levels: _Floats) -> _Floats:
        """Return the mean log odds of the parts, uncalibrated."""
        told = [] if self.logistic is None else [self.logistic.decision_function(design)]
        told += [] if self.trees is None else [trees_log_odds(self.trees, levels)]
        return np.asarray(np.mean(told, axis=0), dtype=np.float64)

    def shares(self, columns: SplineColumns, design: _Floats, levels: _Floats) -> _Floats:
        """Return what each feature adds to the log odds of the reference customer; exact, as no features interact."""
        parts, reference = [], columns.reference
        if self.logistic is not None:
            away = design - columns.transform(reference)
            parts.append(columns.summed(away * self.logistic.coef_[0]))
        if self.trees is not None:
            parts.append(trees_shares(self.trees, levels, columns.codes(reference)))
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)


def learned_logistic(design: _Floats, codes: NDArray[np.intp], penalty: float) -> LogisticRegression:
    """Fit a logistic regression with an L2 penalty on standardised columns."""
    logistic = LogisticRegression(C=1 / penalty, solver="newton-cholesky", max_iter=200)
    with one_thread_for_few(len(codes)):
        return logistic.fit(design, codes)
