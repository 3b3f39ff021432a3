"""Tables in PostgreSQL are found, checked and converted where they are, and never loaded."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.reports import quality_report, table_report
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import parse_settings
from tests.engines.postgres_server import ORDERS

pytestmark = pytest.mark.usefixtures("password")


# --- types


TYPES = """
    CREATE TYPE how AS ENUM ('web', 'shop');
    CREATE DOMAIN euros AS numeric(12, 2);
    CREATE TABLE orders (
        order_id bigint, ordered_at timestamptz, revenue euros, customer_id uuid, margin real, channel how, campaign char(5)
    );
    INSERT INTO orders VALUES
        (17850, '2026-03-31 22:30:00+00', 12.50, '6f9619ff-8b86-d011-b42d-00c04fc964ff', 2.5, 'web', 'may'),
        (17851, '2026-10-25 00:30:00+00', -3.00, NULL, NULL, 'shop', NULL),
        (17852, '2026-10-25 01:30:00+00', 1.00, NULL, 'NaN', NULL, '');
    CREATE TABLE customers (customer_id int, acquired_at date, birth_year smallint, marketing_consent boolean, tier how,
                            email text, score float8);
    INSERT INTO customers VALUES (1, '2026-02-03', 1980, true, 'shop', 'ada@example.com', 0.5);
    CREATE TABLE web_traffic (visited_on timestamp, visitors numeric(10, 0));
    INSERT INTO web_traffic VALUES ('2026-03-01 13:00', 12)"""


def test_each_type_becomes_the_canonical_one_in_the_database(company):
    catalog = connect(settings=company(TYPES, company={"time_zone": "Europe/Berlin"}))
    orders = catalog.frame("orders").sort_values("order_id", ignore_index=True)
    assert orders["order_id"].tolist() == ["17850", "17851", "17852"]
    assert orders["revenue"].tolist() == [12.5, -3.0, 1.0] and orders["revenue"].dtype == "float64"
    assert orders["customer_id"].tolist() == ["6f9619ff-8b86-d011-b42d-00c04fc964ff", None, None]
    assert orders["margin"].fillna(-1).tolist() == [2.5, -1.0, -1.0]
    assert orders["channel"].tolist() == ["web", "shop", None]
    assert orders["campaign"].tolist() == ["may", None, None]
    customer = catalog.frame("customers").iloc[0]
    assert (customer["customer_id"], customer["birth_year"], customer["marketing_consent"]) == ("1", 1980, True)
    assert customer["acquired_at"] == pd.Timestamp("2026-02-03")
    assert catalog.table("customers").schema()["acquired_at"].is_timestamp()
    traffic = catalog.frame("web_traffic").iloc[0]
    assert (traffic["visited_on"], traffic["visitors"]) == (pd.Timestamp("2026-03-01"), 12)


def test_a_time_with_zone_becomes_the_companys_wall_clock_also_when_clocks_change(company):
    # The server's own zone is New York's. 22:30 UTC of 31 March is April in Berlin; at 1:00 UTC of 25 October summer ends.
    catalog = connect(settings=company(TYPES, company={"time_zone": "Europe/Berlin"}))
    times = catalog.frame("orders").sort_values("order_id")["ordered_at"].astype(str).tolist()
    assert times == ["2026-04-01 00:30:00", "2026-10-25 02:30:00", "2026-10-25 02:30:00"]
    numbers = ck.evaluate(catalog, "revenue", periods="2026-03..2026-04")
    assert numbers["value"].fillna(0).tolist() == [0.0, 12.5]


def test_customers_keep_their_own_columns_to_split_by_and_no_personal_ones(company):
    catalog = connect(settings=company(TYPES))
    assert set(catalog.table("customers").columns) == {
        "customer_id",
        "acquired_at",
        "birth_year",
        "marketing_consent",
        "score",
        "tier",
    }


def test_a_column_that_the_role_may_not_read_is_not_there(company, server):
    settings = company(ORDERS, "CREATE TABLE customers (customer_id text, country text, region text)", grant=False)
    with server.owner() as con:
        con.execute(f'GRANT USAGE ON SCHEMA "{settings.database.namespace}" TO analyst')
        con.execute(f'GRANT SELECT (customer_id, country) ON "{settings.database.namespace}".customers TO analyst')
        con.execute(f'GRANT SELECT ON "{settings.database.namespace}".orders TO analyst')
    catalog = connect(settings=settings)
    assert catalog.table("customers").columns == ("customer_id", "country")
    assert catalog.frame("customers").empty


def test_personal_data_is_opened_only_on_demand(company):
    settings = company(ORDERS, "CREATE TABLE customer_identities (customer_id text, email text)")
    assert connect(settings=settings).names == ["orders"]
    assert connect(settings=settings, personal=True).names == ["customer_identities", "orders"]


# --- names


def test_views_of_every_kind_and_tables_of_other_names_and_schemas_are_found(company):
    # Who is new shows only after 90 days of data, so the record begins with an older customer.
    rows = "INSERT INTO orders VALUES ('0', '2026-05-01', 9, 'b'), ('1', '2026-10-01', 5, 'a')"
    shop = company(ORDERS, rows)
    home = shop.database.namespace
    settings = company(
        "CREATE TABLE people (id int); INSERT INTO people VALUES (1), (2)",
        "CREATE VIEW v_customers AS SELECT id AS customer_id, 'DE' AS country FROM people",
        "CREATE MATERIALIZED VIEW costs AS SELECT timestamp '2026-10-01' AS spent_at, 7 AS amount, 'Acquisition' AS purpose",
        database={"tables": {"customers": "v_customers", "orders": f"{home}.orders"}},
    )
    catalog = connect(settings=settings)
    assert catalog.names == ["customers", "orders", "costs"]
    assert catalog.frame("customers")["customer_id"].tolist() == ["1", "2"]
    numbers = ck.evaluate(catalog, ["revenue", "customer_acquisition_cost"], periods="2026-10").set_index("metric")
    assert numbers.loc["revenue", "value"] == 5.0 and numbers.loc["customer_acquisition_cost", "value"] == 7.0
    assert catalog.provenance["relations"]["orders"] == f"{home}.orders"


def test_without_a_schema_the_roles_own_search_path_decides(company, server):
    settings = company(ORDERS)
    with server.owner() as con:
        con.execute(f'ALTER ROLE analyst SET search_path = "{settings.database.namespace}"')
    try:
        assert connect(settings=parse_settings({"database": {"url": server.url()}})).names == ["orders"]
    finally:
        with server.owner() as con:
            con.execute("ALTER ROLE analyst RESET search_path")


def test_every_problem_of_every_table_is_reported_at_once(company):
    settings = company(
        "CREATE TABLE orders (order_id text, ordered_at text, revenu float8, customer_id jsonb)",
        "CREATE TABLE shop_leads (lead_id text, created_at timestamp, converted_at boolean)",
        "CREATE TABLE tickets (ticket_id text, customer_id text, opened_at time)",
        database={"tables": {"leads": "shop_leads", "deals": "shop_lead", "oders": "orders"}},
    )
    with pytest.raises(Problems) as refused:
        connect(settings=settings)
    assert str(refused.value).startswith("The database crm on this machine has 5 problems:")
    assert refused.value.problems == [
        "[database.tables] oders: there is no such table of crmkit. Did you mean 'orders'?",
        f"[database.tables] deals: schema {settings.database.namespace} has no table or view 'shop_lead'. "
        "Did you mean 'shop_leads'?",
        "Table 'orders': revenue is missing (did you mean 'revenu'?); ordered_at is text, must be a time; "
        "customer_id is jsonb, must be text or a whole number.",
        "Table 'leads' (shop_leads): converted_at is boolean, must be a time.",
        "Table 'tickets': opened_at is time without time zone, must be a time.",
    ]


def test_a_table_that_may_not_be_read_says_what_to_grant(company, server):
    settings = company(ORDERS, grant=False)
    with server.owner() as con:
        con.execute(f'GRANT USAGE ON SCHEMA "{settings.database.namespace}" TO analyst')
    with pytest.raises(
        Problems, match=r"Table 'orders' may not be read\. GRANT SELECT ON .*orders to the user of the url"
    ):
        connect(settings=settings)


@pytest.mark.parametrize("schema", ["empty", "no_such_schema"])
def test_a_schema_without_any_of_the_tables_says_what_to_make(server, schema):
    with server.owner() as con:
        con.execute("CREATE SCHEMA IF NOT EXISTS empty")
        con.execute("CREATE TABLE IF NOT EXISTS empty.shop_orders (id int)")
    server.allow("empty")
    settings = parse_settings({"database": {"url": server.url(), "schema": schema}})
    there = "shop_orders" if schema == "empty" else "no table that may be read"
    with pytest.raises(CrmkitError, match=rf"has none of crmkit's tables in schema {schema}: there is {there}\."):
        connect(settings=settings)


# --- rows that break the rules


DIRTY = {
    "orders": pd.DataFrame(
        {
            "order_id": ["1", "2", "3", "4", "", "6", "7"],
            "ordered_at": pd.to_datetime(
                ["2026-10-01", "1899-12-31", "2026-11-01", "2026-10-04", "2026-10-05", None, "2026-10-07"]
            ),
            "revenue": [10.0, 20.0, 30.0, None, 50.0, 60.0, 70.0],
            "customer_id": ["a", "b", "c", "d", "e", "f", ""],
        }
    ),
    "subscription_terms": pd.DataFrame(
        {
            "subscription_id": ["s", "t", "u"],
            "customer_id": ["a", "b", "c"],
            "mrr": [9.0, -1.0, 5.0],
            "starts_at": pd.to_datetime(["2026-09-01", "2026-09-01", "2026-09-05"]),
            "ends_at": pd.to_datetime(["2027-09-01", "2026-10-01", "2026-09-04"]),
        }
    ),
    "survey_responses": pd.DataFrame(
        {
            "response_id": ["1", "2", "3", "4"],
            "responded_at": pd.to_datetime(["2026-10-02"] * 4),
            "survey": ["nps", "NPS", "mood", "csat"],
            "score": [11.0, 9.0, 1.0, 5.0],
            "weight": [1.0, -1.0, 1.0, None],
            "scale_max": [None, None, None, 5.0],
        }
    ),
    "customers": pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "birth_year": pd.array([1899, 1980], dtype="Int64"),
            "acquired_at": pd.to_datetime(["2026-12-01", "2026-01-01"]),
        }
    ),
}


def test_the_same_dirty_rows_give_the_same_findings_and_numbers_as_from_frames(server, company):
    import pyarrow as pa

    settings = parse_settings({"data": {"through": "2026-10-31"}})
    from_frames = connect(DIRTY, settings)
    server.store("dirty", {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in DIRTY.items()})
    in_database = connect(
        settings=parse_settings(
            {"data": {"through": "2026-10-31"}, "database": {"url": server.url(), "schema": "dirty"}}
        )
    )
    told = ["table", "finding", "n_rows", "share", "severity"]
    expected, found = (quality_report(catalog)[told] for catalog in (from_frames, in_database))
    pd.testing.assert_frame_equal(*(frame.sort_values(told, ignore_index=True) for frame in (found, expected)))
    assert len(found) == 12
    reports = [table_report(catalog).sort_values("table", ignore_index=True) for catalog in (from_frames, in_database)]
    pd.testing.assert_frame_equal(*reports)
    for name in from_frames.names:
        frames = [catalog.frame(name).astype("string").fillna("") for catalog in (from_frames, in_database)]
        first, second = (frame.sort_values(list(frames[0].columns), ignore_index=True) for frame in frames)
        pd.testing.assert_frame_equal(second[list(first.columns)], first)


def test_infinite_times_and_numbers_that_are_none_count_nowhere(company):
    catalog = connect(
        settings=company(
            "CREATE TABLE subscription_terms (subscription_id text, customer_id text, starts_at date, ends_at date, mrr numeric)",
            "INSERT INTO subscription_terms VALUES ('s', 'a', '2026-01-01', 'infinity', 5), ('t', 'b', '-infinity', '2026-05-01', 5),"
            "('u', 'c', '2026-01-01', '2026-09-01', 'NaN'), ('v', 'd', '2026-01-01', '2026-09-01', 5)",
        )
    )
    assert catalog.frame("subscription_terms")["subscription_id"].tolist() == ["v"]
    assert set(quality_report(catalog)["finding"]) == {
        "ends_at cannot be read as a time",
        "starts_at lies before 1900-01-01",
        "mrr cannot be read as a number",
    }


def test_rows_of_one_key_are_counted_and_noted(company):
    settings = company(
        "CREATE TABLE orders (order_id text, ordered_at timestamp, revenue float8)",
        "INSERT INTO orders VALUES ('1', '2026-10-01', 5), ('1', '2026-10-01', 5), ('1', '2026-10-02', 5), ('2', '2026-10-02', 5)",
    )
    catalog = connect(settings=settings)
    assert ck.evaluate(catalog, "revenue", periods="2026-10")["value"].tolist() == [20.0]
    (finding,) = quality_report(catalog).to_dict("records")
    assert (finding["finding"], finding["n_rows"]) == ("rows have the order_id of another row", 2)


def test_an_empty_table_is_no_fault(company):
    catalog = connect(settings=company(ORDERS))
    assert table_report(catalog)["n_in"].tolist() == [0] and quality_report(catalog).empty
    assert ck.evaluate(catalog, "revenue", periods="2026-10")["status"].tolist() == ["no data"]
