"""What the model of a day tells: chances, reasons, drivers, shifts; learned once, and kept for whoever asks next."""

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
from scipy.special import expit

from crmkit.models.churn_classifier import ChurnClassifier
from crmkit.predictions.churn_drivers import drivers, shifts
from crmkit.predictions.churn_history import N_LEARNED, features_of, known_on, past_days, stacked
from crmkit.predictions.churn_models import Learned, errors, learn, log_odds
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember

_Z = 1.96
_MIXED = {"drivers": ["least", "most"], "shifts": ["then", "now"]}  # columns of numbers and texts
_LAST: WeakKeyDictionary[Catalog, tuple[tuple[date, str], _Fitted]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Told:
    """What a model tells of the customers at risk on a day; see :class:`crmkit.predictions.churn.ChurnOutlook`.

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
        See :data:`crmkit.predictions.churn_models.NAMES`.
    """
    kept = {part: remember(catalog, _part, as_of, method, part, reads_predictions=False) for part in _PARTS}
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
