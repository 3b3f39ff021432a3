"""The same sums in pandas, all orders in memory."""

from pathlib import Path

import numpy as np
import pandas as pd
from by_hand import cards
from orders import CHURN_AFTER_DAYS


def numbers(file: Path) -> pd.DataFrame:
    """Return one row per month and one column per card."""
    orders = pd.read_parquet(file, columns=["order_id", "ordered_at", "revenue", "customer_id"])
    return cards(_sales(orders), _movements(orders[(orders["revenue"] > 0) & orders["customer_id"].notna()]))


def _sales(orders: pd.DataFrame) -> pd.DataFrame:
    sold, known = orders["revenue"] > 0, orders["customer_id"].notna()
    rows = pd.DataFrame(
        {
            "period": _months(orders["ordered_at"]),
            "who": orders["customer_id"].where(known, "guest " + orders["order_id"]),
            "net": orders["revenue"],
            "n": 1,
            "sold": orders["revenue"].where(sold, 0),
            "n_sold": sold.astype("int64"),
            "n_known": (sold & known).astype("int64"),
        }
    )
    each = rows.groupby(["period", "who"]).sum()
    for one, other in (
        ("net", "net"),
        ("sold", "sold"),
        ("sold", "n_sold"),
        ("n_sold", "n_sold"),
        ("n_known", "n_known"),
    ):
        each[f"{one}_{other}"] = each[one] * each[other]
    each["buyers"], each["known_buyers"] = each["n_sold"] > 0, each["n_known"] > 0
    return each.groupby("period").sum().rename(columns={"net": "revenue", "n_sold": "n_orders"})


def _movements(orders: pd.DataFrame) -> pd.DataFrame:
    days = pd.DataFrame({"who": orders["customer_id"], "day": orders["ordered_at"].dt.normalize()})
    days = days.sort_values(["who", "day"], ignore_index=True)
    gap = pd.Timedelta(days=CHURN_AFTER_DAYS)
    first, last = days["who"] != days["who"].shift(), days["who"] != days["who"].shift(-1)
    begins = first | (days["day"] - days["day"].shift() > gap)
    ends = last | (days["day"].shift(-1) - days["day"] > gap)
    since = days["day"].where(begins).ffill()[ends]
    until, after = days["day"][ends] + gap, days["day"].shift(-1).mask(last)[ends]
    lost = (_months(since) < _months(until)) & (after.isna() | (_months(after.fillna(until + gap)) > _months(until)))
    came = pd.DataFrame(
        {"period": _months(days["day"][begins]), "change": 1, "new_customers": first[begins], "lost": 0}
    )
    left = pd.DataFrame({"period": _months(until), "change": -1, "new_customers": 0, "lost": lost})
    return pd.concat([came, left]).astype(np.int64).groupby("period").sum()


def _months(at: pd.Series) -> pd.Series:
    return at.dt.year * 12 + at.dt.month - 1
