"""One row a customer, as she was known on a day."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.features import buying, contact  # noqa: F401  each registers its feature sets
from crmkit.features.cut import as_known_on
from crmkit.features.register import FEATURE_SETS
from crmkit.features.steady import steady
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import Day, constant_day
from crmkit.tables.questions import answer


def snapshot(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return what was known of each customer who was active on a day.

    Parameters
    ----------
    catalog : Catalog
        It is cut at the day first: nothing later reaches a feature.
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        Indexed by customer_id: the features of every table that is there (:mod:`crmkit.features.buying`,
        :mod:`crmkit.features.contact`). Counts are 0 where a table knows nothing of a customer; other gaps stay.
        Numbers have 12 significant digits (:func:`crmkit.features.steady.steady`).

    Raises
    ------
    NotMeasured
        If there are neither orders of known customers nor paid terms: nobody is active.

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
    """Return the same, and ends_on: the day on which the activity ends, as it was known; that is no feature."""
    rows = steady(answer(catalog, _with_ends, as_of)).set_index("customer_id").sort_index()
    counts = [name for name in map(str, rows) if name.startswith(("n_", "has_"))]
    return rows.fillna(dict.fromkeys(counts, 0.0))


def snapshot_table(catalog: Catalog, as_of: Day) -> ir.Table:
    """Return what :func:`snapshot` does as a table that stays where the data is."""
    return _with_ends(catalog, as_of).drop("ends_on")


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
