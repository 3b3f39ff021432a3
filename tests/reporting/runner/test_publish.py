"""A folder is replaced whole or not at all."""

import errno
import os
import subprocess
import sys

import pytest

from crmkit.errors import CrmkitError
from crmkit.reporting.runner.publish import clean_up, publishing, write_atomically
from crmkit.sources.store import temporary_paths


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_new_folder_takes_the_place_of_the_old_one(tmp_path):
    month = tmp_path / "2026-10"
    month.mkdir()
    (month / "old.html").write_text("old")
    with publishing(month, keep=False) as aside:
        (aside / "new.html").write_text("new")
        assert names(month) == ["old.html"], "the former month stays readable until the swap"
    assert names(tmp_path) == ["2026-10"]
    assert names(month) == ["new.html"]


def test_with_keep_the_other_pages_stay(tmp_path):
    month = tmp_path / "2026-10"
    month.mkdir()
    (month / "one.html").write_text("one")
    (month / "two.html").write_text("two")
    with publishing(month, keep=True) as aside:
        (aside / "two.html").write_text("new")
    assert (month / "one.html").read_text() + (month / "two.html").read_text() == "onenew"


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_what_stops_the_run_leaves_the_old_folder_and_nothing_else(tmp_path, stop):
    month = tmp_path / "2026-10"
    month.mkdir()
    (month / "old.html").write_text("old")
    with pytest.raises(stop), publishing(month, keep=False) as aside:
        (aside / "half.html").write_text("half")
        raise stop
    assert names(tmp_path) == ["2026-10"]
    assert names(month) == ["old.html"]


def test_folders_above_are_made(tmp_path):
    with publishing(tmp_path / "a/b/2026-10", keep=False):
        pass
    assert (tmp_path / "a/b/2026-10").is_dir()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "reports").write_text("a file and not a folder")
    refused = pytest.raises(CrmkitError, match=r"reports cannot be written \(.+\)\. Make room or name another folder\.")
    with refused, publishing(tmp_path / "reports/2026-10", keep=False):
        pytest.fail("there is no folder to write into")


# --- files


def test_a_file_is_replaced_whole(tmp_path):
    write_atomically(tmp_path / "index.html", b"old")
    write_atomically(tmp_path / "index.html", b"new")
    assert (tmp_path / "index.html").read_bytes() == b"new"
    assert names(tmp_path) == ["index.html"]


def test_a_disk_that_is_full_leaves_the_old_file_as_it_was(tmp_path, monkeypatch):
    write_atomically(tmp_path / "index.html", b"old")

    def full(self, content):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "index.html", b"new")
    assert (tmp_path / "index.html").read_bytes() == b"old"
    assert names(tmp_path) == ["index.html"]


# --- what a killed run leaves behind


def left(tmp_path, name, program, machine=None):
    """A folder that a run has left beside the others."""
    folder = tmp_path / f"{name}-{machine or temporary_paths.MACHINE}-{program}"
    folder.mkdir(parents=True)
    (folder / "page.html").write_text(name)
    return folder


@pytest.fixture(scope="module")
def ended():
    """Number of a program that has ended."""
    program = subprocess.Popen([sys.executable, "-c", ""])
    program.wait()
    return program.pid


def test_a_half_written_month_goes_and_the_whole_one_stays(tmp_path, ended):
    (tmp_path / "2026-10").mkdir()
    left(tmp_path, "2026-10.tmp", ended)
    left(tmp_path, "2026-10.old", ended)
    (tmp_path / f"2026-10/page.html.tmp-{temporary_paths.MACHINE}-{ended}").write_text("half")
    clean_up(tmp_path)
    assert [*names(tmp_path), *names(tmp_path / "2026-10")] == ["2026-10"]


def test_a_month_that_was_about_to_be_replaced_is_put_back(tmp_path, ended):
    left(tmp_path, "2026-10.old", ended)
    left(tmp_path, "2026-10.tmp", ended)
    clean_up(tmp_path)
    assert names(tmp_path) == ["2026-10"]
    assert (tmp_path / "2026-10/page.html").read_text() == "2026-10.old"


def test_what_a_running_program_writes_is_left_alone(tmp_path):
    folder = left(tmp_path, "2026-10.tmp", os.getpid())
    os.utime(folder, (1, 1))
    clean_up(tmp_path)
    assert names(tmp_path) == [folder.name]


def test_what_another_machine_writes_is_left_alone_for_a_day(tmp_path, ended):
    folder = left(tmp_path, "2026-10.tmp", ended, machine="ffffff")
    clean_up(tmp_path)
    assert names(tmp_path) == [folder.name]
    os.utime(folder, (1, 1))
    clean_up(tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["notes.tmp-old", "2026-10.tmp-12", "a.old-zzzzzz-1", "2026-10.tmp-abcdef-x"])
def test_folders_of_others_are_left_alone(tmp_path, name):
    (tmp_path / name).mkdir()
    os.utime(tmp_path / name, (1, 1))
    clean_up(tmp_path)
    assert names(tmp_path) == [name]


def test_a_folder_that_is_not_there_is_tidy(tmp_path):
    clean_up(tmp_path / "none")
