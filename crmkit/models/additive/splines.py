"""Columns for an additive model: splines of numbers, one column per level of texts, a flag for gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.interpolate import BSpline

MOST_LEVELS = 30
UNKNOWN = "unknown"
_FEW_VALUES = 4  # a number with so few values is taken as it is
_Floats = NDArray[np.float64]


class SplineColumns:
    """From a frame of numbers and texts to standardised columns, each made from one feature alone.

    A number becomes a cubic spline, linear beyond the outermost knots (so that extrapolation stays moderate), after a gap
    is filled with the median and marked by a flag. A text becomes one column per level; levels beyond the 30 most frequent
    are put together, and so is a level that was never seen.
    """

    def fit_transform(self, X: pd.DataFrame) -> tuple[_Floats, _Floats]:
        """Learn knots, medians and levels; return the standardised columns, and the codes as :meth:`codes` does."""
        self.names = list(X.columns)
        self.is_text = [not pd.api.types.is_numeric_dtype(X[name]) for name in self.names]
        self.levels = {name: _levels(X[name]) for name, text in zip(self.names, self.is_text, strict=True) if text}
        codes = self.codes(X)
        self.medians = np.array([_median(known[~np.isnan(known)]) for known in codes.T])
        self.curves = [None if text else _curve(codes[:, i]) for i, text in enumerate(self.is_text)]
        columns = self._columns(codes)
        self.centre = columns.mean(axis=0)
        columns -= self.centre
        spread = np.sqrt(np.einsum("ij,ij->j", columns, columns) / max(1, len(columns)))
        self.scale = np.where(spread > 1e-9, spread, 1.0)
        columns /= self.scale
        return columns, codes

    def transform(self, X: pd.DataFrame) -> tuple[_Floats, _Floats]:
        """Return the standardised columns, and the codes as :meth:`codes` does."""
        codes = self.codes(X)
        return self.standardised(codes), codes

    def codes(self, X: pd.DataFrame) -> _Floats:
        """Return one column per feature for trees: numbers as they are, levels by number, gaps as NaN."""
        codes = np.empty((len(X), len(self.names)), order="F")
        for i, (name, text) in enumerate(zip(self.names, self.is_text, strict=True)):
            codes[:, i] = self._level_codes(X[name], name) if text else _numbers(X[name])
        return codes

    def standardised(self, codes: _Floats) -> _Floats:
        """Return the standardised columns of customers by their codes."""
        columns = self._columns(codes)
        columns -= self.centre
        columns /= self.scale
        return columns

    @property
    def reference(self) -> _Floats:
        """Codes of one customer with the median of each number and the most frequent level of each text."""
        return np.where(self.is_text, 0.0, self.medians)[None, :]

    def summed(self, columns: _Floats) -> _Floats:
        """Return the sum of each feature's own columns: one column per feature."""
        starts = np.cumsum([0, *self._widths])[:-1]
        return np.add.reduceat(columns, starts, axis=1) if columns.shape[1] else np.zeros((len(columns), 0))

    @property
    def _widths(self) -> list[int]:
        """Columns of each feature: those of its levels and one for all others, or of its curve and the flag of gaps."""
        return [
            len(self.levels[name]) + 1 if name in self.levels else 1 + (curve.width if curve else 1)
            for name, curve in zip(self.names, self.curves, strict=True)
        ]

    def _columns(self, codes: _Floats) -> _Floats:
        columns = np.zeros((len(codes), sum(self._widths)))
        at = 0
        for i, (curve, width) in enumerate(zip(self.curves, self._widths, strict=True)):
            own = columns[:, at : at + width]
            if self.is_text[i]:
                own[np.arange(len(codes)), codes[:, i].astype(int)] = 1.0
            else:
                gaps = np.isnan(codes[:, i])
                filled = np.where(gaps, self.medians[i], codes[:, i])
                own[:, :-1] = curve(filled) if curve else filled[:, None]
                own[:, -1] = gaps
            at += width
        return columns

    def _level_codes(self, column: pd.Series, name: str) -> NDArray[np.intp]:
        place, texts = _text(column)
        code = pd.Index(self.levels[name]).get_indexer(pd.Index(texts, dtype=object))
        return np.where(code < 0, len(self.levels[name]), code)[place]


def _levels(column: pd.Series) -> list[str]:
    """Return the most frequent levels; of equally frequent ones the first by name."""
    place, texts = _text(column)
    n = pd.Series(np.bincount(place, minlength=len(texts)), index=texts).groupby(level=0).sum()
    return list(n[n > 0].nlargest(MOST_LEVELS).index)


def _median(known: _Floats) -> float:
    return float(np.median(known)) if len(known) else 0.0


def _curve(numbers: _Floats) -> SplineCurve | None:
    known = numbers[~np.isnan(numbers)]
    knots = np.unique(np.quantile(known, np.linspace(0, 1, 6))) if len(known) else np.zeros(0)
    return SplineCurve(knots) if len(knots) > 2 and len(np.unique(known)) > _FEW_VALUES else None


def _numbers(column: pd.Series) -> _Floats:
    numeric = column if pd.api.types.is_numeric_dtype(column) else pd.to_numeric(column, errors="coerce")
    numbers = numeric.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _text(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return the distinct values as texts, and per row which it is; two values of the same text are listed twice."""
    place, values = pd.factorize(column, use_na_sentinel=True)
    texts = [str(value) for value in values]
    return np.where(place < 0, len(texts), place), [*texts, UNKNOWN]


# A cubic spline of one number, linear beyond its outermost knots.


_DEGREE = 3


class SplineCurve:
    """The B-splines of one number, but for the last: with it they would add up to 1, as the intercept does.

    The same columns as those of scikit-learn's ``SplineTransformer(extrapolation="linear", include_bias=False)``,
    without its checks, which take longer than the splines themselves where there are many features.

    Parameters
    ----------
    knots : array
        Increasing, at least two.

    Attributes
    ----------
    width : int
        Columns that it gives.

    Examples
    --------
    >>> SplineCurve(np.array([0.0, 1.0, 2.0]))(np.array([0.0, 1.0])).round(2).tolist()
    [[0.17, 0.67, 0.17, 0.0], [0.0, 0.17, 0.67, 0.17]]
    """

    def __init__(self, knots: NDArray[np.float64]) -> None:
        before = knots[0] - (knots[1] - knots[0]) * np.arange(_DEGREE, 0, -1)
        after = knots[-1] + (knots[-1] - knots[-2]) * np.arange(1, _DEGREE + 1)
        self.width = len(knots) + _DEGREE - 2
        self._ends = knots[0], knots[-1]
        each = np.eye(self.width + 1)[:, : self.width]
        self._splines = BSpline(np.concatenate([before, knots, after]), each, _DEGREE)
        self._slopes = self._splines.derivative()(np.array(self._ends))

    def __call__(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one row per number."""
        inside = np.clip(numbers, *self._ends)
        columns = np.asarray(self._splines(inside), dtype=np.float64)
        beyond = np.flatnonzero(inside != numbers)
        if len(beyond):
            slope = self._slopes[(numbers[beyond] > self._ends[1]).astype(int)]
            columns[beyond] += (numbers - inside)[beyond, None] * slope
        return columns
