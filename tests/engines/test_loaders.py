"""Tables as loaders leave them: one line in the settings makes canonical tables of them, with the numbers worked by hand.

The schemas are those that the loaders publish: Fivetran's entity diagrams, and the API's fields as dlt names them.
"""

from datetime import date

import duckdb
import ibis.backends.sql.compilers as compilers
import pandas as pd
import pytest
import sqlglot

import crmkit as ck
from crmkit.errors import CrmkitError
from crmkit.settings import parse_settings
from crmkit.settings.permissions import FOLDER_VARIABLE, VARIABLE
from crmkit.sources.databases.loaded import loaded_tables, queries_of
from crmkit.sources.databases.relations import Relation
from crmkit.tables.schema import SCHEMAS

FIVETRAN_SHOPIFY = (
    'CREATE TABLE "order" (id BIGINT, processed_at TIMESTAMPTZ, created_at TIMESTAMPTZ, total_price DOUBLE, total_tax DOUBLE,'
    " customer_id BIGINT, source_name TEXT, test BOOLEAN, _fivetran_deleted BOOLEAN, financial_status TEXT, taxes_included BOOLEAN)",
    "CREATE TABLE refund (id BIGINT, order_id BIGINT, created_at TIMESTAMPTZ, processed_at TIMESTAMPTZ)",
    "CREATE TABLE order_line_refund (id BIGINT, refund_id BIGINT, order_line_id BIGINT, subtotal DOUBLE, total_tax DOUBLE)",
    "CREATE TABLE order_adjustment (id BIGINT, order_id BIGINT, refund_id BIGINT, amount DOUBLE, tax_amount DOUBLE, kind TEXT)",
    "CREATE TABLE order_line (id BIGINT, order_id BIGINT, title TEXT, vendor TEXT, quantity BIGINT, price DOUBLE, total_discount DOUBLE)",
    "CREATE TABLE customer (id BIGINT, created_at TIMESTAMPTZ, accepts_marketing BOOLEAN, _fivetran_deleted BOOLEAN)",
    "CREATE TABLE customer_address (id BIGINT, customer_id BIGINT, country_code TEXT, is_default BOOLEAN)",
    # 119 with 19 of tax; a test order; one voided; one that waits for its payment.
    "INSERT INTO \"order\" VALUES (1, '2026-10-02 10:00:00+00', NULL, 119, 19, 7, 'web', false, false, 'partially_refunded', true),"
    "(2, '2026-10-03 10:00:00+00', NULL, 50, 0, 7, 'web', true, false, 'paid', true),"
    "(3, '2026-10-04 10:00:00+00', NULL, 60, 0, 8, 'pos', false, false, 'voided', true),"
    "(4, '2026-10-05 10:00:00+00', NULL, 70, 0, 8, 'pos', false, false, 'pending', true)",
    # 23.80 of goods with 3.80 of tax came back, and 5 of shipping.
    "INSERT INTO refund VALUES (11, 1, '2026-11-01 10:00:00+00', NULL)",
    "INSERT INTO order_line_refund VALUES (21, 11, 31, 23.8, 3.8)",
    "INSERT INTO order_adjustment VALUES (41, 1, 11, -5, 0, 'shipping_refund')",
    "INSERT INTO order_line VALUES (31, 1, 'Beans', 'Kaldi', 2, 60, 1)",
    "INSERT INTO customer VALUES (7, '2026-09-01 00:00:00+00', true, false), (8, '2026-09-02 00:00:00+00', NULL, true)",
    "INSERT INTO customer_address VALUES (1, 7, 'DE', true), (2, 7, 'FR', false)",
)
DLT_SHOPIFY = (  # dlt keeps the texts in which Shopify sends prices, and a list of an order is a table of its own
    "CREATE TABLE orders (id BIGINT, processed_at TIMESTAMPTZ, created_at TIMESTAMPTZ, total_price TEXT, total_tax TEXT, "
    "customer__id BIGINT, source_name TEXT, test BOOLEAN, financial_status TEXT, taxes_included BOOLEAN, _dlt_id TEXT)",
    "CREATE TABLE orders__refunds (id BIGINT, created_at TIMESTAMPTZ, _dlt_parent_id TEXT, _dlt_id TEXT)",
    "CREATE TABLE orders__refunds__refund_line_items (id BIGINT, subtotal DOUBLE, total_tax DOUBLE, _dlt_parent_id TEXT)",
    "CREATE TABLE orders__line_items (id BIGINT, title TEXT, quantity BIGINT, price TEXT, _dlt_parent_id TEXT)",
    "CREATE TABLE customers (id BIGINT, created_at TIMESTAMPTZ, default_address__country_code TEXT)",
    "INSERT INTO orders VALUES (1, '2026-10-02 10:00:00+00', NULL, '119.00', '19.00', 7, 'web', false, 'paid', true, 'o1')",
    "INSERT INTO orders__refunds VALUES (11, '2026-11-01 10:00:00+00', 'o1', 'r1')",
    "INSERT INTO orders__refunds__refund_line_items VALUES (21, 23.8, 3.8, 'r1')",
    "INSERT INTO orders__line_items VALUES (31, 'Beans', 2, '60.00', 'o1')",
    "INSERT INTO customers VALUES (7, '2026-09-01 00:00:00+00', 'DE')",
)
FIVETRAN_STRIPE = (
    "CREATE TABLE charge (id TEXT, created TIMESTAMPTZ, amount BIGINT, currency TEXT, customer_id TEXT, invoice_id TEXT, "
    "status TEXT, captured BOOLEAN, livemode BOOLEAN)",
    "CREATE TABLE refund (id TEXT, created TIMESTAMPTZ, amount BIGINT, currency TEXT, charge_id TEXT, status TEXT)",
    "CREATE TABLE invoice (id TEXT, customer_id TEXT, status TEXT, subscription_id TEXT)",
    "CREATE TABLE invoice_line_item (id TEXT, invoice_id TEXT, amount BIGINT, currency TEXT, period_start TIMESTAMPTZ, "
    "period_end TIMESTAMPTZ, plan_id TEXT, proration BOOLEAN, subscription_id TEXT, type TEXT, livemode BOOLEAN)",
    "CREATE TABLE customer (id TEXT, created TIMESTAMPTZ, is_deleted BOOLEAN, livemode BOOLEAN, address_country TEXT)",
    "INSERT INTO charge VALUES ('ch_1', '2026-10-02 10:00:00+00', 1250, 'eur', 'cus_a', NULL, 'succeeded', true, true),"
    "('ch_2', '2026-10-03 10:00:00+00', 1000, 'jpy', 'cus_a', NULL, 'succeeded', true, true),"
    "('ch_3', '2026-10-04 10:00:00+00', 9900, 'eur', 'cus_a', NULL, 'failed', true, true),"
    "('ch_4', '2026-10-05 10:00:00+00', 12000, 'eur', 'cus_b', 'in_1', 'succeeded', true, true)",  # its term says so already
    "INSERT INTO refund VALUES ('re_1', '2026-11-06 10:00:00+00', 250, 'eur', 'ch_1', 'succeeded')",
    "INSERT INTO invoice VALUES ('in_1', 'cus_b', 'paid', 'sub_1'), ('in_2', 'cus_b', 'open', 'sub_1')",
    # 120 for a year is 10 a month; one that is not paid is no term.
    "INSERT INTO invoice_line_item VALUES ('il_1', 'in_1', 12000, 'eur', '2026-10-01 00:00:00+00', '2027-10-01 00:00:00+00', 'yearly', false, 'sub_1', 'subscription', true),"
    "('il_2', 'in_2', 12000, 'eur', '2027-10-01 00:00:00+00', '2028-10-01 00:00:00+00', 'yearly', false, 'sub_1', 'subscription', true)",
    "INSERT INTO customer VALUES ('cus_a', '2026-09-01 00:00:00+00', false, true, 'DE'), ('cus_b', '2026-09-01 00:00:00+00', NULL, true, NULL)",
)
FIVETRAN_HUBSPOT = (
    "CREATE TABLE contact (id BIGINT, property_createdate TIMESTAMPTZ, property_hs_analytics_source TEXT, "
    "property_hs_lifecyclestage_customer_date TIMESTAMPTZ, _fivetran_deleted BOOLEAN)",
    "CREATE TABLE deal (deal_id BIGINT, property_createdate TIMESTAMPTZ, property_closedate TIMESTAMPTZ, property_amount DOUBLE, "
    "deal_pipeline_stage_id TEXT, owner_id BIGINT, is_deleted BOOLEAN)",
    "CREATE TABLE deal_pipeline_stage (stage_id TEXT, label TEXT, closed_won BOOLEAN, probability DOUBLE, _fivetran_deleted BOOLEAN)",
    "CREATE TABLE deal_stage (deal_id BIGINT, value TEXT, date_entered TIMESTAMPTZ)",
    "INSERT INTO contact VALUES (1, '2026-09-01 00:00:00+00', 'ORGANIC_SEARCH', '2026-09-20 00:00:00+00', false), "
    "(2, '2026-09-02 00:00:00+00', NULL, NULL, false), (3, '2026-09-03 00:00:00+00', NULL, NULL, true)",
    "INSERT INTO deal_pipeline_stage VALUES ('s1', 'Offer', false, 0.4, false), ('s2', 'Won', true, 1, false), ('s3', 'Lost', false, 0, false)",
    # HubSpot fills in a close date that is only expected: an open deal has none.
    "INSERT INTO deal VALUES (1, '2026-09-01 00:00:00+00', '2026-12-31 00:00:00+00', 500, 's1', 9, false), "
    "(2, '2026-09-01 00:00:00+00', '2026-10-05 00:00:00+00', 700, 's2', 9, false), (3, '2026-09-01 00:00:00+00', '2026-10-06 00:00:00+00', 90, 's3', 9, false)",
    "INSERT INTO deal_stage VALUES (2, 's1', '2026-09-01 00:00:00+00'), (2, 's2', '2026-10-05 00:00:00+00')",
)
AIRBYTE_SHOPIFY = (
    "CREATE TABLE orders (id BIGINT, processed_at TIMESTAMPTZ, created_at TIMESTAMPTZ, total_price DOUBLE, total_tax DOUBLE, "
    "customer JSON, source_name TEXT, test BOOLEAN, financial_status TEXT, deleted_at TIMESTAMPTZ)",
    "CREATE TABLE transactions (id BIGINT, order_id BIGINT, kind TEXT, status TEXT, amount DOUBLE, created_at TIMESTAMPTZ, "
    "processed_at TIMESTAMPTZ, test BOOLEAN)",
    "CREATE TABLE customers (id BIGINT, created_at TIMESTAMPTZ, default_address JSON, accepts_marketing BOOLEAN)",
    "INSERT INTO orders VALUES (1, '2026-10-02 10:00:00+00', NULL, 119, 19, '{\"id\": 7}', 'web', false, 'partially_refunded', NULL), "
    "(2, '2026-10-03 10:00:00+00', NULL, 50, 0, '{\"id\": 7}', 'web', true, 'paid', NULL), "
    "(3, '2026-10-04 10:00:00+00', NULL, 60, 0, NULL, 'pos', false, 'voided', NULL), "
    "(4, '2026-10-05 10:00:00+00', NULL, 60, 0, NULL, 'pos', false, 'paid', '2026-10-06 10:00:00+00')",
    # 119 were paid, 23.80 of them went back; a refund that failed is none.
    "INSERT INTO transactions VALUES (51, 1, 'sale', 'success', 119, '2026-10-02 10:00:00+00', NULL, false), "
    "(52, 1, 'refund', 'success', 23.8, '2026-11-01 10:00:00+00', NULL, false), "
    "(53, 1, 'refund', 'failure', 23.8, '2026-11-01 10:00:00+00', NULL, false)",
    'INSERT INTO customers VALUES (7, \'2026-09-01 00:00:00+00\', \'{"country_code": "DE", "province": "Berlin"}\', true)',
)
_LINES = "amount BIGINT, currency TEXT, proration BOOLEAN, subscription TEXT, type TEXT, livemode BOOLEAN"
_STRIPE = (  # the API's names, under which both Airbyte and dlt load its objects; 1790935200 is 2 October 2026, 10:00 in Greenwich
    "CREATE TABLE {charge} (id TEXT, created BIGINT, amount BIGINT, currency TEXT, customer TEXT, invoice TEXT, status TEXT, "
    "captured BOOLEAN, livemode BOOLEAN)",
    "CREATE TABLE {refund} (id TEXT, created BIGINT, amount BIGINT, currency TEXT, charge TEXT, status TEXT)",
    "CREATE TABLE {invoice} (id TEXT, customer TEXT, status TEXT, subscription TEXT, _dlt_id TEXT)",
    "INSERT INTO {charge} VALUES ('ch_1', 1790935200, 1250, 'eur', 'cus_a', NULL, 'succeeded', true, true),"
    "('ch_2', 1791021600, 1000, 'jpy', 'cus_a', NULL, 'succeeded', true, true),"
    "('ch_3', 1791108000, 9900, 'eur', 'cus_a', NULL, 'failed', true, true),"
    "('ch_4', 1791194400, 12000, 'eur', 'cus_b', 'in_1', 'succeeded', true, true)",
    "INSERT INTO {refund} VALUES ('re_1', 1793959200, 250, 'eur', 'ch_1', 'succeeded')",
    "INSERT INTO {invoice} VALUES ('in_1', 'cus_b', 'paid', 'sub_1', 'd1'), ('in_2', 'cus_b', 'open', 'sub_1', 'd2')",
)
AIRBYTE_STRIPE = (
    *(each.format(charge="charges", refund="refunds", invoice="invoices") for each in _STRIPE),
    f"CREATE TABLE invoice_line_items (invoice_id TEXT, period JSON, plan JSON, {_LINES})",
    'INSERT INTO invoice_line_items VALUES (\'in_1\', \'{"start": 1790812800, "end": 1822348800}\', \'{"id": "yearly"}\', '
    "12000, 'eur', false, 'sub_1', 'subscription', true), ('in_2', '{\"start\": 1822348800, \"end\": 1853971200}', NULL, "
    "12000, 'eur', false, 'sub_1', 'subscription', true)",
    "CREATE TABLE customers (id TEXT, created BIGINT, address JSON, livemode BOOLEAN)",
    "INSERT INTO customers VALUES ('cus_a', 1788220800, '{\"country\": \"DE\"}', true)",
)
DLT_STRIPE = (
    *(each.format(charge="charge", refund="refund", invoice="invoice") for each in _STRIPE),
    f"CREATE TABLE invoice__lines__data (_dlt_parent_id TEXT, period__start BIGINT, period__end BIGINT, plan__id TEXT, {_LINES})",
    "INSERT INTO invoice__lines__data VALUES ('d1', 1790812800, 1822348800, 'yearly', 12000, 'eur', false, 'sub_1', 'subscription', true), "
    "('d2', 1822348800, 1853971200, 'yearly', 12000, 'eur', false, 'sub_1', 'subscription', true)",
    "CREATE TABLE customer (id TEXT, created BIGINT, address__country TEXT, livemode BOOLEAN)",
    "INSERT INTO customer VALUES ('cus_a', 1788220800, 'DE', true)",
)
AIRBYTE_HUBSPOT = (
    "CREATE TABLE contacts (id TEXT, createdAt TIMESTAMPTZ, properties_hs_analytics_source TEXT, "
    "properties_hs_lifecyclestage_customer_date TIMESTAMPTZ, archived BOOLEAN)",
    "CREATE TABLE deals (id TEXT, createdAt TIMESTAMPTZ, properties_closedate TIMESTAMPTZ, properties_amount DOUBLE, "
    "properties_dealstage TEXT, properties_hubspot_owner_id TEXT, properties_hs_is_closed BOOLEAN, "
    "properties_hs_is_closed_won BOOLEAN, archived BOOLEAN)",
    "INSERT INTO contacts VALUES ('1', '2026-09-01 00:00:00+00', 'ORGANIC_SEARCH', '2026-09-20 00:00:00+00', false), "
    "('2', '2026-09-02 00:00:00+00', NULL, NULL, false), ('3', '2026-09-03 00:00:00+00', NULL, NULL, true)",
    "INSERT INTO deals VALUES ('1', '2026-09-01 00:00:00+00', '2026-12-31 00:00:00+00', 500, 'Offer', '9', false, false, false), "
    "('2', '2026-09-01 00:00:00+00', '2026-10-05 00:00:00+00', 700, 'Won', '9', true, true, false), "
    "('3', '2026-09-01 00:00:00+00', '2026-10-06 00:00:00+00', 90, 'Lost', '9', true, false, false)",
)
DLT_HUBSPOT = (
    "CREATE TABLE contacts (id TEXT, createdate TIMESTAMPTZ, hs_analytics_source TEXT, "
    "hs_lifecyclestage_customer_date TIMESTAMPTZ, is_deleted BOOLEAN)",
    "CREATE TABLE deals (id TEXT, createdate TIMESTAMPTZ, closedate TIMESTAMPTZ, amount DOUBLE, dealstage TEXT, "
    "hubspot_owner_id TEXT)",
    "CREATE TABLE pipelines_deals__stages (id TEXT, label TEXT, metadata__is_closed TEXT, metadata__probability TEXT)",
    "CREATE TABLE stages_timing_deals (id TEXT, stage TEXT, hs_date_enteredx TIMESTAMPTZ)",
    "INSERT INTO contacts VALUES ('1', '2026-09-01 00:00:00+00', 'ORGANIC_SEARCH', '2026-09-20 00:00:00+00', NULL), "
    "('2', '2026-09-02 00:00:00+00', NULL, NULL, NULL), ('3', '2026-09-03 00:00:00+00', NULL, NULL, true)",
    "INSERT INTO pipelines_deals__stages VALUES ('s1', 'Offer', 'false', '0.4'), ('s2', 'Won', 'true', '1.0'), ('s3', 'Lost', 'true', '0.0')",
    "INSERT INTO deals VALUES ('1', '2026-09-01 00:00:00+00', '2026-12-31 00:00:00+00', 500, 's1', '9'), "
    "('2', '2026-09-01 00:00:00+00', '2026-10-05 00:00:00+00', 700, 's2', '9'), "
    "('3', '2026-09-01 00:00:00+00', '2026-10-06 00:00:00+00', 90, 's3', '9')",
    "INSERT INTO stages_timing_deals VALUES ('2', 's1', '2026-09-01 00:00:00+00'), ('2', 's2', '2026-10-05 00:00:00+00')",
)
RECORDED = {
    "airbyte_hubspot": AIRBYTE_HUBSPOT,
    "airbyte_shopify": AIRBYTE_SHOPIFY,
    "airbyte_stripe": AIRBYTE_STRIPE,
    "dlt_hubspot": DLT_HUBSPOT,
    "dlt_stripe": DLT_STRIPE,
    "fivetran_shopify": FIVETRAN_SHOPIFY,
    "dlt_shopify": DLT_SHOPIFY,
    "fivetran_stripe": FIVETRAN_STRIPE,
    "fivetran_hubspot": FIVETRAN_HUBSPOT,
}


