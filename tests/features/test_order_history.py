"""The history of orders added up in the database against the same in pandas."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.features.order_history import order_history
from crmkit.models.orders.summary import order_summary
from crmkit.sources.sample import sample_company


def hostile(n=3000):
    random = np.random.default_rng(5)
    placed = pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 500 * 24, n), unit="h")
    ids = random.integers(0, 200, n).astype(str).astype(object)
    margin = np.where(random.random(n) < 0.1, np.nan, random.normal(5, 20, n))
    frame = pd.DataFrame(
        {"order_id": np.arange(n).astype(str), "ordered_at": placed, "revenue": random.normal(20, 20, n)}
    )
    return frame.assign(customer_id=np.where(random.random(n) < 0.05, None, ids), margin=margin)


def assert_equal(table, frame):
    found = table.execute().set_index("customer_id").sort_index()
    assert list(found.columns) == list(frame.columns)
    assert list(found.index) == list(frame.index) and len(found) > 0
    np.testing.assert_allclose(found.to_numpy(dtype=float), frame.to_numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("money", ["revenue", "margin"])
@pytest.mark.parametrize("with_first", [True, False])
def test_refunds_guests_and_unknown_margins_give_the_same_in_the_database(money, with_first):
    orders, switches = hostile(), {"money": money, "with_first": with_first}
    in_database = order_history(ibis.memtable(orders), as_of=date(2025, 11, 30), days_per_unit=7, **switches)
    assert_equal(in_database, order_summary(orders, date(2025, 11, 30), **switches))


def test_the_sample_company_has_the_same_history_in_the_database():
    catalog = connect(sample_company().tables)
    orders = catalog.table("orders")
    as_of = date(2026, 6, 30)
    assert_equal(order_history(orders, as_of=as_of), order_summary(orders.execute(), as_of))
