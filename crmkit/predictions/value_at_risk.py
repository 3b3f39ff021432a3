"""What is at stake where customers may leave."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.predictions.value import customer_values
from crmkit.tables.catalog import Catalog


def value_at_risk(catalog: Catalog, as_of: date, leaving: pd.Series) -> pd.DataFrame:
    """Value that is at stake where customers may leave: each one's value times the chance that she leaves.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    leaving : Series
        Indexed by customer_id: probability of leaving [share].

    Returns
    -------
    DataFrame
        customer_id, probability, value (if she stays as everybody does), at_risk [money], the most at stake first.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> book = ck.connect({"orders": orders})
    >>> value_at_risk(book, date(2026, 9, 30), pd.Series({"x": 0.5, "y": 1.0}))["customer_id"].tolist()
    ['y', 'x']
    """
    values = customer_values(catalog, as_of).set_index("customer_id")["value"]
    rows = pd.DataFrame({"probability": leaving, "value": values.reindex(leaving.index).fillna(0.0)})
    rows["at_risk"] = rows["probability"] * rows["value"]
    return rows.rename_axis("customer_id").sort_values("at_risk", ascending=False, kind="stable").reset_index()
