"""What leaving goes together with in a firm, and whether its customers are still those that were learned from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmkit.features.outcomes import activity_durations
from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.models.subscriptions.cox import hazard_ratios
from crmkit.models.subscriptions.hazard import DiscreteHazard
from crmkit.predictions.churn.learning import Learned, Rhythm, log_odds
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

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


# When customers leave: survival of the active ones, and how much sooner some leave than others.


AHEAD = 24  # months
_COVARIATES = ("plan", "channel", "country")
_LOSSES = 20  # below which nothing can be said of time
_SMALLEST_of_churn_durations = 30  # stretches of a level that stands for itself
_N_DRAWS = 200
_SEED = 0


def remaining(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how many of the customers active on a day will still be active month after month.

    A discrete-time hazard with plan, channel and country, learned from all stretches of activity by then; the interval
    holds the doubt about the hazard and the chance of each customer.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        month (0 to 24), value, low, high (95 %) [customers], longest [months that any stretch has been watched]. No rows
        where fewer than 20 stretches have ended.

    Raises
    ------
    NotMeasured
        If nobody can be called active.
    """
    return memoize(catalog, _remaining, as_of, reads_predictions=False)


def relative_risks(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how much sooner customers of one plan, channel or country leave than those of the most frequent one.

    Cox's hazard ratios with delayed entry; see :func:`crmkit.models.subscriptions.cox.hazard_ratios`.

    Returns
    -------
    DataFrame
        what, group, against (the most frequent group), n [stretches], hazard_ratio, low, high (95 %), p_value,
        p_constant. No rows where fewer than 20 stretches have ended.
    """
    return memoize(catalog, _relative_risks, as_of, reads_predictions=False)


def _remaining(catalog: Catalog, as_of: date) -> pd.DataFrame:
    spells = _plain(activity_durations(catalog, as_of))
    columns = ["month", "value", "low", "high", "longest"]
    if spells["lost"].sum() < _LOSSES or not spells["runs"].any():
        return pd.DataFrame(columns=columns)
    covariates = [name for name in _COVARIATES if name in spells]
    model = DiscreteHazard(covariates=covariates).fit(spells)
    active = spells[spells["runs"]].rename(columns={"exit": "tenure"})
    alike = active.groupby(["tenure", *covariates]).size().rename("n").reset_index()
    kept, n = model.curves(alike, AHEAD, _N_DRAWS), alike["n"].to_numpy()
    random = np.random.default_rng(_SEED)
    by_chance = np.sqrt(np.einsum("g,dgm->dm", n, kept * (1 - kept)))
    total = np.einsum("g,dgm->dm", n, kept) + by_chance * random.standard_normal((_N_DRAWS, 1))
    low, high = np.quantile(np.clip(total, 0, n.sum()), [0.025, 0.975], axis=0)
    value = n @ model.curves(alike, AHEAD)
    rows = {
        "month": np.arange(AHEAD + 1),
        "value": value,
        "low": np.minimum(low, value),
        "high": np.maximum(high, value),
    }
    return pd.DataFrame(rows).assign(longest=int(spells["exit"].max()))[columns]


def _relative_risks(catalog: Catalog, as_of: date) -> pd.DataFrame:
    spells = _plain(activity_durations(catalog, as_of)).query("exit > entry")
    columns = ["what", "group", "against", "n", "hazard_ratio", "low", "high", "p_value", "p_constant"]
    covariates = [name for name in _COVARIATES if name in spells]
    if spells["lost"].sum() < _LOSSES or not covariates:
        return pd.DataFrame(columns=columns)
    ratios = hazard_ratios(spells[["entry", "exit", "lost", *covariates]])
    rows = []
    for name, row in ratios.iterrows():
        what, group = str(name).split(" = ", 1)
        counts = spells[what].value_counts().sort_values(ascending=False, kind="stable")
        told = {"what": what, "group": group, "against": counts.index[0], "n": int(counts[group])}
        rows.append(told | {column: row[column] for column in columns[4:]})
    return pd.DataFrame(rows, columns=columns)


def _plain(spells: pd.DataFrame) -> pd.DataFrame:
    """Return the spells with covariates of few levels: rare ones are put together, a column of one level is left out."""
    names = [name for name in _COVARIATES if name in spells]
    for name in names:
        column = spells[name].astype(object).where(spells[name].notna(), "unknown").astype(str)
        sizes = column.value_counts()
        spells[name] = column.where(column.map(sizes) >= _SMALLEST_of_churn_durations, "others")
    return spells.drop(columns=[name for name in names if spells[name].nunique() < 2])
