"""Compare the reports of two versions of crmkit: do they print the same numbers?

    python benchmarks/compare_reports.py BEFORE AFTER [--tolerance 1e-4]

BEFORE and AFTER are folders of reports (``crmkit report --output``) made from the same exports. Compared are
``numbers.json``, the exported lists cell by cell, and the visible text of each page with its figures. Fitted numbers
may differ by the tolerance, relative to their size. The exit code is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import difflib
import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from bs4 import BeautifulSoup

NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")
# What differs between two runs whatever the numbers are: hashes, versions and the time of the run.
OF_THE_RUN = {"made_from", "made_at"}
IN_THE_FOOT = re.compile(r"\b[0-9a-f]{8,}\b|crmkit \d+\.\d+\.\d+|\d{1,2}:\d{2}")


def main() -> int:
    """Print every difference; return 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--tolerance", type=float, default=0.0)
    given = parser.parse_args()
    n_compared = n_different = 0
    for file, differences in compared(given.before, given.after, given.tolerance):
        n_compared += 1
        n_different += bool(differences)
        for difference in differences:
            print(f"{file}: {difference}")
    print(f"{n_compared} files compared, {n_different} differ")
    return 1 if n_different or not n_compared else 0


def compared(before: Path, after: Path, tolerance: float) -> Iterator[tuple[str, list[str]]]:
    """Yield each file of either folder that holds numbers, with what differs in it."""
    readers = {".json": of_json, ".csv": of_csv, ".html": of_page}
    files = {
        path.relative_to(folder).as_posix(): readers[path.suffix]
        for folder in (before, after)
        for path in folder.rglob("*")
        if path.name == "numbers.json" or path.suffix in (".csv", ".html")
    }
    for name, differences_of in sorted(files.items()):
        missing = [str(folder) for folder in (before, after) if not (folder / name).is_file()]
        yield name, [f"missing in {missing[0]}"] if missing else differences_of(before / name, after / name, tolerance)


def of_json(before: Path, after: Path, tolerance: float) -> list[str]:
    """Return the places of two JSON files whose values differ."""
    return list(_values(json.loads(before.read_text()), json.loads(after.read_text()), tolerance, ""))


def _values(before: Any, after: Any, tolerance: float, place: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys() - OF_THE_RUN):
            if key not in OF_THE_RUN:
                yield from _values(before.get(key), after.get(key), tolerance, f"{place}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from _values(*pair, tolerance, f"{place}/{number}")
    elif not _same(before, after, tolerance):
        yield f"{place}: {before!r} became {after!r}"


def of_csv(before: Path, after: Path, tolerance: float) -> list[str]:
    """Return the cells of two lists that differ, at most ten."""
    left, right = (pd.read_csv(path, dtype="string", keep_default_na=False) for path in (before, after))
    if list(left) != list(right) or len(left) != len(right):
        return [f"{len(left)} rows of {list(left)} became {len(right)} rows of {list(right)}"]
    found = [
        f"row {row}, {column}: {one!r} became {other!r}"
        for column in left
        for row, (one, other) in enumerate(zip(left[column], right[column], strict=True), 1)
        if one != other and not _same(_number(one), _number(other), tolerance)
    ]
    return found[:10] + ([f"and {len(found) - 10:,} more cells"] if len(found) > 10 else [])


def of_page(before: Path, after: Path, tolerance: float) -> list[str]:
    """Return the lines of two pages' visible text that differ in a word, or in a figure by more than the tolerance."""
    left, right = _text(before), _text(after)
    found = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if b - a != d - c:
            found.append(f"{_lines(left[a:b])} became {_lines(right[c:d])}")
            continue
        pairs = zip(left[a:b], right[c:d], strict=True)
        found += [f"{one!r} became {other!r}" for one, other in pairs if not _same_line(one, other, tolerance)]
    return found


def _lines(lines: list[str]) -> str:
    return f"{len(lines)} lines ({lines[0]!r} to {lines[-1]!r})" if lines else "nothing"


def _text(path: Path) -> list[str]:
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    lines = (IN_THE_FOOT.sub("", " ".join(line.split())) for line in page.get_text("\n").splitlines())
    return [line for line in lines if line.strip()]


def _same_line(before: str, after: str, tolerance: float) -> bool:
    if NUMBER.sub("#", before) != NUMBER.sub("#", after):
        return False
    pairs = zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    return all(_same(_number(one), _number(other), tolerance) for one, other in pairs)


def _number(text: str) -> float | str:
    try:
        return float(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return text


def _same(before: Any, after: Any, tolerance: float) -> bool:
    if isinstance(before, float | int) and isinstance(after, float | int) and not isinstance(before, bool):
        return math.isclose(before, after, rel_tol=tolerance, abs_tol=0.0) or before == after
    return before == after


if __name__ == "__main__":
    sys.exit(main())
