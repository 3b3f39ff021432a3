"""What a new customer costs under each convention, and when that is paid back: worked by hand."""

import pandas as pd
import pytest

from crmkit.metrics import conventions, evaluate
from tests.metrics.campaigns import COSTS, costs_of, orders_of


def test_what_a_new_customer_costs_under_each_convention(company):
    """Media 400, all 600; the lag of 30 days takes September's 90. New: 3 from search, 1 from social, 4 by themselves."""
    names = ["search"] * 3 + ["social"] + ["direct"] * 4
    ids = [f"n{place}" for place in range(8)]
    orders = orders_of(("2024-01-01", 9.0, 3.0, "old", None), *(("2026-10-05", 9.0, 3.0, each, None) for each in ids))
    costs = pd.concat([COSTS, costs_of(("2026-09-05", 90.0, "acquisition", "media", "search", "beans"))])
    customers = pd.DataFrame({"customer_id": ids, "channel": names})
    rows = conventions(
        company(orders=orders, costs=costs, customers=customers), "2026-10", metrics="customer_acquisition_cost"
    )
    assert rows.set_index("convention")["value"].to_dict() == {
        "fully_loaded": 600 / 8,
        "lagged": 90 / 8,
        "blended": 400 / 8,
        "paid": 400 / 4,
    }


def test_a_cost_of_60_is_paid_back_in_four_months_at_15_a_month_and_customer(company):
    """Ten customers are active at the end of October, all of them new; their margin is 150, and 600 were spent."""
    ids = [f"n{place}" for place in range(10)]
    orders = orders_of(
        ("2024-01-01", 9.0, 3.0, "old", None),
        *(("2026-10-05", 40.0, 15.0, each, None) for each in ids),
        ("2026-10-06", 99.0, 50.0, None, None),  # a guest's margin is nobody's
    )
    catalog = company(orders=orders, costs=COSTS, through="2026-10-31")
    rows = evaluate(catalog, ["monthly_margin_per_customer", "payback_months"], periods="2026-10").set_index("metric")
    assert rows["value"].to_dict() == {"monthly_margin_per_customer": 15, "payback_months": 4}
    assert rows["n"].to_dict() == {"monthly_margin_per_customer": 10, "payback_months": 10}
    quarter = evaluate(catalog, "monthly_margin_per_customer", periods="2026-Q4")["value"].item()
    assert quarter == pytest.approx(15.0)  # of the quarter one month has passed
