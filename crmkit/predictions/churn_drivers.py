"""What leaving goes together with in a firm, and whether its customers are still those that were learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmkit.models.churn_classifier import ChurnClassifier
from crmkit.predictions.churn_models import Learned, Rhythm, log_odds

_Z = 1.96
_SMALLEST = 30  # rows of a level of a text
_BINS = 10
LARGE_SHIFT = 0.25  # population stability index from which on two groups are called different
DRIVER_COLUMNS = ["feature", "least", "most", "odds_ratio", "low", "high"]
SHIFT_COLUMNS = ["feature", "then", "now", "index", "weight", "shifted"]


def drivers(model: Learned, X: pd.DataFrame, lost: pd.Series) -> pd.DataFrame:
    """Return per feature how far the odds of leaving lie apart between customers at its two ends, all else equal.

    Parameters
    ----------
    model : ChurnClassifier, Rhythm or SameForAll
    X, lost : DataFrame, Series
        What it learned from.

    Returns
    -------
    DataFrame
        feature, least, most (its tenth and ninetieth percentile; of texts, the groups of at least 30 with the lowest and
        the highest odds), odds_ratio (most over least), low, high (95 %); the strongest first. No rows where every
        customer has the same chance.
    """
    inner, X = (model.model, model.columns(X)) if isinstance(model, Rhythm) else (model, X)
    if not isinstance(inner, ChurnClassifier):
        return pd.DataFrame(columns=DRIVER_COLUMNS)
    X = X[inner.features_]
    ends = {name: each for name in inner.features_ if (each := _ends(inner, X, name)) is not None}
    if not ends:
        return pd.DataFrame(columns=DRIVER_COLUMNS)
    at = [_changed(X, [(name, each[side]) for name, each in ends.items()]) for side in (0, 1)]
    apart = log_odds(inner, at[1]) - log_odds(inner, at[0])
    error = inner.standard_errors(X, lost.to_numpy(), X.index.to_numpy(), at[1], at[0])
    rows = pd.DataFrame(
        {
            "feature": list(ends),
            "least": [each[0] for each in ends.values()],
            "most": [each[1] for each in ends.values()],
            "odds_ratio": np.exp(apart),
            "low": np.exp(apart - _Z * error),
            "high": np.exp(apart + _Z * error),
        }
    )
    return rows.iloc[np.argsort(-np.abs(apart), kind="stable")].reset_index(drop=True)


def shifts(X: pd.DataFrame, now: pd.DataFrame, weight: pd.Series) -> pd.DataFrame:
    """Return per feature how far the customers of today differ from those that were learned from.

    Population stability index over ten groups of equal size, less what two samples of the same people differ by::

        index = sum over groups of (now - then) ln(now / then)

    Parameters
    ----------
    X, now : DataFrame
        Features of the rows learned from, and of the customers at risk today.
    weight : Series
        Per feature how much of the chances rests on it; need not add up to 1.

    Returns
    -------
    DataFrame
        feature, then, now (medians; of texts the most frequent), index, weight [share], shifted (bool: index above .25).
        The largest first.

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards, chapter 8.

    Examples
    --------
    >>> then, now = pd.DataFrame({"days": np.arange(1000.0)}), pd.DataFrame({"days": np.arange(1000.0) + 500})
    >>> weight = pd.Series({"days": 1.0})
    >>> shifts(then, now, weight)["shifted"].tolist(), shifts(then, then, weight)["index"].tolist()
    ([True], [0.0])
    """
    names = [name for name in weight.index if name in X and name in now and weight[name] > 0]
    if not len(now) or not names:
        return pd.DataFrame(columns=SHIFT_COLUMNS)
    rows = [(name, _middle(X[name]), _middle(now[name]), _index(X[name], now[name])) for name in names]
    told = pd.DataFrame(rows, columns=["feature", "then", "now", "index"])
    told["weight"] = weight[names].to_numpy() / weight[names].sum()
    told["shifted"] = told["index"] > LARGE_SHIFT
    return told.sort_values("index", ascending=False, kind="stable", ignore_index=True)


def _ends(model: ChurnClassifier, X: pd.DataFrame, name: str) -> tuple[object, object] | None:
    if pd.api.types.is_numeric_dtype(X[name]):
        low, high = X[name].quantile([0.1, 0.9])
        return (float(low), float(high)) if low < high else None
    sizes = X[name].value_counts()
    levels = sorted(sizes.index[sizes >= _SMALLEST])
    if len(levels) < 2:
        return None
    odds = log_odds(model, _changed(X, [(name, level) for level in levels]))
    return levels[int(odds.argmin())], levels[int(odds.argmax())]


def _changed(X: pd.DataFrame, changes: Sequence[tuple[str, Any]]) -> pd.DataFrame:
    """Return one customer as often as there are changes, each time with another value of one feature."""
    columns = {name: [X[name].iloc[0]] * len(changes) for name in X}
    for i, (name, value) in enumerate(changes):
        columns[name][i] = value
    numbers = {name: float for name in X if pd.api.types.is_numeric_dtype(X[name])}
    return pd.DataFrame(columns, dtype=object).astype(numbers)


def _index(then: pd.Series, now: pd.Series) -> float:
    if pd.api.types.is_numeric_dtype(then):
        cuts = np.unique(then.quantile(np.linspace(0, 1, _BINS + 1)[1:-1]).dropna())
        groups = [np.where(each.isna(), len(cuts) + 1, np.digitize(each, cuts)) for each in (then, now)]
        counts = np.column_stack([np.bincount(each, minlength=len(cuts) + 2) for each in groups])
        counts = counts[counts.any(axis=1)]
    else:
        texts = [each.astype(object).where(each.notna(), "unknown").astype(str) for each in (then, now)]
        counts = pd.concat([each.value_counts() for each in texts], axis=1).fillna(0).to_numpy()
    shares = (counts + 0.5) / (counts + 0.5).sum(axis=0)
    by_chance = (len(counts) - 1) * (1 / len(then) + 1 / len(now))  # what two samples of the same people differ by
    return max(0.0, float(((shares[:, 1] - shares[:, 0]) * np.log(shares[:, 1] / shares[:, 0])).sum()) - by_chance)


def _middle(column: pd.Series) -> object:
    known = column.dropna()
    if not len(known):
        return None
    return float(known.median()) if pd.api.types.is_numeric_dtype(known) else known.mode().iloc[0]
