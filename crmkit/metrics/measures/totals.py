"""Totals and counts of a period: money, events, and active users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import numpy as np
import pandas as pd

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.event_sizes import event_sizes, units_of_known
from crmkit.metrics.engine.intervals import Array, dispersion
from crmkit.metrics.engine.window import RUN_UP, Window
from crmkit.metrics.measures.base import Sums, counted
from crmkit.periods import Grain
from crmkit.settings import Budget, prorated
from crmkit.tables.expressions import indicator, is_some, number, where


@dataclass(eq=False, kw_only=True)
class Total(Sums):
    """Sum of ``value`` over the rows; ``exact=True`` where chance plays no part, as for money spent."""

    value: Any
    exact: bool = False

    run_up: ClassVar[int] = RUN_UP

    def parts(self, grain: Grain) -> dict[str, Any]:
        return {"x": where(self.where, self.value), "n": counted(self.where, self.value)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        """Return the sums, and those over the customers whose refunds outweigh what they bought."""
        if self.exact or self.value is None:
            return super().over_units(unit)
        loss = ibis.greatest(-unit["x"], number(0))
        refunded = {"loss": loss.sum(), "loss_loss": (loss * loss).sum(), "losers": indicator(is_some(loss)).sum()}
        return super().over_units(unit) | refunded

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        if self.exact:
            return sums.assign(value=sums["x"], low=sums["x"], high=sums["x"])
        scatter = dispersion(sums, "x", "x_x", window)
        found = (sums[name].to_numpy(dtype=float) for name in ("x", "x_x", "units", "loss", "loss_loss", "losers"))
        x, xx, n, loss, squares, losers = found
        gains = event_sizes(sums, window, x=x + loss, xx=np.maximum(xx - squares, 0.0), n=n - losers)
        losses = event_sizes(sums, window, x=loss, xx=squares, n=losers)
        gained = intervals.total(x + loss, gains.squares, scatter, gains.size)
        lost = intervals.total(loss, losses.squares, scatter, np.nan_to_num(losses.size))  # most firms never have any
        _, low, high = intervals.difference(gained, lost)
        return sums.assign(value=x, low=low, high=high, units=units_of_known(sums["units"], gains, losses))


@dataclass(eq=False, kw_only=True)
class Count(Total):
    """Number of rows that meet ``where``."""

    value: Any = None

    def parts(self, grain: Grain) -> dict[str, Any]:
        ones = counted(self.where) if self.where is not None else ibis.literal(1).cast("float64")
        return {"x": ones, "n": ones}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        scatter = dispersion(sums, "x", "x_x", window)
        value, low, high = intervals.total(sums["x"].to_numpy(), sums["x_x"].to_numpy(), scatter)
        return sums.assign(value=value, low=low, high=high)


_ONE_A_MONTH = Budget(amount=1)


@dataclass(eq=False, kw_only=True)
class MonthlyTotal(Total):
    """Sum of ``value`` over the rows per month: a quarter is three months, the first 9 days of November 9/30 of one."""

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
            return self._budgeted(own, window, ordinal)
        return sum(  # no budget for all channels together: the sum of the budgets of each
            self._budgeted([budget for budget in self.budgets if budget.channel == name], window, ordinal)
            for name in {budget.channel for budget in self.budgets}
        )

    def _budgeted(self, budgets: Sequence[Budget], window: Window, ordinal: int) -> float:
        amounts = [(budget, budget.amount, budget.per) for budget in budgets]
        return prorated(amounts, *window.span(ordinal)) or np.nan


@dataclass(eq=False, kw_only=True)
class Tally(Sums):
    """Sum of a column of counts of independent events: visitors, clicks, sign-ups."""

    value: Any

    run_up: ClassVar[int] = RUN_UP

    def parts(self, grain: Grain) -> dict[str, Any]:
        value = where(self.where, self.value)
        return {"x": value, "n": value}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        scatter = dispersion(sums, "x", "x", window)
        x = sums["x"].to_numpy(dtype=float)
        value, low, high = intervals.total(x, x, scatter)
        return sums.assign(value=value, low=low, high=high)


@dataclass(eq=False, kw_only=True)
class ActiveUnits(Sums):
    """Number of different units, such as users, with a row in the period; all are known, so it has no interval."""

    def parts(self, grain: Grain) -> dict[str, Any]:
        condition = self.unit.notnull()
        return {"n": counted(condition if self.where is None else self.where & condition)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {"units": indicator(unit["n"] > 0).sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        value = sums["units"].astype(float)
        return sums.assign(value=value, low=value, high=value, n=value)


@dataclass(eq=False, kw_only=True)
class PerUserWeek(Sums):
    """Rows per active user and week; a user is active in a period with any row of the table in it.

    The users are known, so only their activity varies: an over-dispersed count, with the dispersion estimated from the
    periods before.
    """

    run_up: ClassVar[int] = RUN_UP

    def parts(self, grain: Grain) -> dict[str, Any]:
        known = self.unit.notnull()
        return {"x": counted(known if self.where is None else self.where & known), "n": counted(known)}

    def over_units(self, unit: dict[str, Any]) -> dict[str, Any]:
        return {"x": unit["x"].sum(), "units": indicator(unit["n"] > 0).sum()}

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        x, users = sums["x"].to_numpy(float), sums["units"].to_numpy(float)
        scatter = dispersion(sums, "x", "x", window, steps=(1, 4))
        exposure = np.where(users > 0, users, np.nan) * _weeks(sums["period"], window)
        value, low, high = (side / exposure for side in intervals.total(x, x, scatter))
        return sums.assign(value=value, low=low, high=high, n=users)


def _weeks(ordinals: pd.Series, window: Window) -> Array:
    """Return the length of each period, of the days that count [weeks]."""
    spans = [window.span(int(ordinal)) for ordinal in ordinals]
    return np.array([max((end - start).days, 1) / 7 for start, end in spans])
