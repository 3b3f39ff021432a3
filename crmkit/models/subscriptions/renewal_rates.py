"""What the models of renewals without covariates share: fitting, draws of their parameters, curves with intervals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from crmkit.models.arrays import Array
from crmkit.models.subscriptions.fit import Fitted, Steps, fit_renewals, log_likelihood_of, most_likely
from crmkit.models.subscriptions.spells import RiskTable, read_spells, risk_table

TAILS = (0.025, 0.975)  # of a 95 % interval


@dataclass(eq=False, kw_only=True)
class RenewalModel(ABC):
    """A subscription is renewed or lost at the end of each period; customers differ in their risk.

    Parameters
    ----------
    n_draws : int
        Draws of the parameters behind each interval [count].
    seed : int
        Same seed, same data: same intervals.

    Attributes
    ----------
    params_ : Series
        Estimates by maximum likelihood.
    interval_ : DataFrame
        low, high of each parameter (95 %).
    covariance_ : DataFrame
        Inverse of the observed information; at a boundary, where that does not exist, of the draws.
    draws_ : DataFrame
        Draws of the parameters.
    log_likelihood_ : float
        At ``params_``.
    converged_ : bool
        The search ended at a maximum (or at a boundary, see next).
    simpler_model_ : str or None
        Where the data ask for less than this model offers: the model that is left, in words.
    """

    n_draws: int = 1000
    seed: int = 0

    names: ClassVar[tuple[str, ...]]
    needs: ClassVar[Sequence[str]] = ("tenure",)

    params_: pd.Series = field(init=False, repr=False)
    interval_: pd.DataFrame = field(init=False, repr=False)
    covariance_: pd.DataFrame = field(init=False, repr=False)
    draws_: pd.DataFrame = field(init=False, repr=False)
    log_likelihood_: float = field(init=False, repr=False)
    converged_: bool = field(init=False, repr=False)
    simpler_model_: str | None = field(init=False, repr=False)

    @abstractmethod
    def log_renewal(self, params: Array, period: Array) -> Steps:
        """Return log S(t)/S(t-1) at each period t, and its derivatives by the parameters.

        Parameters
        ----------
        params : array
            One set of parameters per row.
        period : array
            Numbers of renewals t, from 1.
        """

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn from spells.

        Parameters
        ----------
        X : DataFrame
            entry, exit [periods], lost (bool), and n [count] where a row stands for several subscriptions
            (see :mod:`crmkit.models.subscriptions.spells`).
        """
        table = risk_table(read_spells(X))
        fitted: Fitted = fit_renewals(self.log_renewal, table, self.names, self.n_draws, self.seed)
        names = list(self.names)
        self.params_ = pd.Series(fitted.params, index=names, name="value")
        self.draws_ = pd.DataFrame(fitted.draws, columns=names)
        low, high = np.quantile(fitted.draws, TAILS, axis=0)
        self.interval_ = pd.DataFrame(
            {"low": np.minimum(low, fitted.params), "high": np.maximum(high, fitted.params)}, index=names
        )
        self.covariance_ = pd.DataFrame(fitted.covariance, index=names, columns=names)
        self.log_likelihood_ = fitted.log_likelihood
        self.converged_ = fitted.converged
        self.simpler_model_ = fitted.simpler_model
        return self

    def held_out_likelihood(self, known: RiskTable, others: RiskTable) -> float:
        """Log-likelihood of subscriptions held out, at the estimates from others; nothing is learned for later.

        Parameters
        ----------
        known, others : RiskTable
            Of the subscriptions to learn from, and of those held out.
        """
        params = most_likely(self.log_renewal, known, len(self.names))
        steps = self.log_renewal(params, others.period).value[0]
        return float(log_likelihood_of(steps, others, 1e-12))

    def survival(self, periods: int) -> pd.DataFrame:
        """Share of new customers still there after 0, 1, ..., ``periods`` renewals.

        Returns
        -------
        DataFrame
            Indexed by period: value, low, high (95 %).
        """
        return self.conditional_survival(0, periods)

    def conditional_survival(self, tenure: int, periods: int) -> pd.DataFrame:
        """Share still there after 0, 1, ..., ``periods`` further renewals, of those who made ``tenure`` of them.

        Returns
        -------
        DataFrame
            Indexed by further period: value, low, high (95 %).
        """
        X = pd.DataFrame({"tenure": [tenure]})
        curves = self.curves(X, periods, len(self.draws_))[:, 0]
        return _with_interval(self.curves(X, periods)[0], curves, pd.RangeIndex(periods + 1, name="period"))

    def hazard(self, periods: int) -> pd.DataFrame:
        """Share of those up for their 1st, 2nd, ... renewal who are lost at it.

        Returns
        -------
        DataFrame
            Indexed by period from 1: value, low, high (95 %).
        """
        index = pd.RangeIndex(1, periods + 1, name="period")
        point, draws = (-np.expm1(self._steps(params, periods)) for params in (self._point, self.draws_.to_numpy()))
        return _with_interval(point[0], draws, index)

    def curves(self, X: pd.DataFrame, periods: int, n_draws: int | None = None) -> Array:
        """Conditional survival S(t + k) / S(t) of customers of tenure t, k = 0, ..., ``periods``.

        Parameters
        ----------
        X : DataFrame
            tenure [periods] of each customer.
        periods : int
            Periods ahead.
        n_draws : int, optional
            None for the curves at the estimates: one row per customer and one column per period; else an array with a
            first dimension more, of draws of the parameters.
        """
        tenure = X["tenure"].to_numpy(dtype=np.int64)
        params = self._point if n_draws is None else self.draws_.to_numpy()[:n_draws]
        steps = self._steps(params, int(tenure.max(initial=0)) + periods)
        log_survival = np.concatenate([np.zeros((len(params), 1)), np.cumsum(steps, axis=1)], axis=1)
        ahead = tenure[:, None] + np.arange(periods + 1)
        curves = np.exp(log_survival[:, ahead] - log_survival[:, tenure, None])
        return curves[0] if n_draws is None else curves

    @property
    def _point(self) -> Array:
        return self.params_.to_numpy(dtype=float)[None, :]

    def _steps(self, params: Array, periods: int) -> Array:
        # A risk of 1e-17 is lost in the difference of two gamma functions, and may come out on the wrong side of 0.
        return np.minimum(self.log_renewal(params, np.arange(1.0, periods + 1)).value, 0.0)


def _with_interval(value: Array, draws: Array, index: pd.Index) -> pd.DataFrame:
    """Put the estimate beside its 95 % interval; at a boundary the estimate may lie outside of all draws."""
    low, high = np.quantile(draws, TAILS, axis=0)
    return pd.DataFrame({"value": value, "low": np.minimum(low, value), "high": np.maximum(high, value)}, index=index)
