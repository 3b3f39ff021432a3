"""What a customer's orders up to a day say to the models of repeat orders, added up where the data is."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from crmkit.tables.expressions import constant_day, day, days_between, indicator, number, ratio, where


def order_history(
    orders: ir.Table,
    *,
    as_of: date,
    money: Literal["revenue", "margin"] = "revenue",
    days_per_unit: int = 7,
    with_first: bool = True,
) -> ir.Table:
    """One row per customer who ordered by ``as_of``, by the rules of :func:`crmkit.models.orders.summary.order_summary`.

    Parameters
    ----------
    orders : table
        Canonical orders.
    as_of : date
        The last day whose orders are used.
    money : {"revenue", "margin"}
        Column whose mean per order day is wanted.
    days_per_unit : int
        Unit of the ages [days].
    with_first : bool
        Whether the first order day's money counts.

    Returns
    -------
    table
        customer_id, n_repeats [count], last_age, age [units of ``days_per_unit`` days], n_values [count], mean_value
        [money]. All floats, so that engines agree.

    Examples
    --------
    >>> import pandas as pd
    >>> placed = pd.to_datetime(["2026-01-01", "2026-01-15", "2026-01-15"])
    >>> frame = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": "c", "ordered_at": placed,
    ...                       "revenue": [10.0, 20.0, -4.0]})
    >>> rows = order_history(ibis.memtable(frame), as_of=date(2026, 1, 29)).execute()
    >>> rows.drop(columns="customer_id").to_dict("records")
    [{'n_repeats': 1.0, 'last_age': 2.0, 'age': 4.0, 'n_values': 2.0, 'mean_value': 13.0}]
    """
    until = constant_day(as_of)
    o = orders.filter(orders.customer_id.notnull() & (day(orders.ordered_at) <= until))
    bought = o.revenue > 0
    days = o.group_by("customer_id", on=day(o.ordered_at)).aggregate(
        n_orders=indicator(bought).sum(),
        n_known=indicator(bought & o[money].notnull()).sum(),
        amount=where(None, o[money]).sum(),
    )
    ordered = days.filter(days.n_orders > 0)
    span = ordered.group_by("customer_id").aggregate(
        first_on=ordered.on.min(), last_on=ordered.on.max(), n_days=ordered.count()
    )
    days = days.join(span, "customer_id")
    counts: Any = days.on >= days.first_on if with_first else days.on > days.first_on
    sums = days.group_by("customer_id", "first_on", "last_on", "n_days").aggregate(
        n_values=indicator(counts & (days.n_known > 0)).sum(), amount=where(counts, days.amount).sum()
    )
    unit = number(days_per_unit)
    return sums.select(
        "customer_id",
        n_repeats=(sums.n_days - 1).cast("float64"),
        last_age=ratio(days_between(sums.first_on, sums.last_on), unit),
        age=ratio(days_between(sums.first_on, until), unit),
        n_values=sums.n_values,
        mean_value=ibis.coalesce(ratio(sums.amount, sums.n_values), number(0)),
    )
