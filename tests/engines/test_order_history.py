"""The history of orders is the same on every engine."""

from datetime import date

import pytest

from crmkit.features.order_history import order_history
from tests.engines.test_engines import ENGINES, assert_same


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("with_first", [True, False])
def test_the_history_of_orders_is_equal_to_a_billionth(engine, clean, with_first):
    found, expected = (
        order_history(catalog.table("orders"), as_of=date(2026, 6, 30), with_first=with_first).execute()
        for catalog in (engine, clean)
    )
    assert_same(found, expected, ["customer_id"])
