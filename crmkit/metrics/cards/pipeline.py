"""The sales pipeline: open deals, how long deals take, win rates, and the order of the stages."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.card import metric
from crmkit.metrics.engine.evaluate import fetch
from crmkit.metrics.measures import (
    Count,
    IncidenceMedian,
    KaplanMeierMedian,
    MeanCount,
    Measure,
    Median,
    Ratio,
    Share,
    Stock,
    Total,
)
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import add_days, days_between, place, where

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
    label="Open deals",
    unit="count",
    better="neither",
    counted="open deals",
    additive=False,
    headline=False,
    source=_FUNNEL,
)
def open_deals(pipeline_movements: ir.Table) -> Measure:
    """Deals that are open at the end of the period; by stage, those that stand in it then.

    open deals = deals opened until then - deals won or lost until then
    """
    m = pipeline_movements
    return Stock(m, at=m.moved_on, change=m.change)


@metric(
    label="Amount of open deals",
    unit="money",
    better="higher",
    counted="open deals",
    headline=False,
    source=_FUNNEL,
)
def open_amount(pipeline_movements: ir.Table, deals: ir.Table) -> Measure:
    """Amount of the deals that are open at the end of the period, not weighted by their chance of being won.

    amount of open deals = sum of the amounts of the open deals
    """
    deals.amount  # noqa: B018  raises NotMeasured, "needs deals.amount", if deals have no amounts
    m = pipeline_movements
    return Stock(m, at=m.moved_on, change=m.change, value=m.amount)


@metric(
    label="Days in a stage",
    unit="days",
    better="lower",
    counted="stays in a stage",
    headline=False,
    source="Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481",
)
def time_in_stage(stage_stays: ir.Table) -> Measure:
    """Median days that a deal stands in a stage, by Kaplan-Meier: deals that stand there still count while they have.

    time in stage = age at which half of the stays in a stage end, in the next stage or the outcome
    """
    s = stage_stays
    return KaplanMeierMedian(s, at=s.entered_at, ends=s.left_at, event=s.left_at.notnull())


@metric(
    label="Leads given up",
    unit="share",
    better="lower",
    counted="leads",
    headline=False,
    source=_FUNNEL,
)
def lead_abandonment(leads: ir.Table, *, lead_abandonment_days: int = 90) -> Measure:
    """Leads given up within 90 days (a setting) of first contact; counted when the 90 days are over.

    lead abandonment = leads given up in time / leads whose time ran out in the period
    """
    due = add_days(leads.created_at, lead_abandonment_days)
    in_time = days_between(leads.created_at, leads.abandoned_at) <= lead_abandonment_days
    return Share(leads, at=due, hit=ibis.coalesce(in_time, False))


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


def stage_order(catalog: Catalog) -> list[str]:
    """Return the stages in the order in which deals usually come to them, whatever they are called.

    A stage's place is the median over the deals that reached it of how many stages they had reached by then; of two with
    the same median the one that is earlier on average comes first.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.

    Returns
    -------
    list of str
        Empty where no stages are recorded.

    Examples
    --------
    >>> import crmkit as ck
    >>> rows = pd.DataFrame({"deal_id": ["a", "a", "b"], "stage": ["talk", "offer", "talk"],
    ...                      "entered_at": pd.to_datetime(["2026-10-01", "2026-10-05", "2026-10-02"])})
    >>> stage_order(ck.connect({"deal_stages": rows}))
    ['talk', 'offer']
    """
    return list(memoize(catalog, _placed)["stage"])


def _placed(catalog: Catalog) -> pd.DataFrame:
    try:
        stages = catalog.table("deal_stages")
    except NotMeasured:
        return pd.DataFrame({"stage": pd.Series(dtype=object)})
    rows = stages.mutate(place=place(within="deal_id", order_by=["entered_at", "stage"]))
    counts = fetch(rows.group_by("stage", "place").aggregate(n=rows.count())).sort_values(["stage", "place"])
    places = [
        (stage, float(np.median(reached)), float(reached.mean()))
        for stage, own in counts.groupby("stage")
        if len(reached := np.repeat(own["place"].to_numpy(float), own["n"].to_numpy(int)))
    ]
    order = sorted(places, key=lambda known: (known[1], known[2], known[0]))
    return pd.DataFrame({"stage": [stage for stage, *_ in order]}, dtype=object)
