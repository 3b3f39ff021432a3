"""Load thousands of damaged export files, and say of each that broke a promise by which seed it is made.

    PYTHONPATH=. python benchmarks/damaged_files.py --files 1000 --first 0

Promised is: no traceback; every row kept, merged, folded, ignored or kept aside with file, line and reason; else a
message that names the file, and no store.
"""

import argparse
import re
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

import duckdb

import crmkit.sources.proposing.preview
import crmkit.sources.sql
from crmkit.sources.sql import open_duckdb
from tests.sources.damaged_files import run, written_files


def main() -> None:
    """Run the seeds asked for, print what became of the files, and end with 1 if a promise was broken."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--files", type=int, default=1000, help="how many files")
    asked.add_argument("--first", type=int, default=0, help="first seed")
    asked.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    wanted = asked.parse_args()
    use_one_thread()
    files, outcomes, broken, begun = written_files(), Counter(), Counter(), time.monotonic()
    seed = wanted.first
    while seed < wanted.first + wanted.files and time.monotonic() - begun < wanted.seconds:
        place = Path(tempfile.mkdtemp())
        try:
            outcomes[run(seed, place, files)] += 1
        except AssertionError as error:
            outcomes["BROKEN"] += 1
            broken[re.sub(r"\d+", "9", str(error))[:60]] += 1
            print(str(error)[:600], flush=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        seed += 1
    print(
        f"seeds {wanted.first} to {seed - 1}: {outcomes.total():,} files in {time.monotonic() - begun:.0f} s: {dict(outcomes)}"
    )
    raise SystemExit(1 if outcomes["BROKEN"] else 0)


def use_one_thread() -> None:
    """Let DuckDB work in one thread: files of a dozen rows gain nothing from more, and wait for them."""

    def opened() -> duckdb.DuckDBPyConnection:
        con = open_duckdb()
        con.execute("SET threads = 1")
        return con

    for module in (crmkit.sources.sql, crmkit.sources.proposing.preview):
        module.open_duckdb = opened


if __name__ == "__main__":
    main()
