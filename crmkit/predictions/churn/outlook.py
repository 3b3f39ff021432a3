"""Who is about to leave: a chance per customer, with reasons, learned from past days and judged at others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from crmkit.errors import NotMeasured
from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.periods import DayLike
from crmkit.predictions.churn.backtest import back_test_by_tenth, by_day, chosen_method, drift
from crmkit.predictions.churn.drivers import drivers, shifts
from crmkit.predictions.churn.learning import (
    N_LEARNED,
    ChurnModel,
    allowed_methods,
    features_of,
    fit_method,
    labelled_snapshot,
    log_odds,
    log_odds_errors,
    past_days,
    training_rows,
)
from crmkit.predictions.churn.pairs import pair_groups
from crmkit.predictions.futures.possible import Foreseen, Futures, matched, possible_futures
from crmkit.predictions.runner.registry import prediction
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_Z = 1.96
_MOST_SHIFTED = 0.5  # of the weight of the features: above it, the model was fitted to different customers
_MIXED = {"drivers": ["least", "most"], "shifts": ["then", "now"]}  # columns of numbers and texts
_LAST: WeakKeyDictionary[Catalog, tuple[tuple[date, str], _Fitted]] = WeakKeyDictionary()


@dataclass(eq=False)
class ChurnOutlook:
    """Who is likely to leave within the horizon from a day on.

    Attributes
    ----------
    as_of : date
    horizon : int
        [days]
    method : str
        The one chosen by the back-test; see :data:`crmkit.predictions.churn.learning.NAMES`.
    scores : DataFrame
        Indexed by customer_id, those at risk, likeliest first: value, low, high (chance of leaving) [share].
    shares : DataFrame
        Contribution of each feature to the log odds of each customer, in the order of ``scores``.
    customers : DataFrame
        The features of all active customers, and their kind.
    tested, tenths : DataFrame
        The back-test, and the same by tenths of the customers.
    drivers, shifts : DataFrame
        What leaving goes together with, and how far the customers of today differ from those fitted to; see
        :mod:`crmkit.predictions.churn.drivers`.
    pairs : DataFrame
        Groups of two features that differ beyond what each by itself lets expect; see
        :func:`crmkit.predictions.churn.pairs.pair_groups`.
    drift : float
        By how much the losses of a period vary beyond chance [share of those expected].
    n_learned, n_lost : int
        Rows fitted to, and those of them lost.
    warning : str
        Why the chances should not be acted on; empty if they may be.
    futures : Futures, optional
        The possible futures of customers who order, which the chances of leaving are moved to add up to.
    """

    as_of: date
    horizon: int
    method: str
    scores: pd.DataFrame
    shares: pd.DataFrame
    customers: pd.DataFrame
    tested: pd.DataFrame
    tenths: pd.DataFrame
    drivers: pd.DataFrame
    shifts: pd.DataFrame
    pairs: pd.DataFrame
    drift: float
    n_learned: int
    n_lost: int
    warning: str
    futures: Futures | None = None

    @property
    def shops(self) -> pd.Series:
        """Whether each customer of ``scores`` is active by orders alone (bool)."""
        if self.futures is None:
            return pd.Series(False, index=self.scores.index)
        return self.futures.customers["active"].reindex(self.scores.index).fillna(False).astype(bool)

    @property
    def expected(self) -> tuple[float, float, float]:
        """Customers expected to leave, with the ends of the 95 % interval [count]."""
        p = self.scores.loc[~self.shops, "value"].to_numpy()
        total = float(p.sum())
        spread = np.sqrt((p * (1 - p)).sum() + (self.drift * total) ** 2)
        if self.futures is None or not self.shops.any():
            return total, max(0.0, total - _Z * spread), min(float(len(p)), total + _Z * spread)
        leavers = self.futures.totals["leave"].to_numpy(dtype=float)
        drawn = leavers + total + spread * np.random.default_rng(0).standard_normal(len(leavers))
        low, high = np.quantile(drawn, (0.025, 0.975))
        value, n = total + float(leavers.mean()), float(len(self.scores))
        return value, float(np.clip(low, 0.0, value)), float(np.clip(high, value, n))

    @property
    def back(self) -> Foreseen | None:
        """Of the shoppers expected to leave, those with an order within a year; None where nobody shops."""
        return self.futures.number("leave_back") if self.futures is not None and self.shops.any() else None

    @property
    def spread(self) -> float:
        """By how much the losses of a period vary beyond each customer's own chance [share of those expected]."""
        if self.futures is None or not self.shops.any():
            return self.drift
        p, leavers = self.scores.loc[self.shops, "value"].to_numpy(), self.futures.totals["leave"].to_numpy(dtype=float)
        beyond = max(leavers.var() - (p * (1 - p)).sum(), 0.0)
        of_others = self.drift * float(self.scores.loc[~self.shops, "value"].sum())
        return float(np.sqrt(beyond + of_others**2) / max(float(self.scores["value"].sum()), 1e-9))


