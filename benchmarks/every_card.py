"""Every card that orders alone feed: crmkit beside the same sums in SQL written by hand.

    python benchmarks/every_card.py --orders 1000000 --customers 60000

Both run by turns in this process, round after round; every round checks that the numbers are equal.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import by_hand
import duckdb
import ibis
import ibis.backends.duckdb
import pandas as pd
from orders import CHURN_AFTER_DAYS, FIRST_MONTH, LAST_MONTH, write_orders

from crmkit.metrics import evaluate
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog

TURNOVER = [
    "revenue_change",
    "revenue_from_new",
    "revenue_from_returning",
    "revenue_from_more",
    "revenue_lost_to_less",
    "revenue_lost_to_gone",
    "revenue_change_of_guests",
]
CARDS = [
    "revenue",
    "n_orders",
    "average_order_value",
    "transactions_per_customer",
    "new_customers",
    "churn_rate",
    "active_customers",
    "repeat_rate",
    "days_between_orders",
    *TURNOVER,
]

_IN_TURN = """
    WITH bought AS (
        SELECT
            year(ordered_at) * 12 + month(ordered_at) - 1 AS period, customer_id,
            row_number() OVER each AS nth,
            CAST(ordered_at AS DATE) - lag(CAST(ordered_at AS DATE)) OVER each AS gap
        FROM orders WHERE revenue > 0 AND customer_id IS NOT NULL
        WINDOW each AS (PARTITION BY customer_id ORDER BY ordered_at, order_id)
    )"""
# A buyer with an order that is not her first; the median gap, and per customer what its interval needs.
_REPEATS = f"""{_IN_TURN},
    buyers AS (SELECT period, customer_id, max(nth) AS nth FROM bought GROUP BY ALL)
    SELECT period, avg(CASE WHEN nth > 1 THEN 1.0 ELSE 0.0 END) AS repeat_rate FROM buyers GROUP BY period"""
_GAPS = f"""{_IN_TURN},
    gaps AS (SELECT period, customer_id, gap FROM bought WHERE gap > 0),
    middle AS (SELECT period, median(gap) AS days_between_orders, count(*) AS n FROM gaps GROUP BY period),
    each_customer AS (
        SELECT period, customer_id, count(*) AS n, count(*) FILTER (gap <= days_between_orders) AS x
        FROM gaps JOIN middle USING (period) GROUP BY ALL
    )
    SELECT
        period, any_value(days_between_orders) AS days_between_orders,
        sum(x * x) AS xx, sum(x * e.n) AS xn, sum(e.n * e.n) AS nn
    FROM each_customer e JOIN middle USING (period) GROUP BY period"""
_TURNOVER = """
    WITH first AS (
        SELECT customer_id AS who, min(year(ordered_at) * 12 + month(ordered_at) - 1) AS first FROM orders
        WHERE customer_id IS NOT NULL GROUP BY ALL
    ),
    per_customer AS (
        SELECT
            year(ordered_at) * 12 + month(ordered_at) - 1 AS period, coalesce(customer_id, 'guest ' || order_id) AS who,
            customer_id IS NULL AS guest, sum(revenue) AS net
        FROM orders GROUP BY ALL
    ),
    side_by_side AS (
        SELECT
            coalesce(n.period, b.period + 1) AS period, coalesce(n.who, b.who) AS who, coalesce(n.guest, b.guest) AS guest,
            n.net AS now, b.net AS before, coalesce(n.net, 0) - coalesce(b.net, 0) AS change
        FROM per_customer n FULL JOIN per_customer b ON n.who = b.who AND n.period = b.period + 1
    ),
    kinds AS (
        SELECT period, change, CASE
            WHEN guest THEN 'guests' WHEN now IS NULL THEN 'gone' WHEN before IS NULL AND first = period THEN 'new'
            WHEN before IS NULL THEN 'back' WHEN change > 0 THEN 'more' WHEN change < 0 THEN 'less' END AS kind
        FROM side_by_side LEFT JOIN first USING (who)
    )
    SELECT
        period, sum(change) AS revenue_change, sum(change * change) AS squares,
        sum(change) FILTER (kind = 'new') AS revenue_from_new, sum(change * change) FILTER (kind = 'new') AS new_squares,
        sum(change) FILTER (kind = 'back') AS revenue_from_returning, sum(change * change) FILTER (kind = 'back') AS back_squares,
        sum(change) FILTER (kind = 'more') AS revenue_from_more, sum(change * change) FILTER (kind = 'more') AS more_squares,
        -sum(change) FILTER (kind = 'less') AS revenue_lost_to_less, sum(change * change) FILTER (kind = 'less') AS less_squares,
        -sum(change) FILTER (kind = 'gone') AS revenue_lost_to_gone, sum(change * change) FILTER (kind = 'gone') AS gone_squares,
        sum(change) FILTER (kind = 'guests') AS revenue_change_of_guests
    FROM kinds GROUP BY period"""


def hand_written(file: Path) -> pd.DataFrame:
    """Return one row per month and one column per card, by SQL written for these cards alone."""
    con = duckdb.connect()
    con.execute(f"CREATE VIEW orders AS FROM read_parquet('{file}')")
    sales = con.sql(by_hand._SALES).df().set_index("period").sort_index()
    moved = con.sql(by_hand._MOVEMENTS.format(gap=CHURN_AFTER_DAYS)).df().set_index("period").sort_index()
    table = by_hand.cards(sales, moved)
    more = [con.sql(query).df().set_index("period").reindex(sales.index) for query in (_REPEATS, _GAPS, _TURNOVER)]
    at_start = (moved["change"].cumsum() - moved["change"]).reindex(sales.index)
    for name, column in pd.concat(more, axis=1).assign(active_customers=at_start).items():
        if name in CARDS:
            table[name] = column.to_numpy(float)
    return table[CARDS]


def crmkit(file: Path) -> pd.DataFrame:
    """Return the same from crmkit, with intervals, n and reasons made and left at that."""
    con = ibis.duckdb.connect()
    con.raw_sql(f"CREATE VIEW orders AS FROM read_parquet('{file}')")
    settings = parse_settings({"company": {"churn_after_days": CHURN_AFTER_DAYS}})
    rows = evaluate(Catalog({"orders": con.table("orders")}, settings), CARDS, periods=f"{FIRST_MONTH}..{LAST_MONTH}")
    return rows.pivot(index="period", columns="metric", values="value")[CARDS]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, help="where to keep the orders for another time")
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        file = write_orders(asked.folder or Path(passing), asked.orders, asked.customers)
        times: dict[str, list[tuple[float, float]]] = {"hand-written SQL": [], "crmkit": []}
        for _ in range(asked.rounds):
            by_sql, by_crmkit = (
                _timed(times[name], each, file) for name, each in zip(times, (hand_written, crmkit), strict=True)
            )
            known = by_crmkit.notna()
            assert known.sum().min() >= 30
            pd.testing.assert_frame_equal(
                by_crmkit, by_sql.where(known.to_numpy()), rtol=1e-9, check_dtype=False, check_names=False
            )
    for name, own in times.items():
        print(f"{name}: {median(t for t, _ in own):.2f} s, {median(w for _, w in own):.2f} s of processor time")
    for part, what in enumerate(("time", "processor time")):
        ratio = median(own[part] for own in times["crmkit"]) / median(own[part] for own in times["hand-written SQL"])
        print(f"{len(CARDS)} cards, 36 months: crmkit takes {ratio:.2f} of the {what} of the SQL")


def _timed(times: list[tuple[float, float]], each: Callable[[Path], pd.DataFrame], file: Path) -> pd.DataFrame:
    start, work = perf_counter(), process_time()
    found = each(file)
    times.append((perf_counter() - start, process_time() - work))
    return found


if __name__ == "__main__":
    main()
