"""RFM: recency, frequency and spending on fixed scales of 1 to 5, and the usual names of their combinations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd

from crmkit.models.arrays import Array

FEWEST_CUSTOMERS = 20
TOO_FEW = "Too few to rank"
COLUMNS = {"recency": "days_since_order", "frequency": "n_orders", "spending": "revenue"}
# Rows: recency score 1 (long ago) to 5; columns: mean of frequency and spending, 1 to 5.
_NAMES = (
    ("Lost", "Lost", "At risk", "Cannot lose them", "Cannot lose them"),
    ("Hibernating", "Hibernating", "At risk", "At risk", "Cannot lose them"),
    ("About to sleep", "About to sleep", "Need attention", "Loyal", "Loyal"),
    ("Promising", "Potential loyalists", "Potential loyalists", "Loyal", "Loyal"),
    ("New customers", "Potential loyalists", "Potential loyalists", "Champions", "Champions"),
)
#: The segments from the best down: those who buy now and much, those who might, those who did.
LADDER = (
    "Champions",
    "Loyal",
    "Potential loyalists",
    "New customers",
    "Promising",
    "Need attention",
    "About to sleep",
    "Cannot lose them",
    "At risk",
    "Hibernating",
    "Lost",
)
#: Between these two a customer goes by what the others do, or by time alone: neither is better.
LEVEL_WITH = {"Cannot lose them": "At risk"}


@dataclass(eq=False)
class RFM:
    """Scores by cuts that are fitted once and then stay the same.

    The cuts are the 20, 40, 60 and 80 % points of the customers of the fit. A score is 1 and one more for every cut
    that the value is above (for recency: below). Equal values get equal scores at any time; a value that all customers share
    gets 3. Names go by recency and by the mean of the two others, halves rounded up.

    Attributes
    ----------
    cuts_ : mapping of score to array
        Four cuts each; empty where fewer than 20 customers were there to learn from, who are then "Too few to rank".

    References
    ----------
    Hughes (1994), Strategic Database Marketing, Probus.

    Examples
    --------
    >>> customers = pd.DataFrame({"days_since_order": range(100), "n_orders": 1, "revenue": range(100, 0, -1)})
    >>> model = RFM().fit(customers)
    >>> model.score(customers.iloc[[0, 99]]).to_dict("list")
    {'recency': [5, 1], 'frequency': [3, 3], 'spending': [5, 1]}
    >>> model.predict(customers.iloc[[0, 99]]).tolist()
    ['Champions', 'Lost']
    """

    cuts_: dict[str, Array] = field(init=False, repr=False)

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn the cuts from days_since_order [days], n_orders [count] and revenue [currency], one row per customer."""
        enough = len(X) >= FEWEST_CUSTOMERS
        self.cuts_ = {name: fifths(_upwards(X, name)) for name in COLUMNS} if enough else {}
        return self

    @classmethod
    def with_cuts(cls, cuts: dict[str, Array]) -> Self:
        """Return RFM by cuts that were learned before; see ``cuts_``."""
        model = cls()
        model.cuts_ = cuts
        return model

    def score(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return recency, frequency and spending, 1 to 5, per customer."""
        scores = {name: points_by(_upwards(X, name), cuts) for name, cuts in self.cuts_.items()}
        return pd.DataFrame(scores, index=X.index, columns=list(COLUMNS) if scores else None)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the name of each customer's segment."""
        if not self.cuts_:
            return np.full(len(X), TOO_FEW, dtype=object)
        scores = self.score(X)
        together = (scores["frequency"] + scores["spending"] + 1) // 2
        return np.array(_NAMES, dtype=object)[scores["recency"] - 1, together - 1]


def _upwards(X: pd.DataFrame, name: str) -> Array:
    values = X[COLUMNS[name]].to_numpy(dtype=float)
    return -values if name == "recency" else values


def fifths(values: Array) -> Array:
    """Return the 20, 40, 60 and 80 % points; the highest value, where many share it, is above all of them.

    Examples
    --------
    >>> cuts = fifths(np.array([0.0, 1.0, 2.0, 3.0, 9.0, 9.0]))
    >>> points_by(np.array([0.0, 3.0, 9.0]), cuts).tolist()
    [1, 3, 5]
    """
    cuts = np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="inverted_cdf").astype(float)
    if cuts[0] < cuts[-1]:  # who pays today is as recent as can be, however many do
        cuts[cuts == np.max(values)] = np.nextafter(np.max(values), -np.inf)
    return cuts


def points_by(values: Array, cuts: Array) -> np.ndarray:
    """Return 1 to 5 points: one more for every cut that a value is above; 3 for a value that nearly all share.

    Examples
    --------
    >>> points_by(np.array([1.0, 20.0, 21.0, 99.0]), np.array([20.0, 40.0, 60.0, 80.0])).tolist()
    [1, 1, 2, 5]
    """
    if cuts[0] == cuts[-1]:  # at least 60 % share one value: above, at, below
        return 3 + 2 * np.sign(values - cuts[0]).astype(int)
    return 1 + (values[:, None] > cuts).sum(axis=1)
