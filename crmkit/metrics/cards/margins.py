"""The margin of orders: their own, or the rate of the settings where they have none."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.tables.expressions import ratio

_TAKEN_AS = "margin taken as"
_PARTS = 1_000_000  # a rate as a fraction of integers: a literal 0.3 would be a short DECIMAL on Spark


def with_margin(orders: ir.Table, margin_rate: float | None) -> tuple[ir.Table, str]:
    """Return orders with a margin, and in words what was assumed for it; empty where the orders have their own.

    Parameters
    ----------
    orders : table
        Orders, or a table derived from them, with revenue [currency].
    margin_rate : float or None
        ``margin_rate`` under ``[value]`` in the settings [share of revenue].

    Raises
    ------
    NotMeasured
        If neither the orders nor the settings say what the margin is.
    """
    if "margin" in orders.columns:
        return orders, ""
    if margin_rate is None:
        raise NotMeasured("orders.margin, or margin_rate under [value] in crmkit.toml")
    rate = ratio(ibis.literal(round(margin_rate * _PARTS)), ibis.literal(_PARTS))
    assumed = f"{_TAKEN_AS} {100 * margin_rate:.4g} % of revenue: margin_rate in crmkit.toml"
    return orders.mutate(margin=orders["revenue"].cast("float64") * rate), assumed


def assumed_margin(numbers: pd.DataFrame) -> str:
    """Return as a sentence what was assumed for the margin in evaluated metrics; empty if nothing.

    Examples
    --------
    >>> assumed_margin(pd.DataFrame({"reason": ["so far: 3 of 31 days; margin taken as 30 % of revenue", ""]}))
    ' Margin taken as 30 % of revenue.'
    """
    said = {part for reason in numbers["reason"] for part in str(reason).split("; ") if part.startswith(_TAKEN_AS)}
    return "".join(f" {part[0].upper()}{part[1:]}." for part in sorted(said))
