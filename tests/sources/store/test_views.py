"""Parquet files as tables: what Ibis says of each by itself."""

import ibis
import pandas as pd
import pytest

from crmkit.sources.store.views import view_files

FRAMES = {
    "orders": pd.DataFrame(
        {
            "order_id": ["1", "2"],
            "revenue": [10.5, None],
            "n": [1, 2],
            "is_new": [True, False],
            "ordered_at": pd.to_datetime(["2026-10-01", "2026-10-02"]),
            "seen_at": pd.to_datetime(["2026-10-01"] * 2, utc=True),
            "day": pd.Series(["2026-10-01"] * 2, dtype="date32[pyarrow]"),
            'a "quoted" column': ["x", "y"],
        }
    ),
    "customers": pd.DataFrame({"customer_id": ["a"]}),
}


@pytest.fixture
def files(tmp_path):
    for name, frame in FRAMES.items():
        frame.to_parquet(tmp_path / f"{name}.parquet")
    return {name: tmp_path / f"{name}.parquet" for name in FRAMES}


def test_columns_and_types_are_those_that_ibis_finds(files):
    tables = view_files(files)
    assert list(tables) == list(files)
    for name, table in tables.items():
        assert table.schema() == table.get_backend().table(name).schema()
        assert list(table.columns) == list(FRAMES[name].columns)


def test_rows_are_those_of_the_files_and_tables_can_be_joined(files):
    tables = view_files(files)
    assert tables["orders"].revenue.sum().execute() == 10.5
    assert tables["orders"].cross_join(tables["customers"]).count().execute() == 2


def test_each_call_has_a_database_of_its_own(files):
    first, second = view_files(files)["orders"], view_files(files)["orders"]
    assert first.get_backend() is not second.get_backend()


def test_no_files_are_no_tables():
    assert view_files({}) == {}


def test_it_stands_for_the_table_that_ibis_would_return(files):
    own = view_files(files)["orders"]
    assert own.op() == own.get_backend().table("orders").op()
    assert ibis.to_sql(own) == ibis.to_sql(own.get_backend().table("orders"))
