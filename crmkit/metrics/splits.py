"""Where the columns come from by which a metric is split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.errors import CrmkitError, UnknownName
from crmkit.metrics.measures import Measure
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import SCHEMAS

UNKNOWN_GROUP = "(unknown)"


def check_columns(catalog: Catalog, by: Sequence[str]) -> None:
    """Raise UnknownName for a column that no table of the source has."""
    known = {column for name in catalog.names for column in catalog.table(name).columns}
    for column in by:
        if column not in known:
            canonical = {column.name for table in SCHEMAS.values() for column in table.columns}
            hint = " The data lack it." if column in canonical else ""
            raise UnknownName("column", column, known) if not hint else CrmkitError(
                f"Cannot split by '{column}'.{hint} There are: {', '.join(sorted(known))}."
            )


def unreachable(catalog: Catalog, measure: Measure, by: Sequence[str]) -> str | None:
    """Return why the measure cannot be split, or None if it can."""
    for table in measure.tables():
        for column in by:
            if column not in table.columns and not _through_customer(catalog, table, column):
                return f"cannot be split by {column}: it has no {column} and no customer who has one"
    return None


def with_columns(catalog: Catalog, table: ir.Table, by: Sequence[str], columns: dict[str, Any]) -> ir.Table:
    """Select ``columns`` of a table with the columns to split by, its own or those of its customers."""
    own = {column: _named(table[column]) for column in by if column in table.columns}
    borrowed = [column for column in by if column not in own]
    if not borrowed:
        return table.select(**columns, **own)
    rows = table.select(**columns, **own, _customer=table["customer_id"])
    customers = catalog.table("customers").select(_customer_id="customer_id", **{name: name for name in borrowed})
    joined = rows.left_join(customers, rows["_customer"] == customers["_customer_id"])
    return joined.mutate(**{name: _named(joined[name]) for name in borrowed}).drop("_customer", "_customer_id")


def _through_customer(catalog: Catalog, table: ir.Table, column: str) -> bool:
    has_customer = "customer_id" in table.columns and "customers" in catalog.names
    return has_customer and column in catalog.table("customers").columns


def _named(column: Any) -> Any:
    return ibis.coalesce(column.cast("string"), UNKNOWN_GROUP)
