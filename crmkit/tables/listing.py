"""The canonical tables and their columns as frames, for whoever maps her own data to them."""

from __future__ import annotations

import pandas as pd

from crmkit.tables.schema import SCHEMAS, schema


def tables_frame() -> pd.DataFrame:
    """Return one row per canonical table: table, one_row_is, required (column names), optional (column names).

    Examples
    --------
    >>> tables_frame().set_index("table").loc["orders", "required"]
    'order_id, ordered_at, revenue'
    """
    rows = [
        {
            "table": table.name,
            "one_row_is": table.row,
            "required": ", ".join(table.required),
            "optional": ", ".join(name for name in table.names if name not in table.required),
        }
        for table in SCHEMAS.values()
    ]
    return pd.DataFrame(rows)


def columns_frame(table: str) -> pd.DataFrame:
    """Return one row per column of a table: column, kind, required (yes or empty), unit, meaning.

    Raises
    ------
    UnknownName
        If there is no such table.

    Examples
    --------
    >>> columns_frame("orders").iloc[2].tolist()
    ['revenue', 'money', 'yes', 'currency', 'net of tax, negative for a refund']
    """
    rows = [
        {
            "column": column.name,
            "kind": column.kind,
            "required": "yes" if column.required else "",
            "unit": column.unit,
            "meaning": column.meaning + (f"; one of {', '.join(column.choices)}" if column.choices else ""),
        }
        for column in schema(table).columns
    ]
    return pd.DataFrame(rows)
