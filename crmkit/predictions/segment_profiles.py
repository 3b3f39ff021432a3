"""What sets each segment apart: its size, its part of revenue, and what its customers do, against all the others."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.metrics import intervals
from crmkit.metrics.intervals import Array
from crmkit.predictions.segment_features import customers_on
from crmkit.predictions.segment_references import segmentation_for
from crmkit.predictions.segments import segments_on
from crmkit.sources.masking import masked_id
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog


@takes_day
def segment_profiles(catalog: Catalog, as_of: date, model: str = "rfm") -> pd.DataFrame:
    """Return one row per segment, the one with most revenue first.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    model : str
        "rfm" or "segments".

    Returns
    -------
    DataFrame
        segment, n [customers], share [of customers]; revenue_share [of the revenue of 365 days], margin_share [of the
        margin; missing without one], each with _low and _high; revenue [currency per customer and 365 days],
        revenue_low, revenue_high, of_the_rest [the same of all other customers], differs ("more", "less", "" where it may
        be chance), n_orders and days_since_order (means). Intervals are 95 %; missing where nothing can be said.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-10-02"])})
    >>> segment_profiles(ck.connect({"orders": orders}), date(2026, 10, 31))["segment"].tolist()
    ['Too few to rank']
    """
    customers = customers_on(catalog, as_of)
    segments = segments_on(catalog, as_of, model).reindex(customers.index)
    rows = [_row(name, customers, (segments == name).to_numpy()) for name in segments.unique()]
    return pd.DataFrame(rows).sort_values(["revenue_share", "segment"], ascending=[False, True], ignore_index=True)


@takes_day
def typical_customers(catalog: Catalog, as_of: date, model: str = "rfm", n: int = 2) -> pd.DataFrame:
    """Return of each segment the customers nearest to its middle: segment, customer (masked), what she did.

    Nearest to the centre of her segment where that is one of k-means; else by the distance of recency, number of orders
    and revenue, in logarithms, to the medians of her segment.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
    model : str
        "rfm" or "segments".
    n : int
        Customers of each.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["17850"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-10-02"])})
    >>> typical_customers(ck.connect({"orders": orders}), date(2026, 10, 31))["customer"].tolist()
    ['•••50']
    """
    customers = customers_on(catalog, as_of)
    segments = segments_on(catalog, as_of, model).reindex(customers.index)
    shown = ["days_since_order", "n_orders", "revenue"]
    away = _from_centre(catalog, as_of) if model == "segments" else _from_medians(customers[shown], segments)
    nearest = (
        customers.assign(segment=segments, away=away).reset_index().sort_values(["segment", "away", "customer_id"])
    )
    nearest = nearest.groupby("segment").head(n)
    nearest["customer"] = [masked_id(each) for each in nearest["customer_id"]]
    return nearest[["segment", "customer", *shown, "tenure_days"]].reset_index(drop=True)


def _from_medians(numbers: pd.DataFrame, segments: pd.Series) -> pd.Series:
    steps = numbers.clip(lower=0).transform(np.log1p)
    return ((steps - steps.groupby(segments).transform("median")) ** 2).sum(axis=1)


def _from_centre(catalog: Catalog, as_of: date) -> pd.Series:
    found = segmentation_for(catalog, as_of)
    customers = found.customers(catalog, as_of)
    return pd.Series(found.model.transform(customers[list(found.features)]).min(axis=1), index=customers.index)


def _row(name: str, customers: pd.DataFrame, inside: np.ndarray) -> dict[str, object]:
    revenue = customers["revenue"].to_numpy(dtype=float)
    part, low, high = _part(revenue, inside)
    margin = customers["margin"].to_numpy(dtype=float) if "margin" in customers else np.zeros(len(customers))
    margin_part, margin_low, margin_high = _part(margin, inside)
    mean, mean_low, mean_high = _ratio(revenue[inside], np.ones(inside.sum()))
    rest, rest_low, rest_high = (
        _ratio(revenue[~inside], np.ones((~inside).sum())) if not inside.all() else (np.nan,) * 3
    )
    more, less = mean_low > rest_high, mean_high < rest_low
    return {
        "segment": name, "n": int(inside.sum()), "share": float(inside.mean()),
        "revenue_share": part, "revenue_share_low": low, "revenue_share_high": high,
        "margin_share": margin_part, "margin_share_low": margin_low, "margin_share_high": margin_high,
        "revenue": mean, "revenue_low": mean_low, "revenue_high": mean_high, "of_the_rest": rest,
        "differs": "more" if more else "less" if less else "",
        "n_orders": float(customers["n_orders"][inside].mean()),
        "days_since_order": float(customers["days_since_order"][inside].mean()),
    }  # fmt: skip


def _part(money: Array, inside: np.ndarray) -> tuple[float, float, float]:
    """Return which part of all money these customers bring."""
    if not money.sum() > 0:
        return (np.nan,) * 3
    part, low, high = _ratio(money * inside, money)
    return part, max(low, 0.0), min(high, 1.0)


def _ratio(x: Array, n: Array) -> tuple[float, float, float]:
    sums = [np.array([each]) for each in (x.sum(), n.sum(), x @ x, x @ n, n @ n, float((n != 0).sum()))]
    value, low, high = intervals.mean(*sums)
    return float(value[0]), float(low[0]), float(high[0])