@pytest.fixture
def loaded(tmp_path):
    """Return the catalog of tables as a loader leaves them, opened by one line beside the address."""

    def made(preset, statements, **database):
        with duckdb.connect(tmp_path / "lake.duckdb") as con:
            con.execute("SET TimeZone = 'UTC'")
            con.execute(f"CREATE SCHEMA {loaded_tables()[preset].schema}; USE {loaded_tables()[preset].schema}")
            for statement in statements:
                con.execute(statement)
        sections = {
            "data": {"through": date(2026, 11, 30)},
            "database": {"url": "duckdb:///lake.duckdb", "preset": preset} | database,
        }
        return ck.connect(settings=parse_settings(sections, folder=tmp_path))

    return made


def test_every_preset_has_recorded_tables_here():
    assert set(RECORDED) == set(loaded_tables())


@pytest.mark.parametrize(("preset", "november"), [("fivetran_shopify", -25.0), ("dlt_shopify", -20.0)])
def test_119_with_19_of_tax_is_100_and_what_came_back_counts_when_it_came(loaded, preset, november):
    catalog = loaded(preset, RECORDED[preset])
    revenue = ck.evaluate(catalog, "revenue", "2026-10..2026-11")["value"].tolist()
    assert revenue == pytest.approx([100.0, november])
    (line,) = catalog.frame("order_lines").to_dict("records")
    assert (line["order_id"], line["product"], line["quantity"]) == ("1", "Beans", 2)
    gross = 119 if preset == "fivetran_shopify" else 120
    assert line["revenue"] == pytest.approx(gross * 100 / 119)
    assert catalog.frame("customers")[["customer_id", "country"]].to_dict("records") == [
        {"customer_id": "7", "country": "DE"}
    ]


