"""The median of a column, from the order statistics around the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine.intervals import Z
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums, estimate_each
from crmkit.tables.expressions import indicator, ratio

_REACH = 40  # (2 rank + 1 - n)^2 <= 40 n holds every rank that an interval can need up to a design effect of 10
_BINS = 64  # values fetched on either side of the middle of a large group


@dataclass(eq=False, kw_only=True)
class Median(Sums):
    """Median of ``value`` over the rows where it is known; interval by order statistics, widened for clustering.

    The database ranks the rows and returns only the values near the middle, so the rows fetched do not grow with the
    data. Answers of one customer are not independent: the interval is widened by the design effect of "at or below
    the median" across customers.

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, section 3.2; Woodruff (1952), Journal of the American
    Statistical Association 47, 635-646.
    """

    value: Any

    minimum: ClassVar[int] = 20

    def query(self, rows: ir.Table, window: Window) -> ir.Table:
        """Return values near the middle by period and group; ``rows`` has the keys, ``unit`` and ``value``."""
        within = ibis.window(group_by=window.keys)
        ranked = rows.mutate(
            rank=ibis.row_number().over(ibis.window(group_by=window.keys, order_by="value")).cast("int64"),
            size=rows.count().over(within),
        )
        ranked = ranked.mutate(offset=ranked.rank * 2 + 1 - ranked["size"])
        near = ranked.filter(ranked.offset * ranked.offset <= ranked["size"] * _REACH)
        width = (near["size"].cast("float64") * _REACH).sqrt()
        step = ratio(near.offset * _BINS, width).floor()
        middle = near.offset.abs() <= 1
        near = near.mutate(step=ibis.ifelse(middle, near.offset.cast("float64") * 0 + 1e9 + near.offset, step))
        values = near.group_by([*window.keys, "step"]).aggregate(
            rank=near["rank"].max(), value=near["value"].max(), size=near["size"].max()
        )
        return values.join(self._scatter(ranked, window), window.keys).drop("step")

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return one row per period and group with value, low, high, n, units."""
        return estimate_each(sums, window, _order_statistics, ["value", "low", "high", "n", "units"])

    def _scatter(self, ranked: ir.Table, window: Window) -> ir.Table:
        # By value and not by rank: the order of equal values differs from one database engine to another.
        middle = ranked.value.max(where=ranked.offset <= 0).over(ibis.window(group_by=window.keys))
        ranked = ranked.mutate(below=indicator(ranked.value <= middle))
        unit = ranked.group_by([*window.keys, "unit"]).aggregate(x=ranked.below.sum(), n=ranked.count().cast("float64"))
        return unit.group_by(window.keys).aggregate(
            below=unit.x.sum(),
            xx=(unit.x * unit.x).sum(),
            xn=(unit.x * unit.n).sum(),
            nn=(unit.n * unit.n).sum(),
            units=unit.count(),
        )


def _order_statistics(group: pd.DataFrame) -> dict[str, float]:
    ordered = group.sort_values("rank")
    n, units = int(ordered["size"].iloc[0]), int(ordered["units"].iloc[0])
    below, xx, xn, nn = (float(ordered[name].iloc[0]) for name in ("below", "xx", "xn", "nn"))
    share = below / n
    residual, alone = xx - 2 * share * xn + share**2 * nn, n * share * (1 - share)
    effect = max(1.0, residual * units / max(units - 1, 1) / alone) if nn > n and alone > 0 else 1.0
    reach = Z * np.sqrt(n * effect) / 2
    ranks, values = ordered["rank"].to_numpy(), ordered["value"].to_numpy(dtype=float)
    middle = values[(ranks >= (n - 1) // 2) & (ranks <= n // 2)]
    low, high = np.floor(n / 2 - reach), np.ceil(n / 2 + reach)
    at_low = np.searchsorted(ranks, low - 1, side="right") - 1
    at_high = np.searchsorted(ranks, high, side="left")
    return {
        "value": float(middle.mean()),
        "low": float(values[at_low]) if at_low >= 0 else np.nan,
        "high": float(values[at_high]) if at_high < len(values) else np.nan,
        "n": n,
        "units": units,
    }
