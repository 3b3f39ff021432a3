"""Risk of leaving at each renewal, by customer: logistic regression on tenure and covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from crmkit.models.arrays import Array
from crmkit.models.maximum_likelihood import Z_95
from crmkit.models.subscriptions.design import Design, covariates_of, plain, ratios
from crmkit.models.subscriptions.spells import SPELL_COLUMNS, RiskTable, read_spells, risk_table


@dataclass(eq=False, kw_only=True)
class DiscreteHazard:
    """Discrete-time hazard with covariates, delayed entry and right censoring.

    The risk h that customer i, still there after t - 1 renewals, is lost at the t-th is ::

        logit h_i(t) = intercept + f(t) + x_i b
        S_i(t + k) / S_i(t) = product over j = 1, ..., k of  1 - h_i(t + j)

    with f a natural cubic spline in log t or a level per step of tenure. All columns are standardised, and ``penalty``
    times half their squared coefficients is taken off the log-likelihood: with few losses the risks shrink towards
    the common one, with many that hardly matters.

    Parameters
    ----------
    baseline : {"smooth", "steps"}
        Shape of f; steps end at the periods of :data:`crmkit.models.subscriptions.hazard.STEPS`.
    penalty : float
        0 for plain maximum likelihood.
    covariates : sequence of str, optional
        None for all columns that are not part of the spell; numbers are taken as they are, all else by level.
    seed : int
        Of the draws of parameters.

    Attributes
    ----------
    params_, covariance_ : Series, DataFrame
        Log odds per unit of each covariate; ``intercept`` and ``tenure 1``, ... of the standardised baseline.
    effects_ : DataFrame
        One row per covariate: odds_ratio, low, high (95 %); coefficient, standard_error.
    log_likelihood_ : float
        Without the penalty.
    converged_ : bool
        Whether the search ended at the maximum.
    simpler_model_ : str or None
        Where no more than a common risk can be estimated: the reason.

    References
    ----------
    Singer and Willett (1993), Journal of Educational Statistics 18(2), 155-195; Allison (1982), Sociological
    Methodology 13, 61-98.

    Examples
    --------
    >>> X = pd.DataFrame({"entry": 0, "exit": [1, 2, 1, 2], "lost": [True, False] * 2, "n": [30, 70, 10, 90],
    ...                   "plan": ["monthly"] * 2 + ["yearly"] * 2})
    >>> model = DiscreteHazard(penalty=0).fit(X)
    >>> model.effects_["odds_ratio"].round(2).to_dict()
    {'plan = yearly': 0.26}
    """

    baseline: Shape = "smooth"
    penalty: float = 1.0
    covariates: Sequence[str] | None = None
    seed: int = 0

    params_: pd.Series = field(init=False, repr=False)
    covariance_: pd.DataFrame = field(init=False, repr=False)
    effects_: pd.DataFrame = field(init=False, repr=False)
    log_likelihood_: float = field(init=False, repr=False)
    converged_: bool = field(init=False, repr=False)
    simpler_model_: str | None = field(init=False, repr=False)

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn from spells.

        Parameters
        ----------
        X : DataFrame
            entry, exit [periods], lost (bool), n [count] where a row stands for several subscriptions, and covariates.
        """
        spells = read_spells(X).reset_index(drop=True)
        names = covariates_of(X, self.covariates)
        watched = spells["exit"] > spells["entry"]
        both = pd.concat([spells, plain(X, names).reset_index(drop=True)], axis=1)[watched]
        rows = both.groupby([*SPELL_COLUMNS, *names], dropna=False, observed=True)["n"].sum().reset_index()
        table = risk_table(rows)
        self._design = Design.learned(rows, names, rows["n"].to_numpy())
        self._baseline = Baseline.learned(self.baseline, table)
        self._learn(rows, table)
        return self

    @property
    def needs(self) -> list[str]:
        """Columns of X that a curve depends on."""
        return ["tenure", *self._design.numbers, *self._design.levels]

    def survival(self, X: pd.DataFrame, periods: int) -> pd.DataFrame:
        """Chance that each customer is still there 1, ..., ``periods`` renewals from now.

        Parameters
        ----------
        X : DataFrame
            tenure [periods] (0: new) and the covariates; one row per customer.
        periods : int
            Periods ahead.

        Returns
        -------
        DataFrame
            Indexed by X's index and period: value, low, high (95 %, of the chance, by the delta method).
        """
        design, tenure = self._matrix(X), X["tenure"].to_numpy(dtype=np.int64)
        logs, slopes = np.zeros(len(X)), np.zeros((len(X), len(self._coefficients)))
        value, low, high = (np.ones((len(X), periods)) for _ in range(3))
        for k in range(1, periods + 1):
            rows = np.column_stack([design, self._baseline.columns(tenure + float(k))])
            eta = rows @ self._coefficients
            logs = logs - np.logaddexp(0, eta)
            slopes = slopes - expit(eta)[:, None] * rows
            value[:, k - 1] = np.exp(logs)
            error = np.sqrt(np.maximum(((slopes @ self._covariance) * slopes).sum(axis=1), 0))
            reach = np.exp(np.minimum(Z_95 * error / np.maximum(-logs, 1e-300), 700.0))
            low[:, k - 1], high[:, k - 1] = np.exp(logs * reach), np.exp(logs / reach)
        index = pd.MultiIndex.from_product([X.index, range(1, periods + 1)], names=[X.index.name, "period"])
        return pd.DataFrame({"value": value.ravel(), "low": low.ravel(), "high": high.ravel()}, index=index)

    def curves(self, X: pd.DataFrame, periods: int, n_draws: int | None = None) -> Array:
        """Conditional survival S(t + k) / S(t) of customers of tenure t, k = 0, ..., ``periods``.

        Parameters
        ----------
        X : DataFrame
            tenure [periods] and the covariates.
        periods : int
            Periods ahead.
        n_draws : int, optional
            None: at the estimates, one row per customer, one column per period; else with draws as first dimension.
        """
        design, tenure = self._matrix(X), X["tenure"].to_numpy(dtype=np.int64)
        coefficients = self._coefficients[None] if n_draws is None else self._draws(n_draws)
        n_x = design.shape[1]
        own = coefficients[:, :n_x] @ design.T
        moving = coefficients[:, n_x:] @ self._baseline.columns(np.arange(1.0, tenure.max(initial=0) + periods + 1)).T
        logs = np.zeros((len(coefficients), len(X), periods + 1))
        for k in range(1, periods + 1):
            logs[:, :, k] = logs[:, :, k - 1] - np.logaddexp(0, own + moving[:, tenure + k - 1])
        return np.exp(logs[0] if n_draws is None else logs)

    def _learn(self, rows: pd.DataFrame, table: RiskTable) -> None:
        lost, at_risk = table.lost.sum(), table.at_risk.sum()
        one_sided = not 0 < lost < at_risk
        risk = (lost + 0.5) / (at_risk + 1) if one_sided else lost / at_risk
        periods = np.arange(1.0, rows["exit"].max() + 1) if len(rows) else np.zeros(0)
        entry, last, gone, n = (rows[name].to_numpy() for name in (*SPELL_COLUMNS, "n"))
        periods_at_risk = PersonPeriods(self._matrix(rows), entry, last, gone, n, self._baseline.columns(periods))
        n_shapes = periods_at_risk.baseline.shape[1]
        # One-sided, and without a penalty, the odds would have no maximum.
        penalty = np.full(
            periods_at_risk.covariates.shape[1] + n_shapes, max(self.penalty, 1.0) if one_sided else self.penalty
        )
        penalty[0] = 0.0
        found = _maximise(periods_at_risk, penalty, float(risk), 1.0 if one_sided else 0.0)
        self._coefficients, self._covariance = found.coefficients, found.covariance
        self.log_likelihood_, self.converged_ = found.log_likelihood, found.converged
        self.simpler_model_ = _simpler(lost, at_risk)
        self._describe(n_shapes)

    def _describe(self, n_shapes: int) -> None:
        columns = self._design.columns
        names = ["intercept", *columns, *(f"tenure {i}" for i in range(1, n_shapes + 1))]
        unit = np.concatenate([[1.0], 1 / self._design.scale, np.ones(n_shapes)])
        self.params_ = pd.Series(self._coefficients * unit, index=names, name="value")
        self.covariance_ = pd.DataFrame(self._covariance * np.outer(unit, unit), index=names, columns=names)
        error = pd.Series(np.sqrt(np.diag(self.covariance_)), index=names)[columns]
        odds = ratios(self.params_[columns], error).rename(columns={"ratio": "odds_ratio"})
        self.effects_ = odds.assign(coefficient=self.params_[columns], standard_error=error)

    def _matrix(self, X: pd.DataFrame) -> Array:
        return np.column_stack([np.ones(len(X)), self._design.matrix(X)])

    def _draws(self, n_draws: int) -> Array:
        values, vectors = np.linalg.eigh(self._covariance)
        root = vectors * np.sqrt(np.maximum(values, 0))
        normal = np.random.default_rng(self.seed).standard_normal((n_draws, len(values)))
        return self._coefficients + normal @ root.T