def test_of_119_with_19_of_tax_that_airbyte_loads_23_80_that_went_back_are_20(loaded):
    catalog = loaded("airbyte_shopify", AIRBYTE_SHOPIFY)
    revenue = ck.evaluate(catalog, "revenue", "2026-10..2026-11")["value"].tolist()
    assert revenue == pytest.approx([100.0, -20.0])
    assert catalog.frame("orders")["customer_id"].tolist() == ["7", "7"]
    (customer,) = catalog.frame("customers").to_dict("records")
    assert (customer["customer_id"], customer["country"], customer["region"]) == ("7", "DE", "Berlin")
    assert bool(customer["marketing_consent"])


@pytest.mark.parametrize("preset", ["fivetran_stripe", "airbyte_stripe", "dlt_stripe"])
def test_payments_of_stripe_are_orders_and_paid_invoices_of_subscriptions_are_terms(loaded, preset):
    catalog = loaded(preset, RECORDED[preset])
    assert catalog.frame("orders")["ordered_at"].min() == pd.Timestamp("2026-10-02 10:00")
    assert catalog.frame("customers").set_index("customer_id").loc["cus_a", "country"] == "DE"
    orders = catalog.frame("orders").set_index("order_id")["revenue"].to_dict()
    assert orders == {"ch_1": 12.5, "ch_2": 1000.0, "re_1": -2.5}
    (term,) = catalog.frame("subscription_terms").to_dict("records")
    assert (term["subscription_id"], term["customer_id"], term["mrr"], term["plan"]) == (
        "sub_1",
        "cus_b",
        10.0,
        "yearly",
    )
    assert (str(term["starts_at"])[:10], str(term["ends_at"])[:10]) == ("2026-10-01", "2027-10-01")


