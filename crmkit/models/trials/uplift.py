"""Who responds to an action: the effect on each person, learned from a trial, and whether choosing by it beats a draw by lot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler

Array = NDArray[np.float64]
_PENALTIES = np.logspace(1, 6, 11)
_PARTS = 5
_LEAST_SHARE = 0.02  # of people with a value: rarer ones count together
_MOST_VALUES = 8
_Z = float(ndtri(0.975))
_HALF = 0.5
_SHARES = (0.1, 0.25, _HALF, 0.75, 1.0)


class UpliftModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The effect of an action on each person: a regression whose terms interact with the draw, with a ridge penalty.

    What is left of the outcome after a regression on what was known before is regressed on the draw times the same columns
    (the residual-on-residual form of an interacted regression). Numbers enter by their rank, texts by their most frequent
    values. The penalty is chosen by leaving out each person in turn; the average effect is not penalised.

    Parameters
    ----------
    penalties : sequence of float, optional
        To choose among; a large one says that everybody responds alike.

    Attributes
    ----------
    effect_ : float
        On the average person.
    columns_ : DataFrame
        column (a number, or a text and its value), slope (of the effect, for one standard deviation of the column), the
        strongest first.

    References
    ----------
    Nie and Wager (2021), Quasi-oracle estimation of heterogeneous treatment effects, Biometrika 108, 299-319.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> people = pd.DataFrame({"age": random.uniform(20, 70, 4000), "plan": random.choice(["a", "b"], 4000)})
    >>> treated = random.random(4000) < 0.5
    >>> outcome = random.normal(0, 1, 4000) + treated * (people["plan"] == "b")
    >>> effect = UpliftModel().fit(people, outcome, treated).predict(people)
    >>> [round(float(each), 1) for each in effect.groupby(people["plan"]).mean()]
    [0.0, 1.0]
    """

    def __init__(self, penalties: ArrayLike | None = None) -> None:
        self.penalties = penalties

    def fit(
        self, X: pd.DataFrame, outcome: ArrayLike, treated: ArrayLike, probability: ArrayLike | None = None
    ) -> UpliftModel:
        """Learn the effect from people who were drawn by lot.

        Parameters
        ----------
        X : DataFrame
            What was known of each person before the draw: numbers and texts; gaps are allowed.
        outcome : array-like of float
        treated : array-like of bool
        probability : array-like of float, optional
            With which each was to be treated [share]; the share of the treated by default.
        """
        y, t = np.asarray(outcome, dtype=np.float64), np.asarray(treated, dtype=bool)
        self.design_ = _design().fit(X)
        columns = self.design_.transform(X)
        _, self.model_ = _fitted(columns, y, t, _probability(t, probability), self.penalties)
        self.effect_ = float(self.model_.predict(columns).mean())
        slopes = pd.DataFrame({"column": self.design_.get_feature_names_out(), "slope": self.model_.coef_})
        self.columns_ = slopes.sort_values("slope", key=np.abs, ascending=False, ignore_index=True)
        return self

    def predict(self, X: pd.DataFrame) -> pd.Series:
        """Return the effect expected on each person, in the unit of the outcome."""
        return pd.Series(self.model_.predict(self.design_.transform(X)), index=X.index, dtype=float)


