"""Ids that Excel has shortened or rounded are found in frames, SQL, Parquet and databases as they are in files."""

import sqlite3

import duckdb
import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import check
from crmkit.errors import Problems
from crmkit.settings import parse_settings

DAYS = pd.date_range("2026-09-01", periods=8)
SHORTENED = [f"1.2345{n}E+12" for n in range(8)]
ROUNDED = [f"1234567890123{n:02d}000" for n in range(8)]
TRUE = [f"1234567890123{n:02d}007" for n in range(8)]


def orders(ids):
    return pd.DataFrame({"order_id": range(8), "ordered_at": DAYS, "revenue": 5.0, "customer_id": ids})


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (SHORTENED, "Excel has shortened the ids in 8 rows of column 'customer_id'"),
        ([float(each) for each in SHORTENED], "Excel has shortened the ids in 8 rows of column 'customer_id'"),
        (ROUNDED, "Excel has rounded the ids in 8 rows of column 'customer_id'"),
        ([int(each) for each in ROUNDED], "Excel has rounded the ids in 8 rows of column 'customer_id'"),
    ],
    ids=["text", "floats", "rounded text", "whole numbers"],
)
def test_in_frames_they_are_refused_and_the_advice_works(ids, told):
    with pytest.raises(Problems) as raised:
        ck.connect({"orders": orders(ids)})
    assert told in str(raised.value) and "write a letter before each of them" in str(raised.value)
    lettered = ck.connect({"orders": orders([f"c{each}" for each in ids])})
    assert lettered.frame("orders").customer_id.nunique() == 8


@pytest.mark.parametrize("ids", [TRUE, [int(each) for each in TRUE], [123456789012.0 + n for n in range(8)]])
def test_long_ids_with_all_their_digits_are_kept(ids):
    assert ck.connect({"orders": orders(ids)}).frame("orders").customer_id.nunique() == 8


def test_in_sql_and_parquet_they_are_refused(company, tmp_path):
    orders([int(each) for each in ROUNDED]).to_parquet(tmp_path / "orders.parquet", index=False)
    parquet = company({"orders.parquet": (tmp_path / "orders.parquet").read_bytes()})
    assert parquet.exit_code == 2 and "Excel has rounded the ids in 8 rows" in parquet.message
    sql = '[tables.orders]\nsql = "SELECT * FROM sales"\n'
    made = company({"sales.csv": orders(SHORTENED).to_csv(index=False)}, sql, folder="sql")
    assert made.exit_code == 2 and "Excel has shortened the ids in 8 rows" in made.message


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        (SHORTENED, {"customer_id has ids that Excel has shortened, such as 1.23457E+12": 8}),
        (ROUNDED, {"customer_id has ids that Excel has rounded: beyond the 15th digit all are zeros": 8}),
        (TRUE, {}),
    ],
    ids=["shortened", "rounded", "true"],
)
def test_in_a_database_they_are_a_warning_of_check(tmp_path, ids, found):
    rows = orders(ids)
    with duckdb.connect(tmp_path / "shop.duckdb") as con:
        con.register("rows", rows)
        con.execute("CREATE TABLE orders AS FROM rows")
    settings = parse_settings(
        {"data": {"through": "2026-10-31"}, "database": {"url": "duckdb:///shop.duckdb"}}, folder=tmp_path
    )
    report = check(settings)
    assert {each.finding: each.n_rows for each in report.findings if each.severity == "warning"} == found
    assert ("! customer_id has ids that Excel has" in str(report)) == bool(found)


def test_from_a_database_that_is_fetched_they_are_refused(tmp_path):
    with sqlite3.connect(tmp_path / "shop.sqlite") as con:
        orders(SHORTENED).assign(ordered_at=DAYS.astype(str)).to_sql("orders", con, index=False)
    con.close()
    settings = parse_settings({"database": {"url": "sqlite:///shop.sqlite"}}, folder=tmp_path)
    with pytest.raises(Problems, match="Excel has shortened the ids in 8 rows of column 'customer_id'"):
        ck.connect(settings=settings)