@pytest.mark.parametrize("preset", ["fivetran_hubspot", "airbyte_hubspot", "dlt_hubspot"])
def test_contacts_of_hubspot_are_leads_and_an_open_deal_has_no_end(loaded, preset):
    catalog = loaded(preset, RECORDED[preset])
    leads = catalog.frame("leads").set_index("lead_id")
    assert sorted(leads.index) == ["1", "2"] and str(leads.loc["1", "converted_at"])[:10] == "2026-09-20"
    deals = catalog.frame("deals").set_index("deal_id").sort_index()
    assert [None if value is None or value != value else bool(value) for value in deals["won"].astype(object)] == [
        None,
        True,
        False,
    ]
    assert deals["closed_at"].notna().tolist() == [False, True, True] and deals["stage"].tolist() == [
        "Offer",
        "Won",
        "Lost",
    ]
    if preset != "airbyte_hubspot":  # it loads no history of stages that can be told from other changes
        assert sorted(catalog.frame("deal_stages")["stage"]) == ["Offer", "Won"]


def test_a_table_that_is_not_loaded_yet_leaves_out_its_part_and_a_column_is_empty(loaded):
    few = [
        each
        for each in FIVETRAN_SHOPIFY
        if not any(f" {name} " in each for name in ("refund", "order_line_refund", "order_adjustment"))
    ]
    plain = [each.replace(" source_name TEXT,", "").replace("'web', ", "").replace("'pos', ", "") for each in few]
    catalog = loaded("fivetran_shopify", plain)
    assert ck.evaluate(catalog, "revenue", "2026-10")["value"].tolist() == [100.0]
    assert catalog.frame("orders")["channel"].isna().all()


