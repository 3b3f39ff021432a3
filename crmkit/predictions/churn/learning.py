"""How chances of leaving are learned: from what few leavers allow to what many do."""

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

ENOUGH, FEW, HARDLY_ANY = 100, 25, 5  # customers lost, and as many kept, below which less can be learned
RHYTHM = ("days_since_order", "overdue", "n_orders", "days_to_end", "n_terms")
NAMES = {
    "blend": "spline logistic regression and boosted trees, averaged",
    "logistic": "spline logistic regression",
    "rhythm": "a strongly shrunk logistic regression on recency, rhythm and tenure",
    "rate": "the rate of the past, shrunk, the same for everybody",
}


class SameForAll:
    """The share lost so far, drawn towards 20 % with the weight of five customers: what hardly any data allow."""

    def fit(self, X: pd.DataFrame, y: NDArray[np.float64]) -> SameForAll:
        """Learn the share."""
        self.base_ = float(logit((np.sum(y) + 1) / (len(y) + 5)))
        return self

    def decision_function(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the same log odds for all."""
        return np.full(len(X), self.base_)

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return no reasons: it knows none."""
        return pd.DataFrame(index=X.index)


class Rhythm:
    """A logistic regression on the few features that are known to matter, with a strong penalty."""

    @staticmethod
    def columns(X: pd.DataFrame) -> pd.DataFrame:
        """Return the features that it looks at."""
        return X.reindex(columns=list(RHYTHM)).astype(float)

    def fit(self, X: pd.DataFrame, y: NDArray[np.float64]) -> Rhythm:
        """Learn from the customers' rhythm alone."""
        self.model = ChurnClassifier("logistic", penalty=100.0, calibrate=False).fit(self.columns(X), y)
        return self

    @property
    def base_(self) -> float:
        """Log odds where no feature has a say."""
        return self.model.base_

    def decision_function(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return log odds."""
        return self.model.decision_function(self.columns(X))

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the share of each feature; see :meth:`ChurnClassifier.contributions`."""
        return self.model.contributions(self.columns(X))

    def standard_errors(self, X: pd.DataFrame, y: NDArray, clusters: NDArray, of: pd.DataFrame) -> NDArray[np.float64]:
        """Return those of log odds; see :meth:`ChurnClassifier.standard_errors`."""
        return self.model.standard_errors(self.columns(X), y, clusters, self.columns(of))


Learned = ChurnClassifier | Rhythm | SameForAll


def candidates(lost: pd.Series) -> list[str]:
    """Return the methods that so many leavers allow, the simplest first.

    Examples
    --------
    >>> candidates(pd.Series([1.0] * 30 + [0.0] * 200)), candidates(pd.Series([1.0, 0.0]))
    (['rate', 'rhythm', 'logistic'], ['rate'])
    """
    fewer = min(int((lost == 1).sum()), int((lost == 0).sum()))
    allowed = ["rate"]
    allowed += ["rhythm"] if fewer >= HARDLY_ANY else []
    allowed += ["logistic"] if fewer >= FEW else []
    return allowed + (["blend"] if fewer >= ENOUGH else [])


def learn(method: str, X: pd.DataFrame, lost: pd.Series) -> Learned:
    """Fit a method by its name."""
    y = lost.to_numpy(dtype=float)
    if method == "rate":
        return SameForAll().fit(X, y)
    if method == "rhythm":
        return Rhythm().fit(X, y)
    return ChurnClassifier(method, n_trees=100).fit(usable(X), y, X.index.to_numpy())  # type: ignore[arg-type]


def learn_all(methods: Sequence[str], X: pd.DataFrame, lost: pd.Series) -> dict[str, Learned]:
    """Fit several methods, in their order; what two of them have in common is learned once."""
    learned = {method: learn(method, X, lost) for method in methods if method != "logistic" or "blend" not in methods}
    if isinstance(blend := learned.get("blend"), ChurnClassifier) and "logistic" in methods:
        learned["logistic"] = blend.without_trees()
    return {method: learned[method] for method in methods}


def chances(model: Learned, X: pd.DataFrame) -> NDArray[np.float64]:
    """Return the chance of leaving of each customer [share]."""
    return np.asarray(expit(log_odds(model, X)), dtype=np.float64)


def log_odds(model: Learned, X: pd.DataFrame) -> NDArray[np.float64]:
    """Return the log odds of leaving of each customer."""
    if isinstance(model, ChurnClassifier):
        X = X.reindex(columns=model.features_)
    return np.asarray(model.decision_function(X), dtype=np.float64) if len(X) else np.zeros(0)


def errors(model: Learned, X: pd.DataFrame, lost: pd.Series, of: pd.DataFrame) -> NDArray[np.float64]:
    """Return the standard error of each customer's log odds; rows of one customer on several days count as one."""
    if not len(of):
        return np.zeros(0)
    if isinstance(model, SameForAll):
        share = (lost.sum() + 1) / (len(lost) + 5)
        return np.full(len(of), 1 / np.sqrt(share * (1 - share) * (X.index.nunique() + 5)))
    if isinstance(model, ChurnClassifier):
        X, of = X[model.features_], of.reindex(columns=model.features_)
    return model.standard_errors(X, lost.to_numpy(), X.index.to_numpy(), of)


def usable(X: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that say anything: neither empty nor constant."""
    return X[[name for name in X if X[name].nunique(dropna=False) > 1]]


# What was known of customers on past days, and who of them had left a horizon later.


STEP = 30  # days between two days that are learned from
N_LEARNED = 4  # days stacked to learn from
N_TESTED = 6  # days of the back-test
_KEPT: WeakKeyDictionary[Catalog, dict[date, pd.DataFrame]] = WeakKeyDictionary()
_WARM_UP = 120  # days of data before the first day that is learned from: before that a rhythm cannot be known


def past_days(catalog: Catalog, as_of: date) -> list[date]:
    """Return the past days whose outcome is known on ``as_of``, newest first, as many as a back-test asks for."""
    horizon, first = catalog.settings.company.churn_after_days, catalog.data_from
    if first is None:
        return []
    newest = as_of - timedelta(days=horizon)
    days = [newest - timedelta(days=STEP * i) for i in range(N_TESTED + N_LEARNED + -(-horizon // STEP))]
    return [day for day in days if day >= first + timedelta(days=_WARM_UP)]


def known_on(catalog: Catalog, day: date) -> pd.DataFrame:
    """Return the customers active on a day, with their features and, as far as the data tell, what became of them.

    Returns
    -------
    DataFrame
        Indexed by customer_id: the features; kind ("at risk", "notice given", or "" where the activity is agreed for
        longer than the horizon), lost (1.0, 0.0 or NaN), day.
    """
    kept = _KEPT.setdefault(catalog, {})  # a back-test asks for each day several times
    if day not in kept:
        kept[day] = memoize(catalog, _known_on, day, reads_predictions=False)
    return kept[day].copy()


def look_at(catalog: Catalog, days: Sequence[date]) -> None:
    """Have :func:`known_on` ready for several days; programs that ask for the same share the work."""
    kept = _KEPT.setdefault(catalog, {})
    days = [day for day in days if day not in kept]
    each = memoize_each(catalog, _known_on, [(day,) for day in days], reads_predictions=False)
    kept.update(zip(days, each, strict=True))


def stacked(catalog: Catalog, days: Sequence[date]) -> pd.DataFrame:
    """Return those at risk on each of several days, one below the other; no outcome is missing.

    A gap of :data:`STEP` days lies between two days, and each customer counts on each day on which she was at risk.
    """
    rows = [known_on(catalog, day) for day in days]
    at_risk = [each[(each["kind"] == "at risk") & each["lost"].notna()] for each in rows]
    return pd.concat(at_risk) if at_risk else pd.DataFrame(columns=["lost", "day", "kind"])


def features_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the features alone."""
    return rows.drop(columns=["kind", "lost", "day"])


def _known_on(catalog: Catalog, day: date) -> pd.DataFrame:
    rows = snapshot_with_ends(catalog, day)
    became = churn_labels(catalog, day, ends_on=rows.pop("ends_on"))
    return rows.assign(
        kind=became["kind"].reindex(rows.index).fillna(""), lost=became["lost"].reindex(rows.index), day=str(day)
    )