@checked
def churn_outlook(catalog: Catalog, as_of: DayLike) -> ChurnOutlook:
    """Learn from past days who leaves, and predict who is likely to leave from ``as_of`` on.

    Parameters
    ----------
    catalog : Catalog
    as_of : str or date
        Last day whose data is used: for features and for outcomes.

    Raises
    ------
    NotMeasured
        If no customer is active, or the record is too short for any outcome to be known.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": "a", "ordered_at": ["2026-09-01"], "revenue": 10.0})
    >>> churn_outlook(ck.connect({"orders": orders}), date(2026, 9, 30))
    Traceback (most recent call last):
    crmkit.errors.NotMeasured: not measured: needs a record of at least 210 days with active customers
    """
    customers = labelled_snapshot(catalog, as_of)
    learned_from = training_rows(catalog.whole, past_days(catalog, as_of)[:N_LEARNED])
    horizon = catalog.settings.company.churn_after_days
    if not len(learned_from):
        raise NotMeasured(f"a record of at least {horizon + 120} days with active customers")
    tenths = back_test_by_tenth(catalog, as_of)
    tested = by_day(tenths)
    method = chosen_method(tested, allowed_methods(learned_from["lost"]))
    results, futures = model_results(catalog, as_of, method), _futures(catalog, as_of)
    warning = _warning(tested, method) or _shift_warning(results.shifts)
    return ChurnOutlook(
        as_of,
        horizon,
        method,
        _as_many_as_foreseen(results.scores, futures),
        results.shares,
        customers,
        tested,
        tenths,
        results.drivers,
        results.shifts,
        results.pairs,
        drift(tested, method),
        len(learned_from),
        int(learned_from["lost"].sum()),
        warning,
        futures,
    )


