"""A cubic spline of one number, linear beyond its outermost knots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

_DEGREE = 3


class SplineCurve:
    """The B-splines of one number, but for the last: with it they would add up to 1, as the intercept does.

    The same columns as those of scikit-learn's ``SplineTransformer(extrapolation="linear", include_bias=False)``,
    without its checks, which take longer than the splines where there are many features.

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
