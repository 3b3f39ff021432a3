"""What a new customer is worth, by the channel that won her and by when she came: brought so far, and to come."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.metrics.splits import check_customer_column
from crmkit.predictions.money import MONTH
from crmkit.predictions.value import Valuation, months_since, valuation
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember

_FEWEST = 5  # customers of a group that is named
_RECENT = 24  # months: channels are judged by customers won so recently
_TAILS = (0.025, 0.975)
_LIFE = (0, 1, 2, 3, 6, 9, 12, 18, 24, 30, 36)  # months since the first day


@takes_day
def new_customer_values(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    """Value of a new customer in her first years (``horizon_months``), by group: what came, and what is to come of it.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    by : str
        "cohort" for the quarter of the first order or term, else a column of customers, such as "channel".

    Returns
    -------
    DataFrame
        One row per group of at least five customers: the group, value, low, high (95 %: who happened to come, what they
        will do, and the model) [money per customer], n [customers], so_far (share of the value that came already).

    Raises
    ------
    CrmkitError
        If customers have no such column.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> book = ck.connect({"orders": orders})
    >>> len(new_customer_values(book, date(2026, 9, 30), "cohort"))  # three are too few for a group
    0
    """
    check_customer_column(catalog, by, "cohort")
    return remember(catalog, _new_customer_values, as_of, by, reads_predictions=False)


@takes_day
def value_over_life(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Money that a customer has brought by each age, and the part that is still a forecast.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        month (since the first day), value [money per customer, not discounted to today], observed [share of it that
        came already].

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> book = ck.connect({"orders": orders})
    >>> value_over_life(book, date(2026, 9, 30))["value"].iloc[0]
    np.float64(10.0)
    """
    return remember(catalog, _value_over_life, as_of, reads_predictions=False)


def _new_customer_values(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    whole = valuation(catalog, as_of)
    customers = whole.futures.customers
    group, chosen = _groups(catalog, whole, by)
    age = months_since(whole.first_on.reindex(customers), as_of).to_numpy()
    rest = np.maximum(whole.horizon - age, 0)
    came = _within(whole, whole.horizon)
    to_come = whole.futures.within(rest)
    full = whole.futures.within(whole.horizon)
    part = to_come / np.where(full > 0, full, 1.0)
    weights = np.random.default_rng(3).exponential(size=whole.futures.draws.shape)  # Bayesian bootstrap of who came
    futures = came[:, None] + whole.futures.draws * part[:, None]
    rows = []
    for name in chosen:
        inside = (group == name).to_numpy()
        value = float((came + to_come)[inside].mean())
        drawn = (futures[inside] * weights[inside]).sum(axis=0) / weights[inside].sum(axis=0)
        low, high = np.quantile(drawn, _TAILS)
        told = came[inside].mean() / value if value > 0 else 1.0
        rows.append((name, value, min(low, value), max(high, value), int(inside.sum()), float(np.clip(told, 0, 1))))
    return pd.DataFrame(rows, columns=[by, "value", "low", "high", "n", "so_far"])


def _groups(catalog: Catalog, whole: Valuation, by: str) -> tuple[pd.Series, list[str]]:
    customers = whole.futures.customers
    first = whole.first_on.reindex(customers)
    if by == "cohort":
        group = pd.PeriodIndex(first, freq="Q").strftime("%Y-Q%q").to_series(index=customers)
    else:
        if "customers" not in catalog.names or by not in catalog.table("customers").columns:
            raise CrmkitError(f"Customers have no column '{by}' to value them by.")
        known = catalog.table("customers").select("customer_id", by).execute().set_index("customer_id")[by]
        recent = months_since(first, whole.as_of) <= _RECENT
        group = known.reindex(customers).where(recent.to_numpy())
    counts = group.value_counts()
    chosen = counts[counts >= _FEWEST].index
    return group, sorted(chosen) if by == "cohort" else list(chosen)


def _value_over_life(catalog: Catalog, as_of: date) -> pd.DataFrame:
    whole = valuation(catalog, as_of)
    customers = whole.futures.customers
    age = months_since(whole.first_on.reindex(customers), as_of).to_numpy()
    rows = []
    for month in _LIFE:
        came = _within(whole, month).mean() if len(customers) else 0.0
        rest = whole.futures.within(np.maximum(month - age, 0)).mean() if len(customers) else 0.0
        total = came + rest
        rows.append((month, float(total), float(came / total) if total > 0 else 1.0))
    return pd.DataFrame(rows, columns=["month", "value", "observed"])


def _within(whole: Valuation, months: float) -> np.ndarray:
    """Money that each customer brought within so many months of her first day; no discount, as it has come."""
    paid = whole.money.paid
    age = (paid["on"] - paid["customer_id"].map(whole.first_on)).dt.days / MONTH
    early = paid[age <= months].groupby("customer_id")["money"].sum()
    return early.reindex(whole.futures.customers).fillna(0.0).to_numpy(dtype=float)
