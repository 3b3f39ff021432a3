"""A period that is still running is compared with as many days of earlier ones."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.metrics import evaluate, scorecard
from crmkit.periods import Period


@pytest.fixture
def shop(company):
    """Ten orders a day from January 2025 to 9 December 2026, each by a customer of its own."""
    days = pd.date_range("2025-01-01", "2026-12-09").repeat(10)
    orders = pd.DataFrame({"ordered_at": days, "revenue": 10.0})
    names = orders.index.astype(str)
    return company(orders=orders.assign(order_id=names, customer_id=names), through="2026-12-09")


def test_the_days_so_far_are_counted_only_while_the_period_runs(shop):
    assert shop.days_so_far(Period.parse("2026-12")) == 9
    assert shop.days_so_far(Period.parse("2026-Q4")) == 31 + 30 + 9
    assert shop.days_so_far(Period.parse("2026-11")) is None
    assert shop.days_so_far(Period.parse("2027-01")) is None


def test_nine_days_are_compared_with_nine_days(shop):
    card = scorecard(shop, "2026-12", metrics=["n_orders", "revenue", "average_order_value"]).set_index("metric")
    assert card.loc["n_orders", ["value", "previous_value", "year_value"]].tolist() == [90, 90, 90]
    assert card.loc["revenue", ["value", "previous_value", "year_value"]].tolist() == [900, 900, 900]
    assert (card["verdict"] != "real").all()
    assert card["days_so_far"].tolist() == [9, 9, 9]


def test_a_running_period_is_marked_and_a_whole_one_is_not(shop):
    reasons = evaluate(shop, "n_orders", periods="2026-11..2026-12")["reason"].tolist()
    assert reasons == ["", "so far: 9 of 31 days"]
    assert scorecard(shop, "2026-11", metrics="n_orders")["days_so_far"].isna().all()


def test_whole_periods_stay_whole_unless_asked(shop):
    assert evaluate(shop, "n_orders", periods="2026-11..2026-12")["value"].tolist() == [300, 90]
    cut = evaluate(shop, "n_orders", periods="2026-11..2026-12", first_days=9)["value"].tolist()
    assert cut == [90, 90]


def test_thirty_days_of_a_month_are_compared_per_day_with_the_28_of_february(company):
    days = pd.date_range("2026-02-01", "2026-03-30").repeat(100)
    orders = pd.DataFrame({"ordered_at": days, "revenue": 10.0})
    names = orders.index.astype(str)
    tables = company(orders=orders.assign(order_id=names, customer_id=names), through="2026-03-30")
    row = scorecard(tables, "2026-03", metrics="n_orders").iloc[0]
    assert (row["value"], row["previous_value"]) == (3000, 2800)
    assert row["p_value"] > 0.9


def test_churn_of_the_first_days_counts_those_lost_in_them_among_all_at_the_start(company):
    """Ten at the start of June; one leaves on the 5th, two on the 20th. Ten at the start of May, two leave on the 9th."""
    ends = ["2026-06-05", "2026-06-20", "2026-06-20"] + ["2027-01-01"] * 7 + ["2026-05-09"] * 2
    terms = pd.DataFrame(
        {
            "subscription_id": [str(i) for i in range(12)],
            "customer_id": [str(i) for i in range(12)],
            "starts_at": pd.Timestamp("2026-01-01"),
            "ends_at": pd.to_datetime(ends),
            "mrr": 1.0,
        }
    )
    tables = company(subscription_terms=terms, through="2026-06-10")
    rates = evaluate(tables, "churn_rate", periods="2026-05..2026-06", first_days=10)
    assert rates["n"].tolist() == [12, 10]
    assert rates["value"].tolist() == pytest.approx([2 / 12, 1 / 10])


def test_a_range_of_days_is_compared_with_the_days_before_and_with_the_year_before(shop):
    row = scorecard(shop, "2026-03-01..2026-03-15", metrics="n_orders").iloc[0]
    assert (row["value"], row["previous_value"], row["year_value"]) == (150, 150, 150)
    assert (row["previous_period"], row["year_period"]) == ("2026-02-14..2026-02-28", "2025-03-01..2025-03-15")


def test_fiscal_years_follow_the_settings(company):
    from crmkit.settings import parse_settings
    from crmkit.tables.catalog import Catalog

    orders = pd.DataFrame(
        {
            "order_id": ["a", "b", "c"],
            "ordered_at": pd.to_datetime(["2025-03-31", "2025-04-01", "2026-03-31"]),
            "revenue": [1.0, 2.0, 4.0],
            "customer_id": ["x", "y", "z"],
        }
    )
    settings = parse_settings({"company": {"fiscal_year_start": 4}, "data": {"through": "2026-03-31"}})
    tables = Catalog({"orders": company(orders=orders).table("orders")}, settings)
    assert evaluate(tables, "revenue", periods="FY2025..FY2026")["value"].tolist() == [1, 6]
    assert scorecard(tables, "FY2026", metrics="revenue")["previous_value"].item() == 1


def test_the_29th_of_february_lies_in_a_february_of_29_days(company):
    days = pd.to_datetime(["2024-02-28", "2024-02-29", "2023-02-28"])
    orders = pd.DataFrame({"order_id": list("abc"), "ordered_at": days, "revenue": 10.0, "customer_id": list("xyz")})
    row = scorecard(company(orders=orders, through="2024-03-31"), "2024-02", metrics="n_orders").iloc[0]
    assert (row["value"], row["year_value"]) == (2, 1)


def test_a_term_that_ends_after_the_data_do_is_not_lost_in_the_quarter_so_far():
    """100 subscribers whose terms end in November; the data end on 20 October."""
    terms = pd.DataFrame(
        {
            "subscription_id": [str(i) for i in range(100)],
            "customer_id": [str(i) for i in range(100)],
            "starts_at": pd.Timestamp("2026-09-10"),
            "ends_at": pd.Timestamp("2026-11-10"),
            "mrr": 10.0,
        }
    )
    catalog = ck.connect({"subscription_terms": terms}, ck.Settings(data={"through": "2026-10-20"}))
    metrics = ["churn_rate", "gross_revenue_retention", "revenue_churn"]
    so_far = ck.evaluate(catalog, metrics, periods="2026-Q4").set_index("metric")
    assert so_far["value"].to_dict() == {"churn_rate": 0, "gross_revenue_retention": 1, "revenue_churn": 0}
    assert (so_far["n"] == 100).all()
