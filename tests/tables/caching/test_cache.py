"""Results are kept under everything they depend on: never a stale number, never a fault because of a file."""

import os
import time
from datetime import date

import pandas as pd
import pytest

from crmkit.periods import Period
from crmkit.settings import parse_settings
from crmkit.tables.caching import cache as cache_module
from crmkit.tables.caching.cache import Cache
from crmkit.tables.caching.memoize import memoize, memoize_each
from crmkit.tables.catalog import Catalog
from tests.tables.side_by_side import in_programs


def sales(catalog, month, *more):
    """What is to be remembered: says when it is computed."""
    sales.calls.append(month)
    return pd.DataFrame({"month": [str(month)], "sum": [0.1 + 0.2], "n": [3]})


sales.calls = []  # on the function: what a function reads from its module is part of its name


def others(catalog, month):
    return sales(catalog, month).assign(n=4)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a store of one file; the code stays what it is, whoever edits it while the tests run."""
    sales.calls.clear()
    monkeypatch.setattr(cache_module, "code_digest", lambda: "this code")
    (tmp_path / "orders.parquet").write_bytes(b"orders")
    return tmp_path


def opened(place, company=None, known=None):
    settings = parse_settings({"company": company or {}}, folder=place)
    origin = {"input_sha256": "9f3c", "loaded_at": "2026-11-01"} | (known or {})
    return Catalog({}, settings, cache=Cache(place / "cache", [place / "orders.parquet"], settings, origin))


def files(place):
    return sorted(path.name for path in (place / "cache").glob("*"))


# --- the same, computed once


def test_the_second_of_two_equal_questions_is_answered_from_the_file_with_the_very_same_frame(place):
    first, second = memoize(opened(place), sales, "2026-10"), memoize(opened(place), sales, "2026-10")
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert sales.calls == ["2026-10"] and len(files(place)) == 1


def test_when_it_was_loaded_does_not_matter(place):
    memoize(opened(place), sales, "2026-10")
    memoize(opened(place, known={"loaded_at": "2026-12-24"}), sales, "2026-10")
    assert len(sales.calls) == 1


def test_what_a_frame_carries_beside_its_rows_is_kept_too(place):
    def with_currency(catalog):
        sales.calls.append("")
        frame = pd.DataFrame(
            {"channel": ["mail", None], "value": [1.5, float("nan")], "n": pd.array([1, None], dtype="Int64")}
        )
        frame.attrs["currency"] = "EUR"
        return frame

    first, second = memoize(opened(place), with_currency), memoize(opened(place), with_currency)
    assert len(sales.calls) == 1 and second.attrs == {"currency": "EUR"}
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"mixed": [1, "one"]}),
        pd.DataFrame({"text": ["a"]}, dtype="category").astype(object).assign(x=[{1}]),
    ],
    ids=["numbers and text", "a set"],
)
def test_a_frame_that_parquet_gives_back_otherwise_is_not_kept(place, frame):
    def odd(catalog):
        return frame

    pd.testing.assert_frame_equal(memoize(opened(place), odd), frame)
    assert files(place) == []


def test_without_a_cache_it_is_computed(place):
    for _ in range(2):
        memoize(Catalog({}), sales, "2026-10")
    assert len(sales.calls) == 2


# --- anything else, computed anew


CHANGES = {
    "argument": lambda place, patch: (opened(place), sales, "2026-09"),
    "type of the argument": lambda place, patch: (opened(place), sales, Period.parse("2026-10")),
    "function": lambda place, patch: (opened(place), others, "2026-10"),
    "setting": lambda place, patch: (opened(place, {"churn_after_days": 60}), sales, "2026-10"),
    "input": lambda place, patch: (opened(place, known={"input_sha256": "aaaa"}), sales, "2026-10"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_question_has_a_result_of_its_own(place, monkeypatch, change):
    memoize(opened(place), sales, "2026-10")
    memoize(*CHANGES[change](place, monkeypatch))
    assert len(sales.calls) == 2 and len(files(place)) == 2


def test_other_data_in_the_store_have_results_of_their_own(place):
    memoize(opened(place), sales, "2026-10")
    (place / "orders.parquet").write_bytes(b"ordres")
    memoize(opened(place), sales, "2026-10")
    assert len(sales.calls) == 2


@pytest.mark.parametrize(("name", "value"), [("code_digest", "other code"), ("package_versions", {"duckdb": "1.99"})])
def test_other_code_and_other_versions_have_results_of_their_own(place, monkeypatch, name, value):
    memoize(opened(place), sales, "2026-10")
    monkeypatch.setattr(cache_module, name, lambda: value)
    memoize(opened(place), sales, "2026-10")
    assert len(sales.calls) == 2 and len(files(place)) == 2


def test_a_store_that_changed_under_an_open_catalog_is_computed_from_and_nothing_is_kept(place):
    catalog = opened(place)
    (place / "orders.parquet").write_bytes(b"loaded anew")
    memoize(catalog, sales, "2026-10")
    assert files(place) == []


def test_a_store_that_changes_while_a_result_is_computed_keeps_nothing(place):
    def slow(catalog):
        (place / "orders.parquet").write_bytes(b"loaded by another program")
        return sales(catalog, "2026-10")

    memoize(opened(place), slow)
    assert files(place) == []


def test_code_that_is_no_longer_what_the_program_has_loaded_keeps_nothing(place, monkeypatch):
    monkeypatch.setattr(cache_module, "code_digest", lambda: None)
    memoize(opened(place), sales, "2026-10")
    assert files(place) == []


def test_a_function_of_a_notebook_is_computed_each_time(place):
    namespace = {"__name__": "__main__", "pd": pd, "sales": sales}
    exec("def cell(catalog):\n    sales.calls.append('')\n    return pd.DataFrame({'n': [1]})", namespace)
    for _ in range(2):
        memoize(opened(place), namespace["cell"])
    assert len(sales.calls) == 2 and files(place) == []


def test_functions_are_distinguished_by_their_closures(place):
    def at(level):
        return lambda catalog: sales(catalog, level)

    results = [memoize(opened(place), at(level))["month"].item() for level in (50, 80, 50)]
    assert results == ["50", "80", "50"] and sales.calls == [50, 80]


@pytest.mark.parametrize("argument", [object(), pd.DataFrame({"a": [1]}), {1, 2}, pd.Timestamp])
def test_what_has_no_name_is_computed_each_time(place, argument):
    for _ in range(2):
        memoize(opened(place), sales, "2026-10", argument)
    assert len(sales.calls) == 2


@pytest.mark.parametrize("argument", [None, True, 1.5, date(2026, 10, 1), ["a", ("b",)], {"a": [1]}, sales])
def test_what_has_a_name_is_computed_once(place, argument):
    for _ in range(2):
        memoize(opened(place), sales, "2026-10", argument)
    assert len(sales.calls) == 1


# --- files come and go


@pytest.mark.parametrize("damage", ["cut short", "one bit", "empty", "not Parquet"])
def test_a_damaged_file_is_computed_anew_and_written_whole(place, damage):
    memoize(opened(place), sales, "2026-10")
    (path,) = (place / "cache").glob("*.parquet")
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 4] ^= 1
    path.write_bytes(
        {"cut short": content[:-20], "one bit": bytes(flipped), "empty": b"", "not Parquet": b"<html>"}[damage]
    )
    for _ in range(2):
        assert memoize(opened(place), sales, "2026-10")["sum"].item() == 0.1 + 0.2
    assert len(sales.calls) == 2, "computed anew once, then read"


def test_a_folder_that_is_deleted_is_made_again(place):
    for _ in range(2):
        memoize(opened(place), sales, "2026-10")
        opened(place).cache.clear()
        (place / "cache").rmdir()
    assert len(sales.calls) == 2


def test_a_folder_that_cannot_be_written_is_no_fault(place):
    (place / "cache").write_text("a file and not a folder")
    assert len(memoize(opened(place), sales, "2026-10")) == 1


def test_a_full_disk_is_no_fault_and_leaves_no_half_file(place, monkeypatch):
    def full(self, content):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    assert len(memoize(opened(place), sales, "2026-10")) == 1
    assert files(place) == []


def test_the_results_that_were_not_used_for_longest_go_when_there_are_too_many(place, monkeypatch):
    for month in ("2026-07", "2026-08", "2026-09"):
        memoize(opened(place), sales, month)
    for age, path in enumerate(sorted((place / "cache").glob("*"), key=lambda path: path.stat().st_mtime_ns)):
        os.utime(path, (1000 + age, 1000 + age))
    size = max(path.stat().st_size for path in (place / "cache").glob("*"))
    memoize(opened(place), sales, "2026-07")  # read just now
    monkeypatch.setattr(cache_module, "MOST_BYTES", 3 * size + 9)
    memoize(opened(place), sales, "2026-10")
    sales.calls.clear()
    for month in ("2026-07", "2026-09", "2026-10", "2026-08"):
        memoize(opened(place), sales, month)
    assert sales.calls == ["2026-08"] and len(files(place)) == 3


def test_what_a_killed_program_left_half_written_goes_with_the_oldest(place, monkeypatch):
    (place / "cache").mkdir()
    half = place / "cache/9f3c.aa.unfinished"
    half.write_bytes(b"x" * 9999)
    os.utime(half, (1, 1))
    monkeypatch.setattr(cache_module, "MOST_BYTES", 9999)
    memoize(opened(place), sales, "2026-10")
    assert not half.exists() and len(files(place)) == 1


def test_only_the_owner_of_the_folder_reads_it(place):
    memoize(opened(place), sales, "2026-10")
    if os.name == "posix":
        assert (place / "cache").stat().st_mode & 0o077 == 0


def _ask(place):
    for month in range(12):
        frame = memoize(opened(place), sales, month)
        assert (frame["month"].item(), frame["sum"].item()) == (str(month), 0.1 + 0.2)


def test_programs_that_ask_and_write_at_the_same_time_do_not_disturb_each_other(place):
    in_programs(4, _ask, place)
    assert len(files(place)) == 12
    _ask(place)
    assert sales.calls == [], "this program computed none of them"


def _slowly(catalog, month):
    time.sleep(0.1)
    with (catalog.cache.folder.parent / "computed").open("a") as file:
        file.write(f"{month}\n")
    return pd.DataFrame({"month": [month]})


def _share(place):
    frames = memoize_each(opened(place), _slowly, [(month,) for month in range(12)])
    assert [frame["month"].item() for frame in frames] == list(range(12))


def test_programs_that_ask_for_the_same_list_share_the_work(place):
    in_programs(3, _share, place)
    computed = (place / "computed").read_text().split()
    assert sorted(computed, key=int) == [str(month) for month in range(12)], "each once"
    assert len(files(place)) == 12


def test_a_list_without_a_cache_or_without_names_is_computed(place):
    assert [len(frame) for frame in memoize_each(Catalog({}), sales, [("2026-09",), ("2026-10",)])] == [1, 1]
    unnamed = memoize_each(opened(place), lambda catalog, month: sales(catalog, month), [("2026-08",)])
    assert len(unnamed) == 1 and sales.calls == ["2026-09", "2026-10", "2026-08"]