@prediction(table="customer_scores", model="churn", shared=back_test_by_tenth)
def churn(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the chance that each customer at risk leaves within ``churn_after_days``."""
    return churn_outlook(catalog, as_of).scores.reset_index()


@dataclass(frozen=True, eq=False)
class ModelResults:
    """The results of a fitted model for the customers at risk on a day; see :class:`ChurnOutlook`.

    Attributes
    ----------
    scores, shares, drivers, shifts, pairs : DataFrame
    """

    scores: pd.DataFrame
    shares: pd.DataFrame
    drivers: pd.DataFrame
    shifts: pd.DataFrame
    pairs: pd.DataFrame


def model_results(catalog: Catalog, as_of: date, method: str) -> ModelResults:
    """Return the results of a method fitted to the past days of ``as_of``, from the cache if they are there.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    method : str
        See :data:`crmkit.predictions.churn.learning.NAMES`.
    """
    kept = {
        part: memoize(catalog, _result, as_of, method, part, reads_predictions=False, whole=True) for part in _RESULTS
    }
    _LAST.pop(catalog.whole, None)
    return ModelResults(**{part: _mixed_columns(frame, part, json.loads) for part, frame in kept.items()})


def _futures(catalog: Catalog, as_of: date) -> Futures | None:
    try:
        return possible_futures(catalog, as_of)
    except NotMeasured:
        return None


def _as_many_as_foreseen(scores: pd.DataFrame, futures: Futures | None) -> pd.DataFrame:
    """Move the log odds of all shoppers by one constant, so that as many are expected to leave as in the futures.

    Who is likelier to leave than others is learned from the features; how many of all leave, with the season and the level
    of the day, from the futures that all pages read. The order of customers and the reasons stay the same.
    """
    if futures is None or not len(scores):
        return scores
    stay = futures.customers.loc[futures.customers["active"], "stay"]
    shops = scores.index.intersection(stay.index)
    if not len(shops):
        return scores
    moved, chance = scores.copy(), scores.loc[shops, "value"].to_numpy(dtype=float)
    new = matched(chance, float((1 - stay[shops]).sum()))
    step = logit(np.clip(new, 1e-9, 1 - 1e-9)) - logit(np.clip(chance, 1e-9, 1 - 1e-9))
    for name in ("value", "low", "high"):
        moved.loc[shops, name] = expit(logit(scores.loc[shops, name].clip(1e-9, 1 - 1e-9)) + step)
    return moved.sort_values("value", ascending=False, kind="stable") if len(shops) < len(scores) else moved


def _warning(tested: pd.DataFrame, method: str) -> str:
    own = tested[tested["method"] == method]
    if not len(own):
        return "Nothing is known yet of how well these chances hold: the record is too short for a back-test."
    if method == "rate":
        return "Too few customers have left to tell who is likelier to: everybody has the same chance."
    if own["auc"].mean() < 0.55 or own["lift"].mean() < 1.1:
        return (
            "At past days these chances told leavers hardly better from stayers than drawing lots would: "
            "there is no list until they do."
        )
    return ""


def _shift_warning(shifted: pd.DataFrame) -> str:
    off = shifted[shifted["shifted"].astype(bool)]
    if off["weight"].sum() <= _MOST_SHIFTED:
        return ""
    return (
        f"The customers of today differ from those that were learned from in what {100 * off['weight'].sum():.0f} % of the "
        "chances rest on: there is no list until the newer ones can be learned from."
    )


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A model, the rows that it was fitted to, and the customers at risk, likeliest to leave first."""

    model: ChurnModel
    X: pd.DataFrame
    lost: pd.Series
    at_risk: pd.DataFrame

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Return the contribution of each feature to the log odds of those at risk."""
        if not len(self.at_risk):
            return pd.DataFrame(index=self.at_risk.index)
        if isinstance(self.model, ChurnClassifier):
            return self.model.contributions(self.at_risk.reindex(columns=self.model.features_))
        return self.model.contributions(self.at_risk)


def _result(catalog: Catalog, as_of: date, method: str, part: str) -> pd.DataFrame:
    """Return one of the frames; columns of numbers and texts as JSON, since Parquet cannot mix them."""
    key, last = (as_of, method), _LAST.get(catalog)
    if last is None or last[0] != key:
        last = _LAST[catalog] = key, _fitted(catalog, as_of, method)
    return _mixed_columns(_RESULTS[part](last[1]), part, json.dumps)


def _fitted(catalog: Catalog, as_of: date, method: str) -> _Fitted:
    rows, known = training_rows(catalog, past_days(catalog, as_of)[:N_LEARNED]), labelled_snapshot(catalog, as_of)
    X, lost, at_risk = features_of(rows), rows["lost"], features_of(known[known["kind"] == "at risk"])
    model = fit_method(method, X, lost)
    chance = expit(log_odds(model, at_risk))
    return _Fitted(model, X, lost, at_risk.iloc[np.argsort(-chance, kind="stable")])


def _scores(fitted: _Fitted) -> pd.DataFrame:
    odds, error = (
        log_odds(fitted.model, fitted.at_risk),
        log_odds_errors(fitted.model, fitted.X, fitted.lost, fitted.at_risk),
    )
    columns = {"value": expit(odds), "low": expit(odds - _Z * error), "high": expit(odds + _Z * error)}
    return pd.DataFrame(columns, index=fitted.at_risk.index)


_RESULTS: dict[str, Callable[[_Fitted], pd.DataFrame]] = {
    "scores": _scores,
    "shares": lambda fitted: fitted.shares,
    "drivers": lambda fitted: drivers(fitted.model, fitted.X, fitted.lost),
    "shifts": lambda fitted: shifts(fitted.X, fitted.at_risk, fitted.shares.abs().mean()),
    "pairs": lambda fitted: pair_groups(fitted.model, fitted.X, fitted.lost),
}


def _mixed_columns(frame: pd.DataFrame, part: str, change: Callable[[Any], object]) -> pd.DataFrame:
    mixed = {name: [change(value) for value in frame[name]] for name in _MIXED.get(part, [])}
    return frame.assign(**{name: pd.Series(values, index=frame.index) for name, values in mixed.items()})
