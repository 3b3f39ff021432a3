"""How long stretches of activity lasted, worked by hand."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import NotMeasured
from crmkit.features.outcomes import activity_durations

DAY = date(2026, 6, 30)


def catalog(**tables):
    return ck.connect(tables, ck.Settings(data={"through": "2026-12-31"}))


def orders(**days):
    rows = [(who, pd.Timestamp(on)) for who, each in days.items() for on in each.split()]
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at"])
    return frame.assign(order_id=[str(i) for i in range(len(frame))], revenue=20.0)


def test_an_order_90_days_and_no_other_is_a_stretch_of_3_months_that_ended_and_one_of_may_still_runs():
    rows = activity_durations(catalog(orders=orders(a="2026-01-01", b="2026-05-20")), DAY)
    assert rows[["entry", "exit", "lost", "runs"]].loc["a"].tolist() == [0, 3, True, False]
    assert rows[["entry", "exit", "lost", "runs"]].loc["b"].tolist() == [0, 1, False, True]  # 41 days: one whole month


def test_what_comes_after_the_day_changes_nothing():
    until, beyond = orders(a="2026-01-01 2026-06-01"), orders(a="2026-01-01 2026-06-01 2026-07-15", c="2026-08-01")
    pd.testing.assert_frame_equal(
        activity_durations(catalog(orders=until), DAY), activity_durations(catalog(orders=beyond), DAY)
    )


def test_a_customer_won_a_year_before_the_data_begin_entered_at_12_months():
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "acquired_at": pd.to_datetime(["2025-01-01", "2024-01-01"]),
            "channel": ["search", "shop"],
        }
    )
    rows = activity_durations(
        catalog(orders=orders(a="2026-01-01 2026-03-01", b="2026-05-20"), customers=customers), DAY
    )
    assert rows.loc["a", ["entry", "exit", "lost"]].tolist() == [11, 17, True]  # 365 days are 11.99 mean months
    assert rows.loc["b", "entry"] == 0  # was not active when the data began: her stretch is new
    assert rows["channel"].to_dict() == {"a": "search", "b": "shop"}


def test_a_subscriber_has_the_plan_of_the_first_term_and_a_shopper_none():
    terms = pd.DataFrame(
        {
            "subscription_id": "s",
            "customer_id": "a",
            "mrr": 10.0,
            "plan": ["basic", "large"],
            "starts_at": pd.to_datetime(["2026-05-01", "2026-06-01"]),
            "ends_at": pd.to_datetime(["2026-06-01", "2026-07-01"]),
        }
    )
    rows = activity_durations(catalog(subscription_terms=terms, orders=orders(b="2026-05-20")), DAY)
    assert rows["plan"].to_dict() == {"a": "basic", "b": "no subscription"}


def test_without_orders_or_terms_nothing_lasts():
    with pytest.raises(NotMeasured):
        activity_durations(catalog(customers=pd.DataFrame({"customer_id": ["a"]})), DAY)
