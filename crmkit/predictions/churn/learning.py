"""How chances of leaving are fitted: on what was known on past days, by the methods that the number of losses allows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from crmkit.features.outcomes import churn_labels
from crmkit.features.snapshot import snapshot_with_ends
from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.tables.caching.memoize import memoize, memoize_each
from crmkit.tables.catalog import Catalog

ENOUGH, FEW, HARDLY_ANY = 100, 25, 5  # customers lost, and as many kept, below which only simpler methods are allowed
STEP = 30  # days between two days that are learned from
N_LEARNED = 4  # past days to learn from
N_TESTED = 6  # days of the back-test
_WARM_UP = 120  # days of data before the first day that is learned from: before that no gap between orders is known
NAMES = {
    "blend": "spline logistic regression and boosted trees of pairs, weighted by what they foretold",
    "logistic": "spline logistic regression",
    "rhythm": "a strongly shrunk logistic regression on recency, rhythm and tenure",
    "rate": "the rate of the past, shrunk, the same for everybody",
}
_SHRUNK_FEATURES = ("days_since_order", "overdue", "n_orders", "days_to_end", "n_terms")
_KEPT: WeakKeyDictionary[Catalog, dict[date, pd.DataFrame]] = WeakKeyDictionary()


class ConstantRate:
    """The share lost so far, shrunk towards 20 % with the weight of five customers: for hardly any data."""

    def fit(self, X: pd.DataFrame, y: NDArray[np.float64]) -> ConstantRate:
        """Fit the share."""
        self.base_ = float(logit((np.sum(y) + 1) / (len(y) + 5)))
        return self

    def decision_function(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the same log odds for all."""
        return np.full(len(X), self.base_)

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return no contributions, since it uses no feature."""
        return pd.DataFrame(index=X.index)


class ShrunkLogistic:
    """A logistic regression on the few features that are known to matter, with a strong penalty."""

    @staticmethod
    def columns(X: pd.DataFrame) -> pd.DataFrame:
        """Return the features that it uses."""
        return X.reindex(columns=list(_SHRUNK_FEATURES)).astype(float)

    def fit(self, X: pd.DataFrame, y: NDArray[np.float64]) -> ShrunkLogistic:
        """Fit to these few features."""
        self.model = ChurnClassifier("logistic", penalty=100.0, calibrate=False).fit(self.columns(X), y)
        return self

    @property
    def base_(self) -> float:
        """Log odds before any feature contributes."""
        return self.model.base_

    def decision_function(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return log odds."""
        return self.model.decision_function(self.columns(X))

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the contribution of each feature; see :meth:`ChurnClassifier.contributions`."""
        return self.model.contributions(self.columns(X))

    def standard_errors(self, X: pd.DataFrame, y: NDArray, clusters: NDArray, of: pd.DataFrame) -> NDArray[np.float64]:
        """Return the standard errors of log odds; see :meth:`ChurnClassifier.standard_errors`."""
        return self.model.standard_errors(self.columns(X), y, clusters, self.columns(of))


ChurnModel = ChurnClassifier | ShrunkLogistic | ConstantRate


def allowed_methods(lost: pd.Series) -> list[str]:
    """Return the methods that the number of losses allows, the simplest first.

    Examples
    --------
    >>> allowed_methods(pd.Series([1.0] * 30 + [0.0] * 200)), allowed_methods(pd.Series([1.0, 0.0]))
    (['rate', 'rhythm', 'logistic'], ['rate'])
    """
    fewer = min(int((lost == 1).sum()), int((lost == 0).sum()))
    allowed = ["rate"]
    allowed += ["rhythm"] if fewer >= HARDLY_ANY else []
    allowed += ["logistic"] if fewer >= FEW else []
    return allowed + (["blend"] if fewer >= ENOUGH else [])


def fit_method(method: str, X: pd.DataFrame, lost: pd.Series) -> ChurnModel:
    """Fit a method by its name."""
    y = lost.to_numpy(dtype=float)
    if method == "rate":
        return ConstantRate().fit(X, y)
    if method == "rhythm":
        return ShrunkLogistic().fit(X, y)
    return ChurnClassifier(method, n_trees=250).fit(informative_columns(X), y, X.index.to_numpy())  # type: ignore[arg-type]


def fit_methods(methods: Sequence[str], X: pd.DataFrame, lost: pd.Series) -> dict[str, ChurnModel]:
    """Fit several methods; the spline regression that the blend shares with the logistic method is fitted once."""
    models = {
        method: fit_method(method, X, lost) for method in methods if method != "logistic" or "blend" not in methods
    }
    if isinstance(blend := models.get("blend"), ChurnClassifier) and "logistic" in methods:
        models["logistic"] = blend.without_trees()
    return {method: models[method] for method in methods}


def churn_chances(model: ChurnModel, X: pd.DataFrame) -> NDArray[np.float64]:
    """Return the chance of leaving of each customer [share]."""
    return np.asarray(expit(log_odds(model, X)), dtype=np.float64)


def log_odds(model: ChurnModel, X: pd.DataFrame) -> NDArray[np.float64]:
    """Return the log odds of leaving of each customer."""
    if isinstance(model, ChurnClassifier):
        X = X.reindex(columns=model.features_)
    return np.asarray(model.decision_function(X), dtype=np.float64) if len(X) else np.zeros(0)


def log_odds_errors(model: ChurnModel, X: pd.DataFrame, lost: pd.Series, of: pd.DataFrame) -> NDArray[np.float64]:
    """Return the standard error of each customer's log odds; rows of a customer on several days count as one."""
    if not len(of):
        return np.zeros(0)
    if isinstance(model, ConstantRate):
        share = (lost.sum() + 1) / (len(lost) + 5)
        return np.full(len(of), 1 / np.sqrt(share * (1 - share) * (X.index.nunique() + 5)))
    if isinstance(model, ChurnClassifier):
        X, of = X[model.features_], of.reindex(columns=model.features_)
    return model.standard_errors(X, lost.to_numpy(), X.index.to_numpy(), of)


