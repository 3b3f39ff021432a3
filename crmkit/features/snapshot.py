"""The features of customers as they were known on a day: of the active ones, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.errors import NotMeasured
from crmkit.features.feature_sets import FEATURE_SETS
from crmkit.features.point_in_time import as_known_on
from crmkit.tables.catalog import Catalog
from crmkit.tables.day_queries import execute_for_day
from crmkit.tables.expressions import Day, constant_day

_DIGITS = 12  # significant


def snapshot(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the features of each customer who was active on a day, as they were known then.

    Parameters
    ----------
    catalog : Catalog
        Only what was known on the day is used (:mod:`crmkit.features.point_in_time`).
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        Indexed by customer_id: the features of every table that the catalog has (:mod:`crmkit.features.feature_sets`).
        Counts are 0 where a table has no row of a customer; other values are missing then. Numbers have 12 significant
        digits (:func:`stable_features`).

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor paid terms, so that no customer is active.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": "a", "revenue": 20.0,
    ...                        "ordered_at": ["2026-08-01", "2026-09-01", "2026-10-20"]})
    >>> features = snapshot(ck.connect({"orders": orders}), date(2026, 9, 30))
    >>> features.loc["a", ["n_orders", "days_since_order", "order_gap_days"]].astype(int).to_dict()
    {'n_orders': 2, 'days_since_order': 29, 'order_gap_days': 31}
    """
    return snapshot_with_ends(catalog, as_of).drop(columns="ends_on")


def snapshot_with_ends(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return :func:`snapshot` with ends_on: the day on which the activity ends, as it was known; it is not a feature."""
    rows = stable_features(execute_for_day(catalog, _with_ends, as_of)).set_index("customer_id").sort_index()
    return _counts_filled(rows)


def features_of_all(catalog: Catalog, as_of: date, names: Sequence[str]) -> pd.DataFrame:
    """Return some features of all customers, active or not.

    Parameters
    ----------
    catalog : Catalog
        Only what was known on the day is used (:mod:`crmkit.features.point_in_time`).
    as_of : date
        Last day whose data is used.
    names : sequence of str
        Columns of the feature sets (:mod:`crmkit.features.feature_sets`).

    Returns
    -------
    DataFrame
        customer_id and those of the columns that the tables allow; where a table has no row of a customer, counts are 0
        and other columns missing.

    Examples
    --------
    >>> import crmkit as ck
    >>> people = pd.DataFrame({"customer_id": ["a"], "channel": ["search"], "birth_year": [1990]})
    >>> features_of_all(ck.connect({"customers": people}), date(2026, 9, 30), ["channel", "age", "plan"]).values.tolist()
    [['a', 'search', 36.0]]
    """
    found = pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    known, wanted = as_known_on(catalog, as_of), list(dict.fromkeys(names))
    for function in FEATURE_SETS.values():
        try:
            features = known.call(function, as_of=as_of) if wanted else None
        except NotMeasured:
            continue
        taken = [name for name in wanted if features is not None and name in features.columns]
        if features is not None and taken:
            theirs = stable_features(features.select("customer_id", *taken).execute())
            found = found.merge(theirs, on="customer_id", how="outer")
            wanted = [name for name in wanted if name not in taken]
    return _counts_filled(found)


def stable_features(features: pd.DataFrame) -> pd.DataFrame:
    """Round each floating-point column to 12 significant digits, so that features are the same in every run.

    A database engine adds up in as many parts as it has threads, so a mean can differ in its sixteenth digit from run to
    run, and a tree or a spline would then treat two equal customers as different. Every feature that comes out of an
    engine is rounded so.

    Parameters
    ----------
    features : DataFrame
        Columns that do not hold floats stay as they are.

    Examples
    --------
    >>> stable_features(pd.DataFrame({"order_value": [0.1 + 0.2, 1e15 / 3, -2.5, float("nan")]}))["order_value"].tolist()
    [0.3, 333333333333000.0, -2.5, nan]
    """
    floats = {name: _rounded(each.to_numpy()) for name, each in features.items() if each.dtype == np.float64}
    return features.assign(**{str(name): values for name, values in floats.items()})


def _with_ends(catalog: Catalog, as_of: Day) -> ir.Table:
    known = as_known_on(catalog, as_of)
    today = constant_day(as_of)
    spells = known.table("activity_spells")
    # One row a customer: spells of the same one do not overlap.
    rows = spells.filter((spells.starts_on <= today) & (spells.ends_on > today)).select("customer_id", "ends_on")
    for name, function in FEATURE_SETS.items():
        try:
            features = known.call(function, as_of=as_of)
        except NotMeasured:
            continue
        taken = [column for column in features.columns if column == "customer_id" or column not in rows.columns]
        theirs = features.select(taken).rename({f"{name}_id": "customer_id"})
        rows = rows.left_join(theirs, rows.customer_id == theirs[f"{name}_id"]).drop(f"{name}_id")
    return rows


def _counts_filled(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with 0 for missing counts: a customer of whom a table has no row did nothing that it records."""
    counts = [name for name in map(str, rows.columns) if name.startswith(("n_", "has_"))]
    return rows.fillna(dict.fromkeys(counts, 0.0))


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(values) & (values != 0)
    digits = _DIGITS - 1 - np.floor(np.log10(np.abs(np.where(known, values, 1.0)))).astype(int)
    # Only powers of ten above one are exact: one factor multiplies or the other divides, and the rest is one.
    up, down = 10.0 ** np.clip(digits, 0, 300), 10.0 ** np.clip(-digits, 0, 300)
    rounded = np.rint(np.where(known, values, 0.0) * up / down) * down / up
    return np.where(known, rounded, values)
