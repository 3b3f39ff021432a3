"""Which column a function has asked for in vain: one that the data lack, or one that there is not."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

import ibis.expr.types as ir
from ibis.common.exceptions import IbisTypeError

from crmkit.errors import UnknownName
from crmkit.tables.derived import DERIVED
from crmkit.tables.schema import SCHEMAS

_NOT_FOUND = re.compile(r"Column '(\w+)' is not found in table")


def missing_column(
    error: AttributeError | IbisTypeError, tables: Mapping[str, ir.Table | None], canonical: Mapping[str, ir.Table]
) -> str | None:
    """Return "table.column" if the error is a canonical column that the data lack, else None.

    Of a derived table it is one that a canonical table behind it would have brought along.
    """
    if isinstance(error, AttributeError):
        if not isinstance(error.obj, ir.Table):
            return None
        column, read = error.name, [name for name, table in tables.items() if table is error.obj]
    else:  # table["margin"] and select("margin"): Ibis names the column in its sentence only
        met = _NOT_FOUND.match(str(error))
        column, read = met[1] if met else None, []
    for name in read or tables:
        table = tables[name]
        if name in SCHEMAS and table is not None and column in SCHEMAS[name].names and column not in table.columns:
            return f"{name}.{column}"
        if name in DERIVED and table is not None and column not in table.columns:
            for origin in inspect.signature(DERIVED[name]).parameters:
                there = origin in canonical and column in canonical[origin].columns
                if origin in SCHEMAS and column in SCHEMAS[origin].names and not there:
                    return f"{origin}.{column}"
    return None


def misspelt_column(error: AttributeError | IbisTypeError, tables: Mapping[str, ir.Table | None]) -> UnknownName | None:
    """Return the error to raise if a column was read that neither the table nor its schema has."""
    present = {name: table for name, table in tables.items() if table is not None}
    columns = {name: table.columns for name, table in present.items()}
    for name, table in present.items():
        if isinstance(error, AttributeError) and error.obj is table:
            return UnknownName(f"column of {name}", str(error.name), columns[name])
    return None
