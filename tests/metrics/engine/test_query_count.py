"""Few, large queries: what a query costs before it begins, seconds on a cluster, is paid once a table and grain."""

import pytest

import crmkit as ck
from crmkit.cleaning.checks.database import catalog_of_ibis
from crmkit.settings import parse_settings
from crmkit.sources.sample import sample_company
from crmkit.tables.connection_lock import LockedBackend


@pytest.fixture(scope="module")
def frames():
    return ck.connect(
        sample_company(n_customers=60, months=14).tables, parse_settings({"data": {"through": "2026-10-20"}})
    )


@pytest.fixture
def counted(frames, monkeypatch):
    """Return the number of queries that a call makes on tables of which nothing is kept."""
    asked, original = [], LockedBackend.execute
    monkeypatch.setattr(
        LockedBackend,
        "execute",
        lambda backend, query, **options: asked.append(query) or original(backend, query, **options),
    )

    def number(function, *arguments, **options):
        catalog = catalog_of_ibis({name: frames.table(name) for name in frames.names}, frames.settings)
        asked.clear()
        function(catalog, *arguments, **options)
        return len(asked)

    return number


ON_ORDERS = ["revenue", "n_orders", "average_order_value"]


def test_how_far_seventeen_tables_reach_is_one_query_and_one_for_terms_booked_ahead(counted, frames):
    assert len(frames.names) > 15
    assert counted(lambda catalog: catalog.table_spans) == 2


def test_three_cards_on_orders_are_one_query_whatever_the_number_of_periods(counted):
    assert counted(ck.evaluate, ["revenue"], periods="2026-09") == 3  # two of them say how far the data reach
    assert counted(ck.evaluate, ON_ORDERS, periods="2026-09") == 3
    assert counted(ck.evaluate, ON_ORDERS, periods="2025-10..2026-09") == 3


def test_every_card_for_a_year_is_one_query_for_each_table_and_grain(counted):
    # 26 of sums, 9 of medians and ages, 2 on how far the data reach, 4 for the days of tables that begin late, 3 on whether
    # the next terms are in the files, 1 on payments of terms among the orders.
    assert counted(ck.evaluate, periods="2025-10..2026-09") <= 46
