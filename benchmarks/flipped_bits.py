"""Flip single bits in the files of a store, and say whether any number changed.

    PYTHONPATH=. python benchmarks/flipped_bits.py --bits 400

The store is that of the tests: tables, personal data, rows set aside, predictions, answers about duplicates, its key.
Each flip must leave every number as it was, or be refused by name and mended by a load.
"""

import argparse
import random
import shutil
import tempfile
import warnings
from collections import Counter
from pathlib import Path

from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError, RestoredFile
from crmkit.settings import read_settings
from tests.sources.store.test_integrity import files_of, flip, made, numbers


def main() -> None:
    """Flip the bits asked for, one at a time, each in a store as it was."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--bits", type=int, default=400)
    asked.add_argument("--seed", type=int, default=15)
    wanted = asked.parse_args()
    warnings.simplefilter("ignore", RestoredFile)
    chance, outcomes = random.Random(wanted.seed), Counter()
    with tempfile.TemporaryDirectory() as place:
        whole = made(Path(place) / "whole")
        before = numbers(whole)
        for number in range(wanted.bits):
            folder = shutil.copytree(whole, Path(place) / f"copy{number}")
            outcomes[outcome(folder, before, chance)] += 1
            shutil.rmtree(folder)
    print(dict(outcomes))
    raise SystemExit(1 if outcomes["WRONG"] else 0)


def outcome(folder: Path, before: tuple, chance: random.Random) -> str:
    """Flip a bit and return what became of it."""
    file = chance.choice(files_of(folder))
    flip(file, chance.randrange(8 * file.stat().st_size))
    try:
        return "as it was or restored" if numbers(folder) == before else "WRONG"
    except CrmkitError as refused:
        if file.name not in str(refused):
            return "WRONG"
    load(read_settings(folder))
    return "refused, mended by a load" if numbers(folder)[1:5] == before[1:5] else "WRONG"


if __name__ == "__main__":
    main()
