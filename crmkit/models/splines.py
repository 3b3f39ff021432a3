"""Columns for an additive model: splines of numbers, one column per level of texts, a flag for gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import SplineTransformer

MOST_LEVELS = 30
UNKNOWN = "unknown"
_FEW_VALUES = 4  # a number with so few values is taken as it is


class SplineColumns:
    """From a frame of numbers and texts to standardised columns, each made from one feature alone.

    A number becomes a cubic spline, linear beyond the outermost knots (a customer further out than any seen is not
    extrapolated wildly), after a gap is filled with the median and told by a flag. A text becomes one column per
    level; levels beyond the 30 most frequent are put together, and so is a level that was never seen.
    """

    def fit_transform(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Learn knots, medians and levels; return the standardised columns."""
        self.names = list(X.columns)
        self.is_text = [not pd.api.types.is_numeric_dtype(X[name]) for name in self.names]
        self.medians: dict[str, float] = {}
        self.levels: dict[str, list[str]] = {}
        self.splines: dict[str, SplineTransformer] = {}
        for name, text in zip(self.names, self.is_text, strict=True):
            if text:
                self.levels[name] = list(_text(X[name]).value_counts().sort_index().nlargest(MOST_LEVELS).index)
            else:
                self._fit_number(name, _number(X[name]))
        columns = self._columns(X)
        self.centre, spread = columns.mean(axis=0), columns.std(axis=0)
        self.scale = np.where(spread > 1e-9, spread, 1.0)
        return (columns - self.centre) / self.scale

    def transform(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the standardised columns."""
        return (self._columns(X) - self.centre) / self.scale

    def codes(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return one column per feature for trees: numbers as they are, levels by number, gaps as NaN."""
        each = [
            self._level_codes(X[name], name).astype(float) if text else _number(X[name]).to_numpy()
            for name, text in zip(self.names, self.is_text, strict=True)
        ]
        return np.column_stack(each) if each else np.zeros((len(X), 0))

    @property
    def reference(self) -> pd.DataFrame:
        """One customer with the median of each number and the most frequent level of each text."""
        return pd.DataFrame({
            name: [self.levels[name][0] if text else self.medians[name]]
            for name, text in zip(self.names, self.is_text, strict=True)
        })  # fmt: skip

    def summed(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of each feature's own columns: one column per feature."""
        starts = np.concatenate([[0], np.cumsum(self.widths)[:-1]]).astype(int)
        return np.add.reduceat(columns, starts, axis=1) if columns.shape[1] else np.zeros((len(columns), 0))

    def _fit_number(self, name: str, numbers: pd.Series) -> None:
        known = numbers.dropna()
        self.medians[name] = float(known.median()) if len(known) else 0.0
        knots = np.unique(np.quantile(known, np.linspace(0, 1, 6))) if len(known) else np.zeros(0)
        if known.nunique() > _FEW_VALUES and len(knots) > 2:
            spline = SplineTransformer(knots=knots[:, None], degree=3, extrapolation="linear", include_bias=False)
            self.splines[name] = spline.fit(known.to_numpy()[:, None])

    def _columns(self, X: pd.DataFrame) -> NDArray[np.float64]:
        parts: list[NDArray[np.float64]] = []
        for name, text in zip(self.names, self.is_text, strict=True):
            if text:
                parts.append(np.eye(len(self.levels[name]) + 1)[self._level_codes(X[name], name)])
                continue
            numbers = _number(X[name])
            filled = numbers.fillna(self.medians[name]).to_numpy()[:, None]
            curve = self.splines[name].transform(filled) if name in self.splines else filled
            parts.append(np.hstack([curve, numbers.isna().to_numpy().astype(float)[:, None]]))
        self.widths = [part.shape[1] for part in parts]
        return np.hstack(parts) if parts else np.zeros((len(X), 0))

    def _level_codes(self, column: pd.Series, name: str) -> NDArray[np.intp]:
        place = pd.Index(self.levels[name]).get_indexer(pd.Index(_text(column)))
        return np.where(place < 0, len(self.levels[name]), place)


def _number(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), UNKNOWN).astype(str)
