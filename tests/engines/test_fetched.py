"""SQLite and MariaDB: tables are fetched, bounded and counted, and give the numbers that frames of the same rows give."""

import sqlite3
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import check
from crmkit.cleaning.loading.reports import quality_report
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import parse_settings
from tests.engines.conftest import not_here

THROUGH = {"data": {"through": "2026-10-31"}}
ORDERS = "CREATE TABLE orders (order_id integer, ordered_at {time}, revenue decimal(10, 2), customer_id varchar(9))"
ROWS = "INSERT INTO orders VALUES (1, '2026-10-02 09:30:00', 12.50, 'a'), (2, '2026-10-09 23:59:59', -2.25, NULL)"


@pytest.fixture(scope="module")
def maria():
    """A MariaDB server; skipped with the reason where the machine has none."""
    try:
        from tests.engines.mariadb_server import running_mariadb

        with TemporaryDirectory(ignore_cleanup_errors=True) as folder, running_mariadb(Path(folder)) as running:
            yield running
    except (ImportError, OSError, subprocess.SubprocessError) as missing:
        not_here(f"no MariaDB: {missing}")


@pytest.fixture
def in_sqlite(tmp_path):
    """Run statements in a SQLite file, and return the settings of the company in it."""

    def made(*statements, **sections):
        con = sqlite3.connect(tmp_path / "shop.sqlite")
        for statement in statements:
            con.execute(statement.format(time="text"))
        con.commit()
        con.close()
        return parse_settings(
            THROUGH | sections | {"database": {"url": "sqlite:///shop.sqlite"} | sections.pop("database", {})},
            folder=tmp_path,
        )

    return made


@pytest.fixture
def in_maria(maria, tmp_path, request, monkeypatch):
    """Run statements in a database of the test's own, and return the settings of the company in it."""
    monkeypatch.setenv("CRMKIT_DATABASE_PASSWORD", "correct-h0rse")
    name = request.node.name.split("[")[0][-50:]

    def made(*statements, **sections):
        maria.run(name, *(statement.format(time="datetime") for statement in statements))
        return parse_settings(
            THROUGH | sections | {"database": {"url": maria.url(name)} | sections.pop("database", {})}, folder=tmp_path
        )

    return made


@pytest.fixture(params=["in_sqlite", "in_maria"])
def company(request):
    return request.getfixturevalue(request.param)


def test_two_orders_of_12_50_and_minus_2_25_are_10_25(company):
    catalog = ck.connect(settings=company(ORDERS, ROWS))
    orders = catalog.frame("orders").sort_values("order_id")
    assert orders["order_id"].tolist() == ["1", "2"]
    assert orders["ordered_at"].astype(str).tolist() == ["2026-10-02 09:30:00", "2026-10-09 23:59:59"]
    assert orders["customer_id"].fillna("").tolist() == ["a", ""]
    assert ck.evaluate(catalog, "revenue", "2026-10")["value"].tolist() == [10.25]


def test_the_rows_fetched_are_counted_by_table_and_the_database_is_named(company):
    known = ck.connect(settings=company(ORDERS, ROWS)).provenance
    assert known["rows_fetched"] == {"orders": 2} and known["relations"] == {"orders": "orders"}
    assert "analyst" not in str(known) and "correct-h0rse" not in str(known)


def test_more_rows_than_allowed_are_refused_with_the_line_that_allows_them(company):
    settings = company(ORDERS, ROWS, database={"most_rows": 1})
    with pytest.raises(CrmkitError, match=r"has 2 rows for crmkit \(orders: 2\).* allows 1\. Write most_rows = 2 "):
        ck.connect(settings=settings)


def test_a_million_rows_too_many_name_the_number_with_what_to_write(in_sqlite):
    many = "INSERT INTO orders SELECT value, '2026-10-02', 1, 'a' FROM (WITH RECURSIVE s(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM s LIMIT 2500) SELECT value FROM s)"
    settings = in_sqlite(ORDERS, many, database={"most_rows": 2_000})
    with pytest.raises(CrmkitError) as refused:
        ck.connect(settings=settings)
    assert "has 2,500 rows for crmkit" in str(refused.value) and "most_rows = 2_500" in str(refused.value)
    allowed = settings.model_copy(update={"database": settings.database.model_copy(update={"most_rows": 2_500})})
    assert ck.evaluate(ck.connect(settings=allowed), "revenue", "2026-10")["value"].tolist() == [2_500.0]


