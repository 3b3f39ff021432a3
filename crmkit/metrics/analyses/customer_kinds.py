"""The customers behind a sum of orders in two periods: first-time, back, of both periods, gone, and guests."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations_with_replacement
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmkit.metrics.analyses.change_sums import Span
from crmkit.metrics.engine.evaluate import fetch
from crmkit.metrics.measures import Total
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day, indicator, number, where

#: Kinds of customers; "came" are those new or back, where the data do not reach far enough to tell them apart.
KINDS = ("new", "back", "came", "lost", "guests", "stayed")
_SUMS = ("s1", "o1", "s0", "o0")


def customer_kinds(catalog: Catalog, leaf: Total, now: Span, then: Span) -> pd.DataFrame:
    """Add up a sum over orders in two periods by kind of customer.

    Returns
    -------
    DataFrame
        Indexed by kind: s1, o1, f1 (now: sum of positive amounts, their number, sum of negative ones), s0, o0, f0
        (then), products of s and o over customers, such as s1_o0, squared_change and squared_refunds (sums of squares
        over customers).
    """
    t = leaf.table
    on = day(leaf.at)
    value = leaf.parts(now.grain)["x"]
    is_now = (on >= constant_day(now.start)) & (on < constant_day(now.end))
    is_then = (on >= constant_day(then.start)) & (on < constant_day(then.end))
    guest = t.customer_id.isnull()
    columns: dict[str, Any] = {
        "unit": ibis.coalesce(t.customer_id, ibis.literal("no customer: ") + t.order_id),
        "guest": indicator(guest),
        "on": on,
    }
    for side, inside in (("1", is_now), ("0", is_then)):
        columns[f"s{side}"] = where(inside & (value > 0), value)
        columns[f"o{side}"] = indicator(inside & (value > 0))
        columns[f"f{side}"] = where(inside & (value < 0), value)
        columns[f"rows{side}"] = indicator(inside)
    last = max(now.end, then.end)
    rows = t.filter(on < constant_day(last)).select(**columns)
    sums = [f"{name}{side}" for side in "10" for name in ("s", "o", "f", "rows")]
    units = rows.group_by("unit").aggregate(
        guest=rows.guest.max(), first_on=rows.on.min(), **{name: rows[name].sum() for name in sums}
    )
    units = units.filter(units.rows1 + units.rows0 > 0)
    units = units.mutate(kind=_kind(units, now, _may_be_told(catalog, now)))
    products = {f"{a}_{b}": (units[a] * units[b]).sum() for a, b in combinations_with_replacement(_SUMS, 2)}
    change, refunds = units.s1 + units.f1 - units.s0 - units.f0, units.f1 - units.f0
    found = units.group_by("kind").aggregate(
        **{name: units[name].sum() for name in sums},
        **products,
        squared_change=(change * change).sum(),
        squared_refunds=(refunds * refunds).sum(),
    )
    return fetch(found).set_index("kind")


def movements_between(movements: ir.Table, first: date, last: date) -> dict[str, float]:
    """Return the changes of the number of active customers from one day to another, by kind."""
    inside = (movements.moved_on >= constant_day(first)) & (movements.moved_on < constant_day(last))
    rows = movements.filter(inside)
    found = fetch(rows.group_by("kind").aggregate(change=rows.change.cast("float64").sum()))
    return dict(zip(found["kind"], found["change"], strict=True))


def _kind(units: ir.Table, now: Span, told: bool) -> Any:
    came = ibis.ifelse(units.first_on >= constant_day(now.start), "new", "back") if told else ibis.literal("came")
    return ibis.cases(
        (units.guest > number(0), "guests"),
        ((units.rows1 > 0) & (units.rows0 > 0), "stayed"),
        (units.rows0 > 0, "lost"),
        else_=came,
    )


def _may_be_told(catalog: Catalog, now: Span) -> bool:
    """Return whether the data reach back far enough to know a customer's first order."""
    first = catalog.data_from
    return first is not None and now.start >= first + timedelta(days=catalog.settings.company.churn_after_days)
