"""Gradient boosting of what a customer will bring: the yardstick that any model of value has to stand beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

_LEAF = 20  # customers in a leaf at least


@dataclass(eq=False, kw_only=True)
class BoostedValue:
    """Money ahead from what is known of a customer, by boosted trees; it knows nothing of survival.

    Parameters
    ----------
    seed : int

    Examples
    --------
    >>> X = pd.DataFrame({"so_far": [float(k % 10) for k in range(200)]})
    >>> BoostedValue().fit(X, 3 * X["so_far"]).predict(X.head(2)).round(0).tolist()
    [0.0, 3.0]
    """

    seed: int = 0
    model_: Any = field(init=False, repr=False)

    def fit(self, X: pd.DataFrame, y: pd.Series) -> Self:
        """Learn from customers of an earlier day and what they brought after it.

        Parameters
        ----------
        X : DataFrame
            What was known of each customer on the day; numbers.
        y : Series
            What each brought after it [money].
        """
        from sklearn.ensemble import HistGradientBoostingRegressor

        self.model_ = HistGradientBoostingRegressor(
            max_leaf_nodes=15, max_iter=150, learning_rate=0.05, min_samples_leaf=_LEAF, random_state=self.seed
        ).fit(X.to_numpy(dtype=float), y.to_numpy(dtype=float))
        return self

    def predict(self, X: pd.DataFrame) -> pd.Series:
        """Money that each customer is expected to bring [money]."""
        return pd.Series(self.model_.predict(X.to_numpy(dtype=float)), index=X.index, name="value")
