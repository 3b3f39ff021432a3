"""Amounts so far beyond the usual that they were probably typed in cents, or have lost their decimal comma."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.tables.expressions import day

_FEWEST, _MANY = 30, 300  # amounts: with fewer nobody knows what is usual; from so many on a hundredth is several
_FACTOR, _LEAST = 50, 20  # times the usual: beyond the scale, and beyond a gap
_MARGIN, _NARROWEST = 2.0, 0.2  # standard deviations beyond the largest of chance; smallest one believed in
_TAIL, _JUMP, _SHORTEST = (
    40,
    7.0,
    0.05,
)  # amounts below a gap that tell how far the tail steps; steps of a gap; smallest step
_MOST = 3  # amounts above a gap
_REPEATED = 3  # an amount that comes so often is a price


@dataclass(frozen=True)
class Outliers:
    """Amounts of a column beyond all others.

    Attributes
    ----------
    column : str
    n_rows : int
    usual : float
        The amount in the middle, without its sign [the column's unit].
    largest : float
        The largest of them, with its sign [the column's unit].
    on : date
        Day of the largest.
    """

    column: str
    n_rows: int
    usual: float
    largest: float
    on: date


def outliers(table: ir.Table, column: str, clock: str) -> Outliers | None:
    """Return the amounts that lie far outside the others on a logarithmic scale, or None.

    Sizes are compared without their signs, on a logarithmic scale. An amount is far outside if it is at least 50 times
    the median and lies two standard deviations (told by the upper quartile or the highest hundredth, whichever says more)
    beyond the largest that so many log-normal amounts would have; or if it is at least 20 times the median and a gap
    parts it from the others that is seven times as wide as the steps of the forty amounts below. A price that comes
    three times or more is no slip, and where large amounts are frequent they are how the firm sells.

    Parameters
    ----------
    table : ibis table
    column, clock : str
        Column of amounts, and the table's time.

    Examples
    --------
    >>> import ibis
    >>> on = pd.date_range("2026-01-01", periods=60)
    >>> orders = pd.DataFrame({"ordered_at": on, "revenue": [40.0, 50.0, 60.0] * 19 + [45.0, 55.0, 4500.0]})
    >>> outliers(ibis.memtable(orders), "revenue", "ordered_at").largest
    4500.0
    """
    size = table[column].abs()
    rows = table.filter(size > 0).select(size=size, amount=table[column], on=day(table[clock]))
    quantiles = {at: rows["size"].quantile(float(at)) for at in ("0.5", "0.75", "0.9", "0.99")}
    known = rows.aggregate(n=rows.count(), **quantiles).execute().iloc[0]
    if known["n"] < _FEWEST:
        return None
    by_size = rows.group_by("size").aggregate(n=ibis._.count(), amount=ibis._.amount.max(), on=ibis._.on.min())
    top = by_size.order_by(by_size["size"].desc()).limit(_MOST + _TAIL + 1).execute()
    usual = float(known["0.5"])
    sizes = top["size"].to_numpy(dtype=float)
    spread = max(*(log(known[at] / usual) / deviations for at, deviations in _told_by(known["n"]).items()), _NARROWEST)
    n_beyond = max(_above_scale(sizes, int(known["n"]), usual, spread), _above_gap(sizes, usual))
    if n_beyond == len(top):  # the large amounts do not end: they are no slips
        return None
    single = top[:n_beyond].query("n < @_REPEATED")
    if single.empty:
        return None
    largest = single.iloc[0]
    return Outliers(column, int(single["n"].sum()), usual, float(largest["amount"]), pd.Timestamp(largest["on"]).date())


def _told_by(n: int) -> dict[str, float]:
    """Return the quantiles that tell the spread, and where each lies in the normal distribution [standard deviations]."""
    return (
        {"0.75": 0.6745, "0.99": 2.3263} if n >= _MANY else {"0.75": 0.6745, "0.9": 1.2816}
    )  # no slip shall be among them


def _above_scale(sizes: NDArray[np.float64], n: int, middle: float, spread: float) -> int:
    """Return how many sizes, from the largest down, lie beyond what chance makes of a log-normal distribution."""
    limit = max(_FACTOR * middle, middle * exp(spread * (sqrt(2 * log(n)) + _MARGIN)))
    return int((sizes > limit).sum())


def _above_gap(sizes: NDArray[np.float64], middle: float) -> int:
    """Return how many sizes, from the largest down, lie above a gap that is far wider than the steps below it."""
    above = 0
    for place in range(1, _MOST + 1):
        tail = sizes[place : place + _TAIL + 1]
        if len(tail) <= _TAIL or sizes[place - 1] < _LEAST * middle:
            break
        step = max(float(np.log(tail[:-1] / tail[-1]).mean()), _SHORTEST)  # Hill's estimate of the tail
        if log(sizes[place - 1] / tail[0]) > _JUMP * step:
            above = place
    return above
