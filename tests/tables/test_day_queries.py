"""The same question asked of many days gives what it gives when asked of each by itself."""

from datetime import date

import ibis
import pandas as pd

import crmkit as ck
from crmkit.tables.catalog import Catalog
from crmkit.tables.day_queries import _VIEWS, execute_for_day
from crmkit.tables.expressions import constant_day, days_between

DAYS = [date(2026, 1, 31), date(2025, 12, 31), date(2026, 1, 31)]


def tables():
    frame = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": ["a", "b", None], "revenue": 5.0})
    return {"orders": frame.assign(ordered_at=pd.to_datetime(["2025-12-01", "2026-01-01", "2026-02-01"]))}


def ages(catalog, day):
    orders, today = catalog.table("orders"), constant_day(day)
    known = orders.filter(orders.ordered_at <= today)
    return known.select("order_id", "customer_id", age=days_between(known.ordered_at, today), year=today.year())


def without_a_day(catalog, day):
    return catalog.table("orders").select("order_id")


def test_two_days_and_the_first_again_are_as_each_by_itself_and_one_view_serves_them():
    catalog = ck.connect(tables())
    for day in DAYS:
        found, alone = execute_for_day(catalog, ages, day), ages(catalog, day).execute()
        pd.testing.assert_frame_equal(found.sort_values("order_id"), alone.sort_values("order_id"))
    assert execute_for_day(catalog, ages, DAYS[1])["year"].tolist() == [2025]
    views = catalog.table("orders").get_backend().raw_sql("SELECT view_name FROM duckdb_views() WHERE NOT internal")
    assert [name for (name,) in views.fetchall()] == [_VIEWS[catalog][ages].op().parent.name]


def test_a_query_that_uses_no_day_and_frames_that_go_away_are_compiled_each_time():
    catalog = ck.connect(tables())
    assert len(execute_for_day(catalog, without_a_day, DAYS[0])) == 3 and without_a_day not in _VIEWS[catalog]
    for _ in range(2):
        lent = Catalog({"orders": ibis.memtable(tables()["orders"])})
        assert len(execute_for_day(lent, ages, DAYS[0])) == 2 and ages not in _VIEWS[lent]
