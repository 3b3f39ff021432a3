"""Sums set against the calendar: per month, or against the budget of the same days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.linear import Total
from crmkit.settings import Budget, prorated

_ONE_A_MONTH = Budget(amount=1)


@dataclass(eq=False, kw_only=True)
class MonthlyTotal(Total):
    """Sum of ``value`` over the rows per month: a quarter has three, the first 9 days of November 9/30 of one."""

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        estimate = super().estimate(sums, window)
        spans = [window.span(int(ordinal)) for ordinal in sums["period"]]
        months = np.array([prorated([(_ONE_A_MONTH, 1.0, "month")], *span) or np.nan for span in spans])
        return estimate.assign(**{side: estimate[side] / months for side in ("value", "low", "high")})


@dataclass(eq=False, kw_only=True)
class BudgetUse(Total):
    """Sum of ``value`` over the rows, as a share of the budget of the same days; by channel, of that channel's budget."""

    budgets: Sequence[Budget]
    exact: bool = True

    run_up: ClassVar[int] = 0

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        channels = sums["channel"] if "channel" in window.by else [None] * len(sums)
        planned = [
            self._planned(channel, window, int(ordinal))
            for ordinal, channel in zip(sums["period"], channels, strict=True)
        ]
        with np.errstate(divide="ignore", invalid="ignore"):
            value = sums["x"].to_numpy(float) / np.where(np.array(planned) > 0, planned, np.nan)
        found = sums.assign(value=value, low=value, high=value, units=sums["n"], because="no budget for these days")
        return found[found["value"].notna()] if window.by else found

    def _planned(self, channel: str | None, window: Window, ordinal: int) -> float:
        own = [budget for budget in self.budgets if budget.channel == channel]
        if own or channel is not None:
            return self._of(own, window, ordinal)
        return sum(  # no budget for the whole: those of the channels together
            self._of([budget for budget in self.budgets if budget.channel == name], window, ordinal)
            for name in {budget.channel for budget in self.budgets}
        )

    def _of(self, budgets: Sequence[Budget], window: Window, ordinal: int) -> float:
        amounts = [(budget, budget.amount, budget.per) for budget in budgets]
        return prorated(amounts, *window.span(ordinal)) or np.nan
