"""Covariates as the design matrix of a regression: levels as columns, gaps filled, all standardised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.errors import Problems
from crmkit.models.arrays import Array
from crmkit.models.maximum_likelihood import Z_95
from crmkit.models.subscriptions.spells import SPELL_COLUMNS

MOST_LEVELS = 60
_NOT_COVARIATES = {*SPELL_COLUMNS, "n", "tenure"}


def covariates_of(X: pd.DataFrame, names: Sequence[str] | None) -> list[str]:
    """Return the names wanted, or all columns of X that are not part of the spell."""
    return [name for name in X.columns if name not in _NOT_COVARIATES] if names is None else list(names)


def plain(X: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return covariates as floats and text only.

    Raises
    ------
    Problems
        A covariate is missing, or has so many levels that it is rather a name.
    """
    absent = [f"covariate '{name}' is missing." for name in names if name not in X]
    if absent:
        raise Problems("The spells", absent)
    columns = {name: _finite(X[name]) if pd.api.types.is_numeric_dtype(X[name]) else _text(X[name]) for name in names}
    n_levels = {name: column.nunique() for name, column in columns.items() if column.dtype == object}
    names_like = [
        f"covariate '{name}' has {n} levels, and {MOST_LEVELS} is the most; leave it out or put levels together."
        for name, n in n_levels.items()
        if n > MOST_LEVELS
    ]
    if names_like:
        raise Problems("The spells", names_like)
    return pd.DataFrame(columns, index=X.index)


def ratios(logs: pd.Series, error: pd.Series) -> pd.DataFrame:
    """Return ratio, low, high (95 %) of logarithms with their standard errors, one row per covariate."""
    sides = {"ratio": logs, "low": logs - Z_95 * error, "high": logs + Z_95 * error}
    return pd.DataFrame({name: np.exp(side.clip(-700, 700)) for name, side in sides.items()}).rename_axis("covariate")


@dataclass(frozen=True, eq=False)
class Design:
    """How covariates become columns of a design matrix.

    Parameters
    ----------
    numbers : mapping
        Per numeric covariate what stands in where it is missing: its mean.
    levels : mapping
        Per other covariate its levels, the most frequent first: that is the one the others are compared with, and the
        one taken for a level never seen.
    centre, scale : array
        Of the columns.
    """

    numbers: Mapping[str, float]
    levels: Mapping[str, tuple[str, ...]]
    centre: Array
    scale: Array

    @classmethod
    def learned(cls, X: pd.DataFrame, names: Sequence[str], n: Array) -> Design:
        """Learn from covariates ``names`` of rows that count ``n`` each."""
        numeric = [name for name in names if pd.api.types.is_numeric_dtype(X[name])]
        weight = n / n.sum() if n.sum() > 0 else np.full(len(n), 1 / max(len(n), 1))
        numbers = {name: _mean(_finite(X[name]), weight) for name in numeric}
        levels = {name: _levels(X[name], weight) for name in names if name not in numbers}
        width = len(numbers) + sum(len(each[1:]) for each in levels.values())
        raw = cls(numbers, levels, np.zeros(width), np.ones(width)).matrix(X)
        centre = weight @ raw
        scale = np.sqrt(weight @ (raw - centre) ** 2)
        return cls(numbers, levels, centre, np.where(scale > 1e-12 * (1 + np.abs(centre)), scale, 1.0))

    @property
    def columns(self) -> list[str]:
        """Names of the columns, such as ``plan = yearly``."""
        return [*self.numbers, *(f"{name} = {level}" for name, all_ in self.levels.items() for level in all_[1:])]

    def matrix(self, X: pd.DataFrame) -> Array:
        """Return one centred and scaled column per number and per level but the first."""
        absent = [f"covariate '{name}' is missing." for name in (*self.numbers, *self.levels) if name not in X]
        if absent:
            raise Problems("The customers", absent)
        parts = [_finite(X[name]).fillna(mean).to_numpy() for name, mean in self.numbers.items()]
        for name, levels in self.levels.items():
            text = _text(X[name]).to_numpy()
            parts += [(text == level).astype(float) for level in levels[1:]]
        raw = np.column_stack(parts) if parts else np.zeros((len(X), 0))
        return (raw - self.centre) / self.scale


def _finite(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)


def _mean(column: pd.Series, weight: Array) -> float:
    known = column.notna().to_numpy()
    total = weight[known].sum()
    return float(column[known].to_numpy() @ weight[known] / total) if total > 0 else 0.0


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "unknown").astype(str)


def _levels(column: pd.Series, weight: Array) -> tuple[str, ...]:
    share = pd.Series(weight).groupby(_text(column).to_numpy()).sum().sort_index()
    return tuple(share.sort_values(ascending=False, kind="stable").index)
