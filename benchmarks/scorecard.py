"""The scorecard over 36 months on ten million orders: crmkit beside hand-written SQL, pandas and a bare scan.

    python benchmarks/scorecard.py

Each contestant runs in a process of its own, one after the other, round after round, so that a busy minute of the machine
hits them all. Time is from the open file to the numbers, without the start of Python and its imports; processor time is
that of all threads; memory is the process's peak. Every round checks that the numbers agree.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from statistics import median
from time import perf_counter

import pandas as pd
from orders import write_orders

CONTESTANTS = {
    "by_scanning": "scan of the four columns",
    "by_hand": "hand-written DuckDB SQL",
    "by_crmkit": "crmkit",
    "by_polars": "polars",
    "by_pandas": "pandas",
}
YARDSTICK = "by_hand"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, help="where to keep the orders for another time")
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=5)
    installed = [name for name in CONTESTANTS if name != "by_polars" or find_spec("polars")]
    parser.add_argument("--only", nargs="+", choices=installed, default=installed)
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        file = write_orders(asked.folder or Path(passing), asked.orders, asked.customers)
        if asked.contestant:
            print(json.dumps(measured(asked.contestant, file)))
        else:
            print(table(compared(asked, file)))


def measured(contestant: str, file: Path) -> dict[str, object]:
    """Run one contestant in this process; return seconds, processor seconds, peak memory [MB] and numbers."""
    module = import_module(contestant)
    start, start_of_work = perf_counter(), _processor_time()
    numbers = module.numbers(file)
    seconds, work = perf_counter() - start, _processor_time() - start_of_work
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    told = None if numbers is None else numbers.to_json(double_precision=15)
    return {"seconds": seconds, "work": work, "peak": peak, "numbers": told}


def compared(asked: argparse.Namespace, file: Path) -> dict[str, list[dict[str, float]]]:
    """Run every contestant in every round, each in a fresh process; stop if the numbers differ."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in asked.only}
    for round_ in range(1, asked.rounds + 1):
        told = {name: _in_fresh_process(name, asked, file) for name in asked.only}
        numbers = {name: pd.read_json(StringIO(run["numbers"])) for name, run in told.items() if run["numbers"]}
        for name, found in numbers.items():
            pd.testing.assert_frame_equal(
                found, next(iter(numbers.values())), rtol=1e-9, check_dtype=False, check_names=False
            )
            assert len(found) == 36 and found.notna().sum().min() >= 30, name
        for name, run in told.items():
            runs[name].append({key: run[key] for key in ("seconds", "work", "peak")})
        print(
            f"round {round_}: " + ", ".join(f"{name} {runs[name][-1]['seconds']:.1f} s" for name in runs),
            file=sys.stderr,
        )
    return runs


def table(runs: dict[str, list[dict[str, float]]]) -> str:
    """Return the medians as a Markdown table, with the range over the rounds."""
    middle = {name: {key: median(run[key] for run in own) for key in own[0]} for name, own in runs.items()}
    lines = [
        "| | time | of hand-written SQL | processor time | of hand-written SQL | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for name, own in middle.items():
        cells = [CONTESTANTS[name]]
        for key in ("seconds", "work"):
            ratio = f"{own[key] / middle[YARDSTICK][key]:.2f}" if YARDSTICK in middle else ""
            cells += [f"{own[key]:.1f} s ({_spread([run[key] for run in runs[name]])})", ratio]
        lines.append(f"| {' | '.join(cells)} | {own['peak'] / 1024:.1f} GB |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _in_fresh_process(contestant: str, asked: argparse.Namespace, file: Path) -> dict:
    command = [
        sys.executable,
        "-W",
        "ignore",
        __file__,
        "--contestant",
        contestant,
        "--folder",
        file.parent,
        "--orders",
        asked.orders,
        "--customers",
        asked.customers,
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{contestant} failed:\n{done.stderr}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