def _simpler(lost: float, at_risk: float) -> str | None:
    if at_risk == 0:
        return "nothing was observed: a guess without data"
    if lost == 0:
        return "one common risk: nobody has left yet"
    return "one common risk: everybody left at once" if lost == at_risk else None


# The baseline: how the risk changes with tenure, as columns of a regression


Shape = Literal["smooth", "steps"]

STEPS = (1, 2, 3, 6, 12, 24)  # last period of each step; the last step is open
_LOST_PER_KNOT = 10  # with fewer losses a bend cannot be estimated


@dataclass(frozen=True, eq=False)
class Baseline:
    """Columns that describe the risk at a period, all zero on average over who was at risk.

    Parameters
    ----------
    shape : {"smooth", "steps"}
        A natural cubic spline in the logarithm of the period: straight beyond the last knot, so that the risk goes on
        as a power of tenure; or a level per step.
    knots : array
        Knots of the spline in log periods, or last period of each step.
    centre, scale : array
        Of the columns, over the person-periods learned from.
    """

    shape: Shape
    knots: Array
    centre: Array
    scale: Array

    @classmethod
    def learned(cls, shape: Shape, table: RiskTable) -> Baseline:
        """Place knots or steps where losses were observed."""
        knots = _knots(table) if shape == "smooth" else _steps(table)
        raw = _columns(shape, knots, table.period)
        total = table.at_risk.sum()
        weight = table.at_risk / total if total > 0 else table.at_risk
        centre = weight @ raw
        scale = np.sqrt(weight @ (raw - centre) ** 2)
        return cls(shape, knots, centre, np.where(scale > 1e-9, scale, 1.0))

    def columns(self, period: Array) -> Array:
        """Return one row per period and one column per bend or step."""
        return (_columns(self.shape, self.knots, period) - self.centre) / self.scale


