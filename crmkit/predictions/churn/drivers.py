"""What leaving goes together with: features, groups and reasons; and whether customers are still like those learned from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from crmkit.metrics.engine.intervals import share
from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.predictions.churn.learning import N_LEARNED, ChurnModel, ShrunkLogistic, log_odds, past_days, training_rows
from crmkit.tables.catalog import Catalog

_Z = 1.96
_SMALLEST_LEVEL = 30  # rows of a level of a text feature
_SMALLEST_GROUP = 20  # customers of a group
_BINS = 10
LARGE_SHIFT = 0.25  # population stability index above which two groups are called different
DRIVER_COLUMNS = ["feature", "least", "most", "odds_ratio", "low", "high"]
SHIFT_COLUMNS = ["feature", "then", "now", "index", "weight", "shifted"]


def drivers(model: ChurnModel, X: pd.DataFrame, lost: pd.Series) -> pd.DataFrame:
    """Return per feature the ratio of the odds of leaving between its high and low ends, all else equal.

    Parameters
    ----------
    model : ChurnClassifier, ShrunkLogistic or ConstantRate
    X, lost : DataFrame, Series
        The rows that it was fitted to.

    Returns
    -------
    DataFrame
        feature, least, most (its tenth and ninetieth percentile; of texts, the groups of at least 30 with the lowest and
        the highest odds), odds_ratio (most over least), low, high (95 %); the strongest first. No rows where every
        customer has the same chance.
    """
    inner, X = (model.model, model.columns(X)) if isinstance(model, ShrunkLogistic) else (model, X)
    if not isinstance(inner, ChurnClassifier):
        return pd.DataFrame(columns=DRIVER_COLUMNS)
    X = X[inner.features_]
    ends = {name: each for name in inner.features_ if (each := _ends_of(inner, X, name)) is not None}
    if not ends:
        return pd.DataFrame(columns=DRIVER_COLUMNS)
    at = [_with_changes(X, [(name, each[side]) for name, each in ends.items()]) for side in (0, 1)]
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
    """Return per feature how far the customers of today differ from those that the model was fitted to.

    Population stability index over ten groups of equal size, less the difference expected between two samples of the same
    people::

        index = sum over groups of (now - then) ln(now / then)

    Parameters
    ----------
    X, now : DataFrame
        Features of the rows fitted to, and of the customers at risk today.
    weight : Series
        Per feature its weight in the chances; need not add up to 1.

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
    rows = [
        (name, _typical_value(X[name]), _typical_value(now[name]), _stability_index(X[name], now[name]))
        for name in names
    ]
    found = pd.DataFrame(rows, columns=["feature", "then", "now", "index"])
    found["weight"] = weight[names].to_numpy() / weight[names].sum()
    found["shifted"] = found["index"] > LARGE_SHIFT
    return found.sort_values("index", ascending=False, kind="stable", ignore_index=True)


