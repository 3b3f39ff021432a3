"""A DuckDB file, a connection of Ibis, and tables of it: they stay where they are, and give DuckDB's numbers."""

import duckdb
import ibis
import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.reports import quality_report
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import parse_settings
from crmkit.settings.permissions import FOLDER_VARIABLE, VARIABLE

THROUGH = {"data": {"through": "2026-10-31"}}
ORDERS = """CREATE TABLE orders AS SELECT * FROM (VALUES
    (17850, TIMESTAMPTZ '2026-03-31 22:30:00+00', 12.50::DECIMAL(12, 2), 'a', 'web', 7),
    (17851, TIMESTAMPTZ '2026-10-25 00:30:00+00', -3.00, NULL, 'shop', NULL)
) AS t (order_id, ordered_at, revenue, customer_id, channel, gift_cards)"""


@pytest.fixture
def in_file(tmp_path):
    """Run statements in a DuckDB file, and return the settings of the company in it."""

    def made(*statements, **sections):
        with duckdb.connect(tmp_path / "shop.duckdb") as con:
            for statement in statements:
                con.execute(statement)
        database = {"url": "duckdb:///shop.duckdb"} | sections.pop("database", {})
        return parse_settings(THROUGH | sections | {"database": database}, folder=tmp_path)

    return made


def test_each_type_becomes_the_canonical_one_and_own_columns_stay(in_file):
    orders = ck.connect(settings=in_file(ORDERS, company={"time_zone": "Europe/Berlin"})).frame("orders")
    assert orders["order_id"].tolist() == ["17850", "17851"]
    assert orders["ordered_at"].astype(str).tolist() == ["2026-04-01 00:30:00", "2026-10-25 02:30:00"]
    assert orders["revenue"].tolist() == [12.5, -3.0]
    assert orders["gift_cards"].fillna(0).tolist() == [7, 0]


def test_an_own_column_of_addresses_is_left_out_by_its_header_or_its_first_rows(in_file):
    people = (
        "CREATE TABLE customers AS SELECT 'a' AS customer_id, 'x' AS email, 'ada@example.com' AS login, 'red' AS colour"
    )
    assert ck.connect(settings=in_file(people)).table("customers").columns == ("customer_id", "colour")


def test_the_file_is_read_and_never_written(in_file):
    backend = ck.connect(settings=in_file(ORDERS)).table("orders").get_backend()
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        backend.raw_sql("DELETE FROM orders")


def test_a_query_that_the_engine_refuses_ends_with_one_sentence(in_file):
    catalog = ck.connect(
        settings=in_file(
            ORDERS.replace("12.50::DECIMAL(12, 2)", "'much'")
            .replace("-3.00", "'3'")
            .replace(
                "CREATE TABLE orders AS SELECT *", "CREATE VIEW orders AS SELECT * REPLACE (revenue::DOUBLE AS revenue)"
            )
        )
    )
    with pytest.raises(CrmkitError, match="^The database shop.duckdb does not answer: .*Could not convert") as refused:
        ck.evaluate(catalog, "revenue", "2026-10")
    assert refused.value.__context__ is None


def test_the_origin_names_file_and_tables(in_file):
    settings = in_file("CREATE SCHEMA crm", ORDERS.replace("orders AS", "crm.Shop_Orders AS"))
    database = settings.database.model_copy(update={"tables": {"orders": "crm.shop_orders"}})
    known = ck.connect(settings=settings.model_copy(update={"database": database})).provenance
    assert known["relations"] == {"orders": "crm.Shop_Orders"}
    assert known["database"] == "shop.duckdb, schema main, DuckDB"


def test_every_problem_of_every_table_is_reported_at_once(in_file):
    settings = in_file(
        "CREATE TABLE orders (order_id text, ordered_at text, revenu double, customer_id json[])",
        "CREATE TABLE tickets (ticket_id text, customer_id text, opened_at time)",
        database={"tables": {"deals": "shop_lead", "oders": "orders"}},
    )
    with pytest.raises(Problems) as refused:
        ck.connect(settings=settings)
    assert refused.value.problems == [
        "[database.tables] oders: there is no such table of crmkit. Did you mean 'orders'?",
        "[database.tables] deals: schema main has no table or view 'shop_lead'. Known: orders, tickets.",
        "Table 'orders': revenue is missing (did you mean 'revenu'?); ordered_at is text, must be a time; "
        "customer_id is array<json>, must be text or a whole number.",
        "Table 'tickets': opened_at is time, must be a time.",
    ]


