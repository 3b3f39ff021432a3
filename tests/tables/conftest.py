"""Small tables on DuckDB, typed as the canonical schema says."""

from itertools import count

import ibis
import pandas as pd
import pytest

from crmkit.tables.schema import schema

TYPES = {
    "id": "string",
    "text": "string",
    "timestamp": "timestamp(6)",
    "date": "date",
    "money": "float64",
    "number": "float64",
    "integer": "int64",
    "flag": "boolean",
}


@pytest.fixture(scope="session")
def stored():
    """Store rows of a canonical table: ``stored("orders", {"order_id": [...], ...})`` returns an Ibis table."""
    connection = ibis.duckdb.connect()
    numbers = count()

    def store(table, columns):
        kinds = {name: TYPES[schema(table).column(name).kind] for name in columns}
        frame = pd.DataFrame(columns)
        for name, kind in kinds.items():
            if kind == "timestamp(6)":
                frame[name] = pd.to_datetime(frame[name], format="ISO8601").astype("datetime64[us]")
        return connection.create_table(f"{table}_{next(numbers)}", frame, schema=ibis.schema(kinds))

    return store


@pytest.fixture(scope="session")
def plain():
    """Store any frame as a DuckDB table of its own types."""
    connection = ibis.duckdb.connect()
    numbers = count()
    return lambda frame, **options: connection.create_table(f"rows_{next(numbers)}", frame, **options)
