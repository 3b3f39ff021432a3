"""Run a firm without each optional column, and with none of its values, through load, metrics, predictions and pages.

    PYTHONPATH=. OMP_NUM_THREADS=1 nice python benchmarks/optional_columns.py [--table NAME] [--bare] [--seconds 3000]

It prints each fault with the table and column that it needs, and ends with 1 if there is one.
"""

import argparse
import tempfile
import time
from pathlib import Path

from tests.optional_columns import bare, faults, faults_of_load, firm, variants


def main() -> None:
    """Run the variants asked for, one by one."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--table", help="this table only")
    asked.add_argument("--bare", action="store_true", help="all optional columns of a table at once")
    asked.add_argument("--load", action="store_true", help="load CSV files only")
    asked.add_argument("--seconds", type=float, default=3000, help="stop after so long")
    wanted = asked.parse_args()
    listed = [*bare("absent"), *bare("empty")] if wanted.bare else variants()
    listed = [each for each in listed if wanted.table in (None, each.table)]
    begun, n_faults, n_run = time.monotonic(), 0, 0
    for each in listed:
        if time.monotonic() - begun > wanted.seconds:
            break
        with tempfile.TemporaryDirectory() as folder:
            found = list(
                dict.fromkeys([*faults_of_load(each.of(firm()), Path(folder)), *([] if wanted.load else faults(each))])
            )
        n_run, n_faults = n_run + 1, n_faults + bool(found)
        print(f"{each}: {'; '.join(found) or 'fine'}", flush=True)
    print(f"{n_run} of {len(listed)} variants in {time.monotonic() - begun:.0f} s, {n_faults} with faults")
    raise SystemExit(1 if n_faults else 0)


if __name__ == "__main__":
    main()
