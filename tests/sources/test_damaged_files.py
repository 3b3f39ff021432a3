"""Files damaged in every way: never a traceback, never a lost or an invented row, always a message that says where.

The tests run a few; ``python benchmarks/damaged_files.py`` runs thousands.
"""

import re
from collections import Counter
from contextlib import closing

import pytest

from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.raw_files import RawFiles
from crmkit.sources.files.workbook import sheet_records
from crmkit.sources.sql import open_duckdb
from tests.sources.damaged_files import BY_HAND, run, tried, written_files


@pytest.fixture(scope="module")
def files():
    return written_files()


def outcomes_of(seeds, folder, files):
    outcomes = Counter()
    for seed in seeds:
        (folder / str(seed)).mkdir()
        outcomes[run(seed, folder / str(seed), files)] += 1
    return outcomes


@pytest.mark.slow
def test_forty_damaged_files_are_each_loaded_with_every_row_accounted_for_or_reported_as_problems(tmp_path, files):
    outcomes = outcomes_of(range(40), tmp_path, files)
    assert outcomes["told"] and outcomes["loaded"] + outcomes["loaded, with rows aside"] > 5


@pytest.mark.slow
def test_so_are_160_more(tmp_path, files):
    assert outcomes_of(range(40, 200), tmp_path, files).total() == 160


@pytest.mark.parametrize("name", [*sorted(BY_HAND), "orders.xlsx", "orders.parquet", "export.zip"])
def test_the_undamaged_file_is_loaded(name, tmp_path, files):
    assert tried(name, files[name], tmp_path) == "loaded"


def test_a_file_saved_as_utf_32_is_read_as_such(tmp_path):
    assert tried("payments.csv", BY_HAND["payments.csv"].encode("utf-32"), tmp_path) == "loaded"


def test_a_parquet_file_with_one_damaged_byte_is_read_whole_or_reported_and_never_fails_later(tmp_path, files):
    sound = files["orders.parquet"]
    outcomes = Counter()
    with closing(open_duckdb()) as con:  # one for all: to open it takes ten times as long as to read the file
        for place in range(4, len(sound) - 8, 7):
            file = tmp_path / f"{place}.parquet"  # under one name, what DuckDB keeps of the file before would be read
            file.write_bytes(sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :])
            con.begin()
            try:
                raw = RawFiles(con).read(FileSet("orders", (file,), FileMapping(path="")))
            except CrmkitError:
                outcomes["told"] += 1
            else:
                outcomes["read"] += len(con.execute(f"FROM {raw.relation}").fetchall()) >= 0
            con.rollback()  # takes its view away again, and fails where the file has broken the database
    assert outcomes["told"] > 20 and outcomes["read"] > 20


def test_a_workbook_whose_sheet_is_damaged_is_reported_when_it_is_unpacked(tmp_path, files):
    outcomes = Counter()
    for place in range(0, len(files["orders.xlsx"]) - 200, 97):
        (tmp_path / "orders.xlsx").write_bytes(
            files["orders.xlsx"][:place] + b"\xff\xff\xff" + files["orders.xlsx"][place + 3 :]
        )
        try:
            outcomes["read"] += len(list(sheet_records(tmp_path / "orders.xlsx"))) >= 0
        except CrmkitError as error:
            outcomes["told"] += "cannot be read as a workbook" in str(error)
    assert outcomes["told"] > 5 and outcomes["read"] > 5


def test_letters_that_steer_a_terminal_do_not_come_back_in_a_message(tmp_path):
    content = BY_HAND["payments.csv"].replace("2026-09", "\x1b[2J\0\u202e2026-09")
    assert tried("payments.csv", content.encode(), tmp_path) == "told"


def test_a_cell_that_cannot_be_read_is_reported_with_file_line_and_column(tmp_path):
    content = BY_HAND["payments.csv"].replace("ch_5,,ok,2026-09-06 10:00,5.25", "ch_5,,ok,2026-09-06 10:00,=A1+2")
    assert tried("payments.csv", content.encode(), tmp_path) == "loaded, with rows aside"
    (row,) = quarantined_rows(tmp_path / "store", "orders").to_dict("records")
    assert (row["file"], row["line"]) == ("payments.csv", 7)
    assert re.search("'Amount' cannot be read as a number", row["reason"])
