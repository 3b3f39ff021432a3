"""Files of data and code as they were when they were opened or loaded."""

import os
from pathlib import Path

import pytest

import crmkit
from crmkit.tables.caching import fingerprint as fingerprint_module
from crmkit.tables.caching.fingerprint import (
    WatchedFiles,
    WatchedFolder,
    code_beside,
    code_digest,
    digest_of,
    package_versions,
)


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.parquet"
    path.write_bytes(b"two orders")
    return path


def test_the_same_content_has_the_same_digest_wherever_and_whenever_it_was_written(orders, tmp_path):
    (tmp_path / "other").mkdir()
    copy = tmp_path / "other/orders.parquet"
    copy.write_bytes(orders.read_bytes())
    os.utime(copy, (1, 1))
    assert WatchedFiles([orders]).digest == WatchedFiles([copy]).digest


@pytest.mark.parametrize("change", ["content", "name", "another file"])
def test_other_files_have_another_digest(orders, change):
    before = WatchedFiles([orders]).digest
    if change == "content":
        orders.write_bytes(b"six orders")
    elif change == "name":
        orders = orders.rename(orders.with_name("leads.parquet"))
    paths = [orders, Path(__file__)] if change == "another file" else [orders]
    assert WatchedFiles(paths).digest not in (None, before)


@pytest.mark.parametrize("change", ["written again", "replaced by an equal one", "gone", "only its date"])
def test_files_that_changed_since_the_first_look_have_no_digest_any_more(orders, change):
    watched = WatchedFiles([orders])
    assert watched.digest
    if change == "written again":
        orders.write_bytes(b"one order")
    elif change == "replaced by an equal one":
        fresh = orders.with_name("fresh")
        fresh.write_bytes(orders.read_bytes())
        fresh.replace(orders)
    elif change == "gone":
        orders.unlink()
    else:
        os.utime(orders, (1, 1))
    assert watched.digest is None


def test_a_file_that_changes_before_it_is_read_has_no_digest(orders):
    watched = WatchedFiles([orders])
    orders.write_bytes(b"ten orders, of the same length or not")
    assert watched.digest is None


def test_a_file_that_was_never_there_is_no_error(tmp_path):
    watched = WatchedFiles([tmp_path / "none"])
    assert watched.digest
    (tmp_path / "none").write_text("now it is")
    assert watched.digest is None


def test_a_file_more_in_a_folder_is_a_change_and_what_python_compiles_is_not(tmp_path):
    (tmp_path / "cards.py").write_text("x = 1")
    watched = WatchedFolder(tmp_path)
    (tmp_path / "cards.pyc").write_text("compiled")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "cards.cpython-311.pyc").write_text("compiled")
    assert watched.digest
    (tmp_path / "more.py").write_text("x = 2")
    assert watched.digest is None


def test_files_of_inner_folders_count_unless_the_folder_alone_is_meant(tmp_path):
    (tmp_path / "inner").mkdir()
    deep, shallow = WatchedFolder(tmp_path), WatchedFolder(tmp_path, ".py", deep=False)
    (tmp_path / "inner" / "cards.py").write_text("x = 1")
    assert deep.digest is None and shallow.digest


def test_the_code_of_crmkit_is_all_its_files_templates_included():
    there = {
        Path(path).relative_to(Path(crmkit.__file__).parent).as_posix() for path in fingerprint_module._CRMKIT._paths
    }
    assert {"__init__.py", "metrics/cards/voice.py", "reporting/theme/page.css"} <= there
    assert not [path for path in there if path.endswith(".pyc")]
    assert code_digest() in (fingerprint_module._CRMKIT._digest, None), "None if it is edited while the tests run"


def test_an_analysts_folder_is_looked_at_once_in_a_program(tmp_path):
    (tmp_path / "cards.py").write_text("x = 1")
    first = code_beside(tmp_path).digest
    (tmp_path / "cards.py").write_text("x = 2, and this program has x = 1 in memory")
    assert first and code_beside(tmp_path).digest is None


def test_the_versions_are_those_of_python_and_of_every_package_that_crmkit_needs():
    versions = package_versions()
    assert {
        "python",
        "duckdb",
        "ibis-framework",
        "pandas",
        "numpy",
        "scipy",
        "matplotlib",
        "nbconvert",
    } <= versions.keys()
    assert "pytest" not in versions and all(versions.values())


def test_parts_of_a_digest_do_not_run_together():
    assert len({digest_of("a", "bc"), digest_of("ab", "c"), digest_of("abc"), digest_of("a", "b", "c")}) == 4
    assert digest_of("a\0b") != digest_of("a", "b")
