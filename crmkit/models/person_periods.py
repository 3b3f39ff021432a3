"""Logistic regression on person-periods that are never written out: sums over periods of who was at risk at each.

A customer watched from entry to exit stands for exit - entry rows, one per renewal, with the outcome lost or not. Her
covariates do not change, so all sums that Newton's method needs are made per customer and per period in turn; memory
holds one row per distinct spell, however long it lasted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from crmkit.models.spells import Array

_ROUNDS = 60


class Sums(NamedTuple):
    """Log-likelihood, its gradient and minus its second derivatives."""

    value: float
    gradient: Array
    information: Array


@dataclass(frozen=True, eq=False)
class PersonPeriods:
    """Distinct spells with their covariates, and the baseline's columns of each period.

    Parameters
    ----------
    covariates : array
        One row per distinct spell; the first column is 1.
    entry, exit, lost, n : array
        Of each distinct spell.
    baseline : array
        One row per period from 1.
    """

    covariates: Array
    entry: Array
    exit: Array
    lost: Array
    n: Array
    baseline: Array

    def sums(self, coefficients: Array) -> Sums:
        """Add up over all person-periods at these coefficients (of the covariates, then of the baseline)."""
        n_x, n_b = self.covariates.shape[1], self.baseline.shape[1]
        own = self.covariates @ coefficients[:n_x]
        moving = self.baseline @ coefficients[n_x:]
        residual, weight = np.zeros(len(own)), np.zeros(len(own))
        crossed, bend = np.zeros((len(own), n_b)), np.zeros((n_b, n_b))
        value, slope = 0.0, np.zeros(n_b)
        for t, columns in enumerate(self.baseline, start=1):
            there = np.flatnonzero((self.entry < t) & (t <= self.exit))
            event = self.lost[there] & (self.exit[there] == t)
            eta, n = own[there] + moving[t - 1], self.n[there]
            p = expit(eta)
            left = n * (event - p)
            spread = n * p * (1 - p)
            value += float(n @ (event * eta - np.logaddexp(0, eta)))
            residual[there] += left
            weight[there] += spread
            crossed[there] += spread[:, None] * columns
            slope += left.sum() * columns
            bend += spread.sum() * np.outer(columns, columns)
        x = self.covariates
        across = x.T @ crossed
        information = np.block([[(x.T * weight) @ x, across], [across.T, bend]])
        return Sums(value, np.concatenate([x.T @ residual, slope]), information)


class Maximum(NamedTuple):
    """Where the penalised likelihood is highest, and how sharp the top is."""

    coefficients: Array
    covariance: Array
    log_likelihood: float
    converged: bool


def maximise(rows: PersonPeriods, penalty: Array, risk: float, pseudo: float = 0.0) -> Maximum:
    """Maximise the log-likelihood less half the penalty times the squared coefficients, by Newton's method.

    Parameters
    ----------
    rows : PersonPeriods
        What was seen.
    penalty : array
        One per coefficient; 0 leaves it free.
    risk : float
        Mean risk per period, where the search begins.
    pseudo : float
        Person-periods of that risk added at the average customer [count]; keeps an intercept finite where all or none
        were lost.
    """
    at = np.zeros(len(penalty))
    at[0] = logit(risk)
    current, converged = _penalised(rows, at, penalty, risk, pseudo), False
    for _ in range(_ROUNDS):
        step = _solved(current.information, current.gradient)
        converged = bool(np.abs(current.gradient @ step) < 1e-8)
        if converged:  # this near, each whole step doubles the digits: the last one may be taken unseen
            at = at + step
            current = _penalised(rows, at, penalty, risk, pseudo)
            break
        size = min(1.0, 5.0 / np.abs(step).max())
        moved = _penalised(rows, at + size * step, penalty, risk, pseudo)
        while moved.value < current.value and size > 1e-8:
            size /= 2
            moved = _penalised(rows, at + size * step, penalty, risk, pseudo)
        if moved.value < current.value:
            break
        at, current = at + size * step, moved
    return Maximum(
        at, np.asarray(np.linalg.pinv(current.information), dtype=np.float64), rows.sums(at).value, converged
    )


def _penalised(rows: PersonPeriods, at: Array, penalty: Array, risk: float, pseudo: float) -> Sums:
    value, gradient, information = rows.sums(at)
    if pseudo:
        p = expit(at[0])
        value += pseudo * float(risk * at[0] - np.logaddexp(0, at[0]))
        gradient[0] += pseudo * (risk - p)
        information[0, 0] += pseudo * p * (1 - p)
    return Sums(value - float(penalty @ at**2) / 2, gradient - penalty * at, information + np.diag(penalty))


def _solved(information: Array, gradient: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)
    except np.linalg.LinAlgError:  # columns that say the same, without a penalty to choose between them
        return np.asarray(np.linalg.pinv(information) @ gradient, dtype=np.float64)
