"""What customers did after a past day, counted as the possible futures of that day count it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.periods import months_before
from crmkit.predictions.value.payments import MONTH, payments_until
from crmkit.tables.catalog import Catalog


def outcome(catalog: Catalog, customers: pd.DataFrame, day: date, until: date, silent: int) -> dict[str, float]:
    """Count what customers did after a day.

    Parameters
    ----------
    catalog : Catalog
    customers : DataFrame
        Of that day: since [months], subscribes; see :func:`crmkit.predictions.futures.shoppers.simulate_shoppers`.
    day : date
    until : date
        Last day whose data is used; what lies beyond is missing.
    silent : int
        After how long without an order a customer has left [days].

    Returns
    -------
    dict
        See :data:`crmkit.predictions.futures.shoppers.TOTALS`.
    """
    soon, year = day + timedelta(days=silent), months_before(day, -12)
    rows = payments_until(catalog, min(until, year), since=day).rows
    rows = rows[(rows["kind"] == "order") & rows["customer_id"].isin(customers.index)]
    bought = rows[rows["revenue"] > 0].drop_duplicates(["customer_id", "on"])
    first = (bought.groupby("customer_id")["on"].min() - pd.Timestamp(day)).dt.days.reindex(customers.index)
    wait = silent - (customers["since"] * MONTH).round()
    active = (wait > 0) & ~customers["subscribes"].astype(bool)
    leaves, ordered = active & ~(first <= wait), first <= silent
    is_soon, is_soon_paid = (each["on"] <= pd.Timestamp(soon) for each in (bought, rows))
    counts = {
        "order_soon": ordered.sum(),
        "stay": (active & ~leaves).sum(),
        "leave": leaves.sum(),
        "leave_order_soon": (leaves & ordered).sum(),
        "leave_back": (leaves & first.notna()).sum(),
        "others_order_soon": (~active & ordered).sum(),
        "order_year": first.notna().sum(),
        "orders_soon": is_soon.sum(),
        "orders_year": len(bought),
        "money_soon": rows.loc[is_soon_paid, "money"].sum(),
        "money_year": rows["money"].sum(),
    }
    known = {name: year <= until if name.endswith(("year", "back")) else soon <= until for name in counts}
    return {name: float(count) if known[name] else np.nan for name, count in counts.items()}