def test_a_table_of_another_name_is_named_and_a_misspelt_one_is_answered(company):
    renamed = ORDERS.replace("orders", "shop_orders"), ROWS.replace("orders", "shop_orders")
    settings = company(*renamed, database={"tables": {"orders": "shop_orders"}})
    assert ck.connect(settings=settings).names == ["orders"]
    with pytest.raises(Problems, match="there is no table or view 'shop_order'. Did you mean 'shop_orders'"):
        ck.connect(settings=company(database={"tables": {"orders": "shop_order"}}))
    with pytest.raises(CrmkitError, match="has none of crmkit's tables: there is shop_orders. Make views"):
        ck.connect(settings=company())


def test_what_is_wrong_with_rows_is_told_as_for_files(company):
    bad = "INSERT INTO orders VALUES (3, '1850-01-01 00:00:00', 7, 'b')"
    settings = company(ORDERS, ROWS, bad)
    told = quality_report(ck.connect(settings=settings))
    assert told["finding"].tolist() == ["ordered_at lies before 1900-01-01"] and told["n_rows"].tolist() == [1]
    report = check(settings)
    assert [finding.finding for finding in report.findings] == ["ordered_at lies before 1900-01-01"]
    assert (report.counts["orders"].n_in, report.counts["orders"].n_kept) == (3, 2)


def test_flags_own_columns_and_personal_ones_are_as_from_frames(company):
    catalog = ck.connect(
        settings=company(
            "CREATE TABLE customers (customer_id varchar(9), marketing_consent boolean, shoe integer, email text)",
            "INSERT INTO customers VALUES ('a', 1, 38, 'ada@example.com'), ('b', 0, 41, NULL)",
        )
    )
    customers = catalog.frame("customers").sort_values("customer_id")
    assert customers["marketing_consent"].tolist() == [True, False] and customers["shoe"].tolist() == [38, 41]
    assert "email" not in customers


def test_an_instant_of_mysql_becomes_the_companys_wall_clock_and_a_datetime_stays(in_maria):
    settings = in_maria(
        "CREATE TABLE orders (order_id int, ordered_at timestamp NULL, revenue double)",
        "SET time_zone = '+00:00'",
        "INSERT INTO orders VALUES (1, '2026-03-31 22:30:00', 5)",
        company={"time_zone": "Europe/Berlin"},
    )
    assert ck.connect(settings=settings).frame("orders")["ordered_at"].tolist() == [pd.Timestamp("2026-04-01 00:30:00")]


def test_nothing_can_be_written_into_either(in_sqlite, in_maria, maria, monkeypatch):
    from crmkit.sources.databases import fetched

    for settings in (in_sqlite(ORDERS), in_maria(ORDERS)):
        with (
            pytest.raises(CrmkitError, match="cannot be opened: .*(read|denied|READ ONLY)"),
            fetched._opened(settings.database, settings.folder) as reader,
        ):
            reader.con.cursor().execute("INSERT INTO orders VALUES (1, '2026-10-01', 1, 'a')")


def test_a_wrong_password_names_the_variable_and_not_the_password(in_maria, monkeypatch):
    settings = in_maria(ORDERS)
    monkeypatch.setenv("CRMKIT_DATABASE_PASSWORD", "hunter2-s3cr3t")
    with pytest.raises(CrmkitError) as refused:
        ck.connect(settings=settings)
    assert "Access denied" in str(refused.value) and "variable CRMKIT_DATABASE_PASSWORD" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None and refused.value.__context__ is None


def test_a_file_that_is_none_of_sqlite_and_one_that_is_missing_are_said(tmp_path):
    (tmp_path / "shop.sqlite").write_text("order_id,ordered_at\n" * 200)
    settings = parse_settings({"database": {"url": "sqlite:///shop.sqlite"}}, folder=tmp_path)
    with pytest.raises(CrmkitError, match="shop.sqlite cannot be opened: file is not a database. See url under"):
        ck.connect(settings=settings)
    missing = parse_settings({"database": {"url": "sqlite:///other.sqlite"}}, folder=tmp_path)
    with pytest.raises(CrmkitError, match="There is no SQLite file"):
        ck.connect(settings=missing)


def test_without_the_driver_the_line_to_type_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("crmkit.sources.databases.engines._is_installed", lambda module: False)
    settings = parse_settings({"database": {"url": "mysql://ana@localhost/crm"}}, folder=tmp_path)
    with pytest.raises(CrmkitError, match=r"needs pymysql\. Install crmkit with it: .*-e '\.\[mysql\]'"):
        ck.connect(settings=settings)