def informative_columns(X: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that are neither empty nor constant."""
    return X[[name for name in X if X[name].nunique(dropna=False) > 1]]


def past_days(catalog: Catalog, as_of: date) -> list[date]:
    """Return the past days whose outcome is known on ``as_of``, newest first, as many as a back-test needs."""
    horizon, first = catalog.settings.company.churn_after_days, catalog.data_from
    if first is None:
        return []
    newest = as_of - timedelta(days=horizon)
    days = [newest - timedelta(days=STEP * i) for i in range(N_TESTED + N_LEARNED + -(-horizon // STEP))]
    return [day for day in days if day >= first + timedelta(days=_WARM_UP)]


def training_rows(catalog: Catalog, days: Sequence[date]) -> pd.DataFrame:
    """Return the customers at risk on each of several days whose outcome is known, one day below the other.

    The days are :data:`STEP` days apart; a customer has a row for each day at risk.
    """
    rows = [labelled_snapshot(catalog, day) for day in days]
    at_risk = [each[(each["kind"] == "at risk") & each["lost"].notna()] for each in rows]
    return pd.concat(at_risk) if at_risk else pd.DataFrame(columns=["lost", "day", "kind"])


def labelled_snapshot(catalog: Catalog, day: date) -> pd.DataFrame:
    """Return the customers active on a day, with their features and, as far as it is known, their outcome.

    Returns
    -------
    DataFrame
        Indexed by customer_id: the features; kind ("at risk", "notice given", or "" where a term runs beyond the
        horizon), lost (1.0, 0.0 or NaN), day.
    """
    kept = _KEPT.setdefault(catalog, {})  # a back-test asks for each day several times
    if day not in kept:
        kept[day] = memoize(catalog, _known_on, day, reads_predictions=False)
    return kept[day].copy()


def prefetch_snapshots(catalog: Catalog, days: Sequence[date]) -> None:
    """Compute :func:`labelled_snapshot` of several days; programs that ask for the same days share the work."""
    kept = _KEPT.setdefault(catalog, {})
    days = [day for day in days if day not in kept]
    each = memoize_each(catalog, _known_on, [(day,) for day in days], reads_predictions=False)
    kept.update(zip(days, each, strict=True))


def features_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the features alone."""
    return rows.drop(columns=["kind", "lost", "day"])


def _known_on(catalog: Catalog, day: date) -> pd.DataFrame:
    rows = snapshot_with_ends(catalog, day)
    labels = churn_labels(catalog, day, ends_on=rows.pop("ends_on"))
    return rows.assign(
        kind=labels["kind"].reindex(rows.index).fillna(""), lost=labels["lost"].reindex(rows.index), day=str(day)
    )
