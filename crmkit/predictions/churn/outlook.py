"""Who is about to leave: a chance per customer, with reasons, learned from past days and judged at others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from scipy.special import expit

from crmkit.errors import NotMeasured
from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.periods import DayLike
from crmkit.predictions.churn.backtest import back_test_by_tenth, chosen_method, drift, of_days
from crmkit.predictions.churn.drivers import drivers, shifts
from crmkit.predictions.churn.learning import (
    N_LEARNED,
    Learned,
    candidates,
    errors,
    features_of,
    known_on,
    learn,
    log_odds,
    past_days,
    stacked,
)
from crmkit.predictions.runner.registry import prediction
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_Z = 1.96
_MOST_SHIFTED = 0.5  # of what chances rest on: more, and they were learned from other customers


@dataclass(eq=False)
class ChurnOutlook:
    """What can be said on a day about who leaves within the horizon.

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
        Of each feature in the log odds of each customer, in the order of ``scores``.
    known : DataFrame
        The features of all active customers, and their kind.
    tested, tenths : DataFrame
        The back-test, and the same by tenths of the customers.
    drivers, shifts : DataFrame
        What leaving goes together with, and how far the customers of today differ from those learned from; see
        :mod:`crmkit.predictions.churn.drivers`.
    drift : float
        How far the losses of a period go beyond the chance of its customers [share of those expected].
    n_learned, n_lost : int
        Rows learned from, and those of them lost.
    warning : str
        Why the chances should not be acted upon; empty if they may.
    """

    as_of: date
    horizon: int
    method: str
    scores: pd.DataFrame
    shares: pd.DataFrame
    known: pd.DataFrame
    tested: pd.DataFrame
    tenths: pd.DataFrame
    drivers: pd.DataFrame
    shifts: pd.DataFrame
    drift: float
    n_learned: int
    n_lost: int
    warning: str

    @property
    def expected(self) -> tuple[float, float, float]:
        """Customers expected to leave, with the ends of the 95 % interval [count]."""
        p = self.scores["value"].to_numpy()
        total = float(p.sum())
        spread = _Z * np.sqrt((p * (1 - p)).sum() + (self.drift * total) ** 2)
        return total, max(0.0, total - spread), min(float(len(p)), total + spread)


@checked
def churn_outlook(catalog: Catalog, as_of: DayLike) -> ChurnOutlook:
    """Learn who leaves from past days, and say who is likely to from ``as_of`` on.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used: for features and for outcomes.

    Raises
    ------
    NotMeasured
        If nobody can be called active, or the record is too short for any outcome to be known.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": "a", "ordered_at": ["2026-09-01"], "revenue": 10.0})
    >>> churn_outlook(ck.connect({"orders": orders}), date(2026, 9, 30))
    Traceback (most recent call last):
    crmkit.errors.NotMeasured: not measured: needs a record of at least 210 days with active customers
    """
    known = known_on(catalog, as_of)
    learned_from = stacked(catalog, past_days(catalog, as_of)[:N_LEARNED])
    horizon = catalog.settings.company.churn_after_days
    if not len(learned_from):
        raise NotMeasured(f"a record of at least {horizon + 120} days with active customers")
    tenths = back_test_by_tenth(catalog, as_of)
    tested = of_days(tenths)
    method = chosen_method(tested, candidates(learned_from["lost"]))
    told = told_by(catalog, as_of, method)
    warning = _warning(tested, method) or _of_other_customers(told.shifts)
    return ChurnOutlook(
        as_of,
        horizon,
        method,
        told.scores,
        told.shares,
        known,
        tested,
        tenths,
        told.drivers,
        told.shifts,
        drift(tested, method),
        len(learned_from),
        int(learned_from["lost"].sum()),
        warning,
    )


@prediction(table="customer_scores", model="churn", shared=back_test_by_tenth)
def churn(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Chance that each customer at risk leaves within ``churn_after_days``."""
    return churn_outlook(catalog, as_of).scores.reset_index()


def outcome_known_on(outlook: ChurnOutlook) -> date:
    """Return the day on which it will be known who has left."""
    return outlook.as_of + timedelta(days=outlook.horizon)


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


