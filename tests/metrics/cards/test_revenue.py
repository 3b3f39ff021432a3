"""Revenue, orders, average order value, orders per customer: worked by hand, and against plain pandas."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate

NAMES = ["revenue", "n_orders", "average_order_value", "transactions_per_customer"]


def test_two_customers_a_guest_and_a_refund(company):
    orders = pd.DataFrame(
        {
            "order_id": list("abcdef"),
            "ordered_at": pd.to_datetime(
                ["2026-10-01", "2026-10-02", "2026-10-31 23:59", "2026-10-05", "2026-10-06", "2026-11-01"],
                format="ISO8601",
            ),
            "revenue": [30.0, 50.0, 20.0, -10.0, 0.0, 999.0],
            "customer_id": ["x", "x", None, "x", "y", "y"],
        }
    )
    value = evaluate(company(orders=orders), NAMES, periods="2026-10").set_index("metric")["value"]
    assert value["revenue"] == 90  # 30 + 50 + 20 - 10 + 0
    assert value["n_orders"] == 3  # neither the refund nor the order free of charge
    assert value["average_order_value"] == pytest.approx(100 / 3)
    assert value["transactions_per_customer"] == 2  # only x bought and is known


def test_average_order_value_is_weighed_by_customers_and_not_by_orders(company):
    """One customer with 100 equal orders says as little of the mean as one order does: the interval must be wide."""
    random = np.random.default_rng(1)
    singles = pd.DataFrame({"customer_id": [f"c{i}" for i in range(150)], "revenue": random.lognormal(3, 0.5, 150)})
    whale = pd.DataFrame({"customer_id": ["whale"] * 150, "revenue": 200.0})
    orders = pd.concat([singles, whale], ignore_index=True)
    orders = orders.assign(order_id=orders.index.astype(str), ordered_at=pd.Timestamp("2026-10-10"))
    row = evaluate(company(orders=orders), "average_order_value", periods="2026-10").iloc[0]
    by_rows = 1.96 * orders["revenue"].std() / np.sqrt(len(orders))
    assert row["high"] - row["value"] > 5 * by_rows


def test_they_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    value = evaluate(sample, NAMES, periods="2023-11..2026-10").pivot(index="period", columns="metric", values="value")
    orders = sample_tables["orders"].assign(period=lambda o: o["ordered_at"].dt.strftime("%Y-%m"))
    bought = orders[orders["revenue"] > 0]
    known = bought[bought["customer_id"].notna()].groupby("period")["customer_id"]
    expected = pd.DataFrame(
        {
            "revenue": orders.groupby("period")["revenue"].sum(),
            "n_orders": bought.groupby("period").size(),
            "average_order_value": bought.groupby("period")["revenue"].mean(),
            "transactions_per_customer": known.size() / known.nunique(),
        }
    )
    assert len(value) == 36
    for name in NAMES:
        np.testing.assert_allclose(value[name], expected[name], rtol=1e-10)


def test_totals_scatter_as_much_as_they_did_before(company):
    """A count that swings between 50 and 150 from month to month cannot be 100 give or take 20."""
    days = pd.date_range("2024-01-15", "2026-10-15", freq="MS") + pd.Timedelta(days=14)
    rows = [(day, k) for i, day in enumerate(days) for k in range(150 if i % 2 else 50)]
    orders = pd.DataFrame(
        {
            "order_id": [str(i) for i in range(len(rows))],
            "ordered_at": [day for day, _ in rows],
            "revenue": 10.0,
            "customer_id": [str(i) for i in range(len(rows))],
        }
    )
    row = evaluate(company(orders=orders), "n_orders", periods="2026-10").iloc[0]
    assert row["high"] - row["low"] > 100


def test_orders_of_guests_have_revenue_and_no_number_of_orders_per_customer(company):
    orders = pd.DataFrame({"order_id": ["1"], "ordered_at": [pd.Timestamp("2026-10-05")], "revenue": [40.0]})
    tables = company(orders=orders, through="2026-10-31")
    numbers = evaluate(tables, ["revenue", "transactions_per_customer"], periods="2026-10")
    assert numbers["status"].tolist() == ["ok", "not measured"]
    assert numbers["reason"].tolist() == ["", "needs orders.customer_id"]