def test_what_the_views_of_a_strangers_file_read_elsewhere_needs_a_permission(in_file, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "none"))
    monkeypatch.setenv(VARIABLE, "")
    secret = tmp_path / "secret.csv"
    secret.write_text("order_id,ordered_at,revenue,customer_id\n1,2026-10-02,5,hunter2\n")
    settings = in_file(f"CREATE VIEW orders AS FROM read_csv('{secret}')")
    with pytest.raises(CrmkitError) as refused:
        ck.connect(settings=settings).frame("orders")
    assert "--allow-outside" in str(refused.value) and "hunter2" not in str(refused.value)
    monkeypatch.setenv(VARIABLE, "outside")
    assert ck.connect(settings=settings).frame("orders")["revenue"].tolist() == [5.0]


def test_a_file_that_is_missing_or_none_of_duckdb_is_said(tmp_path):
    settings = parse_settings({"database": {"url": "duckdb:///shop.duckdb"}}, folder=tmp_path)
    with pytest.raises(CrmkitError, match=r"There is no DuckDB file .*shop\.duckdb\. See url under \[database\]"):
        ck.connect(settings=settings)
    (tmp_path / "shop.duckdb").write_text("order_id,ordered_at\n" * 5_000)
    with pytest.raises(CrmkitError, match=r"shop\.duckdb cannot be opened: .*not a valid DuckDB database file"):
        ck.connect(settings=settings)


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        ("sc://localhost", "spark"),
        ("databricks://localhost/sql/1", "databricks"),
        ("bigquery://p/d", "bigquery"),
        ("snowflake://ana@acc/crm", "snowflake"),
        ("trino://localhost/hive", "trino"),
        ("clickhouse://localhost/crm", "clickhouse"),
        ("postgresql:///crm", "postgres"),
    ],
)
def test_without_its_driver_every_engine_says_the_line_to_type(monkeypatch, url, extra):
    monkeypatch.setattr("crmkit.sources.databases.engines._is_installed", lambda module: False)
    with pytest.raises(CrmkitError, match=rf"Install crmkit with it: python -m pip install .*-e '\.\[{extra}\]'"):
        ck.connect(settings=parse_settings({"database": {"url": url}}))


# --- connections and tables of Ibis


@pytest.fixture
def con():
    """A connection of the analyst's own."""
    made = ibis.duckdb.connect()
    made.raw_sql(ORDERS)
    return made


def test_a_connection_is_opened_with_the_tables_that_have_crmkits_names(con):
    catalog = ck.connect(con)
    assert catalog.names == ["orders"]
    assert ck.evaluate(catalog, "revenue", "2026-10")["value"].tolist() == [-3.0]
    assert catalog.provenance["database"] == "a connection to duckdb"


def test_tables_are_renamed_and_filtered_by_the_analyst(con):
    orders = con.table("orders")
    shop = orders.filter(orders.channel == "web").rename(number="order_id").rename(order_id="number")
    catalog = ck.connect({"orders": shop}, ck.Settings(**THROUGH))
    assert ck.evaluate(catalog, "revenue", "2026-03")["value"].tolist() == [12.5]
    assert quality_report(catalog).empty


def test_tables_of_several_connections_frames_and_unknown_names_are_refused_in_words(con):
    with pytest.raises(
        CrmkitError, match="Tables of Ibis and frames do not go together: customers is no table of Ibis"
    ):
        ck.connect({"orders": con.table("orders"), "customers": pd.DataFrame({"customer_id": ["a"]})})
    with pytest.raises(CrmkitError, match="must be on one connection. They are on 0: none: a table of ibis.memtable"):
        ck.connect({"orders": ibis.memtable({"order_id": [1]})})
    other = ibis.duckdb.connect()
    other.raw_sql(ORDERS)
    with pytest.raises(CrmkitError, match="must be on one connection. They are on 2: duckdb, duckdb"):
        ck.connect({"orders": con.table("orders"), "order_lines": other.table("orders")})
    with pytest.raises(Problems, match="there is no table 'order'. Did you mean 'orders'"):
        ck.connect({"order": con.table("orders")})


def test_a_connection_without_any_of_the_tables_says_how_to_give_them(con):
    con.raw_sql("ALTER TABLE orders RENAME TO shop_orders")
    with pytest.raises(CrmkitError, match=r'there is shop_orders\. Give them by name: ck\.connect\(\{"orders"'):
        ck.connect(con)
