"""Where the rows came from and what became of them, file by file; and what joins make of them."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from crmkit.cleaning.joins import joins
from crmkit.cleaning.quality import table_report
from crmkit.tables.catalog import Catalog

_ROWS = ["n_in", "n_kept", "n_merged", "n_folded", "n_ignored", "n_aside"]


def file_report(catalog: Catalog) -> pd.DataFrame:
    """Return what became of the rows of each file.

    Parameters
    ----------
    catalog : Catalog

    Returns
    -------
    DataFrame
        One row per file and table that it fills: file ("" where the settings' SQL, a frame or a database makes the rows),
        table, n_in = n_kept + n_merged + n_folded + n_ignored + n_aside [rows]. A row that is two, such as an order and
        its refund, counts twice.

    Examples
    --------
    >>> from crmkit.cleaning.connect import connect
    >>> orders = pd.DataFrame({"order_id": ["a", "b"], "ordered_at": ["2026-10-01", None], "revenue": 12.5})
    >>> file_report(connect({"orders": orders}))[["table", "n_in", "n_kept", "n_aside"]]
        table  n_in  n_kept  n_aside
    0  orders     2       1        1
    """
    known = [record for record in catalog.provenance.get("by_file", []) if record["table"] in catalog.names]
    if known:
        return pd.DataFrame(known, columns=["file", "table", *_ROWS])
    return table_report(catalog).assign(file="")[["file", "table", *_ROWS]]


def join_report(catalog: Catalog) -> pd.DataFrame:
    """Return what becomes of a table's rows where each looks up the row that its id names.

    Parameters
    ----------
    catalog : Catalog

    Returns
    -------
    DataFrame
        One row per table and column of ids: table, column, target, n_before, n_after, n_without_id, n_not_found [rows];
        if n_after is more than n_before, a metric split by a column of the target counts rows twice.

    Examples
    --------
    >>> from crmkit.cleaning.connect import connect
    >>> orders = {"order_id": ["a", "b"], "ordered_at": "2026-10-01", "revenue": 1.0, "customer_id": ["x", "z"]}
    >>> book = connect({"orders": pd.DataFrame(orders), "customers": pd.DataFrame({"customer_id": ["x"]})})
    >>> join_report(book)[["table", "target", "n_before", "n_after", "n_not_found"]]
        table     target  n_before  n_after  n_not_found
    0  orders  customers         2        2            1
    """
    found = [asdict(join) for join in joins(catalog)]
    columns = ["table", "column", "target", "n_before", "n_after", "n_without_id", "n_not_found"]
    return pd.DataFrame(found, columns=columns)
