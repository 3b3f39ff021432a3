"""When each customer is likely to order next, and what, where and on which day; both judged at past days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.features.customer_summaries import (
    DAYS_OF_THE_WEEK,
    category_counts,
    channel_counts,
    interpurchase_times,
    order_span,
    weekday_counts,
)
from crmkit.metrics.engine.evaluate import fetch
from crmkit.models.orders.affinity import Affinity
from crmkit.models.orders.next_order import FEWEST, NextOrder
from crmkit.periods import DayLike
from crmkit.predictions.futures.possible import possible_futures
from crmkit.predictions.runner.registry import prediction
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

#: What customers choose, and the counts of their choices.
PREFERENCES = {"category": category_counts, "channel": channel_counts, "weekday": weekday_counts}
_N_PAST = 3  # past days that correct the model, one horizon apart
_LEAST_RECORD = 60  # days of orders before a past day
_BEGINNING = date(1900, 1, 1)
_FEWEST = 20  # customers below which no preference is estimated


@checked
def next_orders(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return when each customer is likely to order next.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        One row per customer who has ordered: customer_id; chance (of an order within ``churn_after_days`` of the settings,
        from the same possible futures as all other pages) [share]; days (until it, if it comes), earliest, latest (80 %
        window) [days]; likely_on, earliest_on, latest_on.

    Raises
    ------
    NotMeasured
        If fewer than 30 next orders are known of past days.

    See Also
    --------
    crmkit.models.orders.next_order.NextOrder : when the order comes, if it does.
    crmkit.predictions.futures.possible.possible_futures : whether it does.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-10-02"])})
    >>> next_orders(ck.connect({"orders": orders}), date(2026, 10, 31))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    crmkit.errors.NotMeasured: not measured: needs at least 30 orders ...
    """
    return memoize(catalog, _next_orders, as_of, reads_predictions=False, whole=True)


