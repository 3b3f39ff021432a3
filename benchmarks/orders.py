"""Ten million invented orders in one Parquet file, the same ones every time."""

from pathlib import Path

import duckdb

FIRST_MONTH, LAST_MONTH, N_MONTHS = "2023-11", "2026-10", 36
CHURN_AFTER_DAYS = 90

# Every figure is drawn from a hash of the order's number, so that it does not depend on the number of threads. A
# customer orders between a first day and a last one of her own; one order of sixteen is a guest's, one of twenty a
# refund. An export grows at its end: the file is in the order of time.
_DRAW = "CREATE MACRO draw(number, salt, below) AS CAST(hash(number * 64 + salt) % below AS BIGINT)"
_ORDERS = """
    COPY (
        WITH numbered AS (SELECT i, draw(i, 1, {customers}) AS who FROM range({orders}) t(i)),
        lives AS (SELECT i, who, draw(who, 2, {days}) AS began, 30 + draw(who, 3, 700) AS lasts FROM numbered)
        SELECT
            'o' || i AS order_id,
            TIMESTAMP '2023-11-01' + to_seconds(
                86400 * least(began + draw(i, 4, lasts), {days} - 1 - draw(i, 5, 30)) + draw(i, 6, 86400)
            ) AS ordered_at,
            round(CASE WHEN draw(i, 7, 20) = 0 THEN -1 ELSE 1 END * exp(3 + draw(i, 8, 1000) / 500), 2) AS revenue,
            CASE WHEN draw(i, 9, 16) > 0 THEN 'c' || who END AS customer_id,
            ['shop', 'web', 'market'][1 + draw(i, 10, 3)] AS channel
        FROM lives ORDER BY ordered_at
    ) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"""


def write_orders(folder: Path, orders: int = 10_000_000, customers: int = 600_000) -> Path:
    """Write the orders unless they are there, and return the file."""
    file = folder / f"orders_{orders}_{customers}.parquet"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".aside")
        con = duckdb.connect()
        con.execute(_DRAW)
        con.execute(_ORDERS.format(orders=orders, customers=customers, days=1096, file=aside))
        aside.rename(file)
    return file