def lost_by(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the share lost by plan, channel and what happened before: association, not cause.

    Returns
    -------
    DataFrame
        One row per group: what (such as "plan"), group, n (customers at risk on past days), lost [share of the customers at
        risk, of all past days together], low, high (95 %, across customers), others (share lost of all others).
    """
    rows = training_rows(catalog, past_days(catalog, as_of)[:N_LEARNED])
    found = []
    for what, groups in _groups(rows).items():
        for group in sorted(set(groups.dropna())):
            inside = (groups == group).to_numpy()
            own, others = rows.loc[inside, "lost"], rows.loc[~inside, "lost"]
            if min(own.index.nunique(), others.index.nunique()) >= _SMALLEST_GROUP:
                found.append((what, str(group), own.index.nunique(), *_share_lost(own), others.mean()))
    return pd.DataFrame(found, columns=["what", "group", "n", "lost", "low", "high", "others"])


def cancel_reasons(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the reasons given by subscribers who cancelled in the 365 days up to a day: reason, n [count], share."""
    if "subscription_terms" not in catalog.names:
        return pd.DataFrame(columns=["reason", "n", "share"])
    terms = catalog.frame("subscription_terms")
    if not {"cancelled_at", "cancel_reason"} <= set(terms):
        return pd.DataFrame(columns=["reason", "n", "share"])
    since, until = pd.Timestamp(as_of - timedelta(days=365)), pd.Timestamp(as_of + timedelta(days=1))
    recent = terms[(terms["cancelled_at"] >= since) & (terms["cancelled_at"] < until)]
    counts = recent["cancel_reason"].fillna("(none given)").value_counts().sort_values(ascending=False, kind="stable")
    return pd.DataFrame(
        {"reason": counts.index.astype(str), "n": counts.to_numpy(), "share": counts.to_numpy() / max(1, counts.sum())}
    )


def _ends_of(model: ChurnClassifier, X: pd.DataFrame, name: str) -> tuple[object, object] | None:
    if pd.api.types.is_numeric_dtype(X[name]):
        low, high = X[name].quantile([0.1, 0.9])
        return (float(low), float(high)) if low < high else None
    sizes = X[name].value_counts()
    levels = sorted(sizes.index[sizes >= _SMALLEST_LEVEL])
    if len(levels) < 2:
        return None
    odds = log_odds(model, _with_changes(X, [(name, level) for level in levels]))
    return levels[int(odds.argmin())], levels[int(odds.argmax())]


def _with_changes(X: pd.DataFrame, changes: Sequence[tuple[str, Any]]) -> pd.DataFrame:
    """Return one customer as often as there are changes, each time with another value of one feature."""
    columns = {name: [X[name].iloc[0]] * len(changes) for name in X}
    for i, (name, value) in enumerate(changes):
        columns[name][i] = value
    numbers = {name: float for name in X if pd.api.types.is_numeric_dtype(X[name])}
    return pd.DataFrame(columns, dtype=object).astype(numbers)


def _stability_index(then: pd.Series, now: pd.Series) -> float:
    if pd.api.types.is_numeric_dtype(then):
        cuts = np.unique(then.quantile(np.linspace(0, 1, _BINS + 1)[1:-1]).dropna())
        groups = [np.where(each.isna(), len(cuts) + 1, np.digitize(each, cuts)) for each in (then, now)]
        counts = np.column_stack([np.bincount(each, minlength=len(cuts) + 2) for each in groups])
        counts = counts[counts.any(axis=1)]
    else:
        texts = [each.astype(object).where(each.notna(), "unknown").astype(str) for each in (then, now)]
        counts = pd.concat([each.value_counts() for each in texts], axis=1).fillna(0).to_numpy()
    shares = (counts + 0.5) / (counts + 0.5).sum(axis=0)
    by_chance = (len(counts) - 1) * (1 / len(then) + 1 / len(now))  # expected between two samples of the same people
    return max(0.0, float(((shares[:, 1] - shares[:, 0]) * np.log(shares[:, 1] / shares[:, 0])).sum()) - by_chance)


def _typical_value(column: pd.Series) -> object:
    known = column.dropna()
    if not len(known):
        return None
    return float(known.median()) if pd.api.types.is_numeric_dtype(known) else known.mode().iloc[0]


def _groups(rows: pd.DataFrame) -> dict[str, pd.Series]:
    found = {name: rows[name] for name in ("plan", "channel", "country") if name in rows}
    if "n_tickets_90_days" in rows:
        had = np.where(rows["n_tickets_90_days"] > 0, "a support case in the 90 days before", "no support case")
        found["support"] = pd.Series(had, index=rows.index)
    if "last_nps" in rows:
        answer = pd.cut(rows["last_nps"], [-1, 6, 8, 10], labels=["detractor", "neutral", "promoter"])
        found["last answer"] = answer.astype(object)
    if "price_change" in rows:
        rise = ["a price rise at the last renewal" if change > 0.01 else None for change in rows["price_change"]]
        found["price"] = pd.Series(rise, index=rows.index, dtype=object)
    return found


def _share_lost(lost: pd.Series) -> tuple[float, ...]:
    """Return the share lost and its interval: the days of one customer are not independent.

    All days of a customer count: the newest alone would be biased, since of those lost it is the day before they left.
    """
    x, n = (lost.groupby(level=0).agg(name).to_numpy(dtype=float) for name in ("sum", "size"))
    sums = (x.sum(), n.sum(), x @ x, x @ n, n @ n, len(n))
    return tuple(float(each[0]) for each in share(*(np.array([each], dtype=float) for each in sums)))