@dataclass(frozen=True)
class Targeting:
    """Whether choosing people by a model brings more than drawing them by lot, on people whom the model had not seen.

    Attributes
    ----------
    qini, low, high : float
        What choosing brings beyond a draw by lot, for each person drawn, on average over all shares of people that may be
        treated (the area between the two gain curves), with its 95 % interval; in the unit of the outcome.
    slope : float
        By how much effects differ truly where the model says that they differ by 1.
    n_treated, n_held : int
        People on either side.
    curve : DataFrame
        share (of people treated, those first of whom most is expected), gain, low, high (for each person drawn), at_random.
    effect : Series
        On each person, expected by a model that had not seen this person; NaN for the first part.
    """

    qini: float
    low: float
    high: float
    slope: float
    n_treated: int
    n_held: int
    curve: pd.DataFrame
    effect: pd.Series = field(repr=False)

    @property
    def beats_random(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.low > 0

    @property
    def best_half(self) -> float:
        """Mean effect on the half of the people of whom most was expected."""
        return float(self.curve["gain"].to_numpy()[self.curve["share"].to_numpy() == _HALF][0]) / _HALF


def targeting(
    X: pd.DataFrame,
    outcome: ArrayLike,
    treated: ArrayLike,
    *,
    probability: ArrayLike | None = None,
    person: ArrayLike | None = None,
    seed: int = 0,
) -> Targeting:
    """Return whether an :class:`UpliftModel` finds those who respond: its Qini coefficient, with interval.

    People are divided by lot into five parts; each part but the first is ranked by a model of the parts before it. (Were each
    ranked by a model of all others, two parts would judge the same chance twice, and the interval be too narrow.) The gain
    of treating the first so many of the ranking
    needs no model to be right: it is the difference of the outcomes of the treated and of those held out among them,
    weighted by the probability of the draw and less what the outcome was expected to be.

    Parameters
    ----------
    X : DataFrame
        What was known of each person before the draw.
    outcome : array-like of float
    treated : array-like of bool
    probability : array-like of float, optional
        With which each was to be treated [share].
    person : array-like, optional
        Who each row is, where people were drawn more than once.
    seed : int
        Of the parts.

    References
    ----------
    Radcliffe (2007), Using control groups to target on predicted lift, Direct Marketing Analytics Journal; Wager (2024),
    Sequential validation of treatment heterogeneity, arXiv:2405.05534; Yadlowsky et al. (2025), Evaluating treatment
    prioritization rules via rank-weighted average treatment effects, JASA 120.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> people = pd.DataFrame({"age": random.uniform(20, 70, 4000), "plan": random.choice(["a", "b"], 4000)})
    >>> treated = random.random(4000) < 0.5
    >>> found = targeting(people, random.normal(0, 1, 4000) + treated * (people["plan"] == "b"), treated)
    >>> round(found.qini, 2), found.beats_random
    (0.12, True)
    """
    y, t = np.asarray(outcome, dtype=np.float64), np.asarray(treated, dtype=bool)
    p = _probability(t, probability)
    people = np.unique(np.arange(len(y)) if person is None else np.asarray(person), return_inverse=True)[1]
    part = np.random.default_rng(seed).permutation(people.max() + 1)[people] % _PARTS
    effect, baseline, rank = _unseen(_design().fit_transform(X), y, t, p, part)  # the design sees no outcome
    judged = part > 0
    score = ((t - p) / (p * (1 - p)) * (y - baseline))[judged]  # on average the effect on this person
    gains = [score * (0.5 - rank[judged]), *(score * (rank[judged] <= share) for share in _SHARES)]
    mean, error = _mean(np.column_stack(gains), people[judged])
    apart = effect[judged] - pd.Series(effect[judged]).groupby(part[judged]).transform("mean").to_numpy()
    return Targeting(
        qini=float(mean[0]),
        low=float(mean[0] - _Z * error[0]),
        high=float(mean[0] + _Z * error[0]),
        slope=float(apart @ score / (apart @ apart)) if apart @ apart > 0 else 0.0,
        n_treated=int(t.sum()),
        n_held=int((~t).sum()),
        curve=_curve(mean[1:], error[1:]),
        effect=pd.Series(effect, index=X.index),
    )


def _unseen(
    columns: Array, y: Array, t: NDArray[np.bool_], p: Array, part: NDArray[np.int_]
) -> tuple[Array, Array, Array]:
    """Return effect, outcome and rank of each person (0 first), expected by a model of the parts before; NaN in the first."""
    effect, baseline, rank = (np.full(len(y), np.nan) for _ in range(3))
    for each in range(1, _PARTS):
        seen, unseen = part < each, part == each
        outcome_model, effect_model = _fitted(columns[seen], y[seen], t[seen], p[seen])
        effect[unseen], baseline[unseen] = effect_model.predict(columns[unseen]), outcome_model.predict(columns[unseen])
        rank[unseen] = (rankdata(-effect[unseen]) - 0.5) / unseen.sum()  # in each part, as models differ in level
    return effect, baseline, rank


def _fitted(
    columns: Array, y: Array, t: NDArray[np.bool_], p: Array, penalties: ArrayLike | None = None
) -> tuple[RidgeCV, RidgeCV]:
    """Return a model of the outcome, and one of the effect."""
    alphas = _PENALTIES if penalties is None else np.asarray(penalties)
    outcome = RidgeCV(alphas=alphas).fit(columns, y)
    left, drawn = y - outcome.predict(columns), t - p
    return outcome, RidgeCV(alphas=alphas).fit(columns, left / drawn, sample_weight=drawn**2)


def _design() -> Pipeline:
    """Return what makes columns of equal size of numbers and texts."""
    numbers = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        QuantileTransformer(n_quantiles=100, subsample=10_000, random_state=0),
    )
    texts = OneHotEncoder(
        min_frequency=_LEAST_SHARE,
        max_categories=_MOST_VALUES,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    )
    kinds = [
        ("numbers", numbers, make_column_selector(dtype_include=["number", "bool"])),
        ("texts", texts, make_column_selector(dtype_exclude=["number", "bool"])),
    ]
    return make_pipeline(ColumnTransformer(kinds, verbose_feature_names_out=False), StandardScaler())


def _probability(treated: NDArray[np.bool_], probability: ArrayLike | None) -> Array:
    share = np.full(len(treated), treated.mean()) if probability is None else np.asarray(probability, dtype=np.float64)
    return np.clip(share, 1e-3, 1 - 1e-3)


def _mean(values: Array, people: NDArray[Any]) -> tuple[Array, Array]:
    """Return the mean of each column and its standard error, where the rows of a person belong together."""
    mean = values.mean(axis=0)
    sums = np.array([np.bincount(people, column) for column in (values - mean).T])
    return mean, np.sqrt((sums**2).sum(axis=1)) / len(values)


def _curve(gain: Array, error: Array) -> pd.DataFrame:
    share = np.array(_SHARES)
    return pd.DataFrame(
        {
            "share": share,
            "gain": gain,
            "low": gain - _Z * error,
            "high": gain + _Z * error,
            "at_random": share * gain[-1],
        }
    )
