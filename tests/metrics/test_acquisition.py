"""New customers, their cost, lead conversion: worked by hand, and against plain pandas."""

import pandas as pd
import pytest

from crmkit.metrics import evaluate


def orders_of(customers: dict[str, list[str]]) -> pd.DataFrame:
    rows = [(customer, day) for customer, days in customers.items() for day in days]
    return pd.DataFrame({
        "order_id": [str(i) for i in range(len(rows))],
        "ordered_at": pd.to_datetime([day for _, day in rows]),
        "revenue": 10.0,
        "customer_id": [customer for customer, _ in rows],
    })  # fmt: skip


def test_a_customer_is_new_once_even_after_a_long_break(company):
    orders = orders_of({"a": ["2025-01-10", "2026-10-03"], "b": ["2026-10-05", "2026-10-06"], "c": ["2026-09-30"]})
    numbers = evaluate(company(orders=orders), "new_customers", periods="2026-09..2026-10")
    assert numbers["value"].tolist() == [1, 1]


def test_400_spent_for_16_new_customers_are_25_each_by_garwoods_interval(company):
    orders = orders_of({f"c{i}": ["2026-10-05"] for i in range(16)})
    costs = pd.DataFrame({
        "spent_at": pd.to_datetime(["2026-10-01", "2026-10-20", "2026-10-21"]),
        "amount": [300.0, 100.0, 999.0],
        "purpose": ["acquisition", "acquisition", "retention"],
    })  # fmt: skip
    row = evaluate(company(orders=orders, costs=costs), "customer_acquisition_cost", periods="2026-10").iloc[0]
    assert (row["value"], row["n"]) == (25, 16)
    assert row["low"] == pytest.approx(400 / 25.983, abs=0.01)  # 16 events: Garwood 9.145 to 25.983
    assert row["high"] == pytest.approx(400 / 9.145, abs=0.01)


def test_cost_without_new_customers_is_no_number(company):
    orders = orders_of({"a": ["2026-09-05", "2026-10-05"], "b": ["2026-11-05"]})
    costs = pd.DataFrame({"spent_at": [pd.Timestamp("2026-10-01")], "amount": [100.0], "purpose": ["acquisition"]})
    row = evaluate(company(orders=orders, costs=costs), "customer_acquisition_cost", periods="2026-10").iloc[0]
    assert row["status"] == "no data"


def test_cost_by_channel_divides_the_channels_cost_by_the_channels_customers(company):
    orders = orders_of({f"c{i}": ["2026-10-05"] for i in range(30)})
    customers = pd.DataFrame({"customer_id": [f"c{i}" for i in range(30)], "channel": ["search"] * 20 + ["social"] * 10})
    costs = pd.DataFrame({
        "spent_at": pd.Timestamp("2026-10-01"), "amount": [400.0, 500.0],
        "purpose": "acquisition", "channel": ["search", "social"],
    })  # fmt: skip
    tables = company(orders=orders, customers=customers, costs=costs)
    numbers = evaluate(tables, "customer_acquisition_cost", periods="2026-10", by="channel").set_index("channel")
    assert numbers["value"].to_dict() == {"search": 20, "social": 50}


def test_leads_count_when_their_thirty_days_are_over(company):
    leads = pd.DataFrame({
        "lead_id": list("abcd"),
        "created_at": pd.to_datetime(["2026-09-10", "2026-09-10", "2026-09-10", "2026-10-10"]),
        "converted_at": pd.to_datetime(["2026-10-10", "2026-10-11", None, "2026-10-11"]),
    })  # fmt: skip
    row = evaluate(company(leads=leads), "lead_conversion", periods="2026-10").iloc[0]
    assert (row["n"], row["value"]) == (3, pytest.approx(1 / 3))  # a in time, b a day late, c never, d not due yet


def test_they_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    names = ["customer_acquisition_cost", "lead_conversion"]
    value = evaluate(sample, names, periods="2024-11..2026-10").pivot(index="period", columns="metric", values="value")
    costs, leads = sample_tables["costs"], sample_tables["leads"]
    bought = sample_tables["orders"].query("revenue > 0 and customer_id.notna()")
    firsts = pd.concat([
        bought.groupby("customer_id")["ordered_at"].min(),
        sample_tables["subscription_terms"].groupby("customer_id")["starts_at"].min(),
    ]).groupby(level=0).min()  # fmt: skip
    new = firsts.dt.strftime("%Y-%m").value_counts()
    spent = costs[costs["purpose"] == "acquisition"].groupby(costs["spent_at"].dt.strftime("%Y-%m"))["amount"].sum()
    due = (leads["created_at"].dt.normalize() + pd.Timedelta(days=30)).dt.strftime("%Y-%m")
    taken = (leads["converted_at"].dt.normalize() - leads["created_at"].dt.normalize()).dt.days
    conversion = (taken <= 30).groupby(due).mean()
    for period, row in value.iterrows():
        assert row["customer_acquisition_cost"] == pytest.approx(spent[period] / new[period], rel=1e-10)
        assert row["lead_conversion"] == pytest.approx(conversion[period], rel=1e-10)
