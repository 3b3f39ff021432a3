"""What leaving goes together with only where two things meet, counted among the customers learned from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.predictions.churn.learning import ChurnModel, log_odds

_LOOKED_AT = 10  # pairs
_SHOWN = 3
_SMALLEST_GROUP = 30  # customers
_MOST_LEVELS = 4
PAIR_COLUMNS = ["first", "is_first", "second", "is_second", "n", "lost", "expected"]


def pair_groups(model: ChurnModel, X: pd.DataFrame, lost: pd.Series) -> pd.DataFrame:
    """Return the groups of two features in which more customers, or fewer, left than each feature by itself lets expect.

    The pairs are those that the trees of the classifier use most. A number is halved at its median. What is expected comes
    from the spline regression, in which no features act together. A group is named only where the difference lies beyond
    chance for all groups that were looked at (Bonferroni); it has been found and counted in the same customers, so the next
    ones will differ less.

    Parameters
    ----------
    model : ChurnClassifier, ShrunkLogistic or ConstantRate
    X, lost : DataFrame, Series
        The rows that it was fitted to, indexed by customer_id.

    Returns
    -------
    DataFrame
        first, is_first, second, is_second (features, and the group of each: "at most 3", "above 3" or the text), n
        (customers), lost, expected [share of the rows]; the clearest first, one per pair, at most three.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> X = pd.DataFrame({"plan": random.choice(["a", "b"], 2000), "new": random.choice(["yes", "no"], 2000)})
    >>> lost = pd.Series(random.random(2000) < np.where((X["plan"] == "a") == (X["new"] == "yes"), 0.2, 0.6)).astype(float)
    >>> pair_groups(ChurnClassifier(n_trees=60).fit(X, lost.to_numpy()), X, lost)[["first", "second"]].values.tolist()
    [['plan', 'new']]
    """
    if not isinstance(model, ChurnClassifier) or not len(pairs := model.pairs(_LOOKED_AT)):
        return pd.DataFrame(columns=PAIR_COLUMNS)
    expected = expit(log_odds(model.without_trees(), X))
    found = [
        _group(first, a, second, b, lost[both], expected[both.to_numpy()])
        for first, second in zip(pairs["first"], pairs["second"], strict=True)
        for a, in_first in _halves(X[first])
        for b, in_second in _halves(X[second])
        if lost.index[both := in_first & in_second].nunique() >= _SMALLEST_GROUP
    ]
    groups = pd.DataFrame(found, columns=[*PAIR_COLUMNS, "z"])
    clear = groups[groups["z"].abs() > norm.isf(0.025 / max(1, len(groups)))]
    clear = clear.iloc[np.argsort(-clear["z"].abs(), kind="stable")].drop_duplicates(["first", "second"])
    return clear.head(_SHOWN)[PAIR_COLUMNS].reset_index(drop=True)


def _group(
    first: str, a: str, second: str, b: str, lost: pd.Series, expected: NDArray[np.float64]
) -> tuple[object, ...]:
    """Return a group, and how far it differs in standard errors; the days of one customer are not independent."""
    by_customer = pd.Series(lost.to_numpy() - expected, index=lost.index).groupby(level=0).sum()
    error = float(np.sqrt((by_customer**2).sum()))
    z = float(by_customer.sum()) / error if error > 0 else 0.0
    return first, a, second, b, len(by_customer), float(lost.mean()), float(expected.mean()), z


def _halves(column: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """Yield groups of a feature with what they are called; rows without a value are in none."""
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype(float)
        middle = float(numbers.median())
        if numbers.max() <= middle:
            middle = float(numbers[numbers < middle].max())
        yield f"at most {middle:,.4g}", numbers <= middle
        yield f"above {middle:,.4g}", numbers > middle
    else:
        for level in column.value_counts().index[:_MOST_LEVELS]:
            yield str(level), column == level