def test_a_table_of_ones_own_goes_before_that_of_the_preset(loaded):
    view = "CREATE VIEW own_orders AS SELECT 'x' AS order_id, DATE '2026-10-01' AS ordered_at, 9.0 AS revenue"
    catalog = loaded("fivetran_shopify", [*FIVETRAN_SHOPIFY, view], tables={"orders": "shopify.own_orders"})
    assert catalog.frame("orders")["order_id"].tolist() == ["x"] and "customers" in catalog.names


def test_an_unknown_preset_and_a_schema_without_its_tables_are_said(loaded, tmp_path):
    with pytest.raises(
        CrmkitError, match="none of the tables of HubSpot, loaded by Fivetran. Name the schema they are in"
    ):
        loaded("fivetran_hubspot", FIVETRAN_SHOPIFY)
    settings = {"database": {"url": "duckdb:///lake.duckdb", "preset": "fivetran_shopfy"}}
    with pytest.raises(CrmkitError, match="there is no preset 'fivetran_shopfy'. Did you mean 'fivetran_shopify'"):
        ck.connect(settings=parse_settings(settings, folder=tmp_path))


def test_sql_of_the_settings_runs_for_who_allows_it(loaded, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "none"))
    monkeypatch.setenv(VARIABLE, "")
    own = {
        "orders": 'SELECT id AS order_id, processed_at AS ordered_at, total_price / 2 AS revenue FROM shopify."order" WHERE id = 1'
    }
    with pytest.raises(CrmkitError, match="run SQL of their own in the database, for orders.* --allow-code"):
        loaded("fivetran_shopify", FIVETRAN_SHOPIFY, tables=own)
    monkeypatch.setenv(VARIABLE, "code")
    settings = {"database": {"url": "duckdb:///lake.duckdb", "tables": own}}
    catalog = ck.connect(settings=parse_settings(settings, folder=tmp_path))
    assert catalog.frame("orders")["revenue"].tolist() == [59.5]


