"""The parts of an additive classifier: each adds up one function per feature, and so does their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from crmkit.models.additive_trees import one_thread_for_few, trees_log_odds, trees_shares
from crmkit.models.splines import SplineColumns

_Floats = NDArray[np.float64]
Seen = tuple[_Floats, NDArray[np.intp]]  # values of a feature, and how many rows have each


@dataclass(frozen=True, eq=False)
class AdditiveParts:
    """A logistic regression on spline columns, boosted trees on the features themselves, or both; at least one."""

    logistic: LogisticRegression | None
    trees: HistGradientBoostingClassifier | None

    def log_odds(self, design: _Floats, codes: _Floats) -> _Floats:
        """Return the mean log odds of the parts, uncalibrated."""
        return np.asarray(np.mean(self.each_log_odds(design, codes), axis=0), dtype=np.float64)

    def each_log_odds(self, design: _Floats, codes: _Floats) -> _Floats:
        """Return the log odds of each part, the logistic regression first: one row per part."""
        told = [] if self.logistic is None else [self.logistic.decision_function(design)]
        return np.array([*told, *([] if self.trees is None else [trees_log_odds(self.trees, codes)])])

    def shares(self, columns: SplineColumns, design: _Floats, codes: _Floats) -> _Floats:
        """Return what each feature adds to the log odds of the reference customer; exact, as no features interact."""
        parts, reference = [], columns.reference
        if self.logistic is not None:
            away = design - columns.standardised(reference)
            parts.append(columns.summed(away * self.logistic.coef_[0]))
        if self.trees is not None:
            values, place = zip(*(np.unique(each, return_inverse=True) for each in codes.T), strict=True)
            of_values = trees_shares(self.trees, values, reference)
            parts.append(np.column_stack([own[at] for own, at in zip(of_values, place, strict=True)]))
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)

    def mean_shares(self, columns: SplineColumns, seen: Sequence[Seen]) -> _Floats:
        """Return the mean shares of the customers learned from, of whom ``seen`` tells the values of each feature."""
        parts, reference = [], columns.reference
        if self.logistic is not None:  # the mean of standardised columns is 0
            parts.append(columns.summed(-columns.standardised(reference) * self.logistic.coef_[0])[0])
        if self.trees is not None:
            of_values = trees_shares(self.trees, [values for values, _ in seen], reference)
            parts.append([np.average(own, weights=n) for own, (_, n) in zip(of_values, seen, strict=True)])
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)


def learned_logistic(design: _Floats, codes: NDArray[np.intp], penalty: float) -> LogisticRegression:
    """Fit a logistic regression with an L2 penalty on standardised columns."""
    with one_thread_for_few(len(codes)):
        return LogisticRegression(C=1 / penalty, solver="newton-cholesky", max_iter=200).fit(design, codes)
