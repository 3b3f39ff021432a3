"""Orders of a frame as the models want them, by rules that can be worked by hand."""

from datetime import date

import pandas as pd
import pytest

from crmkit.errors import Problems
from crmkit.models.orders.summary import order_summary
from tests.models.shoppers import cdnow


def frame(*rows):
    return pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue", "margin"]).assign(
        ordered_at=lambda orders: pd.to_datetime(orders["ordered_at"], format="mixed")
    )


def only(orders, **switches):
    (row,) = order_summary(orders, date(2026, 1, 31), days_per_unit=1, **switches).to_dict("records")
    return tuple(row.values())


def test_two_orders_on_one_day_and_one_ten_days_later_are_one_repeat_of_30_and_20_on_average_25():
    orders = frame(("c", "2026-01-01 08:00", 10, 1), ("c", "2026-01-01 23:59", 20, 1), ("c", "2026-01-11", 20, 1))
    assert only(orders) == (1, 10, 30, 2, 25)
    assert only(orders, with_first=False) == (1, 10, 30, 1, 20)


def test_a_refund_of_5_lowers_the_mean_of_two_orders_of_20_to_17_and_a_half_and_is_no_order():
    orders = frame(("c", "2026-01-01", 20, 1), ("c", "2026-01-11", 20, 1), ("c", "2026-01-21", -5, -1))
    assert only(orders) == (1, 10, 30, 2, 17.5)


def test_a_refund_before_the_first_order_is_left_out_and_a_gift_of_0_is_no_order():
    orders = frame(("c", "2026-01-01", -7, -7), ("c", "2026-01-11", 20, 1), ("c", "2026-01-21", 0, 0))
    assert only(orders) == (0, 0, 20, 1, 20)


def test_margins_of_10_and_minus_30_are_minus_10_on_average_and_an_unknown_margin_is_not_counted():
    orders = frame(("c", "2026-01-01", 20, 10), ("c", "2026-01-11", 20, -30), ("c", "2026-01-21", 20, None))
    assert only(orders, money="margin") == (2, 20, 30, 2, -10)


def test_orders_after_the_day_and_of_guests_do_not_count():
    orders = frame(("c", "2026-01-31 23:59", 20, 1), ("c", "2026-02-01", 20, 1), (None, "2026-01-05", 20, 1))
    assert only(orders) == (0, 0, 0, 1, 20)


def test_of_no_orders_there_is_an_empty_frame():
    assert order_summary(frame(), date(2026, 1, 31)).shape == (0, 5)


def test_what_is_missing_is_reported():
    with pytest.raises(Problems, match=r"(?s)ordered_at is missing.*margin is missing"):
        order_summary(pd.DataFrame({"customer_id": [], "revenue": []}), date(2026, 1, 1), money="margin")
    with pytest.raises(Problems, match="ordered_at: 1 of 1 values are empty"):
        order_summary(frame(("c", None, 1, 1)), date(2026, 1, 1))


def test_cdnow_is_summed_up_as_published(shared_data):
    raw = pd.read_parquet(shared_data / "cdnow_sample.parquet")
    orders = raw.rename(columns={"sample_id": "customer_id", "date": "ordered_at", "dollar_value": "revenue"})
    found, expected = order_summary(orders, date(1997, 9, 30), with_first=False), cdnow(shared_data)[0]
    free = found.index.symmetric_difference(expected.index)
    both = found.index.intersection(expected.index)
    differs = (found.loc[both] - expected.loc[both]).abs().max(axis=1) > 1e-9
    assert len(free) + differs.sum() <= 15  # orders of 0 dollars, which the published figures count as orders
