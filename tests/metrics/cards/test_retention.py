"""Churn: the worked example of the conventions, and against a day-by-day count."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate
from crmkit.periods import Period


def terms(spans: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(len(spans))],
            "customer_id": [customer for customer, _, _ in spans],
            "starts_at": [pd.Timestamp(start) for _, start, _ in spans],
            "ends_at": [pd.Timestamp(end) for _, _, end in spans],
            "mrr": 10.0,
        }
    )


@pytest.fixture
def worked_example(company):
    """500 at start, 5 joins and 1 loss a day for 30 days, 12 of the 30 lost joined in the month."""
    stay = [(f"old{i}", "2026-01-01", "2027-01-01") for i in range(482)]
    leave = [(f"old{482 + i}", "2026-01-01", f"2026-06-{i + 1:02d}") for i in range(18)]
    join = [(f"new{day}-{i}", f"2026-06-{day:02d}", "2027-01-01") for day in range(1, 31) for i in range(5)]
    for i in range(12):
        join[i * 5] = (join[i * 5][0], join[i * 5][1], f"2026-06-{i + 19:02d}")
    return company(subscription_terms=terms(stay + leave + join), through="2026-06-30")


def test_of_500_at_start_18_lost_are_3_60_percent_with_or_without_new_customers(worked_example):
    row = evaluate(worked_example, "churn_rate", periods="2026-06").iloc[0]
    assert row["n"] == 500
    assert row["value"] == pytest.approx(0.036, abs=1e-15)


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        ("start_cohort", 18 / 500),
        ("all_lost_by_start", 30 / 500),
        ("all_lost_by_average", 30 / 560),
        ("all_lost_by_start_and_new", 30 / 650),
        ("daily_rates", sum(1 / (500 + 4 * day) for day in range(30))),
    ],
)
def test_the_same_month_is_3_60_or_6_00_or_5_36_or_4_62_or_5_40_percent_by_convention(
    worked_example, convention, expected
):
    row = evaluate(worked_example, "churn_rate", periods="2026-06", definitions={"churn_rate": convention}).iloc[0]
    assert row["value"] == pytest.approx(expected, abs=1e-12)
    assert f"{row['value']:.2%}" in ("3.60%", "6.00%", "5.36%", "4.62%", "5.40%")
    assert row["low"] < row["value"] < row["high"]
    assert row["n"] == 500


def test_a_loss_belongs_to_the_first_day_without_activity(company):
    spans = [(f"c{i}", "2026-01-01", "2027-01-01") for i in range(10)] + [("x", "2026-01-01", "2026-07-01")]
    rates = evaluate(
        company(subscription_terms=terms(spans), through="2026-07-31"), "churn_rate", periods="2026-06..2026-07"
    )
    assert rates["value"].tolist() == [0, pytest.approx(1 / 11)]


def test_who_is_back_by_the_end_of_the_period_is_not_lost(company):
    spans = [(f"c{i}", "2026-01-01", "2027-01-01") for i in range(10)]
    spans += [("x", "2026-01-01", "2026-06-05"), ("x", "2026-06-20", "2027-01-01")]
    assert evaluate(company(subscription_terms=terms(spans)), "churn_rate", periods="2026-06")["value"].item() == 0


def test_who_is_back_and_gone_again_is_lost_once(company):
    spans = [(f"c{i}", "2026-01-01", "2027-01-01") for i in range(9)]
    spans += [("x", "2026-01-01", "2026-06-05"), ("x", "2026-06-10", "2026-06-20")]
    catalog = company(subscription_terms=terms(spans), through="2026-06-30")
    assert evaluate(catalog, "churn_rate", periods="2026-06")["value"].item() == 0.1


def test_shoppers_cannot_be_seen_to_leave_before_churn_after_days_of_data(company):
    orders = pd.DataFrame(
        {
            "order_id": [str(i) for i in range(20)],
            "ordered_at": pd.Timestamp("2026-01-01"),
            "revenue": 10.0,
            "customer_id": [f"c{i}" for i in range(20)],
        }
    )
    numbers = evaluate(company(orders=orders, through="2026-05-31"), "churn_rate", periods="2026-02..2026-05")
    assert numbers["status"].tolist() == ["no data", "no data", "ok", "no data"]
    assert numbers["value"].iloc[2] == 1  # all leave on 1 April, the 90th day after the only order
    assert numbers["reason"].iloc[0] == "this shows only after 90 days of data"


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_churn_equals_a_day_by_day_count_on_random_lives(company, grain):
    """Oracle: a calendar of active days per customer, read on the eve of each period and on its last day."""
    random = np.random.default_rng(7)
    spans = []
    for customer in range(120):
        for _ in range(random.integers(1, 4)):
            start = pd.Timestamp("2025-01-01") + pd.Timedelta(days=int(random.integers(0, 500)))
            spans.append(
                (
                    f"c{customer}",
                    str(start.date()),
                    str((start + pd.Timedelta(days=int(random.integers(1, 200)))).date()),
                )
            )
    active: dict[str, set[date]] = {}
    for customer, start, end in spans:
        active.setdefault(customer, set()).update(d.date() for d in pd.date_range(start, end, inclusive="left"))
    periods = Period.containing(date(2026, 6, 1), grain).run_up(4)
    numbers = evaluate(company(subscription_terms=terms(spans), through="2026-12-31"), "churn_rate", periods=periods)
    for period, (_, row) in zip(periods, numbers.iterrows(), strict=True):
        eve, last_day = period.start - pd.Timedelta(days=1), period.end - pd.Timedelta(days=1)
        at_start = {c for c, days in active.items() if eve in days}
        gone = {c for c in at_start if last_day not in active[c]}
        assert row["n"] == len(at_start)
        assert row["value"] == pytest.approx(len(gone) / len(at_start), abs=1e-15)


def test_later_data_do_not_change_the_churn_of_a_month_that_is_over(company):
    spans = [(f"c{i}", "2026-01-01", f"2026-{6 + i % 3:02d}-11") for i in range(30)]
    later = [("c0", "2026-09-01", "2026-10-01"), ("z", "2026-09-01", "2026-12-01")]
    before, after = (
        evaluate(
            company(subscription_terms=terms(rows), through="2026-09-30"), "churn_rate", periods="2026-06..2026-08"
        )
        for rows in (spans, spans + later)
    )
    pd.testing.assert_frame_equal(before, after)
