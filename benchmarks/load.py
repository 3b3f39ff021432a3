"""A load of ten million orders and 1.4 million customers: crmkit beside DuckDB's own reading and writing of the files.

    python benchmarks/load.py --orders 1000000 10000000

DuckDB reads both CSV files with `read_csv` and writes them as Parquet, checking nothing: the floor. crmkit loads them as
`crmkit load --fresh` does, from the start of Python to the finished store. Each is a program of its own, by turns, with as
many threads; the figures are those that the system keeps of a program: processor time of all its threads, and peak memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb

CUSTOMERS_EACH = 0.14
SETTINGS = '[company]\nname = "Many orders"\ncurrency = "EUR"\ntime_zone = "Europe/Berlin"\n'
FLOOR = """
import duckdb
con = duckdb.connect()
for name in ("orders", "customers"):
    con.execute(f"COPY (FROM read_csv('exports/{name}.csv')) TO '{name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
"""
PROGRAMS = {
    "DuckDB, read_csv and Parquet": [sys.executable, "-c", FLOOR],
    "crmkit load": [sys.executable, "-m", "crmkit", "load", "--fresh"],
}
DRAW = "CREATE MACRO draw(number, salt, below) AS CAST(hash(number * 64 + salt) % below AS BIGINT)"
ORDERS = """
WITH numbered AS (SELECT i, draw(i, 1, {customers}) AS who FROM range({orders}) t(i)),
lives AS (SELECT i, who, draw(who, 2, 1000) AS began, 30 + draw(who, 3, 700) AS lasts FROM numbered)
SELECT 'o' || i AS order_id,
       strftime(TIMESTAMP '2023-11-01' + to_seconds(86400 * least(began + draw(i, 4, lasts), 1095 - draw(i, 5, 30))
                + draw(i, 6, 86400)), '%Y-%m-%d %H:%M:%S') AS ordered_at,
       printf('%.2f', CASE WHEN draw(i, 7, 20) = 0 THEN -1 ELSE 1 END * exp(3 + draw(i, 8, 1000) / 500)) AS revenue,
       CASE WHEN draw(i, 9, 16) > 0 THEN 'c' || who END AS customer_id,
       ['shop', 'web', 'market'][1 + draw(i, 10, 3)] AS channel,
       ['spring', 'summer', 'autumn', 'winter'][1 + draw(i, 11, 4)] AS campaign,
       printf('%.2f', exp(2 + draw(i, 8, 1000) / 500)) AS margin,
       ['card', 'paypal', 'invoice'][1 + draw(i, 12, 3)] AS payment
FROM lives ORDER BY ordered_at
"""
CUSTOMERS = """
SELECT 'c' || i AS customer_id, strftime(DATE '2023-11-01' + CAST(draw(i, 2, 1000) AS INT), '%Y-%m-%d') AS acquired_at,
       ['shop', 'web', 'market'][1 + draw(i, 3, 3)] AS channel,
       ['DE', 'FR', 'IT', 'ES', 'NL'][1 + draw(i, 4, 5)] AS country,
       ['f', 'm'][1 + draw(i, 5, 2)] AS gender, 1950 + draw(i, 6, 50) AS birth_year
FROM range({customers}) t(i)
"""


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print("| orders | program | time | ratio | processor time | ratio | peak memory |\n|---|---|---|---|---|---|---|")
    for n_orders in asked.orders:
        with tempfile.TemporaryDirectory() as folder:
            write_company(Path(folder), n_orders)
            costs: dict[str, list[Cost]] = {name: [] for name in PROGRAMS}
            for _ in range(asked.rounds):
                for name, command in PROGRAMS.items():
                    costs[name].append(cost_of(command, Path(folder)))
        print(rows(n_orders, costs))


def write_company(folder: Path, n_orders: int) -> None:
    """Write the settings and the files of a company."""
    (folder / "exports").mkdir()
    (folder / "crmkit.toml").write_text(SETTINGS, encoding="utf-8")
    n_customers = int(n_orders * CUSTOMERS_EACH)
    with duckdb.connect() as con:
        con.execute(DRAW)
        for name, query in (("orders", ORDERS), ("customers", CUSTOMERS)):
            rows_of = query.format(orders=n_orders, customers=n_customers)
            con.execute(f"COPY ({rows_of}) TO '{folder}/exports/{name}.csv' (HEADER)")


@dataclass(frozen=True)
class Cost:
    """What a program took: seconds, seconds of all its threads, and peak memory [GB]."""

    seconds: float
    processor: float
    memory: float


def cost_of(command: list[str], folder: Path) -> Cost:
    """Run a program in a folder, and return what it took."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    root = str(Path(__file__).parents[1])
    start = perf_counter()
    program = subprocess.Popen(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": root}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(program.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command[:4])} ended with {os.waitstatus_to_exitcode(status)}")
    return Cost(perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6)


def rows(n_orders: int, costs: dict[str, list[Cost]]) -> str:
    """Return a row for each program: medians, and their ratios to the floor's."""
    middle = {
        name: Cost(*(median(getattr(each, what) for each in met) for what in ("seconds", "processor", "memory")))
        for name, met in costs.items()
    }
    floor = next(iter(middle.values()))
    return "\n".join(
        f"| {n_orders:,} | {name} | {each.seconds:.1f} s | {each.seconds / floor.seconds:.1f} | {each.processor:.1f} s | "
        f"{each.processor / floor.processor:.1f} | {each.memory:.2f} GB |"
        for name, each in middle.items()
    )


if __name__ == "__main__":
    main()
