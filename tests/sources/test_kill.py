"""A load that is killed at any moment leaves the store as it was, or the new one whole; the next load clears up."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from crmkit.settings import parse_settings
from crmkit.sources.store.store import found_store, read_manifest, table_files

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")

HEADER = "order_id,ordered_at,revenue,customer_id\n"
OLD = HEADER + "1,2026-10-01,5,a\n2,2026-10-02,6,b\n"
NEW = OLD + "3,2026-10-03,7,a\n4,2026-10-04,8,c\n"
PEOPLE = "customer_id,name,email\na,Ada Byron,ada@example.org\nb,Bob,bob@example.org\n"
WRITING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree", "shutil.copytree"}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A company's settings and people; its orders are put beside them."""
    import crmkit.cleaning.loading.load  # noqa: F401  once, and not in each process that is killed

    folder = tmp_path_factory.mktemp("killed")
    (folder / "exports").mkdir()
    (folder / "crmkit.toml").write_text('[company]\nname = "Kaldi"\n')
    (folder / "exports" / "customer_identities.csv").write_text(PEOPLE)
    return folder


def run_load(home: Path, kill_at: int | None = None) -> int:
    """Run `crmkit load` in a process of its own; kill it at its n-th step of writing. Return the number of steps."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        steps = 0

        def watch(event: str, arguments: tuple) -> None:
            nonlocal steps
            writes = event in WRITING or (
                event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY
            )
            if writes and any(str(home) in str(each) for each in arguments):
                steps += 1
                if steps == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        sys.addaudithook(watch)
        command_line(home)
        os.write(writer, str(steps).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        _, status = os.waitpid(child, 0)
        steps = told.read()
    assert (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL) == (not steps)
    return int(steps or 0)


def command_line(home: Path) -> None:
    """Run `crmkit load` as the command line does."""
    from crmkit.cli.commands import app

    app(["load", "--settings", str(home)], standalone_mode=False)


def orders_in(home: Path) -> int:
    """Open the store that is there and read all of it; return how many orders it has."""
    store = found_store(home / "store")
    assert store is not None
    counts = read_manifest(store)["tables"]
    frames = {name: pd.read_parquet(file) for name, file in table_files(store, personal=True).items()}
    assert {name: len(frame) for name, frame in frames.items()} == {
        name: each["n_kept"] for name, each in counts.items()
    }
    assert len(frames["customer_identities"]) == 2
    return len(frames["orders"])


def put(home: Path, orders: str) -> None:
    (home / "exports" / "orders.csv").write_text(orders)


def test_killed_at_many_steps_of_writing_the_store_is_the_old_one_or_the_new_one(home, tmp_path):
    put(home, OLD)
    run_load(home)
    there = sorted(path.name for path in home.iterdir())
    before = shutil.copytree(home / "store", tmp_path / "before")
    put(home, NEW)
    n_steps = run_load(home)
    assert n_steps > 8
    seen = []
    for step in sorted({*range(1, n_steps, 3), *range(n_steps - 5, n_steps + 1)}):  # the swap comes last
        for folder in [
            path for path in home.glob("store*") if path.is_dir()
        ]:  # what the last one left would be cleared up first: other steps
            shutil.rmtree(folder)
        shutil.copytree(before, home / "store")
        run_load(home, kill_at=step)
        seen.append(orders_in(home))
    assert seen == sorted(seen) and set(seen) == {2, 4}, "the old store up to one moment, the new one from then on"
    run_load(home)
    assert orders_in(home) == 4
    assert sorted(path.name for path in home.iterdir()) == there, "nothing is left over"


@pytest.mark.slow
def test_killed_at_fifteen_moments_of_the_clock_the_store_is_the_old_one_or_the_new_one(home):
    put(home, OLD)
    run_load(home)
    start = time.monotonic()
    put(home, NEW)
    run_load(home)
    took = time.monotonic() - start
    for moment in range(15):
        put(home, NEW if moment % 2 else OLD)
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os.dup2(2, 1)
            command_line(home)
            os._exit(0)
        time.sleep(took * (moment + 1) / 16)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert orders_in(home) in (2, 4)
    put(home, NEW)
    run_load(home)
    assert orders_in(home) == 4
    assert not [path for path in home.iterdir() if ".tmp-" in path.name or ".old-" in path.name]


def test_the_store_of_a_swap_cut_short_is_opened_from_where_it_was_moved_to(home):
    from crmkit.cleaning.loading.connect import connect

    put(home, OLD)
    run_load(home)
    (home / "store").rename(home / "store.old-0a1b2c-4711")
    assert len(connect(settings=parse_settings({}, folder=home)).frame("orders")) == 2
    run_load(home)
    assert orders_in(home) == 2
