"""What a model of repeat orders has to say of its customers; all else follows from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from crmkit.models.purchase_counts import Array, Params, PurchaseCounts


@dataclass(eq=False, kw_only=True)
class OrderProcess(ABC):
    """A customer orders at random times while she stays; that she has left is never told.

    Parameters are an array in the order of ``names``, in the unit of time of the counts; for single rows also a list of
    which the parameters of ``moved_by`` hold a value for each row.
    """

    penalty: float = 0.0

    names: ClassVar[tuple[str, ...]]
    times: ClassVar[tuple[str, ...]]
    prior_shapes: ClassVar[dict[str, float]]
    rows_at_once: ClassVar[int] = 16_384  # of a likelihood, for the processor's cache
    moved_by: ClassVar[dict[str, float]]  # covariates of the order rate and of leaving: parameter and sign of each

    params_: pd.Series = field(init=False, repr=False)
    covariance_: pd.DataFrame = field(init=False, repr=False)
    standard_errors_: pd.Series = field(init=False, repr=False)
    log_likelihood_: float = field(init=False, repr=False)
    n_customers_: int = field(init=False, repr=False)
    converged_: bool = field(init=False, repr=False)
    penalty_: float = field(init=False, repr=False)
    simpler_model_: str | None = field(init=False, repr=False)
    _intervals: Callable[[], pd.DataFrame] = field(init=False, repr=False)

    @cached_property
    def interval_(self) -> pd.DataFrame:
        """Return low and high of each parameter (95 %), found when first asked for: that takes as long as the fit."""
        return self._intervals()

    @abstractmethod
    def log_likelihood_of(self, params: Array, counts: PurchaseCounts) -> tuple[float, Array]:
        """Return the log-likelihood and its gradient by the parameters."""

    @abstractmethod
    def row_log_likelihood(self, params: Params, counts: PurchaseCounts) -> tuple[Array, Array]:
        """Return the same of each row by itself; a parameter may have a value of its own for each row."""

    @abstractmethod
    def alive(self, params: Params, counts: PurchaseCounts) -> Array:
        """Return the probability that she has not left, of each row."""

    def alive_to_draw_by(self, params: Params, counts: PurchaseCounts) -> Array:
        """Return the same to six digits at least: which customers are there in a possible future is drawn by it."""
        return self.alive(params, counts)

    @abstractmethod
    def orders_if_alive(self, params: Params, counts: PurchaseCounts, horizon: float) -> Array:
        """Return the expected orders within ``horizon`` of a customer who has not left, of each row."""

    @abstractmethod
    def distribution_if_alive(self, params: Params, counts: PurchaseCounts, horizon: float) -> Iterator[Array]:
        """Yield the probabilities of 0, 1, ... orders of a customer who has not left; parameters may be columns."""

    @abstractmethod
    def simulate_if_alive(
        self, params: Params, counts: PurchaseCounts, horizon: float, random: np.random.Generator
    ) -> Array:
        """Draw the orders of customers who have not left."""

    @abstractmethod
    def limit(self, params: Array, mean_age: float) -> dict[str, float]:
        """How near each simpler model is, on the scale of logarithms: 7 and more is there."""