class Everything:
    """A database that has every table and column that is asked for, in capitals as Snowflake has them."""

    home = "X"

    def names(self, schema):
        return [f"{name.upper()}" for name in self.tables]

    def relation(self, schema, name):
        return Relation(schema, name, self.columns)


@pytest.mark.parametrize(
    "dialect", ["postgres", "databricks", "bigquery", "snowflake", "trino", "clickhouse", "mysql", "sqlite"]
)
@pytest.mark.parametrize("preset", RECORDED)
def test_the_queries_of_a_preset_are_written_in_every_dialect(preset, dialect):
    trees = [
        sqlglot.parse_one(part, dialect="duckdb") for parts in loaded_tables()[preset].tables.values() for part in parts
    ]
    there = Everything()
    there.tables = {table.name for tree in trees for table in tree.find_all(sqlglot.exp.Table)}
    there.columns = {column.name.upper(): None for tree in trees for column in tree.find_all(sqlglot.exp.Column)}
    spoken = getattr(compilers, dialect).compiler.dialect
    written = queries_of(loaded_tables()[preset], there, "RAW", spoken)
    assert set(written) == set(loaded_tables()[preset].tables) <= set(SCHEMAS)
    assert all(sqlglot.parse_one(query, dialect=spoken) and "RAW" in query for query in written.values())


@pytest.mark.parametrize("preset", RECORDED)
def test_the_tables_of_a_preset_are_the_same_on_postgresql(loaded, company, password, preset):
    statements = [each.replace(" DOUBLE", " float8").replace(" JSON", " JSONB") for each in RECORDED[preset]]
    sections = {"data": {"through": date(2026, 11, 30)}, "database": {"preset": preset}}
    there, here = ck.connect(settings=company(*statements, **sections)), loaded(preset, RECORDED[preset])
    assert there.names == here.names
    for name in here.names:
        tables = [each.frame(name).sort_values(list(SCHEMAS[name].key), ignore_index=True) for each in (there, here)]
        found, expected = (each.astype(object).where(each.notna(), None) for each in tables)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
