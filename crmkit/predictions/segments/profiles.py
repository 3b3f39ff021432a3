"""What sets each segment apart: size, share of revenue, typical customers, and traits, against all other customers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import hypergeom

from crmkit.errors import NotMeasured
from crmkit.features.customer_summaries import last_recommendation
from crmkit.features.snapshot import features_of_all
from crmkit.metrics.analyses.engagement_score import engagement_scores
from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.intervals import Array
from crmkit.metrics.engine.verdict import benjamini_hochberg
from crmkit.periods import DayLike
from crmkit.predictions.runner.store import latest_predictions
from crmkit.predictions.segments.assignment import customers_on, segmentation_for, segments_on
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog

_PERSONAL = ("channel", "country", "gender", "industry", "company_size")
_MOST_LEVELS, _RAREST = 4, 0.02  # levels of a personal trait that are shown, and the least share of one
_FEWEST = 10  # known customers of a segment from which on a trait is shown
_REAL = 0.05  # adjusted p


@checked
def segment_profiles(catalog: Catalog, as_of: DayLike, *, model: str = "rfm") -> pd.DataFrame:
    """Return one row per segment, the one with most revenue first.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    model : str
        "rfm" or "segments".

    Returns
    -------
    DataFrame
        segment, n [customers], share [of customers]; revenue_share [of the revenue of 365 days], margin_share [of the
        margin; missing without one], each with _low and _high; revenue [currency per customer and 365 days],
        revenue_low, revenue_high, of_the_rest [the same of all other customers], differs ("more", "less", "" where it may
        be chance), n_orders and days_since_order (means). Intervals are 95 %; missing where they cannot be computed.

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
    rows = [_profile_row(name, customers, (segments == name).to_numpy()) for name in segments.unique()]
    return pd.DataFrame(rows).sort_values(["revenue_share", "segment"], ascending=[False, True], ignore_index=True)


@checked
def typical_customers(catalog: Catalog, as_of: DayLike, *, model: str = "rfm", n: int = 2) -> pd.DataFrame:
    """Return the customers nearest to the middle of each segment: segment, customer_id, purchases.

    The distance is that to the centre of a k-means segment; else it is that of recency, number of orders
    and revenue, in logarithms, to the medians of the segment.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    model : str
        "rfm" or "segments".
    n : int
        Customers of each.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["17850"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-10-02"])})
    >>> typical_customers(ck.connect({"orders": orders}), date(2026, 10, 31))["customer_id"].tolist()
    ['17850']
    """
    customers = customers_on(catalog, as_of)
    segments = segments_on(catalog, as_of, model).reindex(customers.index)
    shown = ["days_since_order", "n_orders", "revenue"]
    away = _from_centre(catalog, as_of) if model == "segments" else _from_medians(customers[shown], segments)
    nearest = (
        customers.assign(segment=segments, away=away).reset_index().sort_values(["segment", "away", "customer_id"])
    )
    nearest = nearest.groupby("segment").head(n)
    return nearest[["segment", "customer_id", *shown, "tenure_days"]].reset_index(drop=True)


@checked
def segment_portraits(catalog: Catalog, as_of: DayLike, *, model: str = "rfm") -> pd.DataFrame:
    """Return what is known of the customers of each segment, against all others.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    model : str
        "rfm", "segments" or "rules".

    Returns
    -------
    DataFrame
        One row per segment and trait, the clearest difference first: segment, topic, what, unit ("money", "share",
        "points", "count"), n [customers of whom it is known], value, low, high (95 %), rest (the same of all others),
        differs ("more", "less", "" where it may be chance, adjusted over all rows). Traits are those that the data allow:
        value and chance of leaving where they were predicted, engagement, net promoters, age, and the commonest channels,
        countries, ...

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("ab"), "customer_id": list("xy"), "revenue": [30.0, 20.0],
    ...                        "ordered_at": pd.to_datetime("2026-10-02")})
    >>> segment_portraits(ck.connect({"orders": orders}), date(2026, 10, 31)).empty  # nothing but orders is known
    True
    """
    segments = segments_on(catalog, as_of, model)
    rows = [
        _trait_row(name, trait, (segments == name).to_numpy())
        for trait in _traits(catalog, as_of, segments.index)
        for name in sorted(segments.unique())
    ]
    columns = ["segment", "topic", "what", "unit", "n", "value", "low", "high", "rest", "differs"]
    known = pd.DataFrame([row for row in rows if row], columns=[*columns[:-1], "p"])
    if known.empty:
        return pd.DataFrame(columns=columns)
    real = benjamini_hochberg(known["p"].to_numpy(dtype=float)) <= _REAL
    differs = np.where(~real, "", np.where(known["value"] > known["rest"], "more", "less"))
    return known.assign(differs=differs).sort_values(["segment", "p"], kind="stable", ignore_index=True)[columns]


class _Trait(NamedTuple):
    """One trait of customers.

    Attributes
    ----------
    topic, what, unit : str
        Such as "channel", "paid social", "share".
    values : Series
        By customer_id; 0 or 1 of a share, -1 to 1 of a net share [points], missing where not known.
    """

    topic: str
    what: str
    unit: str
    values: pd.Series