@checked
def next_order_backtest(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Judge the window of the next order at the last day whose outcome is known, ``churn_after_days`` before ``as_of``.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, outcomes included.

    Returns
    -------
    DataFrame
        One row per method ("crmkit", "own mean gap", "same for all"): method, n [customers who did order], error (mean
        absolute error of the days until the order) [days], inside (share of the orders within the window), width (mean of
        the window) [days], brier (mean squared error of the chance, over all customers); missing where a method has none.

    Raises
    ------
    NotMeasured
        If fewer than 30 next orders are known of past days.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-10-02"])})
    >>> next_order_backtest(ck.connect({"orders": orders}), date(2026, 10, 31))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    crmkit.errors.NotMeasured: not measured: needs at least 30 orders ...
    """
    return memoize(catalog, _next_order_backtest, as_of, reads_predictions=False, whole=True)


@prediction(table="customer_scores", model="next_order_days")
def next_order_days(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the days until the next order of each customer, if it comes within ``churn_after_days``, with 80 % window."""
    rows = next_orders(catalog, as_of)
    return rows[["customer_id"]].assign(value=rows["days"], low=rows["earliest"], high=rows["latest"])


@checked
def preferences(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return what each customer is likeliest to choose next.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        One row per customer and kind: customer_id, kind ("category", or the product where there are none; "channel";
        "weekday"), level, share, low, high (95 %: of the next purchases), popular (share among all), n [orders], own
        (whether the preference is the customer's own rather than that of all). Kinds that the data lack, or that have
        one level only, are left out.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-10-02"])})
    >>> preferences(ck.connect({"orders": orders}), date(2026, 10, 31)).empty  # one customer is too few
    True
    """
    return memoize(catalog, _preferences, as_of, reads_predictions=False, whole=True)


@checked
def preference_backtest(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Judge the preferences known ``churn_after_days`` before a day by what was bought since, against what is popular.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, outcomes included.

    Returns
    -------
    DataFrame
        One row per kind: kind, n [customers with orders on both sides], hit (share of the later purchases that were of the
        favourite), hit_popular (of what is popular), hit_own_mode (of what the customer had bought most often), surprise and
        surprise_popular (mean minus log share given to what was bought; less is better). No row where too few bought.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-10-02"])})
    >>> preference_backtest(ck.connect({"orders": orders}), date(2026, 10, 31)).empty
    True
    """
    return memoize(catalog, _preference_backtest, as_of, reads_predictions=False, whole=True)


def _next_orders(catalog: Catalog, as_of: date) -> pd.DataFrame:
    model, now = _fitted(catalog, as_of)
    predicted = model.predict(now).assign(chance=_chances(catalog, as_of, now.index))
    dates = {
        f"{name}_on": pd.Timestamp(as_of) + pd.to_timedelta(predicted[column], unit="D")
        for name, column in (("likely", "days"), ("earliest", "earliest"), ("latest", "latest"))
    }
    return predicted.assign(**dates).reset_index()


def _next_order_backtest(catalog: Catalog, as_of: date) -> pd.DataFrame:
    horizon = catalog.settings.company.churn_after_days
    day = as_of - timedelta(days=horizon)
    model, _ = _fitted(catalog, day)
    known = _order_gaps(catalog, day, horizon)
    came = known["days_until"].notna()
    seen = known[came]
    days, predicted = seen["days_until"], model.predict(known)
    inside = (days >= predicted.loc[came, "earliest"]) & (days <= predicted.loc[came, "latest"])
    earlier = _order_gaps(catalog, day - timedelta(days=horizon), horizon)["days_until"]
    gaps = np.exp(known["sum_log"].sum() / max(known["n_gaps"].sum(), 1.0))
    own = _mean_gap(catalog, day).reindex(seen.index).fillna(gaps)
    guesses = {
        "crmkit": predicted.loc[came, "days"],
        "own mean gap": (own - seen["days_since"]).clip(1, horizon),
        "same for all": pd.Series(earlier.median(), index=seen.index),
    }
    rows = pd.DataFrame(
        {
            "method": list(guesses),
            "n": len(seen),
            "error": [float((guess - days).abs().mean()) for guess in guesses.values()],
        }
    )
    rows["inside"] = [float(inside.mean()), np.nan, np.nan]
    rows["width"] = [float((predicted.loc[came, "latest"] - predicted.loc[came, "earliest"]).mean()), np.nan, np.nan]
    rate = float(earlier.notna().mean())
    chance = _chances(catalog, day, known.index)
    rows["brier"] = [float(((chance - came) ** 2).mean()), np.nan, float(((rate - came) ** 2).mean())]
    return rows


def _chances(catalog: Catalog, as_of: date, customers: pd.Index) -> pd.Series:
    return possible_futures(catalog, as_of).customers["order_soon"].reindex(customers).fillna(0.0)


def _fitted(catalog: Catalog, as_of: date) -> tuple[NextOrder, pd.DataFrame]:
    """Return the model, corrected by past days whose outcomes were known by ``as_of``, and its input of that day."""
    horizon, first = catalog.settings.company.churn_after_days, catalog.data_from
    past = []
    for back in range(1, _N_PAST + 1):
        day = as_of - timedelta(days=horizon * back)
        if first is None or (day - first).days < _LEAST_RECORD:
            break
        gaps = _order_gaps(catalog, day, horizon)
        past.append((gaps, gaps["days_until"]))
    n_seen = sum(int(days.notna().sum()) for _, days in past)
    if n_seen < FEWEST:
        raise NotMeasured(
            f"at least {FEWEST} orders of known customers in the {horizon} days before, and a longer record"
        )
    now = _order_gaps(catalog, as_of, horizon).drop(columns="days_until")
    return NextOrder(horizon).fit(past, now), now


def _order_gaps(catalog: Catalog, day: date, horizon: int) -> pd.DataFrame:
    rows = catalog.call(interpurchase_times, as_of=day, horizon=horizon).execute()
    return rows.set_index("customer_id").sort_index()


def _mean_gap(catalog: Catalog, day: date) -> pd.Series:
    """Return each customer's mean gap between orders [days], the estimate without a model."""
    history = catalog.call(order_span, as_of=day).execute().set_index("customer_id")
    return (history["span"] / history["n_gaps"]).where(history["n_gaps"] > 0)


def _preferences(catalog: Catalog, as_of: date) -> pd.DataFrame:
    columns = ["customer_id", "kind", "level", "share", "low", "high", "popular", "n", "own"]
    parts = []
    for kind in PREFERENCES:
        counts = _counts(catalog, kind, _BEGINNING, as_of)
        if counts is not None:
            parts.append(Affinity().fit(counts).favourites(counts).reset_index().assign(kind=kind))
    if not parts:
        return pd.DataFrame(columns=columns)
    whole = pd.concat(parts, ignore_index=True)
    days = whole["kind"] == "weekday"
    whole.loc[days, "level"] = [DAYS_OF_THE_WEEK[int(level)] for level in whole.loc[days, "level"]]
    return whole[columns]


def _preference_backtest(catalog: Catalog, as_of: date) -> pd.DataFrame:
    day = as_of - timedelta(days=catalog.settings.company.churn_after_days)
    rows = []
    for kind in PREFERENCES:
        known, later = _counts(catalog, kind, _BEGINNING, day), _counts(catalog, kind, day, as_of, fewest=1)
        if known is not None and later is not None:
            later = later[later["customer_id"].isin(set(known["customer_id"]))]
            if later["customer_id"].nunique() >= _FEWEST:
                rows.append({"kind": kind} | _hits(Affinity().fit(known), known, later))
    names = ["kind", "n", "hit", "hit_popular", "hit_own_mode", "surprise", "surprise_popular"]
    return pd.DataFrame(rows, columns=names)


def _counts(catalog: Catalog, kind: str, since: date, as_of: date, fewest: int = _FEWEST) -> pd.DataFrame | None:
    """Return the counts of one kind in a fixed order; None if the data lack it or are too few."""
    try:
        counts = fetch(catalog.call(PREFERENCES[kind], since=since, as_of=as_of))
    except NotMeasured:
        return None
    if counts["customer_id"].nunique() < fewest or (fewest > 1 and counts["level"].nunique() < 2):
        return None
    return counts.sort_values(["customer_id", "level"], ignore_index=True)


def _hits(model: Affinity, known: pd.DataFrame, later: pd.DataFrame) -> dict[str, float]:
    """Return how often each guess was right; every customer has the same weight, split over the later purchases."""
    weight = later["n"] / later.groupby("customer_id")["n"].transform("sum")
    weight = weight / weight.sum()
    mode = known.sort_values(["customer_id", "n", "level"], ascending=[True, False, True]).drop_duplicates(
        "customer_id"
    )
    guesses = {"hit": model.favourites(known)["level"], "hit_own_mode": mode.set_index("customer_id")["level"]}
    hits = {
        name: float(weight[later["customer_id"].map(guess) == later["level"]].sum()) for name, guess in guesses.items()
    }
    both = later[["customer_id", "level"]].merge(known, on=["customer_id", "level"], how="left")
    n = both["n"].to_numpy(dtype=float)
    totals = later["customer_id"].map(known.groupby("customer_id")["n"].sum()).to_numpy(dtype=float)
    popular = later["level"].map(model.popular_).fillna(0.0).to_numpy(dtype=float).clip(1e-4)
    share = (np.nan_to_num(n) + model.concentration_ * popular) / (totals + model.concentration_)
    return {
        "n": int(later["customer_id"].nunique()),
        **hits,
        "hit_popular": float(weight[later["level"] == model.popular_.index[0]].sum()),
        "surprise": -float(weight @ np.log(share)),
        "surprise_popular": -float(weight @ np.log(popular)),
    }
