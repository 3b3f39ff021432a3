"""A company whose data are in PostgreSQL is only ever read: in few rows, in plain queries, and with words when it fails."""

import ibis
import psycopg
import pytest
from ibis.backends.postgres import Backend

import crmkit as ck
from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.reports import quality_report, table_report
from crmkit.errors import CrmkitError
from tests.engines.postgres_server import ORDERS

pytestmark = pytest.mark.usefixtures("password")


# --- only read


def test_a_role_that_may_only_read_gets_every_number(company_on_postgres, server):
    with (
        psycopg.connect(server.url(), password="correct-h0rse") as con,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        con.execute("CREATE TEMPORARY TABLE mine (a int)")
    assert (ck.evaluate(connect(settings=company_on_postgres), periods="2026-09")["status"] == "ok").sum() >= 8


def test_not_even_a_role_that_may_write_writes(company, server):
    settings = company(ORDERS, database={"url": server.url(user="postgres")})
    con = connect(settings=settings).table("orders").get_backend().con
    for statement in (
        f'DELETE FROM "{settings.database.namespace}".orders',
        "CREATE TABLE mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
    ):
        with pytest.raises(CrmkitError, match="in a read-only transaction"):
            con.execute(statement)


@pytest.fixture
def fetched(monkeypatch):
    """The number of rows of each result that the database sends."""
    sizes = []
    original = psycopg.Cursor.fetchall
    monkeypatch.setattr(psycopg.Cursor, "fetchall", lambda cursor: sizes.append(cursor.rowcount) or original(cursor))
    monkeypatch.setattr(Backend, "to_pyarrow_batches", lambda *_, **__: pytest.fail("rows are fetched in bulk"))
    return sizes


def test_a_scorecard_and_the_check_bring_a_few_thousand_sums_and_none_of_the_tables(company_on_postgres, fetched):
    catalog = connect(settings=company_on_postgres)
    opened = len(fetched)
    n_rows = table_report(catalog)["n_in"].sum()
    fetched.clear()
    ck.scorecard(catalog, "2026-09")
    quality_report(catalog)
    assert opened == 0
    assert n_rows > 200_000
    # The longest: ages in days, and gaps near their median, of thirteen months. The most: a row per day of each table, to
    # find its gaps.
    assert (
        max(fetched) < 20_000 and sum(fetched) < 60_000
    )  # of three years of months, by which verdicts know the season


def test_ten_times_the_rows_bring_not_a_row_more(company, fetched):
    sizes = []
    for n in (2_000, 20_000):
        rows = (
            f"INSERT INTO orders SELECT i::text, timestamp '2026-01-01' + i % 300 * interval '1 day', 10 + i % 7, "
            f"'c' || i % {n // 4} FROM generate_series(1, {n}) i"
        )
        catalog = connect(settings=company(ORDERS, rows))
        fetched.clear()
        ck.evaluate(
            catalog, ["revenue", "average_order_value", "new_customers", "churn_rate"], periods="2026-01..2026-10"
        )
        sizes.append(list(fetched))
    assert sizes[0] == sizes[1]
    assert sum(sizes[0]) < 60


def test_a_query_that_takes_too_long_for_the_database_ends_with_a_message(company, server):
    settings = company(ORDERS, "INSERT INTO orders SELECT i::text, '2026-10-01', 1 FROM generate_series(1, 200000) i")
    catalog = connect(settings=settings)
    catalog.table("orders").get_backend().con.execute("SET statement_timeout = 1")
    message = "The database crm on this machine does not answer: canceling statement due to statement timeout."
    with pytest.raises(CrmkitError, match=f"^{message}$") as refused:
        ck.evaluate(catalog, "average_order_value", periods="2026-10")
    assert refused.value.__context__ is None


def test_a_connection_that_the_server_ends_between_two_queries_ends_with_a_message(company, server):
    catalog = connect(settings=company(ORDERS, "INSERT INTO orders VALUES ('a', '2026-10-01', 1)"))
    (number,) = catalog.table("orders").get_backend().con.execute("SELECT pg_backend_pid()").fetchone()
    with server.owner() as con:
        con.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
    message = "The database crm on this machine does not answer: terminating connection due to administrator command."
    with pytest.raises(CrmkitError, match=f"^{message}$") as refused:  # by the beginning of the query's transaction
        ck.evaluate(catalog, "average_order_value", periods="2026-10")
    assert refused.value.__context__ is None


def test_every_query_is_plain_enough_to_be_planned_by_hash_joins(postgres):
    settings = dict(
        postgres.table("orders")
        .get_backend()
        .con.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN ('TimeZone', 'enable_nestloop', 'default_transaction_read_only')"
        )
        .fetchall()
    )
    assert settings == {"TimeZone": "UTC", "enable_nestloop": "off", "default_transaction_read_only": "on"}
    assert ibis.to_sql(postgres.table("orders")).startswith("SELECT")
