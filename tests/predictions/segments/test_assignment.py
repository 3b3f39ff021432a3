"""Segments of a small shop: what is known on a day, references that stay, moves that are real, and numbers split by them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import Problems
from crmkit.predictions.runner.predict import with_predictions
from crmkit.predictions.segments.assignment import by_rules, customers_on, kmeans_segments, reference_day, rfm_segments
from crmkit.predictions.segments.migration import migration, movement
from crmkit.predictions.segments.profiles import segment_profiles, typical_customers
from crmkit.settings import parse_settings

END = date(2026, 9, 30)


def shop(n: int = 200, stopped: int = 0, seed: int = 0) -> pd.DataFrame:
    """Customers who order about monthly from January 2025 on; the first ``stopped`` do not after July 2026."""
    random = np.random.default_rng(seed)
    rows = []
    for customer in range(n):
        days = np.cumsum(random.exponential(15 + 60 * (customer % 3), 60)).astype(int)
        last = 576 if customer < stopped else 636
        rows += [(f"c{customer:03}", d, 20.0 + 10 * (customer % 5)) for d in days[days <= last]]
    orders = pd.DataFrame(rows, columns=["customer_id", "day", "revenue"])
    orders["ordered_at"] = pd.Timestamp(2025, 1, 1) + pd.to_timedelta(orders.pop("day"), unit="D")
    return orders.assign(order_id=[str(number) for number in range(len(orders))])


@pytest.fixture(scope="module")
def catalog():
    return ck.connect({"orders": shop()})


def test_two_orders_and_a_refund_of_the_year_and_one_before_it_are_summed_and_nothing_later():
    days = ["2025-09-01", "2026-01-10", "2026-09-20", "2026-09-25", "2026-10-05"]
    orders = pd.DataFrame(
        {
            "order_id": list("abcde"),
            "ordered_at": pd.to_datetime(days),
            "customer_id": "x",
            "revenue": [100.0, 30.0, 50.0, -5.0, 999.0],
        }
    )
    found = customers_on(ck.connect({"orders": orders}), END).loc["x"]
    assert found.to_dict() == {
        "days_since_order": 10,
        "n_orders": 2,
        "revenue": 75.0,
        "average_order_value": 60.0,
        "tenure_days": 394,
    }


def test_the_behaviour_is_that_of_plain_pandas(catalog):
    orders = catalog.frame("orders")
    known = orders[orders["ordered_at"] < pd.Timestamp(END) + timedelta(days=1)]
    recent = known[known["ordered_at"] >= pd.Timestamp(END) - timedelta(days=364)]
    found = customers_on(catalog, END)
    assert (
        found["n_orders"].to_dict() == recent.groupby("customer_id").size().reindex(found.index, fill_value=0).to_dict()
    )
    expected = recent.groupby("customer_id")["revenue"].sum().reindex(found.index, fill_value=0)
    np.testing.assert_allclose(found["revenue"], expected)


def test_the_reference_is_that_of_the_last_year_end_and_no_later_than_the_day_itself(catalog):
    assert reference_day(catalog, END) == date(
        2025, 4, 30
    )  # no year end with a year of data: the first month with 90 days
    assert reference_day(catalog, date(2025, 2, 28)) == date(2025, 2, 28)
    asked = ck.connect({"orders": shop(30)}, parse_settings({"company": {"segments_learned_on": "2026-06-30"}}))
    assert reference_day(asked, END) == date(2026, 6, 30)
    assert reference_day(asked, date(2026, 5, 31)) == date(2025, 4, 30)


def test_later_orders_change_no_segment_of_an_earlier_day(catalog):
    orders = shop()
    cut = ck.connect({"orders": orders[orders["ordered_at"] < "2026-07-01"]})
    day = date(2026, 6, 30)
    pd.testing.assert_frame_equal(rfm_segments(catalog, day), rfm_segments(cut, day))


def test_a_group_that_stops_is_found_and_named():
    moves = migration(ck.connect({"orders": shop(300, stopped=120)}), date(2026, 8, 31), END)
    real = moves[(moves["verdict"] == "real") & (moves["share"] > moves["usual_share"])]
    assert len(real) and set(real["to"]) & {"At risk", "Cannot lose them", "About to sleep", "Lost", "Hibernating"}


def test_in_a_quiet_month_few_moves_are_called_real(catalog):
    moves = migration(catalog, date(2026, 8, 31), END)
    assert (moves["verdict"] == "real").sum() <= 1
    assert moves["n"].sum() == len(customers_on(catalog, END))


def test_refitting_moves_no_more_than_the_frozen_reference_and_two_points(catalog):
    shares = movement(catalog, date(2026, 8, 31), END)
    assert shares["refitted"] <= shares["frozen"] + 0.02
    assert shares["sure"] + shares["on_the_border"] == pytest.approx(shares["frozen"])


@pytest.mark.parametrize("n", [1, 30])
def test_one_and_thirty_customers_have_segments_and_a_profile(n):
    small = ck.connect({"orders": shop(n)})
    assert len(rfm_segments(small, END)) == len(kmeans_segments(small, END)) == n
    profiles = segment_profiles(small, END)
    assert profiles["n"].sum() == n and profiles["revenue_share"].sum() == pytest.approx(1)
    assert len(typical_customers(small, END)) <= 2 * len(profiles)


def test_the_first_rule_that_holds_names_the_segment_and_every_fault_is_reported():
    customers = pd.DataFrame({"n_orders": [1, 6]})
    assert by_rules(customers, {"Regulars": "n_orders >= 5"}).tolist() == ["Others", "Regulars"]
    with pytest.raises(Problems, match="n_orders") as caught:
        by_rules(customers, {"a": "n_order > 1", "b": "__import__('os').system('x') == 1", "c": "n_orders >"})
    assert all(f"'{name}'" in str(caught.value) for name in "abc")


def test_revenue_is_split_by_the_model_that_the_settings_name():
    rules = {"Regulars": "n_orders >= 5"}
    for model, expected in (("rules", {"Regulars", "Others"}), ("segments", None)):
        settings = parse_settings({"company": {"segment_model": model, "segment_rules": rules}})
        catalog = with_predictions(
            ck.connect({"orders": shop()}, settings), date(2026, 8, 31), only=["rfm", "segments", "rules"]
        )
        by = ck.evaluate(catalog, "revenue", periods="2026-09", by="segment")
        whole = ck.evaluate(catalog, "revenue", periods="2026-09")["value"].iloc[0]
        assert by["value"].sum() == pytest.approx(whole)
        assert expected is None or set(by["segment"]) <= expected | {"(unknown)"}
