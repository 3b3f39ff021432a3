"""What is told of each segment beyond revenue: worth, chance of leaving, opinion, channel, who they are, against the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import hypergeom

from crmkit.errors import NotMeasured
from crmkit.features.opinion import recommendation
from crmkit.features.traits import traits
from crmkit.metrics import intervals
from crmkit.metrics.engagement_score import engagement_scores
from crmkit.metrics.intervals import Array
from crmkit.metrics.verdict import benjamini_hochberg
from crmkit.predictions.segments import segments_on
from crmkit.predictions.written import latest
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog

PEOPLE = ("channel", "country", "gender", "industry", "company_size")
_MOST_LEVELS, _RAREST = 4, 0.02
_FEWEST = 10  # known customers of a segment below which nothing is said of them
_REAL = 0.05


class Trait(NamedTuple):
    """One thing that is known of customers.

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


@takes_day
def segment_portraits(catalog: Catalog, as_of: date, model: str = "rfm") -> pd.DataFrame:
    """Return what is known of the customers of each segment, against all others.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    model : str
        "rfm", "segments" or "rules".

    Returns
    -------
    DataFrame
        One row per segment and trait, the clearest difference first: segment, topic, what, unit ("money", "share",
        "points", "count"), n [customers of whom it is known], value, low, high (95 %), rest (the same of all others),
        differs ("more", "less", "" where it may be chance, all rows taken together). Traits are those that the data have:
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
        _row(name, trait, (segments == name).to_numpy())
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


def _traits(catalog: Catalog, as_of: date, customers: pd.Index) -> Iterator[Trait]:
    scored = [("value", "expected value", "money"), ("churn", "chance of leaving, of the active", "share")]
    for model, what, unit in scored:
        yield Trait("outlook", what, unit, _scores(catalog, as_of, model).reindex(customers))
    engaged = engagement_scores(catalog, as_of).set_index("customer_id")["score"]
    yield Trait("engagement", "engagement score of the active", "count", engaged.reindex(customers).astype(float))
    yield Trait("opinion", "net promoters (NPS)", "points", _promotes(catalog, as_of).reindex(customers))
    people = traits(catalog, as_of, ["age", *PEOPLE]).set_index("customer_id").reindex(customers)
    if "age" in people:
        yield Trait("age", "years old", "count", people["age"].astype(float))
    for name in [name for name in PEOPLE if name in people]:
        told = people[name]
        common = told.value_counts(normalize=True).head(_MOST_LEVELS)
        for level in common[common >= _RAREST].index:
            yield Trait(name, str(level), "share", (told == level).astype(float).where(told.notna()))


def _scores(catalog: Catalog, as_of: date, model: str) -> pd.Series:
    if "customer_scores" not in catalog.names:
        return pd.Series(dtype=float)
    rows = latest(catalog.frame("customer_scores"), model, as_of)
    return rows.set_index("customer_id")["value"].astype(float)


def _promotes(catalog: Catalog, as_of: date) -> pd.Series:
    try:
        rows = catalog.call(recommendation, as_of=as_of).execute()
    except NotMeasured:
        return pd.Series(dtype=float)
    return rows.set_index("customer_id")["promotes"].astype(float)


def _row(name: str, trait: Trait, inside: np.ndarray) -> tuple | None:
    values = trait.values.to_numpy(dtype=float)
    known = ~np.isnan(values)
    here, others = values[inside & known], values[~inside & known]
    if min(len(here), len(others)) < _FEWEST:
        return None
    value, low, high = _interval(here, trait)
    rest, rest_low, rest_high = _interval(others, trait)
    if _is_flag(here) and _is_flag(others):
        p = _exact(here, others)
    else:
        error = np.hypot(high - low, rest_high - rest_low) / (2 * intervals.Z)
        p = 2 * (1 - ndtr(abs(value - rest) / error)) if error > 0 else 1.0
    return (name, trait.topic, trait.what, trait.unit, len(here), value, low, high, rest, float(p))


def _interval(values: Array, trait: Trait) -> tuple[float, float, float]:
    n = float(len(values))
    counts = [np.array([each]) for each in (n, values @ values, values.sum(), n, n)]
    size, squares, total, units, ones = counts
    if trait.unit == "points":
        plus, minus = (np.array([float((values == side).sum())]) for side in (1, -1))
        found = intervals.net_share(plus, minus, size, squares, total, ones, units)
        return tuple(100 * float(each[0]) for each in found)  # type: ignore[return-value]
    found = (intervals.share if _is_flag(values) else intervals.mean)(total, size, squares, total, ones, units)
    return tuple(float(each[0]) for each in found)  # type: ignore[return-value]


def _is_flag(values: Array) -> bool:
    return set(np.unique(values)) <= {0.0, 1.0}


def _exact(here: Array, others: Array) -> float:
    """Return the p of Fisher's exact test: with few or no hits an interval's width says nothing of a difference."""
    hits, n = int(here.sum()), len(here)
    total, everybody = hits + int(others.sum()), n + len(others)
    below, above = hypergeom.cdf(hits, everybody, total, n), hypergeom.sf(hits - 1, everybody, total, n)
    return float(min(1.0, 2 * min(below, above)))
