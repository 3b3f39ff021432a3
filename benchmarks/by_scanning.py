"""The floor: read the columns and look at every value once."""

from pathlib import Path

import duckdb


def numbers(file: Path) -> None:
    """Read and forget."""
    duckdb.sql(
        "SELECT sum(revenue), max(ordered_at), sum(length(customer_id)), sum(length(order_id)) "
        f"FROM read_parquet('{file}')"
    ).fetchall()
