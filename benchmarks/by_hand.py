"""The same sums in DuckDB's SQL, written by hand for these cards alone."""

from pathlib import Path

import duckdb
import pandas as pd
from orders import CHURN_AFTER_DAYS

_UNSEEN = 3  # months that begin too soon after the first order to tell who is new and who has left

# Sums per customer first, for the intervals need their squares; a guest's order is a customer of its own.
_SALES = """
    WITH per_customer AS (
        SELECT
            year(ordered_at) * 12 + month(ordered_at) - 1 AS period,
            coalesce(customer_id, 'guest ' || order_id) AS who,
            sum(revenue) AS net,
            count(*) AS n,
            coalesce(sum(revenue) FILTER (revenue > 0), 0) AS sold,
            count(*) FILTER (revenue > 0) AS n_sold,
            count(*) FILTER (revenue > 0 AND customer_id IS NOT NULL) AS n_known
        FROM orders GROUP BY ALL
    )
    SELECT
        period,
        sum(net) AS revenue, sum(net * net) AS net_net, sum(n) AS n,
        sum(n_sold) AS n_orders, sum(n_sold * n_sold) AS n_sold_n_sold,
        sum(sold) AS sold, sum(sold * sold) AS sold_sold, sum(sold * n_sold) AS sold_n_sold,
        count(*) FILTER (n_sold > 0) AS buyers,
        sum(n_known) AS n_known, sum(n_known * n_known) AS n_known_n_known, count(*) FILTER (n_known > 0) AS known_buyers
    FROM per_customer GROUP BY period"""

# A stretch of activity begins with an order after a longer gap and ends churn_after_days after the last one before such
# a gap. A customer is lost in a month if her stretch began before it, ends in it, and no other begins in it.
_MOVEMENTS = """
    WITH days AS (
        SELECT customer_id, CAST(ordered_at AS DATE) AS on_day FROM orders WHERE revenue > 0 AND customer_id IS NOT NULL
    ),
    neighbours AS (
        SELECT
            customer_id, on_day,
            lag(on_day) OVER each AS before,
            lead(on_day) OVER each AS after
        FROM days WINDOW each AS (PARTITION BY customer_id ORDER BY on_day)
    ),
    ends AS (
        SELECT
            customer_id, on_day, before, after,
            before IS NULL OR on_day - before > {gap} AS begins,
            after IS NULL OR after - on_day > {gap} AS ends
        FROM neighbours WHERE begins OR ends
    ),
    stretches AS (
        SELECT
            on_day + {gap} AS until, before IS NULL AS is_new, begins, ends, on_day, after,
            max(on_day) FILTER (begins) OVER (PARTITION BY customer_id ORDER BY on_day) AS since
        FROM ends
    ),
    movements AS (
        SELECT year(on_day) * 12 + month(on_day) - 1 AS period, 1 AS change, is_new AS joined, false AS lost
        FROM stretches WHERE begins
        UNION ALL
        SELECT
            year(until) * 12 + month(until) - 1 AS period, -1, false,
            date_trunc('month', since) < date_trunc('month', until)
            AND (after IS NULL OR date_trunc('month', after) > date_trunc('month', until))
        FROM stretches WHERE ends
    )
    SELECT period, sum(change) AS change, count(*) FILTER (joined) AS new_customers, count(*) FILTER (lost) AS lost
    FROM movements GROUP BY period"""


def numbers(file: Path) -> pd.DataFrame:
    """Return one row per month and one column per card, by number; the intervals' sums are made and left at that."""
    con = duckdb.connect()
    con.execute(f"CREATE VIEW orders AS FROM read_parquet('{file}')")
    sales = con.sql(_SALES).df().set_index("period").sort_index()
    moved = con.sql(_MOVEMENTS.format(gap=CHURN_AFTER_DAYS)).df().set_index("period").sort_index()
    return cards(sales, moved)


def cards(sales: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    """Return the cards from the sums by month."""
    seen = sales.index[_UNSEEN:]
    at_start = moved["change"].cumsum() - moved["change"]
    table = pd.DataFrame(
        {
            "revenue": sales["revenue"],
            "n_orders": sales["n_orders"],
            "average_order_value": sales["sold"] / sales["n_orders"],
            "transactions_per_customer": sales["n_known"] / sales["known_buyers"],
            "new_customers": moved["new_customers"].loc[seen],
            "churn_rate": (moved["lost"] / at_start).loc[seen],
        }
    ).loc[sales.index]
    table.index = [f"{period // 12}-{period % 12 + 1:02d}" for period in table.index]
    return table