def _profile_row(name: str, customers: pd.DataFrame, inside: np.ndarray) -> dict[str, object]:
    revenue = customers["revenue"].to_numpy(dtype=float)
    part, low, high = _share(revenue, inside)
    margin = customers["margin"].to_numpy(dtype=float) if "margin" in customers else np.zeros(len(customers))
    margin_part, margin_low, margin_high = _share(margin, inside)
    mean, mean_low, mean_high = _ratio(revenue[inside], np.ones(inside.sum()))
    rest, rest_low, rest_high = (
        _ratio(revenue[~inside], np.ones((~inside).sum())) if not inside.all() else (np.nan,) * 3
    )
    more, less = mean_low > rest_high, mean_high < rest_low
    return {
        "segment": name,
        "n": int(inside.sum()),
        "share": float(inside.mean()),
        "revenue_share": part,
        "revenue_share_low": low,
        "revenue_share_high": high,
        "margin_share": margin_part,
        "margin_share_low": margin_low,
        "margin_share_high": margin_high,
        "revenue": mean,
        "revenue_low": mean_low,
        "revenue_high": mean_high,
        "of_the_rest": rest,
        "differs": "more" if more else "less" if less else "",
        "n_orders": float(customers["n_orders"][inside].mean()),
        "days_since_order": float(customers["days_since_order"][inside].mean()),
    }


def _share(money: Array, inside: np.ndarray) -> tuple[float, float, float]:
    """Return the share of all money that these customers bring, with its interval."""
    if not money.sum() > 0:
        return (np.nan,) * 3
    part, low, high = _ratio(money * inside, money)
    return part, max(low, 0.0), min(high, 1.0)


def _ratio(x: Array, n: Array) -> tuple[float, float, float]:
    sums = [np.array([each]) for each in (x.sum(), n.sum(), x @ x, x @ n, n @ n, float((n != 0).sum()))]
    value, low, high = intervals.mean(*sums)
    return float(value[0]), float(low[0]), float(high[0])


def _from_centre(catalog: Catalog, as_of: date) -> pd.Series:
    found = segmentation_for(catalog, as_of)
    customers = found.customers(catalog, as_of)
    return pd.Series(found.model.transform(customers[list(found.features)]).min(axis=1), index=customers.index)


def _from_medians(numbers: pd.DataFrame, segments: pd.Series) -> pd.Series:
    steps = numbers.clip(lower=0).transform(np.log1p)
    return ((steps - steps.groupby(segments).transform("median")) ** 2).sum(axis=1)


def _traits(catalog: Catalog, as_of: date, customers: pd.Index) -> Iterator[_Trait]:
    scored = [("value", "expected value", "money"), ("churn", "chance of leaving, of the active", "share")]
    for model, what, unit in scored:
        yield _Trait("outlook", what, unit, _scores(catalog, as_of, model).reindex(customers))
    engaged = engagement_scores(catalog, as_of).set_index("customer_id")["score"]
    yield _Trait("engagement", "engagement score of the active", "count", engaged.reindex(customers).astype(float))
    yield _Trait("opinion", "net promoters (NPS)", "points", _promotes(catalog, as_of).reindex(customers))
    people = features_of_all(catalog, as_of, ["age", *_PERSONAL]).set_index("customer_id").reindex(customers)
    if "age" in people:
        yield _Trait("age", "years old", "count", people["age"].astype(float))
    for name in [name for name in _PERSONAL if name in people]:
        values = people[name]
        common = values.value_counts(normalize=True).head(_MOST_LEVELS)
        for level in common[common >= _RAREST].index:
            yield _Trait(name, str(level), "share", (values == level).astype(float).where(values.notna()))


def _scores(catalog: Catalog, as_of: date, model: str) -> pd.Series:
    if "customer_scores" not in catalog.names:
        return pd.Series(dtype=float)
    rows = latest_predictions(catalog.frame("customer_scores"), model, as_of)
    return rows.set_index("customer_id")["value"].astype(float)


def _promotes(catalog: Catalog, as_of: date) -> pd.Series:
    try:
        rows = catalog.call(last_recommendation, as_of=as_of).execute()
    except NotMeasured:
        return pd.Series(dtype=float)
    return rows.set_index("customer_id")["promotes"].astype(float)


def _trait_row(name: str, trait: _Trait, inside: np.ndarray) -> tuple | None:
    values = trait.values.to_numpy(dtype=float)
    known = ~np.isnan(values)
    here, others = values[inside & known], values[~inside & known]
    if min(len(here), len(others)) < _FEWEST:
        return None
    value, low, high = _interval(here, trait)
    rest, rest_low, rest_high = _interval(others, trait)
    if _is_flag(here) and _is_flag(others):
        p = _fisher_p(here, others)
    else:
        error = np.hypot(high - low, rest_high - rest_low) / (2 * intervals.Z)
        p = 2 * (1 - ndtr(abs(value - rest) / error)) if error > 0 else 1.0
    return (name, trait.topic, trait.what, trait.unit, len(here), value, low, high, rest, float(p))


def _interval(values: Array, trait: _Trait) -> tuple[float, float, float]:
    n = float(len(values))
    counts = [np.array([each]) for each in (n, values @ values, values.sum(), n, n)]
    size, squares, total, units, ones = counts
    if trait.unit == "points":
        plus, minus = (np.array([float((values == side).sum())]) for side in (1, -1))
        found = intervals.net_share(plus, minus, size, squares, total, ones, units)
        return tuple(100 * float(each[0]) for each in found)  # type: ignore[return-value]
    found = (intervals.share if _is_flag(values) else intervals.mean)(total, size, squares, total, ones, units)
    value, low, high = (float(each[0]) for each in found)
    return value, max(low, 0.0) if values.min() >= 0 else low, high  # no mean of what is never below zero is below it


def _is_flag(values: Array) -> bool:
    return set(np.unique(values)) <= {0.0, 1.0}


def _fisher_p(here: Array, others: Array) -> float:
    """Return the p-value of Fisher's exact test, since with few or no hits the intervals are no basis for a test."""
    hits, n = int(here.sum()), len(here)
    total, everybody = hits + int(others.sum()), n + len(others)
    below, above = hypergeom.cdf(hits, everybody, total, n), hypergeom.sf(hits - 1, everybody, total, n)
    return float(min(1.0, 2 * min(below, above)))
