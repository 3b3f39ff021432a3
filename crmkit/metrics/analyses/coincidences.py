"""What else changed in a period: prices, campaigns that began, channels for which spending began or stopped, with dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmkit.metrics.engine.evaluate import fetch
from crmkit.periods import Period, PeriodLike
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day, ratio

_COLUMNS = ["kind", "what", "on", "before", "now"]
_FEWEST = 5  # sales at one price
_RUN = 3  # periods before: what was usual
_CAMPAIGNS = {"costs": "spent_at", "mailings": "sent_at", "leads": "created_at", "orders": "ordered_at"}


@checked
def coincidences(catalog: Catalog, period: PeriodLike) -> pd.DataFrame:
    """List what changed in a period besides the numbers: it coincided with their changes, and need not be their cause.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10".

    Returns
    -------
    DataFrame
        One row per event, in order of time: kind ("price", "price of a plan", "campaign began", "spending began", "spending
        stopped"), what (product, plan, campaign or channel), on (the day of the first sale at the new price, of the first
        row, or the last day with spending), before, now (the usual price of a sale or a month, or the spending of a period
        [currency]). A price has changed if the most frequent one is another than in the three periods before, each of at
        least five sales.

    Examples
    --------
    >>> import crmkit as ck
    >>> days = ["2026-06-03", "2026-09-03", "2026-10-20"]
    >>> costs = pd.DataFrame({"spent_at": [*days, "2026-08-05", "2026-09-28"], "amount": 100.0, "purpose": "acquisition",
    ...                       "channel": ["search"] * 3 + ["radio"] * 2})
    >>> ck.coincidences(ck.connect({"costs": costs}), "2026-10")[["kind", "what", "on"]].astype(str).values.tolist()
    [['spending stopped', 'radio', '2026-09-28']]
    """
    return memoize(catalog, _found, period)


def _found(catalog: Catalog, period: Period) -> pd.DataFrame:
    rows = [row for events in (_prices, _plan_prices, _campaigns, _spending) for row in events(catalog, period)]
    found = pd.DataFrame(rows, columns=_COLUMNS)
    found["on"] = pd.to_datetime(found["on"])
    return found.sort_values(["on", "kind", "what"], kind="stable", ignore_index=True)


def _prices(catalog: Catalog, period: Period) -> Iterator[dict[str, Any]]:
    if not {"orders", "order_lines"} <= set(catalog.names) or "quantity" not in catalog.table("order_lines").columns:
        return
    lines, orders = catalog.table("order_lines"), catalog.table("orders").select("ordered_at", _order="order_id")
    sold = lines.filter((lines.quantity > 0) & (lines.revenue > 0))
    rows = sold.join(orders, sold["order_id"] == orders["_order"])
    price = ratio(rows.revenue, rows.quantity.cast("float64")).round(2)
    yield from _changed(rows.select(what=rows["product"], on=day(rows.ordered_at), price=price), period, "price")


def _plan_prices(catalog: Catalog, period: Period) -> Iterator[dict[str, Any]]:
    if "subscription_terms" not in catalog.names or "plan" not in catalog.table("subscription_terms").columns:
        return
    t = catalog.table("subscription_terms")
    begun = t.filter(t.mrr > 0).select(what=t.plan, on=day(t.starts_at), price=t.mrr.cast("float64").round(2))
    yield from _changed(begun, period, "price of a plan")


def _changed(sales: ir.Table, period: Period, kind: str) -> Iterator[dict[str, Any]]:
    """Return what is mostly sold at another price than in the periods before."""
    first = period.shift(-_RUN).start
    inside = (sales.on >= constant_day(first)) & (sales.on < constant_day(period.end)) & sales.what.notnull()
    rows = sales.filter(inside).mutate(is_now=sales.on >= constant_day(period.start))
    counts = fetch(rows.group_by("what", "is_now", "price").aggregate(n=rows.count(), first_on=rows.on.min()))
    most = counts.sort_values(["n", "price"], ascending=False, kind="stable").drop_duplicates(["what", "is_now"])
    most = most[most["n"] >= _FEWEST].set_index(["what", "is_now"])
    for what in sorted({what for what, _ in most.index}):
        if (what, True) in most.index and (what, False) in most.index:
            now, then = most.loc[(what, True)], most.loc[(what, False)]
            known = counts[(counts["what"] == what) & ~counts["is_now"]]["price"]
            if abs(now["price"] / then["price"] - 1) >= 0.005 and not (known == now["price"]).any():
                yield {"kind": kind, "what": what, "on": now["first_on"], "before": then["price"], "now": now["price"]}


def _campaigns(catalog: Catalog, period: Period) -> Iterator[dict[str, Any]]:
    begun: dict[str, date] = {}
    starts = []
    for name, at in _CAMPAIGNS.items():
        if name in catalog.names and "campaign" in catalog.table(name).columns:
            t = catalog.table(name)
            known = t.filter(t.campaign.notnull())
            first = fetch(known.group_by("campaign").aggregate(on=day(known[at]).min()))
            for campaign, on in zip(first["campaign"], pd.to_datetime(first["on"]).dt.date, strict=True):
                begun[campaign] = min(on, begun.get(campaign, on))
            starts += list(pd.to_datetime(first["on"]).dt.date)
    if starts and min(starts) < period.start:  # else the campaigns begin with the data
        for campaign, on in sorted(begun.items()):
            if period.start <= on < period.end:
                yield {"kind": "campaign began", "what": campaign, "on": on}


def _spending(catalog: Catalog, period: Period) -> Iterator[dict[str, Any]]:
    if "costs" not in catalog.names or "channel" not in catalog.table("costs").columns:
        return
    c = catalog.table("costs")
    first = period.shift(-_RUN).start
    on = day(c.spent_at)
    rows = c.filter(
        (on >= constant_day(first)) & (on < constant_day(period.end)) & c.channel.notnull() & (c.amount > 0)
    )
    is_now = day(rows.spent_at) >= constant_day(period.start)
    by = fetch(
        rows.group_by("channel").aggregate(
            now=ibis.ifelse(is_now, rows.amount, 0).sum(),
            before=ibis.ifelse(is_now, 0, rows.amount).sum(),
            first_on=day(rows.spent_at).min(),
            last_on=day(rows.spent_at).max(),
        )
    )
    through, begin = catalog.data_through, catalog.data_from
    if through is None or begin is None or begin >= first or through < period.start:
        return
    for row in by.sort_values("channel").to_dict("records"):
        amounts = {"what": row["channel"], "before": row["before"] / _RUN, "now": row["now"]}
        if not row["before"]:
            yield {"kind": "spending began", "on": row["first_on"], **amounts}
        elif not row["now"] and _lasted(row, period.previous):
            yield {"kind": "spending stopped", "on": row["last_on"], **amounts}


def _lasted(row: dict[Any, Any], before: Period) -> bool:
    """Return whether money was spent in the period before and earlier: what was spent once did not stop."""
    first, last = (pd.Timestamp(row[name]).date() for name in ("first_on", "last_on"))
    return first < before.start <= last