def _knots(table: RiskTable) -> Array:
    """Return knots at equal shares of the losses."""
    most = int(np.clip(table.lost.sum() // _LOST_PER_KNOT, 0, 4))
    if most < 2 or not table.lost.any():
        return np.zeros(0)
    share = np.cumsum(table.lost) / table.lost.sum()
    places = [0.05, *np.linspace(0, 1, most)[1:-1], 0.95]
    return np.unique(np.log(table.period[np.searchsorted(share, places)]))


def _steps(table: RiskTable) -> Array:
    """Return the ends of steps that have customers at risk on both sides."""
    seen = table.period[table.at_risk > 0]
    return np.array([end for end in STEPS if len(seen) and seen.min() <= end < seen.max()], dtype=float)


def _columns(shape: Shape, knots: Array, period: Array) -> Array:
    if shape == "steps":
        return (period[:, None] > knots).astype(float)
    return _natural_spline(np.log(period), knots)


def _natural_spline(x: Array, knots: Array) -> Array:
    """Return x and the truncated cubes that make a spline straight outside of its knots.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The elements of statistical learning, 2nd edition, equations 5.4 and 5.5.
    """
    if len(knots) == 0:
        return np.zeros((len(x), 0))

    def cubes(k: int) -> Array:
        bend = np.maximum(x - knots[k], 0) ** 3 - np.maximum(x - knots[-1], 0) ** 3
        return bend / (knots[-1] - knots[k])

    bends = [cubes(k) - cubes(len(knots) - 2) for k in range(len(knots) - 2)]
    return np.column_stack([x, *bends])


# Logistic regression on person-periods, by Newton's method. A spell from entry to exit stands for exit - entry rows, one
# per renewal, with the outcome lost or not. The rows are never written out: as covariates do not change during a spell,
# all sums are made per spell and per period, and memory holds one row per distinct spell, however long it lasted.


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
        """Return the sums over all person-periods at these coefficients (of the covariates, then of the baseline)."""
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


class _Maximum(NamedTuple):
    """The maximum of the penalised likelihood, and the covariance of the coefficients there."""

    coefficients: Array
    covariance: Array
    log_likelihood: float
    converged: bool


def _maximise(rows: PersonPeriods, penalty: Array, risk: float, pseudo: float = 0.0) -> _Maximum:
    """Maximise the log-likelihood less half the penalty times the squared coefficients, by Newton's method.

    Parameters
    ----------
    rows : PersonPeriods
        The observations.
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
        if converged:  # so near to the maximum each step doubles the correct digits, so the last needs no check
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
    return _Maximum(
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
    except np.linalg.LinAlgError:  # collinear columns without a penalty
        return np.asarray(np.linalg.pinv(information) @ gradient, dtype=np.float64)
