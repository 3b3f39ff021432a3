"""How deals come about."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.metrics.cards import metric
from crmkit.metrics.measures import (
    Count,
    IncidenceMedian,
    KaplanMeierMedian,
    MeanCount,
    Measure,
    Median,
    Ratio,
    Share,
    Total,
)
from crmkit.tables.expressions import add_days, days_between, where

_FUNNEL = "Farris et al. (2016), Marketing Metrics, 3rd edition, section 6.4 (sales funnel)"
_KAPLAN_MEIER = "Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481"
_AALEN_JOHANSEN = "Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150"
_CYCLE: dict[str, Any] = {"unit": "days", "better": "lower", "counted": "deals won"}
_TO_WIN = _CYCLE | {"source": _AALEN_JOHANSEN}


def _conventions(part: str) -> dict[str, str]:
    return {
        "of_wins": f"age by which {part} of the deals that are won in the end are won, lost ones staying lost",
        "kaplan_meier": f"age at which {part} of the deals would be won, from the deals open in the period",
    }


@metric(
    label="Sales cycle",
    source=_KAPLAN_MEIER,
    conventions=dict(reversed(_conventions("half").items()))
    | {"won_deals": "median days from opening to winning, of the deals won in the period"},
    **_CYCLE,
)
def sales_cycle(deals: ir.Table, *, convention: str = "kaplan_meier") -> Measure:
    """Median days from opening a deal to winning it, by Kaplan-Meier: lost deals count as if they could still be won.

    sales cycle = age at which half of the deals would be won, from the deals open in the period
    """
    if convention == "won_deals":
        days = ibis.greatest(days_between(deals.created_at, deals.closed_at), 0)
        return Median(deals, at=deals.closed_at, where=deals.won, value=days)
    return _cycle(deals, convention, 0.5)


@metric(label="Days until a quarter of the wins", headline=False, conventions=_conventions("a quarter"), **_TO_WIN)
def days_to_win_first_quarter(deals: ir.Table, *, convention: str = "of_wins") -> Measure:
    """Days from opening a deal by which a quarter of the deals that are won in the end are won; lost ones stay lost.

    days until a quarter of the wins = age by which a quarter of the deals that are won in the end are won, lost ones
    staying lost
    """
    return _cycle(deals, convention, 0.25)


@metric(label="Days until half of the wins", headline=False, **_TO_WIN)
def days_to_win_half(deals: ir.Table) -> Measure:
    """Days from opening a deal by which half of the deals that are won in the end are won; lost ones stay lost.

    days until half of the wins = age by which half of the deals that are won in the end are won, lost ones staying lost
    """
    return _cycle(deals, "of_wins", 0.5)


@metric(
    label="Days until three quarters of the wins", headline=False, conventions=_conventions("three quarters"), **_TO_WIN
)
def days_to_win_three_quarters(deals: ir.Table, *, convention: str = "of_wins") -> Measure:
    """Days from opening a deal by which three quarters of the deals that are won in the end are won; lost ones stay lost.

    days until three quarters of the wins = age by which three quarters of the deals that are won in the end are won, lost
    ones staying lost
    """
    return _cycle(deals, convention, 0.75)


@metric(
    label="Deals won (win rate)",
    unit="share",
    better="higher",
    counted="deals decided",
    smallest_change=0.05,
    source=_FUNNEL,
    conventions={
        "by_count": "deals won / (deals won + deals lost), of those closed in the period",
        "by_value": "amount of the deals won / amount of the deals won and lost, of those closed in the period",
        "by_cohort": "deals won within 90 days (a setting) of their opening / deals whose 90 days ran out in the period",
    },
)
def win_rate(deals: ir.Table, *, win_within_days: int = 90, convention: str = "by_count") -> Measure:
    """Deals won, as a share of all deals decided in the period; deals that are still open do not count.

    win rate = deals won / (deals won + deals lost), of those closed in the period
    """
    d = deals
    if convention == "by_value":
        return Ratio(d, at=d.closed_at, where=d.won.notnull(), numerator=where(d.won, d.amount), denominator=d.amount)
    if convention == "by_cohort":
        in_time = d.won & (days_between(d.created_at, d.closed_at) <= win_within_days)
        return Share(d, at=add_days(d.created_at, win_within_days), hit=ibis.coalesce(in_time, False))
    return Share(d, at=d.closed_at, hit=d.won)


@metric(label="Deals opened", unit="count", better="higher", counted="deals opened", headline=False, source=_FUNNEL)
def deals_opened(deals: ir.Table) -> Measure:
    """Deals opened in the period.

    deals opened = number of deals created in the period
    """
    return Count(deals, at=deals.created_at)


@metric(label="Number of deals won", unit="count", better="higher", counted="deals won", headline=False, source=_FUNNEL)
def deals_won(deals: ir.Table) -> Measure:
    """Deals won in the period.

    deals won = number of deals closed in the period and won
    """
    return Count(deals, at=deals.closed_at, where=deals.won)


@metric(
    label="Amount won",
    unit="money",
    better="higher",
    counted="deals won",
    additive=True,
    headline=False,
    source=_FUNNEL,
)
def amount_won(deals: ir.Table) -> Measure:
    """Amount of the deals won in the period.

    amount won = sum of the amounts of the deals closed in the period and won
    """
    return Total(deals, at=deals.closed_at, where=deals.won, value=deals.amount)


@metric(
    label="Touches until a deal is won",
    unit="touches",
    better="lower",
    counted="deals won",
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 6.3 (sales force effectiveness)",
)
def touches_to_close(deal_touches: ir.Table) -> Measure:
    """Calls, mails, meetings and visits with a deal before it was won, on average over the deals won in the period.

    touches to close = interactions before the win / deals won, over the deals won in the period
    """
    d = deal_touches
    return MeanCount(d, at=d.closed_at, where=d.won, value=d.n_touches, unit=d.deal_id)


def _cycle(deals: ir.Table, convention: str, share: float) -> Measure:
    duration = IncidenceMedian if convention == "of_wins" else KaplanMeierMedian
    return duration(deals, at=deals.created_at, ends=deals.closed_at, event=deals.won, share=share)
