"""Features of everybody, active or not, for whoever compares all customers of a firm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.features import buying, contact  # noqa: F401  each registers its feature sets
from crmkit.features.cut import as_known_on
from crmkit.features.register import FEATURE_SETS
from crmkit.features.steady import steady
from crmkit.tables.catalog import Catalog


def traits(catalog: Catalog, as_of: date, names: Sequence[str]) -> pd.DataFrame:
    """Return features of every customer of whom they are known.

    Parameters
    ----------
    catalog : Catalog
        It is cut at the day first: nothing later reaches a feature.
    as_of : date
        Last day whose data is used.
    names : sequence of str
        Columns of the feature sets (:mod:`crmkit.features.buying`, :mod:`crmkit.features.contact`).

    Returns
    -------
    DataFrame
        customer_id and those of the columns that the data can tell; gaps where a table knows nothing of a customer, 0
        for a count.

    Examples
    --------
    >>> import crmkit as ck
    >>> people = pd.DataFrame({"customer_id": ["a"], "channel": ["search"], "birth_year": [1990]})
    >>> traits(ck.connect({"customers": people}), date(2026, 9, 30), ["channel", "age", "plan"]).values.tolist()
    [['a', 'search', 36.0]]
    """
    told = pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    known, wanted = as_known_on(catalog, as_of), list(dict.fromkeys(names))
    for function in FEATURE_SETS.values():
        try:
            features = known.call(function, as_of=as_of) if wanted else None
        except NotMeasured:
            continue
        taken = [name for name in wanted if features is not None and name in features.columns]
        if features is not None and taken:
            theirs = steady(features.select("customer_id", *taken).execute())
            told = told.merge(theirs, on="customer_id", how="outer")
            wanted = [name for name in wanted if name not in taken]
    counts = [name for name in map(str, told.columns) if name.startswith(("n_", "has_"))]
    return told.fillna(dict.fromkeys(counts, 0.0))
