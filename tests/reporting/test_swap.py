"""A folder is replaced whole or not at all."""

import pytest

from crmkit.errors import CrmkitError
from crmkit.reporting.swap import swapped_in


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_new_folder_takes_the_place_of_the_old_one(tmp_path):
    month = tmp_path / "2026-10"
    month.mkdir()
    (month / "old.html").write_text("old")
    with swapped_in(month, keep=False) as aside:
        (aside / "new.html").write_text("new")
        assert names(month) == ["old.html"], "the former month stays readable until the swap"
    assert names(tmp_path) == ["2026-10"]
    assert names(month) == ["new.html"]


def test_with_keep_the_other_pages_stay(tmp_path):
    month = tmp_path / "2026-10"
    month.mkdir()
    (month / "one.html").write_text("one")
    (month / "two.html").write_text("two")
    with swapped_in(month, keep=True) as aside:
        (aside / "two.html").write_text("new")
    assert (month / "one.html").read_text() + (month / "two.html").read_text() == "onenew"


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_what_stops_the_run_leaves_the_old_folder_and_nothing_else(tmp_path, stop):
    month = tmp_path / "2026-10"
    month.mkdir()
    (month / "old.html").write_text("old")
    with pytest.raises(stop), swapped_in(month, keep=False) as aside:
        (aside / "half.html").write_text("half")
        raise stop
    assert names(tmp_path) == ["2026-10"]
    assert names(month) == ["old.html"]


def test_folders_above_are_made(tmp_path):
    with swapped_in(tmp_path / "a/b/2026-10", keep=False):
        pass
    assert (tmp_path / "a/b/2026-10").is_dir()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "reports").write_text("a file and not a folder")
    refused = pytest.raises(CrmkitError, match=r"reports cannot be written \(.+\)\. Make room or name another folder\.")
    with refused, swapped_in(tmp_path / "reports/2026-10", keep=False):
        pytest.fail("there is no folder to write into")
