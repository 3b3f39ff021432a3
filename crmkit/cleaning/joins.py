"""Row counts before and after every join that metrics make: an id without its row, and rows that a join would repeat."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember

TARGETS = {
    "customer_id": "customers",
    "referred_by": "customers",
    "order_id": "orders",
    "lead_id": "leads",
    "deal_id": "deals",
}
"""Table that a column of ids points to."""

_KEYS = {"customers": "customer_id", "orders": "order_id", "leads": "lead_id", "deals": "deal_id"}


@dataclass(frozen=True)
class Join:
    """What becomes of a table's rows when each looks up the row that its id names.

    Attributes
    ----------
    table, column, target : str
    n_before : int
        Rows of the table [rows].
    n_after : int
        Rows after the join that keeps rows without a partner [rows].
    n_without_id, n_not_found : int
        Those that name nothing, and those whose id is not there [rows].
    """

    table: str
    column: str
    target: str
    n_before: int
    n_after: int
    n_without_id: int
    n_not_found: int


def joins(catalog: Catalog) -> list[Join]:
    """Return each join of a table with the one that a column of ids points to, counted where the rows are.

    Parameters
    ----------
    catalog : Catalog

    Examples
    --------
    >>> from crmkit.cleaning.connect import connect
    >>> lines = pd.DataFrame({"order_id": ["a", "a", "z"], "product": ["cup", "pot", "cup"]})
    >>> orders = pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-01"], "revenue": [12.5]})
    >>> (join,) = joins(connect({"orders": orders, "order_lines": lines}))
    >>> join.n_before, join.n_after, join.n_not_found
    (3, 3, 1)
    """
    rows = remember(catalog, _counted_all)
    return [Join(**{str(name): value for name, value in row.items()}) for row in rows.to_dict("records")]


def _counted_all(catalog: Catalog) -> pd.DataFrame:
    tables = {name: catalog.table(name) for name in catalog.names}
    found = [
        _counted(name, table, column, target, tables[target])
        for name, table in tables.items()
        for column, target in TARGETS.items()
        if column in table.columns and target in tables and (name != target or column == "referred_by")
    ]
    return pd.DataFrame([asdict(join) for join in found], columns=[field.name for field in fields(Join)])


def _counted(name: str, table: ir.Table, column: str, target: str, other: ir.Table) -> Join:
    ids = table.group_by(_id=table[column]).aggregate(_n=ibis._.count())
    key = other[_KEYS[target]]
    partners = other.filter(key.notnull()).group_by(_other=key).aggregate(_partners=ibis._.count())
    both = ids.left_join(partners, ids["_id"] == partners["_other"])
    unknown, lone = both["_id"].isnull(), both["_other"].isnull()
    counts = both.aggregate(
        n_before=both["_n"].sum(),
        n_after=(both["_n"] * both["_partners"].fill_null(1)).sum(),
        n_without_id=ibis.ifelse(unknown, both["_n"], 0).sum(),
        n_not_found=ibis.ifelse(lone & ~unknown, both["_n"], 0).sum(),
    )
    sums = counts.execute().iloc[0].astype("float64").fillna(0).astype("int64").to_dict()
    return Join(name, column, target, **sums)
