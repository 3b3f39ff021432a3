"""Kill load, predict, report and forget at random moments, and say whether anything was left half-written.

    PYTHONPATH=. python benchmarks/kills.py --kills 200

Each command runs once undisturbed; then, in a copy of the same folder, it is killed after a random part of that time.
Afterwards the store must be whole (its numbers are those of before or after the command, or it is refused by name),
and the same command run again must end well with the numbers of the undisturbed run.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError, RestoredFile, StaleStore
from crmkit.settings import read_settings
from tests.sources.store.test_integrity import ORDERS, PEOPLE, numbers

MORE = "".join(f"{n},2026-10-{n % 28 + 1:02d},{n}.25,c{n % 7}\n" for n in range(100, 400))
COMMANDS = {
    "load": ("load",),
    "predict": ("predict",),
    "report": ("report", "--only", "01_scorecard", "--only", "07_churn"),
    "forget": ("forget", "c3"),
}


def main() -> None:
    """Kill each command its share of times."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--seed", type=int, default=15)
    asked.add_argument("--command", choices=COMMANDS, help="this command only")
    wanted = asked.parse_args()
    for expected in (RestoredFile, StaleStore):
        warnings.simplefilter("ignore", expected)
    chance, outcomes = random.Random(wanted.seed), Counter()
    names = [wanted.command] if wanted.command else list(COMMANDS)
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            begun = prepared(Path(place) / name, name)
            before = seen(begun)
            whole = shutil.copytree(begun, Path(place) / f"{name}-whole")
            since = time.monotonic()
            ended = run(whole, name).wait()
            lasted = time.monotonic() - since
            if ended:
                raise SystemExit(f"{name} ended with {ended} undisturbed")
            after = seen(whole)
            for number in range(wanted.kills // len(names)):
                folder = shutil.copytree(begun, Path(place) / f"{name}-{number}")
                found = outcome(folder, name, before, after, chance.uniform(0.1, 1.0) * lasted)
                outcomes[name, found] += 1
                if found.startswith("WRONG"):
                    print(name, number, found, flush=True)
                shutil.rmtree(folder)
    for (name, found), count in sorted(outcomes.items()):
        print(f"{name}: {found}: {count}")
    raise SystemExit(1 if any(found.startswith("WRONG") for _, found in outcomes) else 0)


def prepared(folder: Path, name: str) -> Path:
    """Return the folder of a loaded company; for `load`, with rows that are not loaded yet."""
    (folder / "exports").mkdir(parents=True)
    (folder / "exports" / "orders.csv").write_text(ORDERS)
    (folder / "exports" / "customer_identities.csv").write_text(PEOPLE)
    (folder / "crmkit.toml").write_text('[company]\nname = "Kaldi"\n')
    load(read_settings(folder))
    if name == "load":
        (folder / "exports" / "orders.csv").write_text(ORDERS + MORE)
    return folder


def run(folder: Path, name: str) -> subprocess.Popen:
    """Start a command in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "crmkit", *COMMANDS[name], "--settings", str(folder / "crmkit.toml")],
        cwd=Path(__file__).resolve().parents[1],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def seen(folder: Path) -> tuple:
    """Return what a reader sees of the store: all but the history of loads, and the pages that are there."""
    return numbers(folder)[1:5]


def outcome(folder: Path, name: str, before: tuple, after: tuple, seconds: float) -> str:
    """Kill a command after so long, and return what became of the folder."""
    program = run(folder, name)
    try:
        program.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    try:
        left = seen(folder)
        state = "as before" if left == before else "as after" if left == after else "WRONG numbers after the kill"
    except CrmkitError:
        state = "refused by name"
    broken = [page.name for page in folder.rglob("*.html") if "</html>" not in page.read_text()[-200:]]
    if broken:
        return f"WRONG half-written pages: {broken}"
    if state.startswith("WRONG"):
        return state
    if name == "forget" and state == "as after":
        return state  # nobody of that id is left whom a second run could forget
    if run(folder, name).wait():
        return f"WRONG: {state}, and the command does not end well when it is run again"
    return state if seen(folder) == after else f"WRONG: {state}, and other numbers after the second run"


if __name__ == "__main__":
    main()
