"""From a frame of orders to what the models of repeat orders and of spend learn from: one row per customer."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pandas as pd

from crmkit.errors import Problems


def order_summary(
    orders: pd.DataFrame,
    as_of: date,
    *,
    money: Literal["revenue", "margin"] = "revenue",
    days_per_unit: float = 7.0,
    with_first: bool = True,
) -> pd.DataFrame:
    """Count each customer's order days up to a day, and average what they brought.

    - A row with positive revenue is an order. All orders of a customer on one day are one: she came once.
    - Refunds and orders without revenue are no orders. They change the amount, never the number; a refund from before
      her first order is not hers to bear, and is left out.
    - The amount is the sum of ``money`` over her rows, per order day with a known amount. It may be negative (margins,
      refunds above what was kept): :class:`~crmkit.models.gamma_gamma.GammaGamma` then learns nothing from her.
    - Rows without a customer (guests) and rows after ``as_of`` do not count; ages are between calendar days.

    Parameters
    ----------
    orders : DataFrame
        customer_id, ordered_at, revenue and, where asked for, margin [money].
    as_of : date
        The last day whose orders are used.
    money : {"revenue", "margin"}
        Column whose mean per order day is wanted.
    days_per_unit : float
        Unit of the ages [days]: 7 for weeks.
    with_first : bool
        Whether the money of the first order day counts. By the custom of Fader and Hardie it does not, as first orders
        may differ; but then whoever ordered once tells nothing.

    Returns
    -------
    DataFrame
        Indexed by customer_id, sorted: n_repeats [count], last_age, age [units of ``days_per_unit`` days], n_values
        [count], mean_value [money], 0 where n_values is 0.

    Raises
    ------
    Problems
        A column is missing, or a row has no day.

    References
    ----------
    Fader, Hardie and Lee (2005), RFM and CLV: using iso-value curves for customer base analysis, Journal of Marketing
    Research 42(4), 415-430, on days as occasions and on the first order.

    Examples
    --------
    >>> placed = pd.to_datetime(["2026-01-01", "2026-01-15", "2026-01-15", "2026-01-20"])
    >>> orders = pd.DataFrame({"customer_id": "c", "ordered_at": placed, "revenue": [10.0, 20.0, 5.0, -4.0]})
    >>> order_summary(orders, date(2026, 1, 29)).to_dict("records")
    [{'n_repeats': 1.0, 'last_age': 2.0, 'age': 4.0, 'n_values': 2.0, 'mean_value': 15.5}]
    """
    days = _days(orders, pd.Timestamp(as_of), money)
    ordered = days[days["n_orders"] > 0].groupby("customer_id")["on"].agg(["min", "max", "count"])
    first_on = days["customer_id"].map(ordered["min"])  # empty for who never ordered: no comparison holds
    counts = days["on"].ge(first_on) if with_first else days["on"].gt(first_on)
    counted = days[counts].groupby("customer_id")
    n_values = counted["is_known"].sum().reindex(ordered.index, fill_value=0).astype(float)
    amount = counted["amount"].sum().reindex(ordered.index, fill_value=0.0)
    return pd.DataFrame(
        {
            "n_repeats": (ordered["count"] - 1).astype(float),
            "last_age": (ordered["max"] - ordered["min"]).dt.days / days_per_unit,
            "age": (pd.Timestamp(as_of) - ordered["min"]).dt.days / days_per_unit,
            "n_values": n_values,
            "mean_value": (amount / n_values.where(n_values > 0)).fillna(0.0),
        }
    )


def order_days_between(orders: pd.DataFrame, after: date, until: date) -> pd.Series:
    """Days on which each customer ordered after one day, up to another [count]: what a forecast is judged by.

    Customers without any are not in it.
    """
    days = _days(orders, pd.Timestamp(until), "revenue")
    days = days[(days["on"] > pd.Timestamp(after)) & (days["n_orders"] > 0)]
    return days.groupby("customer_id").size().rename("n_orders")


def _days(orders: pd.DataFrame, until: pd.Timestamp, money: str) -> pd.DataFrame:
    """One row per customer and day with any row."""
    missing = [name for name in dict.fromkeys(("customer_id", "ordered_at", "revenue", money)) if name not in orders]
    if missing:
        raise Problems("The orders", [f"Column {name} is missing." for name in missing])
    placed = orders["ordered_at"]
    known = pd.api.types.is_datetime64_any_dtype(placed)  # to look such a column up in a cache costs all the time
    on = pd.to_datetime(placed, cache=not known).dt.normalize()
    if on.isna().any():
        raise Problems("The orders", [f"ordered_at: {int(on.isna().sum())} of {len(on)} values are empty."])
    bought = orders["revenue"] > 0
    rows = pd.DataFrame(
        {
            "customer_id": orders["customer_id"],
            "on": on.astype("datetime64[ns]"),
            "n_orders": bought.astype(int),
            "is_known": bought & orders[money].notna(),
            "amount": orders[money].fillna(0.0).astype(float),
        }
    )
    rows = rows[rows["customer_id"].notna() & (rows["on"] <= until)]
    sums: dict[str, str] = {"n_orders": "sum", "is_known": "max", "amount": "sum"}
    return rows.groupby(["customer_id", "on"], observed=True).agg(sums).reset_index()
