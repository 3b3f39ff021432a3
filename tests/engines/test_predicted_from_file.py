"""Predictions made from a database that is one file are kept beside the settings, read again, and made once."""

import sqlite3

import duckdb
import pytest

import crmkit as ck
from crmkit.cleaning.loading.reports import file_report
from crmkit.sources.sample import sample_company

URLS = {"duckdb": "duckdb:///shop.duckdb", "sqlite": "sqlite:///shop.sqlite"}


@pytest.fixture(scope="module")
def tables():
    return sample_company(n_customers=80, months=14).tables


@pytest.fixture(params=URLS)
def folder(request, tables, tmp_path):
    """The folder of a company whose tables are in one file."""
    if request.param == "duckdb":
        with duckdb.connect(tmp_path / "shop.duckdb") as con:
            for name, rows in tables.items():
                con.register("rows", rows)
                con.execute(f"CREATE TABLE {name} AS FROM rows")
    else:
        con = sqlite3.connect(tmp_path / "shop.sqlite")
        for name, rows in tables.items():
            rows.to_sql(name, con, index=False)
        con.close()
    (tmp_path / "crmkit.toml").write_text(f'[database]\nurl = "{URLS[request.param]}"\n')
    return tmp_path


def test_segments_are_written_once_and_split_the_numbers_that_frames_give(folder, tables):
    made = ck.predict(folder, "2026-09-30", only=["rfm"])
    assert made["status"].tolist() == ["made"] and made["n_customers"].iloc[0] > 30
    assert ck.predict(folder, "2026-09-30", only=["rfm"])["status"].tolist() == ["unchanged"]
    catalog = ck.connect(folder)
    assert "segment_assignments" in catalog.names and (folder / "store" / "segment_assignments.parquet").is_file()
    came_in = file_report(catalog)  # and the page on the data is about the rows of the database alone
    assert set(came_in["table"]) == set(tables) - {"customer_identities"}
    assert (came_in["file"].str.rpartition(".")[2] == came_in["table"]).all() and (came_in["n_kept"] > 0).all()
    of_frames = ck.with_predictions(ck.connect(tables), "2026-09-30", only=["rfm"])
    found, expected = (
        ck.evaluate(each, ["revenue", "active_customers"], "2026-10", by="segment") for each in (catalog, of_frames)
    )
    assert found["segment"].tolist() == expected["segment"].tolist() and len(found) >= 3
    assert found["value"].tolist() == pytest.approx(expected["value"].tolist(), rel=1e-9, nan_ok=True)
