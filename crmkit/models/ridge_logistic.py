"""A logistic regression with an L2 penalty, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, solve
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

_Floats = NDArray[np.float64]
_ENOUGH = 1e-4  # largest gradient, and half the squared Newton decrement, of the mean loss
_LEAST_DECREASE = 2.0**-11  # of the loss, as a part of what its slope promises
_MOST_STEPS = 20


@dataclass(frozen=True, eq=False)
class RidgeLogistic:
    """What was learned.

    Attributes
    ----------
    coefficients : array
    intercept : float
    """

    coefficients: _Floats
    intercept: float

    def log_odds(self, design: _Floats) -> _Floats:
        """Return the log odds of each row."""
        return np.asarray(design @ self.coefficients + self.intercept, dtype=np.float64)


def ridge_logistic(design: _Floats, codes: NDArray[np.intp], penalty: float) -> RidgeLogistic:
    """Fit a logistic regression whose coefficients, but not the intercept, are drawn towards 0.

    The steps and the end of scikit-learn's ``LogisticRegression(C=1 / penalty, solver="newton-cholesky")``, which gives
    the same numbers. It does not use that the matrix of second derivatives is symmetric, and takes half as long again.

    Parameters
    ----------
    design : array
        One row per customer.
    codes : array
        0 or 1 per row.
    penalty : float
        Of half the sum of the squared coefficients.

    Examples
    --------
    >>> learned = ridge_logistic(np.array([[-1.0], [0.0], [0.0], [1.0]]), np.array([0, 0, 1, 1]), penalty=1.0)
    >>> learned.coefficients.round(2).tolist(), abs(round(learned.intercept, 2))
    ([0.67], 0.0)
    """
    columns = np.column_stack([design, np.ones(len(design))])
    shrinks = np.append(np.full(design.shape[1], penalty / len(design)), 0.0)
    at, told = np.zeros(columns.shape[1]), np.zeros(len(codes))
    loss, gradient = _loss(columns, codes, shrinks, at, told)
    for _ in range(_MOST_STEPS):
        try:
            step = _step(columns, shrinks, told, gradient)
        except LinAlgError:
            break
        at, told, before, promised = at + step, told + columns @ step, loss, float(gradient @ step)
        loss, gradient = _loss(columns, codes, shrinks, at, told)
        if not loss - before <= _LEAST_DECREASE * promised:  # also where it is not a number
            break
        if np.abs(gradient).max() <= _ENOUGH and -promised / 2 <= _ENOUGH:
            return RidgeLogistic(at[:-1], float(at[-1]))
    slower = LogisticRegression(C=1 / penalty, solver="newton-cholesky", max_iter=200).fit(design, codes)
    return RidgeLogistic(slower.coef_[0], float(slower.intercept_[0]))


def _loss(columns: _Floats, codes: NDArray, shrinks: _Floats, at: _Floats, told: _Floats) -> tuple[float, _Floats]:
    """Return the mean loss and its slopes at some coefficients, which tell these log odds."""
    n = len(codes)
    loss = float(np.mean(np.logaddexp(0, told) - codes * told) + (shrinks * at * at).sum() / 2)
    return loss, columns.T @ (expit(told) - codes) / n + shrinks * at


def _step(columns: _Floats, shrinks: _Floats, told: _Floats, gradient: _Floats) -> _Floats:
    """Return Newton's step."""
    chance = expit(told)
    weighted = columns * np.sqrt(chance * (1 - chance) / len(told))[:, None]
    second = weighted.T @ weighted  # NumPy sees that it is symmetric, and computes half of it
    second[np.diag_indices_from(second)] += shrinks
    return np.asarray(solve(second, -gradient, assume_a="pos"), dtype=np.float64)
