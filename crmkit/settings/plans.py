"""Dated targets and budgets, and the part of them that falls on given days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from crmkit.periods import Period

STRICT = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, populate_by_name=True, allow_inf_nan=False)
Per = Literal["week", "month", "quarter", "year"]


class Dated(BaseModel):
    """A plan that is in force from one day on, until another if that is given."""

    model_config = STRICT

    starts: date = Field(date(1900, 1, 1), alias="from")
    ends: date = Field(date(2999, 12, 31), alias="until")

    @field_validator("ends")
    @classmethod
    def _is_after_start(cls, ends: date, info: ValidationInfo) -> date:
        if ends <= info.data.get("starts", date.min):
            raise ValueError("until must be after from")
        return ends


class Target(Dated):
    """A target for a metric in the metric's own unit (shares 0 to 1).

    ``per`` says for how long a time it is meant. A sum, such as revenue or new customers, is prorated to the days of
    the period reported (a month by default); any other metric is compared in periods of that length only.
    """

    metric: str
    value: float
    per: Per | None = None


class Budget(Dated):
    """Money that may be spent, per month by default: on one channel, or on all channels without a budget of their own."""

    amount: float = Field(ge=0)
    purpose: Literal["acquisition", "retention"] = "acquisition"
    channel: str | None = None
    per: Per = "month"


_Plan = TypeVar("_Plan", bound=Dated)


def in_force(plans: Iterable[_Plan], day: date) -> _Plan | None:
    """Return the plan in force on a day: the one that started last, or None."""
    dated = [plan for plan in plans if plan.starts <= day < plan.ends]
    return max(dated, key=lambda plan: plan.starts) if dated else None


def prorated(amounts: Sequence[tuple[Dated, float, Per]], start: date, end: date) -> float | None:
    """Return what the amounts come to from ``start`` until the day before ``end``.

    Each week, month, quarter or year counts with its days in that span, under the plan in force on the first of them;
    so a whole month counts whole, and the first 9 days of November with 9 of 30.

    Parameters
    ----------
    amounts : sequence of (plan, float, str)
        Dated plans with their amounts and what these are for; the plan that started last counts.
    start, end : date

    Returns
    -------
    float or None
        None where some day has no plan, or there are no days.

    Examples
    --------
    >>> budget = Budget(amount=3000)
    >>> prorated([(budget, 3000.0, "month")], date(2026, 11, 1), date(2026, 11, 10))
    900.0
    >>> prorated([(budget, 3000.0, "month")], date(2026, 7, 1), date(2026, 10, 1))
    9000.0
    """
    total, day = 0.0, start
    while day < end:
        plan = in_force([plan for plan, _, _ in amounts], day)
        if plan is None:
            return None
        amount, per = next((amount, per) for each, amount, per in amounts if each is plan)
        block = Period.containing(day, per)
        until = min(block.end, end)
        total += amount * (until - day).days / block.n_days
        day = until
    return total if end > start else None
