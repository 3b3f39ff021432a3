"""One program computes a result and the others wait; a lock ends with its holder."""

import os
import signal
import time
from pathlib import Path

import pytest

from crmkit.tables.caching.memoize import key_lock
from tests.tables.side_by_side import FORK, in_programs, in_threads, needs_fork


def note(place: Path, word: str) -> None:
    with (place / "notes").open("a") as file:
        file.write(word + "\n")


def compute_once(place: Path) -> None:
    """What `memoize` does: look, take the lock, look again, compute."""
    with key_lock(place / "cache", "sales"):
        if not (place / "sales").exists():
            note(place, "computed")
            time.sleep(0.3)
            (place / "sales").write_text("30")
    note(place, "has it")


def said(place: Path) -> list[str]:
    return (place / "notes").read_text().split("\n")[:-1]


@needs_fork
def test_of_four_programs_one_computes_and_the_others_wait(tmp_path):
    in_programs(4, compute_once, tmp_path)
    assert said(tmp_path) == ["computed", *["has it"] * 4]
    assert list((tmp_path / "cache").iterdir()) == []


def test_threads_of_one_program_wait_for_each_other_too(tmp_path):
    in_threads(3, compute_once, tmp_path)
    assert said(tmp_path) == ["computed", *["has it"] * 3]


def test_other_results_are_not_waited_for(tmp_path):
    with key_lock(tmp_path, "sales"), key_lock(tmp_path, "margin"):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["margin.lock", "sales.lock"]


@needs_fork
def test_a_program_that_is_killed_releases_its_lock(tmp_path):
    def hold() -> None:
        with key_lock(tmp_path, "sales"):
            (tmp_path / "held").touch()
            time.sleep(600)

    holder = FORK.Process(target=hold)
    holder.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    os.kill(holder.pid, signal.SIGKILL)
    holder.join(60)
    start = time.monotonic()
    with key_lock(tmp_path, "sales"):
        assert time.monotonic() - start < 30


def test_waiting_ends_after_the_timeout(tmp_path):
    with key_lock(tmp_path, "sales"), key_lock(tmp_path, "sales", timeout=0.2):
        assert (tmp_path / "sales.lock").exists(), "the one who did not wait long enough takes nothing away"


def test_without_waiting_one_learns_that_another_holds_the_lock(tmp_path):
    with key_lock(tmp_path, "sales") as first, key_lock(tmp_path, "sales", timeout=0) as second:
        assert (first, second) == (False, True)


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    (tmp_path / "file").touch()
    with key_lock(tmp_path / "file" / "cache", "sales") as is_held_elsewhere:
        assert not is_held_elsewhere


def test_an_error_in_the_block_releases_the_lock_and_is_not_hidden(tmp_path):
    with pytest.raises(ZeroDivisionError), key_lock(tmp_path, "sales"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