def _of_other_customers(shifted: pd.DataFrame) -> str:
    off = shifted[shifted["shifted"].astype(bool)]
    if off["weight"].sum() <= _MOST_SHIFTED:
        return ""
    return (
        f"The customers of today differ from those that were learned from in what {100 * off['weight'].sum():.0f} % of the "
        "chances rest on: there is no list until the newer ones can be learned from."
    )


# What the model of a day tells: chances, reasons, drivers, shifts; learned once, and kept for whoever asks next.


_MIXED = {"drivers": ["least", "most"], "shifts": ["then", "now"]}  # columns of numbers and texts
_LAST: WeakKeyDictionary[Catalog, tuple[tuple[date, str], _Fitted]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Told:
    """What a model tells of the customers at risk on a day; see :class:`crmkit.predictions.churn.outlook.ChurnOutlook`.

    Attributes
    ----------
    scores, shares, drivers, shifts : DataFrame
    """

    scores: pd.DataFrame
    shares: pd.DataFrame
    drivers: pd.DataFrame
    shifts: pd.DataFrame


def told_by(catalog: Catalog, as_of: date, method: str) -> Told:
    """Return what a method tells that has learned from the past days of ``as_of``; nothing of it reads predictions.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    method : str
        See :data:`crmkit.predictions.churn.learning.NAMES`.
    """
    kept = {part: memoize(catalog, _part, as_of, method, part, reads_predictions=False) for part in _PARTS}
    _LAST.pop(catalog, None)
    return Told(**{part: _changed(frame, part, json.loads) for part, frame in kept.items()})


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A model, what it learned from, and those whom it is asked about, likeliest to leave first."""

    model: Learned
    X: pd.DataFrame
    lost: pd.Series
    at_risk: pd.DataFrame

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Return the share of each feature in the log odds of those at risk."""
        if not len(self.at_risk):
            return pd.DataFrame(index=self.at_risk.index)
        if isinstance(self.model, ChurnClassifier):
            return self.model.contributions(self.at_risk.reindex(columns=self.model.features_))
        return self.model.contributions(self.at_risk)


def _part(catalog: Catalog, as_of: date, method: str, part: str) -> pd.DataFrame:
    """Return one of the frames; numbers and texts of one column as JSON, since Parquet does not mix them."""
    key, last = (as_of, method), _LAST.get(catalog)
    if last is None or last[0] != key:
        last = _LAST[catalog] = key, _fitted(catalog, as_of, method)
    return _changed(_PARTS[part](last[1]), part, json.dumps)


def _fitted(catalog: Catalog, as_of: date, method: str) -> _Fitted:
    rows, known = stacked(catalog, past_days(catalog, as_of)[:N_LEARNED]), known_on(catalog, as_of)
    X, lost, at_risk = features_of(rows), rows["lost"], features_of(known[known["kind"] == "at risk"])
    model = learn(method, X, lost)
    chance = expit(log_odds(model, at_risk))
    return _Fitted(model, X, lost, at_risk.iloc[np.argsort(-chance, kind="stable")])


def _scores(of: _Fitted) -> pd.DataFrame:
    odds, error = log_odds(of.model, of.at_risk), errors(of.model, of.X, of.lost, of.at_risk)
    columns = {"value": expit(odds), "low": expit(odds - _Z * error), "high": expit(odds + _Z * error)}
    return pd.DataFrame(columns, index=of.at_risk.index)


_PARTS: dict[str, Callable[[_Fitted], pd.DataFrame]] = {
    "scores": _scores,
    "shares": lambda of: of.shares,
    "drivers": lambda of: drivers(of.model, of.X, of.lost),
    "shifts": lambda of: shifts(of.X, of.at_risk, of.shares.abs().mean()),
}


def _changed(frame: pd.DataFrame, part: str, change: Callable[[Any], object]) -> pd.DataFrame:
    mixed = {name: [change(value) for value in frame[name]] for name in _MIXED.get(part, [])}
    return frame.assign(**{name: pd.Series(values, index=frame.index) for name, values in mixed.items()})
