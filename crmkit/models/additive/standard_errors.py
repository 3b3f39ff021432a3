"""Standard errors of a penalised logistic regression with several rows per customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression


def cluster_covariance(
    design: NDArray[np.float64], chance: NDArray[np.float64], y: NDArray, penalty: float, clusters: NDArray
) -> NDArray[np.float64]:
    """Covariance of the coefficients, by the sandwich.

    It is ::

        V = H^-1 (sum over customers of s s') H^-1,   H = X' W X + penalty

    with s the sum of (y - p) x over the rows of a customer and W of p (1 - p).

    Parameters
    ----------
    design : array
        One row per row learned from; the first column is the intercept, which has no penalty.
    chance : array
        Fitted chances.
    y : array
        0 or 1.
    penalty : float
        Of half the squared coefficients.
    clusters : array
        Per row whom it is about.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73(1), 13-22.

    Examples
    --------
    >>> design, y = np.ones((4, 1)), np.array([1, 0, 1, 0])
    >>> apart = cluster_covariance(design, np.full(4, 0.5), y, 0.0, np.arange(4))
    >>> float(apart[0, 0])  # 1 / (n p (1 - p))
    1.0
    """
    weight = chance * (1 - chance)
    shrinks = np.full(design.shape[1], penalty)
    shrinks[0] = 0.0
    bread = np.linalg.pinv((design * weight[:, None]).T @ design + np.diag(shrinks), hermitian=True)
    _, whose = np.unique(np.asarray(clusters), return_inverse=True)
    order = np.argsort(whose, kind="stable")
    starts = np.flatnonzero(np.diff(whose[order], prepend=-1))
    sums = np.add.reduceat(((y - chance)[:, None] * design)[order], starts, axis=0)
    return bread @ (sums.T @ sums) @ bread


@dataclass(frozen=True, eq=False)
class LearnedFrom:
    """What a logistic regression learned from.

    Attributes
    ----------
    columns : array
        Without the intercept.
    codes : array
        0 or 1 per row.
    clusters : array
        Per row whom it is about.
    penalty : float
    """

    columns: NDArray[np.float64]
    codes: NDArray[np.intp]
    clusters: NDArray
    penalty: float


def standard_errors(
    logistic: LogisticRegression,
    learned: LearnedFrom,
    rows: NDArray[np.float64],
    against: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the standard errors of the log odds of ``rows``, or of their differences from as many others."""
    chance = logistic.predict_proba(learned.columns)[:, 1]
    design = _with_one(learned.columns)
    covariance = cluster_covariance(design, chance, learned.codes, learned.penalty, learned.clusters)
    columns = _with_one(rows) if against is None else _with_one(rows) - _with_one(against)
    return np.sqrt(np.maximum(((columns @ covariance) * columns).sum(axis=1), 0))


def _with_one(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns with the one of the intercept before them."""
    return np.column_stack([np.ones(len(columns)), columns])
